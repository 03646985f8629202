// Mail on its way in: two organisations with people, groups and a shared mailbox, accept, and a clock that only the test
// moves.

import type { SmtpDeps } from '../../src/smtp/faces.ts';
import pg from 'pg';
import {
  createAccept,
  type Accept,
  type Accepted,
  type AcceptDeps,
  type AcceptInput,
} from '../../src/delivery/accept.ts';
import { createAdmin, type Admin } from '../../src/directory/admin.ts';
import { createDirectory, type Directory } from '../../src/directory/directory.ts';
import { createBlobs, type Blobs } from '../../src/store/blobs.ts';
import { createIds, type Ids } from '../../src/store/ids.ts';
import { openStore, type Connection, type Store } from '../../src/store/postgres.ts';
import { testDatabase } from './database.ts';
import { mail } from './mailboxes.ts';

export interface TestCopy {
  email_id: number;
  uid: number;
  modseq: number;
  message_id: number;
  thread_id: number;
  delivery_n: number | null;
  flags: number;
  subject: string | null;
  received_at: Date;
}

export interface TestDelivery {
  n: number;
  account_id: number | null;
  state: string;
  recipient: string;
  via: string | null;
  notify: number;
  original_recipient: string | null;
  due_at: Date | null;
  finished_at: Date | null;
}

export interface MailIn {
  connection: Connection;
  store: Store;
  ids: Ids;
  blobs: Blobs;
  directory: Directory;
  admin: Admin;
  accept: Accept;
  /** Another accept over the same store: another process. */
  acceptWith(deps: Partial<AcceptDeps>): Accept;
  /** pigeon.test: ana, ben (also b@), cho, the shared mailbox office@ that ana may send as, and the service robot@. */
  tenant: number;
  /** other.test: zoe. */
  other: number;
  ana: number;
  ben: number;
  cho: number;
  office: number;
  robot: number;
  zoe: number;
  clock: () => Date;
  advance(ms: number): void;
  /** Submitted by Ana. */
  submit: (
    to: (string | AcceptInput['recipients'][number])[],
    more?: Partial<AcceptInput> & { message?: string },
  ) => Promise<Accepted>;
  /** Copies in a mailbox (Inbox by default), by UID. */
  copies(account: number, mailbox?: number, tenant?: number): Promise<TestCopy[]>;
  deliveries(message: number): Promise<TestDelivery[]>;
  bytes(message: number, tenant?: number): Promise<string>;
  /** Any SQL, as superuser. */
  sql: <T extends object>(text: string, params?: unknown[]) => Promise<T[]>;
  close(): Promise<void>;
}

export const PASSWORD = 'homing';

export async function testMailIn(options: { connection?: Connection } = {}): Promise<MailIn> {
  const database = options.connection ? undefined : await testDatabase();
  const connection = options.connection ?? (database as { connection: Connection }).connection;
  const owner = database?.owner ?? connection;
  const store = openStore({ connection, listen: false });
  const clients = 'url' in owner ? { connectionString: owner.url } : owner;
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ ...clients, max: 2, types });
  pool.on('error', () => undefined);
  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> =>
    (await pool.query<T>(text, params)).rows;

  let now = new Date('2026-11-23T12:00:00Z');
  const clock = (): Date => now;
  const ids = createIds(store);
  const blobs = createBlobs({ store, ids });
  const directory = createDirectory({ store });
  const admin = createAdmin({ store, clock, actor: 'test' });
  const tenant = await admin.addTenant({ name: 'Pigeon', domains: ['pigeon.test'] });
  const other = await admin.addTenant({ name: 'Other', domains: ['other.test'] });
  const ana = await admin.addAccount({ address: 'ana@pigeon.test', name: 'Ana Silva', password: PASSWORD });
  const ben = await admin.addAccount({ address: 'ben@pigeon.test', aliases: ['b@pigeon.test'], password: PASSWORD });
  const cho = await admin.addAccount({ address: 'cho@pigeon.test' });
  const office = await admin.addAccount({ address: 'office@pigeon.test', kind: 'shared' });
  const robot = await admin.addAccount({ address: 'robot@pigeon.test', kind: 'service' });
  const zoe = await admin.addAccount({ address: 'zoe@other.test' });
  await admin.delegate('office@pigeon.test', 'ana@pigeon.test', ['full', 'send-as']);
  const deps = { store, ids, blobs, directory, clock };
  const accept = createAccept(deps);

  return {
    connection,
    store,
    ids,
    blobs,
    directory,
    admin,
    accept,
    clock,
    sql,
    tenant,
    other,
    ana,
    ben,
    cho,
    office,
    robot,
    zoe,
    acceptWith: (more) =>
      createAccept({
        ...deps,
        ...more,
      }),
    advance: (ms) => void (now = new Date(now.getTime() + ms)),
    submit: (to, { message, ...more } = {}) =>
      accept({
        tenant,
        origin: {
          kind: 'submission',
          account: ana,
          submittedBy: ana,
          source: 'smtp',
        },
        mailFrom: 'ana@pigeon.test',
        recipients: to.map((one) => (typeof one === 'string' ? { address: one } : one)),
        bytes: Buffer.from(message ?? mail('Hello')),
        ...more,
      }),
    copies: (account, mailbox = 1, of = tenant) =>
      sql(
        `SELECT c.email_id, c.uid, c.modseq, c.message_id, c.thread_id, c.delivery_n, c.flags, m.subject, c.received_at
         FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
         WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.mailbox_id = $3 ORDER BY c.uid`,
        [of, account, mailbox],
      ),
    deliveries: (message) =>
      sql(
        `SELECT n, account_id, state, recipient, via, notify, original_recipient, due_at, finished_at
         FROM delivery WHERE message_id = $1 ORDER BY n`,
        [message],
      ),
    async bytes(message, of = tenant) {
      const [row] = await sql<{
        blob_id: number;
      }>(`SELECT blob_id FROM message WHERE id = $1`, [message]);
      return (await blobs.read(of, row?.blob_id ?? 0)).toString('latin1');
    },
    async close() {
      directory.close();
      await store.close();
      await pool.end();
      await database?.close();
    },
  };
}

/** That every mailbox's counters and every account's modseq are what its copies say. */
export async function miscounted({ sql }: Pick<MailIn, 'sql'>): Promise<object[]> {
  return sql(
    `SELECT m.account_id, m.id, m.total, m.unread, m.uid_next, m.modseq, s.modseq AS state, c.*
     FROM mailbox m JOIN account_state s USING (tenant_id, account_id) LEFT JOIN LATERAL (
       SELECT count(*)::int AS real_total, (count(*) FILTER (WHERE flags & 1 = 0))::int AS real_unread, max(uid) AS last_uid, max(modseq) AS last_modseq
       FROM copy c WHERE c.tenant_id = m.tenant_id AND c.account_id = m.account_id AND c.mailbox_id = m.id) c ON true
     WHERE m.total <> real_total OR m.unread <> real_unread OR m.uid_next <= coalesce(last_uid, 0) OR m.modseq < coalesce(last_modseq, 0)
       OR s.modseq < m.modseq`,
  );
}

/** For faces by which nobody recalls. */
export const NO_RECALLS: SmtpDeps['recalls'] = {
  request: () => Promise.reject(new Error('nobody recalls here')),
  replace: () => Promise.reject(new Error('nobody recalls here')),
  completedBy: async () => null,
};
