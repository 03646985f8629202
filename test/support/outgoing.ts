// A server that sends mail: two tenants, the outside world, and a clock that only tests move.

import pg from 'pg';
import { createAccept, type Accept, type AcceptInput } from '../../src/delivery/accept.ts';
import { createOutgoing, type Outgoing, type OutgoingDeps } from '../../src/delivery/worker.ts';
import { createAdmin } from '../../src/directory/admin.ts';
import { createDirectory, type Directory } from '../../src/directory/directory.ts';
import { SILENT } from '../../src/mail/log.ts';
import { parseMessage } from '../../src/mail/mime/parse.ts';
import { bodyText } from '../../src/mail/mime/body.ts';
import { createRecalls, type Recalls } from '../../src/recall/recalls.ts';
import { createBlobs, type Blobs } from '../../src/store/blobs.ts';
import { createIds } from '../../src/store/ids.ts';
import { messageById, storeMessage } from '../../src/store/messages.ts';
import { openStore, type Store } from '../../src/store/postgres.ts';
import { startOutside, type OutsideWorld } from '../../src/try/outside.ts';
import { testDatabase, type TestDatabase } from './database.ts';
import { mail } from './mailboxes.ts';

export interface DeliveryRow {
  n: number;
  recipient: string;
  state: string;
  maybe_sent: boolean;
  attempts: number;
  notify: number;
  due_at: Date | null;
  lease_until: Date | null;
  finished_at: Date | null;
  remote_host: string | null;
  remote_reply: string | null;
}

export interface TestOutgoing {
  connection: TestDatabase['connection'];
  store: Store;
  accept: Accept;
  directory: Directory;
  blobs: Blobs;
  recalls: Recalls;
  outside: OutsideWorld;
  outgoing: Outgoing;
  tenant: number;
  other: number;
  ana: number;
  ben: number;
  zoe: number;
  clock: () => Date;
  /** Moves the clock. */
  advance(ms: number): void;
  sql<T extends object>(text: string, params?: unknown[]): Promise<T[]>;
  /** Another worker on the same queue. */
  worker(options?: Partial<OutgoingDeps>): Outgoing;
  /** Submitted by Ana; its deliveries outside are due 30 seconds later. */
  submit(
    recipients: (string | AcceptInput['recipients'][number])[],
    more?: Partial<AcceptInput> & { subject?: string },
  ): Promise<number>;
  deliveries(message: number): Promise<DeliveryRow[]>;
  /** Messages in an account's Inbox, oldest first. */
  inbox(tenant: number, account: number): Promise<{ subject: string | null; text: string; bytes: Buffer }[]>;
  /** Holds what slow@ and lost@ wait for until it is let go; answers when one waits. */
  holdOutside(): { reached: Promise<number>; letGo: () => void };
  close(): Promise<void>;
}

export async function testOutgoing(): Promise<TestOutgoing> {
  const database = await testDatabase();
  const store = openStore({ connection: database.connection, listen: false });
  const pool = new pg.Pool({ ...database.owner, max: 3 });
  pool.on('error', () => undefined);
  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> =>
    (await pool.query<T>(text, params)).rows;

  let now = new Date('2026-11-23T12:00:00Z');
  const clock = (): Date => now;
  const ids = createIds(store);
  const blobs = createBlobs({ store, ids });
  const directory = createDirectory({ store });
  const accept = createAccept({ store, ids, blobs, directory, clock });
  const admin = createAdmin({ store, clock, actor: 'test' });
  const tenant = await admin.addTenant({ name: 'Pigeon', domains: ['pigeon.test'], policy: { rateLimit: 0 } });
  const other = await admin.addTenant({ name: 'Other', domains: ['other.test'] });
  const ana = await admin.addAccount({ address: 'ana@pigeon.test', name: 'Ana Silva' });
  const ben = await admin.addAccount({ address: 'ben@pigeon.test' });
  const zoe = await admin.addAccount({ address: 'zoe@other.test' });
  await admin.addGroup({ address: 'team@other.test', members: ['zoe@other.test'] });
  await admin.addGroup({
    address: 'secret@pigeon.test',
    membersVisibleTo: 'administrators',
    members: ['bounce@outside.test'],
  });

  let holding: { reached: PromiseWithResolvers<number>; go: PromiseWithResolvers<void> } | undefined;
  const outside = await startOutside({
    clock,
    async wait(ms) {
      holding?.reached.resolve(ms);
      await holding?.go.promise;
    },
  });
  const recalls = createRecalls({
    store,
    ids,
    people: directory,
    submit: accept,
    storeMessage: async (tx, of, bytes, at) =>
      (await storeMessage(tx, { blobs, ids }, of, { bytes, parsed: parseMessage(bytes) }, at)).id,
    clock,
    log: SILENT,
  });
  const worker = (options: Partial<OutgoingDeps> = {}): Outgoing =>
    createOutgoing({
      store,
      accept,
      directory,
      blobs,
      clock,
      log: SILENT,
      hostname: 'mail.pigeon.test',
      nextHop: outside.nextHop,
      timeouts: { connect: 5000, greeting: 5000, reply: 10_000 },
      leaseMs: 600_000,
      graceMs: 0,
      ...options,
    });

  return {
    connection: database.connection,
    store,
    accept,
    directory,
    blobs,
    recalls,
    outside,
    tenant,
    other,
    ana,
    ben,
    zoe,
    clock,
    sql,
    worker,
    outgoing: worker(),
    advance: (ms) => void (now = new Date(now.getTime() + ms)),
    async submit(recipients, { subject = 'Salaries 2026', ...more } = {}) {
      const accepted = await accept({
        tenant,
        origin: { kind: 'submission', account: ana, submittedBy: ana, source: 'smtp' },
        mailFrom: 'ana@pigeon.test',
        recipients: recipients.map((to) => (typeof to === 'string' ? { address: to } : to)),
        bytes: Buffer.from(mail(subject, { to: 'somebody@outside.test', headers: ['Bcc: hidden@outside.test'] })),
        ...more,
      });
      return accepted.messageId;
    },
    deliveries: (message) =>
      sql(
        `SELECT n, recipient, state, maybe_sent, attempts, notify, due_at, lease_until, finished_at, remote_host, remote_reply
         FROM delivery WHERE message_id = $1 ORDER BY n`,
        [message],
      ),
    async inbox(of, account) {
      const rows = await sql<{ message_id: string }>(
        `SELECT message_id FROM copy WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = 1 ORDER BY uid`,
        [of, account],
      );
      return Promise.all(
        rows.map(async (row) => {
          const message = await messageById(store, of, Number(row.message_id));
          const bytes = await blobs.read(of, message?.blob_id ?? 0);
          const root = message?.structure;
          const first = root?.parts?.[0] ?? root;
          return { subject: message?.envelope.subject ?? null, bytes, text: first ? bodyText(bytes, first).value : '' };
        }),
      );
    },
    holdOutside() {
      const held = { reached: Promise.withResolvers<number>(), go: Promise.withResolvers<void>() };
      holding = held;
      return {
        reached: held.reached.promise,
        letGo: () => {
          holding = undefined;
          held.go.resolve();
        },
      };
    },
    async close() {
      holding?.go.resolve();
      await outside.close();
      directory.close();
      await store.close();
      await pool.end();
      await database.close();
    },
  };
}

/** Stops whoever passes a point until it is let go. Each point holds once. */
export interface Barriers {
  pause: (point: string) => Promise<void>;
  /** To be set before; `reached` resolves when somebody stands there. */
  at(point: string): { reached: Promise<void>; letGo: () => void };
}

export function barriers(): Barriers {
  const points = new Map<string, { reached: PromiseWithResolvers<void>; go: PromiseWithResolvers<void> }>();
  return {
    async pause(point) {
      const barrier = points.get(point);
      if (!barrier) return;
      points.delete(point);
      barrier.reached.resolve();
      await barrier.go.promise;
    },
    at(point) {
      const barrier = { reached: Promise.withResolvers<void>(), go: Promise.withResolvers<void>() };
      points.set(point, barrier);
      return { reached: barrier.reached.promise, letGo: () => barrier.go.resolve() };
    },
  };
}
