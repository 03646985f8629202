// Addresses of the client, and going from one to another. The browser's own history is the only state.

import { useMemo, useSyncExternalStore } from 'react';

export type Route =
  | { name: 'signIn'; next: string | null }
  | { name: 'try' }
  /** `mailbox` is a role's name or a mailbox's id; `accountId` null: the session's own. */
  | {
      name: 'mail';
      session: number;
      accountId: string | null;
      mailbox: string;
      emailId: string | null;
      search: string | null;
    }
  | { name: 'message'; session: number; accountId: string | null; emailId: string }
  | { name: 'compose'; session: number; accountId: string | null; parameters: URLSearchParams }
  | { name: 'recalls'; session: number; accountId: string | null }
  | { name: 'recall'; session: number; accountId: string | null; recallId: string }
  | { name: 'settings'; session: number; accountId: string | null }
  /** `page` and `id`: web/admin/pages.ts; `parameters`: what a list is filtered by. */
  | {
      name: 'admin';
      session: number;
      accountId: null;
      page: string | null;
      id: string | null;
      parameters: URLSearchParams;
    }
  | { name: 'nowhere' };

/** Pure. `url` is a path with its query: "/u/0/mail/inbox?q=roof". */
export function parseRoute(url: string): Route {
  const { pathname, searchParams } = new URL(url, 'http://homing');
  if (pathname === '/') return { name: 'signIn', next: safeNext(searchParams.get('next')) };
  if (pathname === '/try') return { name: 'try' };
  const [, number, rest = ''] = /^\/u\/(\d{1,3})(?:\/(.*))?$/.exec(pathname) ?? [];
  if (number === undefined) return { name: 'nowhere' };
  const at = { session: Number(number), accountId: searchParams.get('a') };
  const parts = rest.split('/').filter(Boolean).map(decode);
  const [page = 'mail', first = null, second = null] = parts;
  if (parts.length > (page === 'mail' || page === 'admin' ? 3 : 2)) return { name: 'nowhere' };
  switch (page) {
    case 'mail':
      return { name: 'mail', ...at, mailbox: first ?? 'inbox', emailId: second, search: searchParams.get('q') };
    case 'message':
      return first === null ? { name: 'nowhere' } : { name: 'message', ...at, emailId: first };
    case 'recall':
      return first === null ? { name: 'nowhere' } : { name: 'recall', ...at, recallId: first };
    case 'compose':
      return { name: 'compose', ...at, parameters: searchParams };
    case 'admin':
      return { name: 'admin', session: at.session, accountId: null, page: first, id: second, parameters: searchParams };
    case 'recalls':
    case 'settings':
      return { name: page, ...at };
    default:
      return { name: 'nowhere' };
  }
}

/** The path of a page: the other way round. */
export function pathOf(route: Route): string {
  switch (route.name) {
    case 'signIn':
      return route.next === null ? '/' : `/?${new URLSearchParams({ next: route.next })}`;
    case 'try':
      return '/try';
    case 'nowhere':
      return '/nowhere';
    case 'mail': {
      const email = route.emailId === null ? '' : `/${encodeURIComponent(route.emailId)}`;
      const path = `mail/${encodeURIComponent(route.mailbox)}${email}`;
      return join(route, path, { q: route.search });
    }
    case 'message':
      return join(route, `message/${encodeURIComponent(route.emailId)}`);
    case 'recall':
      return join(route, `recall/${encodeURIComponent(route.recallId)}`);
    case 'compose':
      return join(route, 'compose', Object.fromEntries(route.parameters));
    case 'admin': {
      const parts = ['admin', route.page, route.id].filter((part) => part !== null).map(encodeURIComponent);
      return join(route, parts.join('/'), Object.fromEntries(route.parameters));
    }
    default:
      return join(route, route.name);
  }
}

function join(
  { session, accountId }: { session: number; accountId: string | null },
  path: string,
  query: Record<string, string | null> = {},
): string {
  const given = Object.entries({ ...query, a: accountId }).filter((pair): pair is [string, string] => pair[1] !== null);
  return `/u/${session}/${path}${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A sign-in leads back to a page of this client, to nothing else. */
function safeNext(next: string | null): string | null {
  return next !== null && /^\/u\/\d{1,3}\/[^\\]*$/.test(next) ? next : null;
}

const MOVED = 'homing:moved';

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  addEventListener(MOVED, listener);
  return () => {
    removeEventListener('popstate', listener);
    removeEventListener(MOVED, listener);
  };
}

const here = (): string => location.pathname + location.search;

let last: { url: string; route: Route } | undefined;

/** Where the window is now. */
export function currentRoute(): Route {
  const url = here();
  if (last?.url !== url) last = { url, route: parseRoute(url) };
  return last.route;
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, currentRoute);
}

/** A string of it, for what is drawn anew when that is another, and not with every step. */
export function useRouteText(textOf: (route: Route) => string): string {
  return useSyncExternalStore(subscribe, () => textOf(currentRoute()));
}

/** The page without the message that is open in it: the same object, whichever is. For what stands around it. */
export function useAround<T extends Route>(route: T): T {
  const path = pathOf(route.name === 'mail' ? { ...route, emailId: null } : route);
  return useMemo(() => parseRoute(path) as T, [path]);
}

export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (to === here()) return;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  dispatchEvent(new Event(MOVED));
}

export { openWindow } from './overlay.ts';
