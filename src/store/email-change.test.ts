import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { Refusal } from '../mail/errors.ts';
import { DELETED, SEEN, toKeywords } from '../mail/keywords.ts';
import { copyCopies, moveCopies, removeCopies, setKeywords, type KeywordChange } from './email-change.ts';

const t = await testMail();
after(() => t.close());
const { store, tenant } = t;
const now = new Date('2026-11-23T13:00:00Z');
const [INBOX, ARCHIVE, TRASH] = [1, 4, 6];
const NONE = toKeywords([]);
const add =
  (...words: string[]) =>
  (): KeywordChange => ({ add: toKeywords(words), remove: NONE });
const remove =
  (...words: string[]) =>
  (): KeywordChange => ({ add: NONE, remove: toKeywords(words) });

interface Copy {
  mailbox_id: number;
  uid: string;
  email_id: string;
  modseq: string;
  flags: number;
  keywords: string[] | null;
  opened_at: Date | null;
  listed_at: Date | null;
  downloaded_by: string | null;
  delivery_n: number | null;
}

const copies = (account: number): Promise<Copy[]> =>
  t.sql<Copy>(`SELECT * FROM copy WHERE tenant_id = $1 AND account_id = $2 ORDER BY mailbox_id, uid`, [
    tenant,
    account,
  ]);

/** Every counter is what its rows say. */
async function checkCounters(account: number): Promise<void> {
  const rows = await t.sql(
    `SELECT m.id FROM mailbox m LEFT JOIN copy c ON c.tenant_id = m.tenant_id AND c.account_id = m.account_id AND c.mailbox_id = m.id
     WHERE m.tenant_id = $1 AND m.account_id = $2 GROUP BY m.id, m.total, m.unread, m.uid_next
     HAVING m.total <> count(c.uid) OR m.unread <> count(c.uid) FILTER (WHERE c.flags & 1 = 0) OR m.uid_next <= coalesce(max(c.uid), 0)`,
    [tenant, account],
  );
  assert.deepEqual(rows, []);
}

const modseqOf = async (account: number): Promise<number> =>
  Number(
    (
      await t.sql<{ modseq: string }>(`SELECT modseq FROM account_state WHERE tenant_id = $1 AND account_id = $2`, [
        tenant,
        account,
      ])
    )[0]?.modseq,
  );

test('setting $seen opens a delivered copy for ever; unsetting it does not close it', async () => {
  const account = await t.newAccount('seen');
  const { emailIds } = await t.deliver([account], mail('One'));
  const own = await t.append(account, INBOX, mail('Own'));
  const which = { emailIds: [...emailIds, own] };
  const set = await store.transact((tx) => setKeywords(tx, { tenant, account, now }, which, add('$seen', 'Work')));
  assert.deepEqual(
    set.map(({ keywords }) => keywords),
    [
      { flags: SEEN, others: ['work'] },
      { flags: SEEN, others: ['work'] },
    ],
  );
  let rows = await copies(account);
  assert.deepEqual(
    rows.map((row) => row.opened_at),
    [now, null],
    'only what was delivered can be opened',
  );
  assert.deepEqual(
    rows.map((row) => Number(row.modseq)),
    [await modseqOf(account), await modseqOf(account)],
  );
  await checkCounters(account);
  await store.transact((tx) => setKeywords(tx, { tenant, account, now: new Date() }, which, remove('$seen', 'work')));
  rows = await copies(account);
  assert.deepEqual(
    rows.map((row) => [row.flags, row.keywords, row.opened_at]),
    [
      [0, null, now],
      [0, null, null],
    ],
  );
  await checkCounters(account);
});

test('a change that changes nothing raises nothing; $seen that a rule had set still opens', async () => {
  const account = await t.newAccount('nothing');
  const { emailIds } = await t.deliver([account], mail('One'));
  await t.sql(`UPDATE copy SET flags = 1 WHERE tenant_id = $1 AND account_id = $2`, [tenant, account]);
  await t.sql(`UPDATE mailbox SET unread = 0 WHERE tenant_id = $1 AND account_id = $2`, [tenant, account]);
  const before = await modseqOf(account);
  await store.transact((tx) => setKeywords(tx, { tenant, account, now }, { emailIds }, remove('$flagged')));
  assert.equal((await copies(account))[0]?.opened_at, null);
  await store.transact((tx) => setKeywords(tx, { tenant, account, now }, { emailIds }, add('$seen')));
  assert.deepEqual((await copies(account))[0]?.opened_at, now);
  assert.equal(await modseqOf(account), before);
  await checkCounters(account);
});

test('MOVE keeps the Email, gives it a new UID and leaves a tombstone without it', async () => {
  const account = await t.newAccount('move');
  const { emailIds } = await t.deliver([account], mail('One'));
  const second = await t.append(account, ARCHIVE, mail('Two'), ['$seen']);
  const [id = 0] = emailIds;
  const moved = await store.transact((tx) =>
    moveCopies(tx, { tenant, account, now }, { emailIds: [id, second, 77] }, (copy) =>
      copy.email_id === id ? ARCHIVE : INBOX,
    ),
  );
  assert.deepEqual(
    moved.map(({ email_id, from, to }) => [email_id, from.mailbox, to]),
    [
      [id, INBOX, { mailbox: ARCHIVE, uid: 2 }],
      [second, ARCHIVE, { mailbox: INBOX, uid: 2 }],
    ],
  );
  assert.deepEqual(
    (await copies(account)).map((row) => [row.mailbox_id, Number(row.uid), Number(row.email_id)]),
    [
      [INBOX, 2, second],
      [ARCHIVE, 2, id],
    ],
  );
  const tombstones = await t.sql(
    `SELECT mailbox_id, uid::int, email_id FROM tombstone WHERE tenant_id = $1 AND account_id = $2 ORDER BY mailbox_id`,
    [tenant, account],
  );
  assert.deepEqual(tombstones, [
    { mailbox_id: INBOX, uid: 1, email_id: null },
    { mailbox_id: ARCHIVE, uid: 1, email_id: null },
  ]);
  await checkCounters(account);
  const before = await modseqOf(account);
  assert.deepEqual(
    await store.transact((tx) =>
      moveCopies(tx, { tenant, account, now }, { mailbox: ARCHIVE, all: true }, () => ARCHIVE),
    ),
    [],
  );
  assert.equal(await modseqOf(account), before);
  await assert.rejects(
    store.transact((tx) => moveCopies(tx, { tenant, account, now }, { emailIds: [id] }, () => 99)),
    (error) => error instanceof Refusal && error.reason === 'noMailbox',
  );
  await checkCounters(account);
});

test('COPY hands exposure and delivery on, as an Email of its own', async () => {
  const account = await t.newAccount('copy');
  const { emailIds } = await t.deliver([account], mail('One'));
  await t.sql(
    `UPDATE copy SET listed_at = $3, downloaded_at = $3, downloaded_by = 'Phone', opened_at = $3 WHERE tenant_id = $1 AND account_id = $2`,
    [tenant, account, now],
  );
  const copied = await store.transact((tx) =>
    copyCopies(tx, { tenant, account, now }, { mailbox: INBOX, uids: [1, 2] }, TRASH),
  );
  assert.equal(copied.length, 1);
  const [first, second] = await copies(account);
  assert.ok(first && second);
  assert.deepEqual(
    { ...second, mailbox_id: INBOX, uid: first.uid, email_id: first.email_id, modseq: first.modseq },
    { ...first, saved_at: now },
  );
  assert.equal(second.mailbox_id, TRASH);
  assert.equal(Number(second.email_id), copied[0]?.email_id);
  assert.equal(second.email_id, second.modseq);
  assert.notEqual(second.email_id, String(emailIds[0]));
  await checkCounters(account);
});

test('removal leaves tombstones, counters, and exposure with the delivery', async () => {
  const account = await t.newAccount('remove');
  const { emailIds, messageId } = await t.deliver([account], mail('One'));
  const other = await t.deliver([account], mail('Two'));
  const [id = 0] = emailIds;
  await store.transact((tx) => copyCopies(tx, { tenant, account, now }, { emailIds: [id] }, ARCHIVE));
  const early = new Date('2026-11-23T12:30:00Z');
  await t.sql(
    `UPDATE copy SET downloaded_at = $3, downloaded_by = 'Phone' WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = 4`,
    [tenant, account, early],
  );
  await t.sql(
    `UPDATE copy SET downloaded_at = $3, downloaded_by = 'Laptop', opened_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND email_id = $4`,
    [tenant, account, now, id],
  );
  const removed = await store.transact((tx) => removeCopies(tx, { tenant, account }, { mailbox: ARCHIVE, all: true }));
  assert.equal(removed.length, 1);
  const past = `SELECT past_exposure, past_downloaded_at, past_downloaded_by FROM delivery WHERE tenant_id = $1 AND message_id = $2`;
  assert.deepEqual(await t.sql(past, [tenant, messageId]), [
    { past_exposure: 'downloaded', past_downloaded_at: early, past_downloaded_by: 'Phone' },
  ]);
  await store.transact((tx) => removeCopies(tx, { tenant, account }, { emailIds: [id, ...other.emailIds] }));
  assert.deepEqual(await t.sql(past, [tenant, messageId]), [
    { past_exposure: 'opened', past_downloaded_at: early, past_downloaded_by: 'Phone' },
  ]);
  assert.deepEqual(await t.sql(past, [tenant, other.messageId]), [
    { past_exposure: 'none', past_downloaded_at: null, past_downloaded_by: null },
  ]);
  const gone = await t.sql<{ email_id: string }>(
    `SELECT email_id, thread_id FROM tombstone WHERE tenant_id = $1 AND account_id = $2 ORDER BY modseq, uid`,
    [tenant, account],
  );
  assert.equal(gone.length, 3);
  assert.ok(gone.every((row) => row.email_id !== null));
  assert.deepEqual(await copies(account), []);
  await checkCounters(account);
});

test('a covered copy is absent to every one of them', async () => {
  const account = await t.newAccount('covered');
  const { emailIds, messageId } = await t.deliver([account], mail('One'));
  await t.gate(messageId);
  const before = await copies(account);
  const at = { tenant, account, now };
  for (const which of [{ emailIds }, { mailbox: INBOX, uids: [1] }, { mailbox: INBOX, all: true as const }]) {
    assert.deepEqual(await store.transact((tx) => setKeywords(tx, at, which, add('$seen'))), []);
    assert.deepEqual(await store.transact((tx) => moveCopies(tx, { ...at, now }, which, () => ARCHIVE)), []);
    assert.deepEqual(await store.transact((tx) => copyCopies(tx, { ...at, now }, which, ARCHIVE)), []);
    assert.deepEqual(await store.transact((tx) => removeCopies(tx, at, which)), []);
  }
  assert.deepEqual(await copies(account), before);
});

test('thousands at once are few statements', async () => {
  const account = await t.newAccount('many');
  const { messageId } = await t.deliver([account], mail('One'));
  await t.sql(
    `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, delivery_n)
     SELECT $1, $2, 1, 10 + i, 10 + i, 10 + i, $3, $3, now(), 1 FROM generate_series(1, 3000) i`,
    [tenant, account, messageId],
  );
  await t.sql(
    `UPDATE mailbox SET total = 3001, unread = 3001, uid_next = 4000 WHERE tenant_id = $1 AND account_id = $2 AND id = 1`,
    [tenant, account],
  );
  await t.sql(`UPDATE account_state SET modseq = 5000 WHERE tenant_id = $1 AND account_id = $2`, [tenant, account]);
  const at = { tenant, account, now };
  let statements = 0;
  const counted = <T>(work: (tx: Parameters<typeof moveCopies>[0]) => Promise<T>): Promise<T> =>
    store.transact((tx) =>
      work({
        ...tx,
        rows: (...args) => (statements++, tx.rows(...args)),
        run: (...args) => (statements++, tx.run(...args)),
      }),
    );
  const all = { mailbox: INBOX, all: true as const };
  assert.equal((await counted((tx) => setKeywords(tx, at, all, add('$seen', '$flagged')))).length, 3001);
  assert.equal((await counted((tx) => copyCopies(tx, { ...at, now }, all, ARCHIVE))).length, 3001);
  assert.equal((await counted((tx) => moveCopies(tx, { ...at, now }, all, () => TRASH))).length, 3001);
  assert.equal((await counted((tx) => removeCopies(tx, at, { mailbox: TRASH, all: true }))).length, 3001);
  assert.ok(statements < 30, `${statements} statements`);
  await checkCounters(account);
});

test('IMAP \\Deleted is a flag like another', async () => {
  const account = await t.newAccount('deleted');
  const { emailIds } = await t.deliver([account], mail('One'));
  const set = await store.transact((tx) =>
    setKeywords(tx, { tenant, account, now }, { emailIds }, () => ({
      add: { flags: DELETED, others: null },
      remove: NONE,
    })),
  );
  assert.equal(set[0]?.keywords.flags, DELETED);
  assert.equal((await copies(account))[0]?.opened_at, null);
});
