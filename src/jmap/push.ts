// Push (RFC 8620 §7): who listens to which accounts, and what they are told.

import type { Logger } from '../mail/log.ts';
import type { Store } from '../store/postgres.ts';
import { accountStates, type AccountStates } from '../store/states.ts';

/** { "a1": { "Email": "12", … } } */
export type Changed = Record<string, Record<string, string>>;

export interface Listener {
  tenant: number;
  accounts: number[];
  /** Null: all types. */
  types: ReadonlySet<string> | null;
  send: (changed: Changed) => void;
}

export interface Push {
  /** Begins to tell; answers how to end it. Only what changes from now on is told. */
  listen(listener: Listener): Promise<() => void>;
  close(): void;
}

interface Followed {
  tenant: number;
  listeners: Set<Listener>;
  states: AccountStates | undefined;
}

/** Types whose state is the account's modseq itself. */
const MODSEQ_TYPES = ['Email', 'Mailbox', 'Thread'];

export function createPush(deps: { store: Store; log: Logger }): Push {
  const { store, log } = deps;
  const followed = new Map<string, Followed>();
  const dirty = new Map<number, Set<number>>();
  let running = false;

  /** One query a tenant for all accounts that may have changed; while it runs, news gathers for the next. */
  const flush = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      while (dirty.size > 0) {
        const batch = [...dirty];
        dirty.clear();
        for (const [tenant, accounts] of batch) {
          for (const states of await accountStates(store, tenant, [...accounts])) tell(tenant, states);
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'push waits for the database');
    } finally {
      running = false;
    }
  };

  const tell = (tenant: number, states: AccountStates): void => {
    const entry = followed.get(`${tenant} ${states.account_id}`);
    if (!entry) return;
    const before = entry.states;
    entry.states = states;
    if (!before || states.modseq <= before.modseq) return;
    const types: Record<string, string> = Object.fromEntries(MODSEQ_TYPES.map((type) => [type, String(states.modseq)]));
    if (states.delivered > before.delivered) types['EmailDelivery'] = String(states.delivered);
    if (states.submission > before.submission) types['EmailSubmission'] = String(states.modseq);
    if (states.recall > before.recall) types['Recall'] = types['RecallOutcome'] = String(states.modseq);
    for (const listener of entry.listeners) {
      const wanted = Object.entries(types).filter(([type]) => listener.types === null || listener.types.has(type));
      if (wanted.length > 0) listener.send({ [`a${states.account_id}`]: Object.fromEntries(wanted) });
    }
  };

  const mark = (tenant: number, accounts: Iterable<number>): void => {
    const set = dirty.get(tenant) ?? new Set();
    for (const account of accounts) if (followed.has(`${tenant} ${account}`)) set.add(account);
    if (set.size > 0) dirty.set(tenant, set);
    void flush();
  };
  const accountsFollowed = (tenant: number | null): Map<number, number[]> => {
    const byTenant = new Map<number, number[]>();
    for (const [key, entry] of followed) {
      if (tenant !== null && entry.tenant !== tenant) continue;
      const list = byTenant.get(entry.tenant) ?? [];
      byTenant.set(entry.tenant, list);
      list.push(Number(key.split(' ')[1]));
    }
    return byTenant;
  };
  const markAll = (tenant: number | null): void => {
    for (const [of, accounts] of accountsFollowed(tenant)) mark(of, accounts);
  };
  const onAccounts = (tenant: number, accounts: ReadonlySet<number> | null): void => (accounts ? mark(tenant, accounts) : markAll(tenant));
  const onResync = (): void => markAll(null);
  store.notifier.on('accounts', onAccounts).on('resync', onResync);

  return {
    async listen(listener) {
      for (const account of listener.accounts) {
        const key = `${listener.tenant} ${account}`;
        const entry = followed.get(key) ?? { tenant: listener.tenant, listeners: new Set(), states: undefined };
        followed.set(key, entry);
        entry.listeners.add(listener);
      }
      for (const states of await accountStates(store, listener.tenant, listener.accounts)) {
        const entry = followed.get(`${listener.tenant} ${states.account_id}`);
        if (entry && !entry.states) entry.states = states;
      }
      return () => {
        for (const account of listener.accounts) {
          const key = `${listener.tenant} ${account}`;
          const entry = followed.get(key);
          entry?.listeners.delete(listener);
          if (entry?.listeners.size === 0) followed.delete(key);
        }
      };
    },
    close() {
      store.notifier.off('accounts', onAccounts).off('resync', onResync);
    },
  };
}
