// Push (RFC 8620 §7): who listens to which accounts, and what they are told.

import type { Directory } from '../directory/directory.ts';
import type { Logger } from '../mail/log.ts';
import { haveRecallBoxes, RECALL_BOXES } from '../recall/mailbox.ts';
import type { Store } from '../store/postgres.ts';
import { createAdministrationPush } from './push-administration.ts';
import { mailboxState } from './recall-boxes.ts';
import { accountStates, statesSince, type AccountStates, type ChangedStates } from '../store/states.ts';

/** { "a1": { "Email": "12", … } } */
export type Changed = Record<string, Record<string, string>>;

/** How far a client had come in an account: the id of the last event it saw (RFC 8620 §7.3). */
export type Seen = Pick<AccountStates, 'modseq' | 'submission' | 'recall'>;

export interface Listener {
  tenant: number;
  accounts: number[];
  /** Whose listener it is: Recall is shown in their own account. */
  own: number;
  /** The account that administers, where its role includes seeing recalls. */
  administrator?: number | undefined;
  /** Null: all types. */
  types: ReadonlySet<string> | null;
  send: (changed: Changed) => void;
}

export interface Listening {
  /** How far everything that it was told of has come, by account. */
  seen(): Map<number, Seen>;
  end(): void;
}

export interface Push {
  /** When it answers, every later change is told; and, where `last` says how far it had come, every earlier one was. */
  listen(listener: Listener, last: ReadonlyMap<number, Seen>): Promise<Listening>;
  close(): void;
}

/** An account that somebody listens to. */
interface Followed {
  tenant: number;
  account: number;
  listeners: Set<Listener>;
  /** Undefined until it was first read. */
  states: (Seen & Pick<AccountStates, 'named_recall'>) | undefined;
  /** Did policy have Recall when it was last told of? */
  hasRecall: boolean;
  /** News came before that. */
  missed: boolean;
}

/** Types whose state is the account's modseq itself. */
const MODSEQ_TYPES = ['Email', 'Mailbox', 'Thread'];

const RETRY_MS = 200;

export function createPush(deps: { store: Store; directory: Pick<Directory, 'policy'>; log: Logger }): Push {
  const { store, directory, log } = deps;
  const followed = new Map<string, Followed>();
  let dirty = new Set<Followed>();
  let running = false;
  let retry: NodeJS.Timeout | undefined;

  /** One query a tenant for all accounts that may have changed; while it runs, news gathers for the next. */
  const flush = async (): Promise<void> => {
    if (running) return;
    running = true;
    while (dirty.size > 0) {
      const batch = dirty;
      dirty = new Set();
      try {
        for (const [tenant, entries] of Map.groupBy(batch, (entry) => entry.tenant)) await tell(tenant, entries);
      } catch (error) {
        log.warn({ err: error }, 'push waits for the database');
        for (const entry of batch) dirty.add(entry);
        retry = setTimeout(() => void flush(), RETRY_MS);
        break;
      }
    }
    running = false;
  };

  const tell = async (tenant: number, entries: Followed[]): Promise<void> => {
    const read = entries.filter((entry) => entry.states !== undefined);
    for (const entry of entries) if (!entry.states) entry.missed = true;
    if (read.length === 0) return;
    const accounts = read.map((entry) => entry.account);
    const since = read.map((entry) => entry.states?.modseq ?? 0);
    const hasRecall = await haveRecallBoxes(directory, tenant);
    for (const states of await statesSince(store, tenant, accounts, since)) {
      const entry = followed.get(`${tenant} ${states.account_id}`);
      if (!entry?.states) continue;
      const types = changedTypes(entry.states, states);
      entry.states = states;
      entry.hasRecall = hasRecall;
      for (const listener of entry.listeners) send(listener, entry, types);
    }
  };

  /** Policy brings Recall and takes it away, in no account's history. */
  const tellPolicy = async (): Promise<void> => {
    for (const [tenant, entries] of Map.groupBy(followed.values(), (entry) => entry.tenant)) {
      const hasRecall = await haveRecallBoxes(directory, tenant);
      for (const entry of entries) {
        if (!entry.states || entry.hasRecall === hasRecall) continue;
        entry.hasRecall = hasRecall;
        const types = { Mailbox: String(entry.states.modseq) };
        for (const listener of entry.listeners) if (listener.own === entry.account) send(listener, entry, types);
      }
    }
  };
  const onDirectory = (): void =>
    void tellPolicy().catch((error: unknown) => log.warn({ err: error }, 'push waits for the database'));

  const mark = (entries: Iterable<Followed | undefined>): void => {
    for (const entry of entries) if (entry) dirty.add(entry);
    void flush();
  };
  const onAccounts = (tenant: number, accounts: ReadonlySet<number> | null): void => {
    if (accounts) mark([...accounts].map((account) => followed.get(`${tenant} ${account}`)));
    else mark([...followed.values()].filter((entry) => entry.tenant === tenant));
  };
  const markAll = (): void => {
    mark(followed.values());
    onDirectory();
  };
  const administration = createAdministrationPush(deps);
  store.notifier.on('directory', onDirectory).on('accounts', onAccounts).on('resync', markAll).on('look', markAll);

  const follow = (listener: Listener): Followed[] =>
    listener.accounts.map((account) => {
      const key = `${listener.tenant} ${account}`;
      const entry = followed.get(key) ?? {
        tenant: listener.tenant,
        account,
        listeners: new Set(),
        states: undefined,
        hasRecall: false,
        missed: false,
      };
      followed.set(key, entry);
      entry.listeners.add(listener);
      return entry;
    });
  const unfollow = (listener: Listener, entries: Followed[]): void => {
    for (const entry of entries) {
      entry.listeners.delete(listener);
      const key = `${entry.tenant} ${entry.account}`;
      if (entry.listeners.size === 0 && followed.get(key) === entry) followed.delete(key);
    }
  };

  return {
    async listen(listener, last) {
      const entries = follow(listener);
      let endAdministration = (): void => undefined;
      try {
        const hasRecall = await haveRecallBoxes(directory, listener.tenant);
        for (const states of await accountStates(store, listener.tenant, listener.accounts)) {
          const entry = entries.find((one) => one.account === states.account_id);
          if (!entry || entry.states) continue;
          entry.states = states;
          entry.hasRecall = hasRecall;
          if (entry.missed) mark([entry]);
        }
        const known = listener.accounts.filter((account) => last.has(account));
        const since = known.map((account) => last.get(account)?.modseq ?? 0);
        for (const states of known.length > 0 ? await statesSince(store, listener.tenant, known, since) : []) {
          const { account_id: account } = states;
          const before = last.get(account);
          if (before) send(listener, { account, states, hasRecall }, changedTypes(before, states));
        }
        const { administrator } = listener;
        if (administrator !== undefined) {
          const tell = (types: Record<string, string>): void => tellTypes(listener, administrator, types);
          const { now, end } = await administration.follow(listener.tenant, tell);
          endAdministration = end;
          // How far it had come with these is not in the id of an event.
          if (last.size > 0) tell(now);
        }
      } catch (error) {
        unfollow(listener, entries);
        throw error;
      }
      return {
        seen: () => new Map(entries.flatMap((entry) => (entry.states ? [[entry.account, entry.states] as const] : []))),
        end() {
          endAdministration();
          unfollow(listener, entries);
        },
      };
    },
    close() {
      clearTimeout(retry);
      administration.close();
      store.notifier
        .off('directory', onDirectory)
        .off('accounts', onAccounts)
        .off('resync', markAll)
        .off('look', markAll);
    },
  };
}

function changedTypes(before: Seen, now: ChangedStates): Record<string, string> {
  const types = Object.fromEntries(MODSEQ_TYPES.map((type) => [type, String(now.modseq)]));
  if (now.delivered !== null) types['EmailDelivery'] = String(now.delivered);
  if (now.quota !== null) types['Quota'] = String(now.quota);
  if (now.identity !== null) types['Identity'] = String(now.identity);
  if (now.vacation !== null) types['VacationResponse'] = String(now.vacation);
  if (now.submission > before.submission) types['EmailSubmission'] = String(now.submission);
  if (now.recall > before.recall) types['Recall'] = types['RecallOutcome'] = String(now.modseq);
  return types;
}

/** RFC 8620 §7.1: the states that /get would answer, so with Recall that of mailboxes is another. */
function send(
  listener: Listener,
  { account, states, hasRecall }: Pick<Followed, 'account' | 'states' | 'hasRecall'>,
  types: Record<string, string>,
): void {
  const { Mailbox: modseq } = types;
  const isShown = listener.own === account && hasRecall && states?.named_recall === false;
  const known = isShown ? RECALL_BOXES.length : 0;
  tellTypes(
    listener,
    account,
    modseq === undefined ? types : { ...types, Mailbox: mailboxState(Number(modseq), known) },
  );
}

function tellTypes(listener: Listener, account: number, types: Record<string, string>): void {
  const wanted = Object.entries(types).filter(([type]) => listener.types === null || listener.types.has(type));
  if (wanted.length > 0) listener.send({ [`a${account}`]: Object.fromEntries(wanted) });
}
