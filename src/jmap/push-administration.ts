// What administrators are told beside their mail: how far their organisation's recalls and alerts have come. One query a
// tenant, however many listen, and not more often than a page can follow.

import type { Logger } from '../mail/log.ts';
import type { Store } from '../store/postgres.ts';
import { administrationStates, type AdministrationStates } from '../store/states.ts';

export interface AdministrationPush {
  /** When it answers, every later change is told. */
  follow(tenant: number, tell: (types: Record<string, string>) => void): Promise<{ now: Types; end(): void }>;
  close(): void;
}

type Types = Record<string, string>;

interface Followed {
  tenant: number;
  followers: Set<(types: Types) => void>;
  /** What was told last; undefined until it was first read. */
  states: AdministrationStates | undefined;
  /** Ends the rest after a telling. */
  rest: NodeJS.Timeout | undefined;
  reading: boolean;
  dirty: boolean;
}

/** A sweep says so each tenth of a second how far it is. */
const REST_MS = 250;

export function createAdministrationPush(deps: { store: Store; log: Logger }): AdministrationPush {
  const { store, log } = deps;
  const tenants = new Map<number, Followed>();

  const look = async (entry: Followed): Promise<void> => {
    if (entry.reading || entry.rest || !entry.dirty || entry.followers.size === 0) return;
    entry.reading = true;
    entry.dirty = false;
    try {
      const now = await administrationStates(store, entry.tenant);
      const types = entry.states ? changed(entry.states, now) : {};
      entry.states = now;
      if (Object.keys(types).length > 0) for (const tell of entry.followers) tell(types);
    } catch (error) {
      log.warn({ err: error }, 'push waits for the database');
      entry.dirty = true;
    }
    entry.reading = false;
    entry.rest = setTimeout(() => {
      entry.rest = undefined;
      void look(entry);
    }, REST_MS);
    entry.rest.unref();
  };
  const mark = (entry: Followed | undefined): void => {
    if (!entry) return;
    entry.dirty = true;
    void look(entry);
  };
  const onRecalls = (tenant: number): void => mark(tenants.get(tenant));
  const markAll = (): void => tenants.forEach(mark);
  store.notifier.on('recalls', onRecalls).on('resync', markAll).on('look', markAll);

  return {
    async follow(tenant, tell) {
      const entry = tenants.get(tenant) ?? {
        tenant,
        followers: new Set(),
        states: undefined,
        rest: undefined,
        reading: false,
        dirty: false,
      };
      tenants.set(tenant, entry);
      entry.followers.add(tell);
      const end = (): void => {
        entry.followers.delete(tell);
        if (entry.followers.size > 0 || tenants.get(tenant) !== entry) return;
        clearTimeout(entry.rest);
        tenants.delete(tenant);
      };
      try {
        const now = await administrationStates(store, tenant);
        entry.states ??= now;
        return { now: typesOf(now), end };
      } catch (error) {
        end();
        throw error;
      }
    },
    close() {
      for (const { rest } of tenants.values()) clearTimeout(rest);
      store.notifier.off('recalls', onRecalls).off('resync', markAll).off('look', markAll);
    },
  };
}

/** The vault fills and empties by recalls alone, and by time. */
const typesOf = ({ recalls, alerts }: AdministrationStates): Types => ({
  AdminRecall: recalls,
  AdminRecallOutcome: recalls,
  AdminVault: recalls,
  AdminAlert: String(alerts),
});

function changed(before: AdministrationStates, now: AdministrationStates): Types {
  const was = typesOf(before);
  return Object.fromEntries(Object.entries(typesOf(now)).filter(([type, state]) => was[type] !== state));
}
