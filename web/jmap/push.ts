// Push (RFC 8620 §7.3): what changed elsewhere is fetched anew; a lost connection is told and mended.

import { useQueryClient, type Query, type QueryClient } from '@tanstack/react-query';
import { createContext, createElement, use, useEffect, useState, type ReactNode } from 'react';
import { refreshEmails, useEmails } from './cache.ts';
import type { Jmap } from './client.ts';
import type { Emails } from './emails.ts';
import { listenTogether, type PushState } from './listen.ts';
import type { StateChange } from './types.ts';

export type { PushState } from './listen.ts';

const PushContext = createContext<PushState>('live');

export function usePushState(): PushState {
  return use(PushContext);
}

interface Deps {
  jmap: Jmap;
  client: QueryClient;
  emails: Emails;
}

export function PushProvider({ jmap, children }: { jmap: Jmap; children: ReactNode }): ReactNode {
  const [state, setState] = useState<PushState>('live');
  const client = useQueryClient();
  const emails = useEmails();
  useEffect(() => {
    const deps = { jmap, client, emails };
    return listenTogether(jmap, {
      onChange({ changed }: StateChange) {
        for (const [accountId, types] of Object.entries(changed)) freshen(deps, accountId, types);
      },
      onAgain() {
        for (const accountId of Object.keys(jmap.session.accounts)) freshen(deps, accountId, null);
      },
      onState: setState,
    });
  }, [jmap, client, emails]);
  return createElement(PushContext, { value: state }, children);
}

const MAIL = ['Mailbox', 'Thread', 'Recall', 'RecallOutcome', 'EmailSubmission', 'Identity', 'VacationResponse'];
const TYPES = [...MAIL, 'AdminRecall', 'AdminRecallOutcome', 'AdminVault', 'AdminAlert'];

/** `types` null: anything may have changed. */
function freshen(deps: Deps, accountId: string, types: Record<string, string> | null): void {
  const { client } = deps;
  // Rows may be as new as this and their list older: it was asked for a moment before them.
  if (types === null || types['Email'] !== undefined) void refreshEmails(deps, accountId).catch(() => undefined);
  for (const type of types ? Object.keys(types) : TYPES) {
    if (type === 'Email') continue;
    askAgain(client, [accountId, type]);
    void client.invalidateQueries({
      queryKey: [accountId, type],
      predicate: ({ state }) => types === null || stateOf(state.data) !== types[type],
    });
  }
}

/** What is being fetched for the first time may have been answered before the change, and is not begun anew by it. */
function askAgain(client: QueryClient, queryKey: [accountId: string, type: string]): void {
  const isFirst = ({ state }: Query): boolean => state.data === undefined && state.fetchStatus === 'fetching';
  for (const query of client.getQueryCache().findAll({ queryKey, predicate: isFirst })) {
    const again = (): Promise<void> => client.invalidateQueries({ queryKey: query.queryKey, exact: true });
    query.promise?.then(again).catch(() => undefined);
  }
}

/** Answers that are kept as they came know their state. */
function stateOf(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'state' in data ? data.state : undefined;
}
