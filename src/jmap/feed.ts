// What one listener is told, gathered: the same for an event source, a WebSocket and a push subscription.

import type { Changed, Listening, Push, Seen } from './push.ts';
import type { Tellings } from './told.ts';

/** Changes within this time are told together, but for the first. */
const GATHER_MS = 20;

/** A longer id is not given: it comes back as a header field. */
const MAX_ID = 4000;

export interface Feed {
  /** From now on `emit` is called, also with what has gathered until now. */
  begin(): void;
  /** How far everything that it was told of has come, by account. */
  seen(): ReadonlyMap<number, Seen>;
  end(): void;
}

export interface FeedOptions {
  tenant: number;
  accounts: number[];
  /** As Listener has them. */
  own: number;
  administrator: number | undefined;
  /** Null: all types. */
  types: ReadonlySet<string> | null;
  /** How far the listener had come. */
  last: ReadonlyMap<number, Seen>;
  /** Where what the listening program is told is to be on record. */
  record?: { tellings: Tellings; program: string };
  gatherMs?: number;
}

/** When it answers, every later change is told; and every earlier one, where `last` says how far the listener had come. */
export async function openFeed(
  push: Push,
  options: FeedOptions,
  emit: (changed: Changed, seen: ReadonlyMap<number, Seen>) => void,
): Promise<Feed> {
  const { tenant, accounts, own, administrator, types, record, gatherMs = GATHER_MS } = options;
  let listening: Listening | undefined;
  let begun = false;
  let pending: Changed = {};
  let gathering: NodeJS.Timeout | undefined;
  const flush = (): void => {
    gathering = undefined;
    if (!listening || !begun || Object.keys(pending).length === 0) return;
    const changed = pending;
    pending = {};
    for (const [account, { Email, Thread }] of record ? Object.entries(changed) : []) {
      const modseq = Number(Email ?? Thread ?? 0);
      void record?.tellings.told({ tenant, account: Number(account.slice(1)), program: record.program, modseq });
    }
    gathering = setTimeout(flush, gatherMs);
    emit(changed, listening.seen());
  };
  const send = (changed: Changed): void => {
    for (const [account, states] of Object.entries(changed)) pending[account] = { ...pending[account], ...states };
    if (!gathering) flush();
  };
  listening = await push.listen({ tenant, accounts, own, administrator, types, send }, options.last);
  return {
    begin() {
      begun = true;
      if (!gathering) flush();
    },
    seen: () => listening.seen(),
    end() {
      begun = false;
      clearTimeout(gathering);
      listening.end();
    },
  };
}

/** "1.120.80.0,7.33.0.0": account, modseq, submission, recall. Null: too many accounts for that. */
export function writeSeen(seen: ReadonlyMap<number, Seen>): string | null {
  const parts = [...seen].map(([account, { modseq, submission, recall }]) =>
    [account, modseq, submission, recall].join('.'),
  );
  const id = parts.join();
  return id.length > MAX_ID ? null : id;
}

/** What is none of ours is as if nothing had been seen. */
export function readSeen(id: unknown): Map<number, Seen> {
  if (typeof id !== 'string' || !/^\d{1,16}(?:\.\d{1,16}){3}(?:,\d{1,16}(?:\.\d{1,16}){3})*$/.test(id))
    return new Map();
  const parts = id.split(',').map((part) => part.split('.').map(Number));
  return new Map(
    parts.map(([account = 0, modseq = 0, submission = 0, recall = 0]) => [account, { modseq, submission, recall }]),
  );
}
