// Stored is found: whatever has come to the index of words by then, and whoever else is at it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { testDatabase } from '../../test/support/database.ts';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { SILENT } from '../mail/log.ts';
import { WORDS_VERSION } from '../mail/words.ts';
import { createBlobs } from './blobs.ts';
import type { EmailFilter } from './email-filter.ts';
import { emailQueryChanges, queryEmails, type EmailPage } from './email-query.ts';
import { forgetMessages } from './expiry.ts';
import { createBackground, indexMessages } from './indexing.ts';
import { searchMailbox } from './mailbox-search.ts';
import { migrations, runMigrations } from './migrate.ts';
import { openStore, type Store } from './postgres.ts';

const t = await testMail();
after(() => t.close());
const { store, blobs, searched, tenant, sql } = t;
const clock = (): Date => new Date();
const account = await t.newAccount('ana');
const at = { tenant, account };

const text = (word: string): EmailFilter => ({ kind: 'text', text: word });
async function query(filter: EmailFilter, of = at, by = searched): Promise<EmailPage> {
  const page = await queryEmails(
    by,
    of,
    { filter, sort: [], collapseThreads: false },
    { position: 0, limit: 500 },
    false,
  );
  assert.ok(page);
  return page;
}
const find = async (filter: EmailFilter, of = at, by = searched): Promise<number[]> =>
  (await query(filter, of, by)).ids.toSorted((a, b) => a - b);
const messageOf = async (emailId: number, of = account): Promise<number> =>
  Number(
    (
      await sql<{ id: number }>(`SELECT message_id AS id FROM copy WHERE account_id = $1 AND email_id = $2`, [
        of,
        emailId,
      ])
    )[0]?.id,
  );
const wordsOf = (message: number): Promise<{ version: number; found: string }[]> =>
  sql(`SELECT version, words::text AS found FROM message_words WHERE tenant_id = $1 AND message_id = $2`, [
    tenant,
    message,
  ]);
const deadlocks = async (): Promise<number> =>
  (await sql<{ n: number }>(`SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()`))[0]
    ?.n ?? -1;

/** Another process on the same database. */
function another(): Store {
  return openStore({ connection: t.connection, listen: false });
}

test('what was just stored is found, and not by NOT, while nobody indexes in the background', async () => {
  const emailId = await t.append(account, 1, mail('Plain', { body: 'quokka' }));
  assert.deepEqual(await wordsOf(await messageOf(emailId)), [], 'it is stored without');
  assert.deepEqual(await find({ kind: 'not', of: [text('quokka')] }), []);
  assert.deepEqual(await find(text('quokka')), [emailId]);
  const next = await t.append(account, 1, mail('Wombat', { body: 'none' }));
  const contains = (word: string, inside: boolean): EmailFilter => ({
    kind: 'contains',
    in: 'text',
    text: word,
    inside,
  });
  const seen = async (filter: EmailFilter): Promise<number> =>
    (await searchMailbox(searched, { ...at, mailbox: 1 }, filter)).hits.length;
  assert.equal(await seen(contains('wombat', false)), 1);
  await t.append(account, 1, mail('Platypus', { body: 'none' }));
  assert.equal(await seen(contains('latypu', true)), 1);
  await t.append(account, 1, mail('Echidna', { body: 'none' }));
  assert.equal(await seen({ kind: 'not', of: [contains('echidna', false)] }), 3);
  assert.deepEqual(await find({ kind: 'and', of: [text('none'), { kind: 'subject', text: 'wombat' }] }), [next]);
});

test('it is found while the background is at it, and kept once', async () => {
  const reached = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const background = createBackground({
    ...searched,
    clock,
    pause: () => (reached.resolve(), held.promise),
  });
  const emailId = await t.append(account, 1, mail('Held', { body: 'pangolin' }));
  const step = background.step();
  await reached.promise;
  assert.deepEqual(await wordsOf(await messageOf(emailId)), []);
  assert.deepEqual(await find(text('pangolin')), [emailId]);
  held.resolve();
  await step;
  assert.equal((await wordsOf(await messageOf(emailId))).length, 1);
});

test('what a process stored that died before it was indexed is found by another', async () => {
  const emailId = await t.append(account, 1, mail('Died', { body: 'axolotl' }));
  const other = another();
  try {
    const by = { store: other, blobs: createBlobs({ store: other, ids: t.ids }), log: SILENT };
    assert.deepEqual(await find(text('axolotl'), at, by), [emailId]);
  } finally {
    await other.close();
  }
});

test('the background brings all of it, a process after another died too, however many tenants or messages', async () => {
  const ids: number[] = [];
  for (let i = 0; i < 120; i++) ids.push(await messageOf(await t.append(account, 4, mail(`Backlog ${i}`))));
  const background = createBackground({ ...searched, clock });
  let steps = 0;
  while (await background.step()) steps++;
  assert.ok(steps >= 1, 'in batches');
  for (const id of ids) assert.equal((await wordsOf(id))[0]?.version, WORDS_VERSION);
  const later = await messageOf(await t.append(account, 4, mail('One more')));
  assert.equal(await background.step(), false, 'it has not heard of it');
  assert.deepEqual(await wordsOf(later), []);
  background.start();
  store.notifier.emit('accounts', tenant, new Set([account]));
  while ((await wordsOf(later)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await background.stop();
});

test('a message that many have is indexed once', async () => {
  const people = await Promise.all(Array.from({ length: 40 }, (_, i) => t.newAccount(`p${i}`)));
  const { messageId, emailIds } = await t.deliver(people, mail('All hands', { body: 'narwhal' }));
  const found = await Promise.all(people.map((one) => find(text('narwhal'), { tenant, account: one })));
  assert.deepEqual(
    found,
    emailIds.map((id) => [id]),
  );
  assert.equal((await wordsOf(messageId)).length, 1);
});

test('several processes that index the same do it without waiting in a circle', async () => {
  const before = await deadlocks();
  const emailIds: number[] = [];
  for (let i = 0; i < 150; i++) emailIds.push(await t.append(account, 4, mail(`Same ${i}`, { body: 'capybara' })));
  const messages = await Promise.all(emailIds.map((id) => messageOf(id)));
  const others = [another(), another()];
  try {
    const background = others.map((one) => createBackground({ ...searched, store: one, clock }));
    await Promise.all([
      ...others.map((one, i) =>
        indexMessages({ ...searched, store: one }, tenant, i === 0 ? messages : messages.toReversed()),
      ),
      ...background.map((one) => one.step()),
      find(text('capybara')).then((found) => assert.deepEqual(found, emailIds)),
    ]);
  } finally {
    await Promise.all(others.map((one) => one.close()));
  }
  for (const id of messages) assert.equal((await wordsOf(id)).length, 1);
  assert.equal(await deadlocks(), before);
});

test('one whose bytes cannot be read stops no other, is found by what was kept of it, and is tried again', async () => {
  const emailId = await t.append(
    account,
    1,
    mail('Unreadable zebrafish', { body: `Begins. ${'and '.repeat(200)} ocelot` }),
  );
  const other = await t.append(account, 1, mail('Beside', { body: 'ocelot' }));
  const message = await messageOf(emailId);
  const [blob] = await sql<{ id: string }>(`SELECT blob_id AS id FROM message WHERE id = $1`, [message]);
  await sql(`UPDATE blob SET seq = 7 WHERE id = $1`, [blob?.id]);
  assert.deepEqual(await find(text('ocelot')), [other]);
  assert.deepEqual(await find(text('zebrafish')), [emailId]);
  assert.equal((await wordsOf(message))[0]?.version, 0);
  await sql(`UPDATE blob SET seq = 0 WHERE id = $1`, [blob?.id]);
  const background = createBackground({ ...searched, clock });
  while (await background.step());
  assert.deepEqual(await find(text('ocelot')), [emailId, other]);
  assert.equal((await wordsOf(message))[0]?.version, WORDS_VERSION);
});

test('one in many pieces is found by what is at its end', async () => {
  const emailId = await t.append(
    account,
    1,
    mail('Large', {
      body: [
        '--b',
        'Content-Type: application/octet-stream',
        'Content-Transfer-Encoding: base64',
        '',
        'QUJD'.repeat(18).concat('\r\n').repeat(30_000),
        '--b',
        'Content-Type: text/plain',
        '',
        'manatee',
        '--b--',
      ].join('\r\n'),
      headers: ['Content-Type: multipart/mixed; boundary=b'],
    }),
  );
  assert.deepEqual(await find(text('manatee')), [emailId]);
});

test('words go with their message', async () => {
  const emailId = await t.append(account, 1, mail('Forgotten', { body: 'dodo' }));
  const message = await messageOf(emailId);
  assert.deepEqual(await find(text('dodo')), [emailId]);
  await sql(`DELETE FROM copy WHERE account_id = $1 AND email_id = $2`, [account, emailId]);
  assert.equal(await store.transact((tx) => forgetMessages(tx, blobs, tenant, [message])), 1);
  assert.deepEqual(await wordsOf(message), []);
});

test('what an older version cut into words is cut anew', async () => {
  const emailId = await t.append(account, 1, mail('Older', { body: 'kakapo' }));
  const message = await messageOf(emailId);
  assert.deepEqual(await find(text('kakapo')), [emailId]);
  await sql(`UPDATE message_words SET words = 'other', version = $2 WHERE message_id = $1`, [
    message,
    WORDS_VERSION - 1,
  ]);
  const background = createBackground({ ...searched, clock });
  while (await background.step());
  assert.deepEqual(await find(text('kakapo')), [emailId]);
});

test('what comes while a search is under way is in the next one, or in the changes since', async () => {
  const before = await t.append(account, 1, mail('First', { body: 'lemur' }));
  let coming: number | undefined;
  const slow: Store = {
    ...store,
    unprepared: async (statement, params) => {
      coming ??= await t.append(account, 1, mail('Second', { body: 'lemur' }));
      return store.unprepared(statement, params);
    },
  };
  const page = await query(text('lemur'), at, { ...searched, store: slow });
  assert.ok(coming);
  assert.deepEqual(page.ids, [before]);
  assert.ok(page.state < coming);
  const asked = { filter: text('lemur'), sort: [], collapseThreads: false };
  const changes = await emailQueryChanges(searched, at, asked, page.state, 100, false);
  assert.ok(changes && changes !== 'tooMany');
  assert.deepEqual(changes.added, [{ id: coming, index: 0 }]);
  assert.deepEqual(await find(text('lemur')), [before, coming]);
});

test('an account that has got many is looked at from there on; what comes with a lower number is found', async () => {
  const reader = await t.newAccount('reader');
  const of = { tenant, account: reader };
  // Numbered before all that follow, and stored after them.
  const [early = 0] = await t.ids.take('message_id');
  for (let i = 0; i < 110; i++) await t.append(reader, 1, mail(`Letter ${i}`));
  assert.equal((await find(text('letter'), of)).length, 110);
  const until = `SELECT email_id::int AS until FROM indexed_until WHERE account_id = $1`;
  const [{ until: first } = { until: 0 }] = await sql<{ until: number }>(until, [reader]);
  assert.ok(first >= 110);
  const emailId = await t.append(reader, 1, mail('Early', { body: 'tapir' }));
  await sql(`UPDATE message SET id = $2 WHERE id = $1`, [await messageOf(emailId, reader), early]);
  await sql(`UPDATE copy SET message_id = $2 WHERE account_id = $3 AND email_id = $1`, [emailId, early, reader]);
  assert.deepEqual(await find(text('tapir'), of), [emailId]);
  assert.equal((await sql<{ until: number }>(until, [reader]))[0]?.until, first, 'one more is not worth a write');
});

test('an account that no search has looked at is looked through beforehand', async () => {
  const busy = await t.newAccount('busy');
  for (let i = 0; i < 105; i++) await t.append(busy, 1, mail(`Unread ${i}`));
  const until = `SELECT email_id::int AS until FROM indexed_until WHERE account_id = $1`;
  const background = createBackground({ ...searched, clock });
  while (await background.step());
  assert.deepEqual(await sql(until, [busy]), [], 'not for a few');
  await sql(`UPDATE account_state SET modseq = modseq + 5000 WHERE account_id = $1`, [busy]);
  const next = createBackground({ ...searched, clock });
  while (await next.step());
  const [state] = await sql(`SELECT modseq::int AS until FROM account_state WHERE account_id = $1`, [busy]);
  assert.deepEqual(await sql(until, [busy]), [state]);
});

test('a database from before keeps its words', async () => {
  const database = await testDatabase();
  const client = new pg.Client(database.owner);
  try {
    await client.connect();
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    const known = (await migrations()).map(({ version }) => version);
    await runMigrations(client, new Set(known.filter((version) => version < 25)));
    await client.query(`INSERT INTO account_state (tenant_id, account_id, modseq) VALUES (1, 7, 42)`);
    await client.query(
      `INSERT INTO message (tenant_id, id, blob_id, size, thread_id, has_attachment, preview, envelope, structure, created_at, search, search_version)
       VALUES (1, 5, 5, 1, 5, false, '', '{}', '{}', now(), '''subject:hello'':1C', 2), (1, 6, 6, 1, 6, false, '', '{}', '{}', now(), '', 1)`,
    );
    await runMigrations(client);
    const { rows } = await client.query(
      `SELECT message_id::int AS message, version, words::text AS words FROM message_words ORDER BY message_id`,
    );
    assert.deepEqual(rows, [
      { message: 5, version: 2, words: `'subject:hello':1C` },
      { message: 6, version: 1, words: '' },
    ]);
    const { rows: until } = await client.query(`SELECT account_id, email_id::int FROM indexed_until`);
    assert.deepEqual(until, [{ account_id: 7, email_id: 42 }]);
  } finally {
    await client.end();
    await database.close();
  }
});
