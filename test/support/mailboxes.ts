// A tenant with accounts and mail in them, put straight into the store.

import pg from 'pg';
import { SILENT } from '../../src/mail/log.ts';
import { parseMessage } from '../../src/mail/mime/parse.ts';
import { toKeywords } from '../../src/mail/keywords.ts';
import { raise } from '../../src/store/account-state.ts';
import { createBlobs, type Blobs } from '../../src/store/blobs.ts';
import { appendCopies } from '../../src/store/copies.ts';
import { insertAccounts } from '../../src/store/directory-accounts.ts';
import type { Searched } from '../../src/store/email-filter.ts';
import type { SocketConnection } from '../../src/store/embedded.ts';
import { createIds, type Ids } from '../../src/store/ids.ts';
import { insertMessages } from '../../src/store/messages.ts';
import { placeCopies } from '../../src/store/placing.ts';
import { openStore, type Store } from '../../src/store/postgres.ts';
import { testDatabase } from './database.ts';

export interface TestMail {
  store: Store;
  /** Of its database. */
  connection: SocketConnection;
  ids: Ids;
  blobs: Blobs;
  /** What searches are given. */
  searched: Searched;
  tenant: number;
  /** Any SQL, as superuser. */
  sql<T extends object>(text: string, params?: unknown[]): Promise<T[]>;
  newAccount(name: string): Promise<number>;
  /** A message from outside into Inboxes, as one delivery each. */
  deliver(accounts: number[], message: string, receivedAt?: Date): Promise<{ messageId: number; emailIds: number[] }>;
  /** A copy of the owner's own making. */
  append(account: number, mailbox: number, message: string, keywords?: string[], receivedAt?: Date): Promise<number>;
  /** A recall's gate over the whole message. Answers the recall's number. */
  gate(messageId: number): Promise<number>;
  ungate(messageId: number): Promise<void>;
  close(): Promise<void>;
}

export async function testMail(): Promise<TestMail> {
  const database = await testDatabase();
  const store = openStore({ connection: database.connection, listen: false });
  const admin = new pg.Pool({ ...database.owner, max: 2 });
  admin.on('error', () => undefined);
  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> =>
    (await admin.query<T>(text, params)).rows;
  const ids = createIds(store);
  const blobs = createBlobs({ store, ids });
  const now = new Date('2026-11-23T12:00:00Z');
  const [{ id: tenant } = { id: 0 }] = await sql<{ id: number }>(
    `INSERT INTO tenant (name, created_at) VALUES ('pigeon.test', $1) RETURNING id`,
    [now],
  );
  await sql(`INSERT INTO domain (name, tenant_id) VALUES ('pigeon.test', $1)`, [tenant]);
  let recalls = 0;

  const insert = async (message: string): Promise<{ id: number; threadId: number }> => {
    const bytes = Buffer.from(message.replace(/\r?\n/g, '\r\n'));
    const [id = 0] = await ids.take('message_id');
    return store.transact(async (tx) => {
      const [stored] = await insertMessages(tx, blobs, tenant, [{ id, bytes, parsed: parseMessage(bytes) }], now);
      return stored ?? { id, threadId: id };
    });
  };

  return {
    store,
    connection: database.connection,
    ids,
    blobs,
    searched: { store, blobs, log: SILENT },
    tenant,
    sql,
    async newAccount(name) {
      const account = { address: `${name}@pigeon.test`, name, kind: 'person' as const, password: null, aliases: [] };
      const [id = 0] = await store.transact((tx) => insertAccounts(tx, tenant, [account], now));
      return id;
    },
    async deliver(accounts, message, receivedAt = now) {
      const { id, threadId } = await insert(message);
      const emailIds = await store.transact(async (tx) => {
        const placements = [];
        for (const [i, account] of accounts.entries()) {
          const modseq = (await raise(tx, tenant, account)) ?? 0;
          placements.push({ account, message: id, thread: threadId, receivedAt, n: i + 1, modseq });
        }
        await placeCopies(tx, tenant, placements);
        return placements.map((placement) => placement.modseq);
      });
      await sql(
        `INSERT INTO delivery (tenant_id, message_id, n, account_id, state, recipient) SELECT $1, $2, n, account, 'delivered', account
         FROM unnest($3::int[]) WITH ORDINALITY AS a (account, n)`,
        [tenant, id, accounts],
      );
      return { messageId: id, emailIds };
    },
    async append(account, mailbox, message, keywords = [], receivedAt = now) {
      const { id, threadId } = await insert(message);
      const [placed] = await store.transact((tx) =>
        appendCopies(tx, { tenant, account, mailbox }, [
          { messageId: id, threadId, receivedAt, savedAt: now, keywords: toKeywords(keywords) },
        ]),
      );
      return placed?.emailId ?? 0;
    },
    async gate(messageId) {
      const recall = 1000 + ++recalls;
      await sql(
        `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, $3, true, false)`,
        [tenant, messageId, recall],
      );
      return recall;
    },
    async ungate(messageId) {
      await sql(`DELETE FROM gate WHERE tenant_id = $1 AND message_id = $2`, [tenant, messageId]);
    },
    async close() {
      await store.close();
      await admin.end();
      await database.close();
    },
  };
}

/** A plain message. */
export function mail(
  subject: string,
  more: { from?: string; to?: string; body?: string; headers?: string[] } = {},
): string {
  return [
    `From: ${more.from ?? 'Ana Silva <ana@pigeon.test>'}`,
    `To: ${more.to ?? 'ben@pigeon.test'}`,
    `Subject: ${subject}`,
    'Date: Mon, 23 Nov 2026 12:00:00 +0000',
    `Message-ID: <${crypto.randomUUID()}@pigeon.test>`,
    ...(more.headers ?? []),
    '',
    more.body ?? `Text of ${subject}.`,
    '',
  ].join('\r\n');
}
