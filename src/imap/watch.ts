// Who listens to which account: news of it (store/notify.ts) goes to the sessions that have a mailbox of it selected.

import { accountsSince } from '../store/mailbox-view.ts';
import type { Store } from '../store/postgres.ts';
import type { Logger } from '../mail/log.ts';

export interface Watcher {
  /** The account modseq up to which it knows everything. */
  readonly told: number;
  /** Something has happened. */
  hear(): void;
}

export interface Watch {
  add(tenant: number, account: number, watcher: Watcher): void;
  remove(tenant: number, account: number, watcher: Watcher): void;
  close(): void;
}

/** Accounts asked about in one statement. */
const AT_ONCE = 1000;

const RETRY_MS = 200;

export function createWatch({ store, log }: { store: Store; log: Logger }): Watch {
  const tenants = new Map<number, Map<number, Set<Watcher>>>();

  const hear = (tenant: number, account: number): void => {
    for (const watcher of tenants.get(tenant)?.get(account) ?? []) watcher.hear();
  };
  /** Many have changed, or news was missed: those that are further than somebody knows. */
  const lookAt = async (tenant: number): Promise<void> => {
    const watched = [...(tenants.get(tenant) ?? [])];
    for (let i = 0; i < watched.length; i += AT_ONCE) {
      const some = watched.slice(i, i + AT_ONCE);
      const least = some.map(([, watchers]) => Math.min(...[...watchers].map((watcher) => watcher.told)));
      const accounts = some.map(([account]) => account);
      for (const account of await accountsSince(store, tenant, accounts, least)) hear(tenant, account);
    }
  };
  let retry: NodeJS.Timeout | undefined;
  const unread = new Set<number>();
  const look = (tenant: number): void =>
    void lookAt(tenant).catch((error: unknown) => {
      log.warn({ err: error }, 'news of mailboxes waits for the database');
      unread.add(tenant);
      retry ??= setTimeout(() => {
        retry = undefined;
        const tenantsLeft = [...unread];
        unread.clear();
        tenantsLeft.forEach(look);
      }, RETRY_MS);
    });

  const onAccounts = (tenant: number, accounts: ReadonlySet<number> | null): void => {
    if (accounts === null) look(tenant);
    else for (const account of accounts) hear(tenant, account);
  };
  const lookAtAll = (): void => [...tenants.keys()].forEach(look);
  store.notifier.on('accounts', onAccounts).on('resync', lookAtAll).on('look', lookAtAll);

  return {
    add(tenant, account, watcher) {
      let accounts = tenants.get(tenant);
      if (!accounts) tenants.set(tenant, (accounts = new Map()));
      const watchers = accounts.get(account);
      if (watchers) watchers.add(watcher);
      else accounts.set(account, new Set([watcher]));
    },
    remove(tenant, account, watcher) {
      const accounts = tenants.get(tenant);
      const watchers = accounts?.get(account);
      watchers?.delete(watcher);
      if (watchers?.size === 0) accounts?.delete(account);
      if (accounts?.size === 0) tenants.delete(tenant);
    },
    close() {
      clearTimeout(retry);
      store.notifier.off('accounts', onAccounts).off('resync', lookAtAll).off('look', lookAtAll);
    },
  };
}
