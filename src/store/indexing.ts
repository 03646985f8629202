// Messages are stored without the words that they are found by: to make, send and index them is a fifth of what an APPEND
// costs, and nobody waits for it. A worker does it soon after, in batches; a search that looks at words has what is left of
// its account's done before it looks. So whatever was stored before a search began is found by it, whoever died in between:
// what is pending is what has no row in message_words, and nothing else has to be remembered.

import { setImmediate } from 'node:timers/promises';
import { Unavailable } from '../mail/errors.ts';
import type { Logger } from '../mail/log.ts';
import { parseMessage, parsePieces } from '../mail/mime/parse.ts';
import { WORDS_VERSION } from '../mail/words.ts';
import type { Blobs } from './blobs.ts';
import type { AccountKey } from './exposure.ts';
import type { Activity } from './courtesy.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { tenantIds } from './outgoing.ts';
import type { Store } from './postgres.ts';
import { searchVector } from './search-index.ts';
import {
  accountsBehind,
  COPIES_A_PAGE,
  copiesToIndex,
  keepWords,
  knownOf,
  MESSAGES_A_PAGE,
  messagesToIndex,
  setIndexedUntil,
  tryLockWords,
  unindexedOf,
  type Unindexed,
  type Words,
} from './words.ts';

export interface IndexingDeps {
  store: Store;
  blobs: Pick<Blobs, 'readHeads' | 'stream'>;
  log: Logger;
}

/** Messages that are read, and written, together: at most so many, of so many octets. */
const AT_ONCE = { messages: 100, octets: 4 << 20 };

/** Octets of a message that is read with others in one statement. */
const SMALL = 256 << 10;

/** Others of this thread have their turn after so long. */
const TURN_MS = 5;

/** An account that has got fewer copies since is looked at from where it was: to say so is a write. */
const WORTH_SAYING = 100;

/**
 * Indexes what the account has that is not. Answers its modseq before that: copies with an email_id up to it are of indexed
 * messages, of newer ones nothing is said.
 */
export async function indexAccount(deps: IndexingDeps, at: AccountKey): Promise<number> {
  let modseq: number | undefined;
  let copies = 0;
  for (let after: number | null = null; ;) {
    const page = await copiesToIndex(deps.store, at, after);
    if (!page) return 0;
    modseq ??= page.modseq;
    copies += page.copies;
    await indexMessages(deps, at.tenant, page.pending ?? []);
    if (page.copies < COPIES_A_PAGE) break;
    after = page.last;
  }
  if (copies >= WORTH_SAYING) await deps.store.single(...setIndexedUntil(at, modseq));
  return modseq;
}

/** Indexes messages that are not, as one who waits for it: the last ones first, since the background begins with the first. */
export async function indexMessages(deps: IndexingDeps, tenant: number, ids: readonly number[]): Promise<void> {
  const ascending = ids.toSorted((a, b) => a - b);
  while (ascending.length > 0) {
    const some = await unindexedOf(deps.store, tenant, ascending.splice(-AT_ONCE.messages), 0);
    for (const batch of batches(some))
      await deps.store.single(...keepWords(tenant, await wordsOf(deps, tenant, batch)));
  }
}

function batches(messages: Unindexed[]): Unindexed[][] {
  const list: Unindexed[][] = [];
  let octets = Infinity;
  for (const message of messages) {
    if (octets + message.size > AT_ONCE.octets) {
      list.push([]);
      octets = 0;
    }
    octets += message.size;
    list.at(-1)?.push(message);
  }
  return list;
}

async function wordsOf(deps: IndexingDeps, tenant: number, messages: Unindexed[]): Promise<Words[]> {
  const small = messages.filter(({ size }) => size <= SMALL);
  const heads = await deps.blobs.readHeads(
    tenant,
    small.map(({ blob_id: id, size }) => ({ id, octets: size })),
  );
  const words: Words[] = [];
  let began = performance.now();
  for (const { id, blob_id: blob, size } of messages) {
    if (performance.now() - began > TURN_MS) {
      await setImmediate();
      began = performance.now();
    }
    const head = size <= SMALL ? heads.get(blob) : undefined;
    let vector: Buffer;
    let version = WORDS_VERSION;
    try {
      const whole = head?.length === size ? parseMessage(head) : await parsePieces(deps.blobs.stream(tenant, blob));
      vector = searchVector(whole);
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      // It holds nobody up: it is found by what was kept of it, until its bytes can be read.
      deps.log.warn({ err: error, message: id }, 'a message cannot be read to be indexed');
      const known = await knownOf(deps.store, tenant, id);
      if (!known) continue;
      vector = searchVector({ envelope: known.envelope, searchText: known.preview, headerText: '' });
      version = 0;
    }
    words.push({ message: id, vector, version });
  }
  return words;
}

export interface BackgroundDeps extends IndexingDeps {
  clock: () => Date;
  /** Of people, to whom its batches give way. See store/courtesy.ts. */
  neighbours?: Activity;
  /** Barrier tests stop here: 'indexed', before the words of a batch are kept. */
  pause?: (point: string) => Promise<void>;
}

export interface Background extends Lanes {
  /** Indexes one batch of what is known to be pending; false: nothing is, or somebody else is at it. */
  step(): Promise<boolean>;
}

/** News are answered so late: by then there are some to be done together. */
const TICK_MS = 500;

/** All messages are looked at so often, and as a process starts. */
const ROUND_MS = 3_600_000;

/** While people are at work a twentieth of the time is enough: what they look for is indexed first in any case. */
const MANNERS = { share: 20, mostMs: 5_000 };

/** Whatever people do, what waits longer than this gives way to nobody. */
const LATE_MS = 30_000;

export function createBackground(deps: BackgroundDeps): Background {
  const { store, log, clock, neighbours } = deps;
  /** Tenants with something to be looked at, and after which number. */
  const dirty = new Map<number, number>();
  /** Up to here each tenant's messages have been looked at. */
  const seen = new Map<number, number>();
  /** So that no first search of an account that has much has to look at all of it. */
  let behind: AccountKey[] = [];
  let round = -Infinity;
  let late = false;

  const onAccounts = (tenant: number): void => {
    if (!dirty.has(tenant)) dirty.set(tenant, seen.get(tenant) ?? 0);
  };
  const onResync = (): void => void (round = -Infinity);

  const step = async (): Promise<boolean> => {
    if (performance.now() - round >= ROUND_MS) {
      round = performance.now();
      behind = [];
      for (const tenant of await tenantIds(store)) {
        dirty.set(tenant, 0);
        behind.push(...(await accountsBehind(store, tenant)).map((account) => ({ tenant, account })));
      }
    }
    for (const [tenant, after] of Array.from(dirty)) {
      // The others have their turn before it has its next.
      dirty.delete(tenant);
      const next = await batch(tenant, after).catch((error: unknown) => {
        dirty.set(tenant, after);
        throw error;
      });
      if (next === 'taken') {
        if (!dirty.has(tenant)) dirty.set(tenant, after);
        continue;
      }
      seen.set(tenant, Math.max(next.to, seen.get(tenant) ?? 0));
      if (!next.more) continue;
      dirty.set(tenant, Math.min(next.to, dirty.get(tenant) ?? Infinity));
      return true;
    }
    const at = behind.shift();
    if (at) await indexAccount(deps, at);
    return at !== undefined;
  };

  /** The next messages of a tenant after `after`; `more`: there are some after `to`. */
  const batch = (tenant: number, after: number): Promise<{ to: number; more: boolean } | 'taken'> =>
    store.transact(async (tx) => {
      if (!(await tryLockWords(tx, tenant))) return 'taken';
      const { messages, last, pending } = await messagesToIndex(tx, tenant, after);
      const some = (pending ?? []).slice(0, AT_ONCE.messages);
      const [list] = batches(await unindexedOf(tx, tenant, some, WORDS_VERSION));
      if (list) {
        const words = await wordsOf(deps, tenant, list);
        await deps.pause?.('indexed');
        await tx.run(...keepWords(tenant, words));
        late = list.some(({ created_at: at }) => clock().getTime() - at.getTime() > LATE_MS);
      } else late = false;
      const done = list?.at(-1)?.id ?? after;
      const whole = list === undefined || list.length === pending?.length;
      return { to: whole ? (last ?? after) : done, more: !whole || messages >= MESSAGES_A_PAGE };
    }, 'batch');

  const lanes = createLanes({
    store,
    log,
    lanes: 1,
    wakes: [],
    tickMs: TICK_MS,
    step,
    hurries: () => late,
    manners: MANNERS,
    ...(neighbours ? { activity: neighbours } : {}),
  });
  return {
    step,
    start() {
      store.notifier.on('accounts', onAccounts).on('resync', onResync);
      lanes.start();
    },
    async stop() {
      store.notifier.off('accounts', onAccounts).off('resync', onResync);
      await lanes.stop();
    },
  };
}
