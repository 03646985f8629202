// Push (RFC 8620 §7.3): what changed elsewhere is fetched anew; a lost connection is told and mended.

import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, createElement, use, useEffect, useState, type ReactNode } from 'react';
import { refreshEmails, useEmails } from './cache.ts';
import type { Jmap } from './client.ts';
import type { Emails } from './emails.ts';
import type { StateChange } from './types.ts';

export type PushState = 'live' | 'lost';

const PushContext = createContext<PushState>('live');

export function usePushState(): PushState {
  return use(PushContext);
}

/** Seconds between the server's pings. */
const PING = 20;
/** A connection that said nothing for so long is dead. */
const SILENCE_MS = 50_000;
const RETRY_MS = [500, 1000, 2000, 5000, 10_000];

export function PushProvider({ jmap, children }: { jmap: Jmap; children: ReactNode }): ReactNode {
  const [state, setState] = useState<PushState>('live');
  const client = useQueryClient();
  const emails = useEmails();
  useEffect(() => {
    const onChange = ({ changed }: StateChange): void => {
      for (const [accountId, types] of Object.entries(changed)) invalidate({ client, emails }, accountId, types);
    };
    const onAgain = (): void => {
      for (const accountId of Object.keys(jmap.session.accounts)) invalidate({ client, emails }, accountId, null);
    };
    return listen(jmap, { onChange, onAgain, onState: setState });
  }, [jmap, client, emails]);
  return createElement(PushContext, { value: state }, children);
}

/** `types` null: anything may have changed. */
function invalidate(
  deps: { client: QueryClient; emails: Emails },
  accountId: string,
  types: Record<string, string> | null,
): void {
  if (types === null || 'Email' in types) void refreshEmails(deps, accountId).catch(() => undefined);
  for (const type of types ? Object.keys(types) : TYPES) {
    if (type !== 'Email') void deps.client.invalidateQueries({ queryKey: [accountId, type] });
  }
}

const TYPES = ['Mailbox', 'Thread', 'Recall', 'RecallOutcome', 'EmailSubmission', 'Identity'];

interface Hearing {
  onChange(change: StateChange): void;
  /** Connected once more: what was said in between was not heard. */
  onAgain(): void;
  onState(state: PushState): void;
}

/** Listens until the function that it answers is called. */
export function listen({ base, call }: Pick<Jmap, 'base' | 'call'>, hearing: Hearing): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let wasOpen = false;

  const alive = (): void => {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
  };
  const open = (): void => {
    source = new EventSource(`${base}/jmap/eventsource/?types=*&closeafter=no&ping=${PING}`);
    source.addEventListener('open', () => {
      if (failures > 0 || wasOpen) hearing.onAgain();
      failures = 0;
      wasOpen = true;
      hearing.onState('live');
      alive();
    });
    source.addEventListener('ping', alive);
    source.addEventListener('state', ({ data }: MessageEvent<string>) => {
      alive();
      hearing.onChange(JSON.parse(data) as StateChange);
    });
    source.addEventListener('error', lost);
  };
  const lost = (): void => {
    source?.close();
    clearTimeout(silence);
    clearTimeout(timer);
    // The first time it is tried again before anybody is told: a server that ends a stream is not one that is gone.
    if (failures > 0) hearing.onState('lost');
    timer = setTimeout(open, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures++;
    // An event source does not say why it was refused; an ordinary call does, and leads to sign-in where that is due.
    void call('Core/echo', {}).catch(() => undefined);
  };
  const online = (): void => {
    clearTimeout(timer);
    source?.close();
    open();
  };
  addEventListener('online', online);
  open();
  return () => {
    removeEventListener('online', online);
    clearTimeout(timer);
    clearTimeout(silence);
    source?.close();
  };
}
