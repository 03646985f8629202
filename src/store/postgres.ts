// The one way to the database. A Reader cannot write (its connections are read-only, and so is its type); a Transaction
// can, and its effects on the outside wait for the commit.

import type { Writable } from 'node:stream';
import pg from 'pg';
import { Unavailable } from '../mail/errors.ts';
import { accountKey } from './account-state.ts';
import type { Activity } from './courtesy.ts';
import type { AccountKey } from './exposure.ts';
import { createNotifier, emptyChanges, type Changes, type Notifier } from './notify.ts';
import { together } from './together.ts';
import { createTurns } from './turns.ts';

/** Where PostgreSQL is: a URL, or the embedded one's socket directory. */
export type Connection = { url: string } | { host: string; port: number; user: string; database: string };

/** Runs SELECTs, each in a snapshot of its own (READ COMMITTED). bigint arrives as number, timestamptz as Date. */
export interface Reader {
  /** All rows. `sql` is prepared once per connection under its own text, so it must come from a bounded set. */
  rows<T extends object>(sql: string, params?: unknown[]): Promise<T[]>;
  /** The first row, or undefined. */
  row<T extends object>(sql: string, params?: unknown[]): Promise<T | undefined>;
  /** All rows of a statement put together for the occasion: planned anew each time. Values are parameters here too. */
  unprepared<T extends object>(sql: string, params: unknown[]): Promise<T[]>;
}

export interface Writer {
  /** Runs a writing statement; answers how many rows it touched. */
  run(sql: string, params?: unknown[]): Promise<number>;
}

/** Statements that are to come with the COMMIT. */
export interface Last extends Writer {
  /** Answers 0 at once. */
  run(sql: string, params?: unknown[]): Promise<number>;
  /** Answers once the statement has been sent, and so not before `work` ends: to wait for it there is to wait for ever. */
  rows<T extends object>(sql: string, params?: unknown[]): Promise<T[]>;
}

/** A READ COMMITTED transaction on the primary. Lock order: docs, Gate protocol. */
export interface Transaction extends Reader, Writer {
  /**
   * Its statements go out last, together with the COMMIT: they spare a wait, and what they lock they hold for no round trip.
   * For what nothing more in the transaction depends on.
   */
  readonly last: Last;
  /** Runs after the commit, in order; never if the transaction fails. */
  onCommit(effect: () => void): void;
  /** What other processes are told after the commit (coalesced, NOTIFY). */
  readonly changes: Changes;
  /** Accounts whose lock this transaction has, and the modseq of each as it is now. For account-state.ts. */
  readonly locked: Map<string, number>;
}

/**
 * Which connections: `face` answers people; `batch` carries fan-out and sweeps, two at a time, and yields to faces; `gate` is
 * for gates alone, which wait for nobody: all the others may be held by those who wait for an account's lock.
 */
export type Lane = 'face' | 'batch' | 'gate';

export interface Store extends Reader {
  /** Runs `work` in one transaction and commits. Deadlocks are retried, so `work` may run again from its start. */
  transact<T>(work: (tx: Transaction) => Promise<T>, lane?: Lane): Promise<T>;
  /**
   * The same of a person's write to one account, whose lock it takes: it begins, and takes a connection, when those that
   * came before it in this process have ended (turns.ts).
   */
  inTurn<T>(of: AccountKey, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** One writing statement as a transaction of its own: half the round trips. Answers its RETURNING rows. */
  single<T extends object>(sql: string, params?: unknown[]): Promise<T[]>;
  /**
   * All rows of a SELECT over whole tables, at most `size` at a time and of one moment: for looking through what is too
   * much for memory. Planned for being read to its end; a reader that stops early ends it.
   */
  cursor<T extends object>(sql: string, params: unknown[], size: number): AsyncIterable<T[]>;
  readonly notifier: Notifier;
  /** How its connections are used: open ones, idle ones among them, and who waits for one; `turn`: who waits for others first. */
  pools(): { pool: 'read' | 'turn' | Lane; open: number; idle: number; waiting: number }[];
  close(): Promise<void>;
}

export interface StoreOptions {
  connection: Connection;
  /** Connections for faces (reading and writing each), for batches. */
  faceConnections?: number;
  batchConnections?: number;
  /** False in tests that need no news from other processes. */
  listen?: boolean;
  onError?: (error: Error) => void;
  /** Called with the server process id of each new batch connection, so that its owner may lower its priority. */
  onBatchBackend?: (pid: number) => void;
  /** Counts what is committed for people. See courtesy.ts. */
  activity?: Activity;
}

/**
 * A batch goes from thousands of keys to their rows, however many others there are. A plan that was made when the tables
 * were small, or for arrays of unknown length, takes the whole table instead: each statement is planned anew, and what
 * it touches is mostly in memory.
 */
const BATCH_PLANS = [
  '-c plan_cache_mode=force_custom_plan -c random_page_cost=0.05 -c seq_page_cost=0.05',
  ...['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin', 'material'].map((way) => `-c enable_${way}=off`),
].join(' ');

/** A connection that nobody has used for so long is closed, where it is not kept; or asked whether it is still there. */
const IDLE_MS = 30_000;

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);
// Whole columns of a batch come as arrays (array_agg), which costs a tenth of as many rows.
for (const oid of [1005, 1007, 1016]) types.setTypeParser(oid, toNumbers); // int2[], int4[], int8[]
types.setTypeParser(1010, toTids);

/** {1,NULL,3} */
function toNumbers(text: string): unknown {
  return JSON.parse(`[${text.slice(1, -1).replaceAll('NULL', 'null')}]`);
}

/** {"(0,1)","(0,2)"} */
function toTids(text: string): string[] {
  return text === '{}' ? [] : text.slice(2, -2).split('","');
}

export function clientConfig(connection: Connection): pg.ClientConfig {
  return 'url' in connection ? { connectionString: connection.url } : connection;
}

export function openStore(options: StoreOptions): Store {
  const onError = options.onError ?? (() => undefined);
  const base = {
    ...clientConfig(options.connection),
    types,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: IDLE_MS, // so that nothing on the way forgets what is kept open
    pipeline: true,
  };
  const makePool = (max: number, extra: string, idleTimeoutMillis = IDLE_MS): pg.Pool => {
    const pool = new pg.Pool({ ...base, max, idleTimeoutMillis, options: `-c timezone=UTC -c jit=off ${extra}` });
    pool.on('error', onError); // a Pool without this listener crashes Node when the server goes away
    // Nor does the pool listen to a client that somebody has: it would crash Node too. Its query fails in any case.
    pool.on('connect', (client) => void client.on('error', onError));
    return pool;
  };
  const faces = options.faceConnections ?? 10;
  const pools = {
    // What is read is mostly in memory: by an index it costs little more than one after the other.
    read: makePool(faces, '-c default_transaction_read_only=on -c work_mem=16MB -c random_page_cost=1.1'),
    // What people write goes by keys, however few rows there were when it was planned.
    face: makePool(faces, '-c enable_seqscan=off'),
    // Recalls are rare: these are kept open, or each would wait for new connections that know no table and no statement yet.
    batch: makePool(options.batchConnections ?? 2, BATCH_PLANS, 0),
    gate: makePool(2, '', 0),
  };
  pools.batch.on('connect', (client) => {
    const { processID } = client as unknown as { processID?: number };
    if (processID !== undefined) options.onBatchBackend?.(processID);
  });
  const notifier = createNotifier({
    clientConfig: base,
    listen: options.listen ?? true,
    // What it tells of is durable; that it was told need not be, and waits for no disk.
    send: async (payload) =>
      void (await query(pools.face, `SELECT set_config('synchronous_commit', 'off', true), pg_notify('homing', $1)`, [
        payload,
      ])),
    onError,
  });

  const busy = (): void => {
    if (options.activity) Atomics.add(options.activity, 0, 1);
  };
  const turns = createTurns();
  const transact = async <T>(work: (tx: Transaction) => Promise<T>, lane: Lane = 'face'): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      const client = await pools[lane].connect().catch(asUnavailable);
      let broken: Error | undefined;
      try {
        const tx = openTransaction(client);
        // Sent without waiting: the first statement follows it on the same connection.
        gatherWrites(client);
        const begun = client.query('BEGIN');
        begun.catch(() => undefined);
        const result = await work(tx);
        // Where one of the last statements fails, this COMMIT rolls back.
        await together(begun, ...tx.withCommit.map((send) => send()), client.query('COMMIT'));
        if (lane !== 'batch') busy();
        notifier.publish(tx.changes);
        for (const effect of tx.effects) effect();
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch((e: Error) => (broken = e));
        if (isConflict(error) && attempt < 5) continue;
        return asUnavailable(error);
      } finally {
        client.release(broken);
      }
    }
  };

  return {
    rows: (sql, params) => query(pools.read, sql, params),
    row: async (sql, params) => (await query<never>(pools.read, sql, params))[0],
    unprepared: (sql, params) => query(pools.read, sql, params, false),
    transact,
    inTurn: ({ tenant, account }, work) => turns.inTurn(accountKey(tenant, account), () => transact(work)),
    single: (sql, params) => {
      busy();
      return query(pools.face, sql, params);
    },
    cursor: (sql, params, size) => pages(pools.read, sql, params, size),
    notifier,
    pools: () => [
      ...(['read', 'face', 'batch', 'gate'] as const).map((pool) => {
        const { totalCount, idleCount, waitingCount } = pools[pool];
        return { pool, open: totalCount, idle: idleCount, waiting: waitingCount };
      }),
      { pool: 'turn', open: 0, idle: 0, waiting: turns.waiting() },
    ],
    close: async () => {
      await notifier.close();
      await Promise.all(Object.values(pools).map((pool) => pool.end()));
    },
  };
}

function openTransaction(
  client: pg.PoolClient,
): Transaction & { effects: (() => void)[]; withCommit: (() => Promise<unknown>)[] } {
  const effects: (() => void)[] = [];
  const withCommit: (() => Promise<unknown>)[] = [];
  const tx: Pick<Transaction, 'rows' | 'run'> = {
    rows: (sql, params) => query(gatherWrites(client), sql, params),
    run: async (sql, params) => (await gatherWrites(client).query(statement(sql, params))).rowCount ?? 0,
  };
  return {
    ...tx,
    effects,
    withCommit,
    last: {
      run: async (sql, params) => {
        withCommit.push(() => tx.run(sql, params));
        return 0;
      },
      rows: <T extends object>(sql: string, params?: unknown[]) => {
        const answer = Promise.withResolvers<T[]>();
        answer.promise.catch(() => undefined); // its failure is the transaction's
        withCommit.push(() => {
          const rows = tx.rows<T>(sql, params);
          answer.resolve(rows);
          return rows;
        });
        return answer.promise;
      },
    },
    changes: emptyChanges(),
    locked: new Map(),
    row: async (sql, params) => (await query<never>(gatherWrites(client), sql, params))[0],
    unprepared: (sql, params) => query(gatherWrites(client), sql, params, false),
    onCommit: (effect) => void effects.push(effect),
  };
}

/**
 * What a transaction begins in one go is written in one go: a system call for all of it, and the server wakes once. By
 * pg each statement would be a write of its own.
 */
function gatherWrites(client: pg.PoolClient): pg.PoolClient {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  if (stream.writableCorked > 0) return client;
  stream.cork();
  process.nextTick(() => stream.uncork());
  return client;
}

async function query<T extends object>(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  params: unknown[] = [],
  prepared = true,
): Promise<T[]> {
  try {
    return (await on.query<T>(prepared ? statement(sql, params) : { text: sql, values: toValues(params) })).rows;
  } catch (error) {
    return asUnavailable(error);
  }
}

async function* pages<T extends object>(
  pool: pg.Pool,
  sql: string,
  params: unknown[],
  size: number,
): AsyncGenerator<T[]> {
  const client = await pool.connect().catch(asUnavailable);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL cursor_tuple_fraction = 1');
    await client.query({ text: `DECLARE page NO SCROLL CURSOR FOR ${sql}`, values: toValues(params) });
    for (;;) {
      const { rows } = await client.query<T>(`FETCH ${size} FROM page`);
      if (rows.length > 0) yield rows;
      if (rows.length < size) break;
    }
  } catch (error) {
    asUnavailable(error);
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => (broken = error)); // nothing was written
    client.release(broken);
  }
}

function toValues(params: unknown[] = []): unknown[] {
  return params.map((value) => (Array.isArray(value) ? arrayLiteral(value) : value));
}

/**
 * An array as PostgreSQL reads it (§8.15.2), where all of it is numbers, strings and nulls; others are left to pg, which
 * takes ten times as long for each element.
 */
function arrayLiteral(list: unknown[]): unknown {
  // Joined, not added up: thousands of pieces would otherwise be put together only when they are sent.
  if (list.every((value) => typeof value === 'number')) return `{${list.join(',')}}`;
  const parts: (string | number)[] = [];
  for (const value of list) {
    if (typeof value === 'number') parts.push(value);
    else if (typeof value === 'string')
      parts.push(/["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`);
    else if (value === null) parts.push('NULL');
    else return list;
  }
  return `{${parts.join(',')}}`;
}

/** Of arrays from this length on, the plan that is kept is not used. */
const MANY = 17;

const LOOKS_FOR_MANY = /\b(?:FROM|USING) unnest\(.*\b(?:WHERE|JOIN)\b|\bJOIN unnest\(|= ANY \(\$/s;

/**
 * Under its name, by the plan that is kept; but what looks for more than a few rows by arrays is planned anew, for how many they
 * are. The plan that is kept is for ten, and for an account with as much mail as most have: it may look through the array for
 * each of the account's copies, which takes minutes where both are 10,000. Planning takes a third of a millisecond. What says
 * itself that it looks for one after the other (OFFSET 0) needs no other plan.
 */
function statement(sql: string, params: unknown[] = []): pg.QueryConfig {
  const values = toValues(params);
  const many =
    params.some((value) => Array.isArray(value) && value.length >= MANY) &&
    LOOKS_FOR_MANY.test(sql) &&
    !sql.includes('OFFSET 0');
  return many ? { text: sql, values } : { name: statementName(sql), text: sql, values };
}

const names = new Map<string, string>();

/** Prepared statements are named by number; the set of texts is bounded, as Reader.rows asks. */
function statementName(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) names.set(sql, (name = `s${names.size}`));
  return name;
}

/** Serialization failure or deadlock: nothing happened, try again. */
function isConflict(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === '40001' || code === '40P01';
}

/** Rethrows; a lost or absent server becomes Unavailable, which every face tells as "try again later". */
function asUnavailable(error: unknown): never {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const gone =
    // Out of reach, out of room (disk, memory, connections), or its disk fails: none of it is what was asked.
    /^(?:08|53|57P0|58030)/.test(code) ||
    /^(?:ECONN|EPIPE|ENOENT|ETIMEDOUT)/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|not queryable|Client was closed|not currently accepting/i.test(
      message,
    );
  throw gone ? new Unavailable('The database is not available.', { cause: error }) : error;
}
