import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Refusal } from '../mail/errors.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { testMail } from '../../test/support/mailboxes.ts';
import { raise } from '../store/account-state.ts';
import { createAppend, type Appended } from './append.ts';

const mail = await testMail();
after(() => mail.close());
const now = new Date('2026-11-23T13:00:00Z');
let transactions = 0;
const append = createAppend({
  ...mail,
  pause: async (point) => {
    if (point === 'applied') transactions++;
  },
});

async function one(account: number, name: string, ...texts: string[]): Promise<Appended> {
  const numbers = await mail.ids.take('message_id', texts.length);
  const messages = texts.map((text, i) => {
    const bytes = Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`);
    const keywords = { flags: i % 2, others: text === 'marked' ? ['$label'] : null };
    return { id: numbers[i] ?? 0, bytes, parsed: parseMessage(bytes), receivedAt: now, keywords };
  });
  return { at: { tenant: mail.tenant, account }, path: name.split('/'), messages, now, limited: false };
}

test('what comes at the same time is stored in one transaction, each in its place; one that is refused takes none along', async () => {
  const [ana, ben] = [await mail.newAccount('ana'), await mail.newAccount('ben')];
  const all = [
    await one(ben, 'INBOX', 'first'),
    await one(ana, 'INBOX', 'marked', 'second', 'third'),
    await one(ben, 'INBOX', 'later'),
    await one(ben, 'Archive', 'kept'),
  ];
  const stored = await Promise.all(all.map(append));
  assert.equal(transactions, 1);
  assert.deepEqual(
    stored.map(({ uids }) => uids),
    [[1], [1, 2, 3], [2], [1]],
  );
  const rows = await mail.sql<object>(
    `SELECT c.account_id - $2 AS account, c.mailbox_id, c.uid::int, c.modseq - min(c.modseq) OVER (PARTITION BY c.account_id) AS nth, m.subject, c.flags, c.keywords
     FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.email_id = c.modseq AND c.delivery_n IS NULL ORDER BY c.account_id, c.modseq`,
    [mail.tenant, ana],
  );
  const row = (account: number, mailbox_id: number, uid: number, nth: string, subject: string, flags = 0): object => ({
    account,
    mailbox_id,
    uid,
    nth,
    subject,
    flags,
    keywords: subject === 'marked' ? ['$label'] : null,
  });
  assert.deepEqual(rows, [
    row(0, 1, 1, '0', 'marked'),
    row(0, 1, 2, '1', 'second', 1),
    row(0, 1, 3, '2', 'third'),
    row(1, 1, 1, '0', 'first'),
    row(1, 1, 2, '1', 'later'),
    row(1, 4, 1, '2', 'kept'),
  ]);
  const boxes = await mail.sql<object>(
    `SELECT m.total, m.unread, m.uid_next::int, m.modseq = s.modseq AS newest FROM mailbox m JOIN account_state s USING (tenant_id, account_id)
     WHERE m.tenant_id = $1 AND m.total > 0 ORDER BY m.account_id, m.id`,
    [mail.tenant],
  );
  assert.deepEqual(boxes, [
    { total: 3, unread: 2, uid_next: 4, newest: true },
    { total: 2, unread: 2, uid_next: 3, newest: false },
    { total: 1, unread: 1, uid_next: 2, newest: true },
  ]);

  const mixed = await Promise.allSettled(
    [
      await one(ana, 'INBOX', 'good'),
      await one(ben, 'Elsewhere', 'nowhere'),
      await one(9999, 'INBOX', 'nobody'),
      await one(ben, 'INBOX', 'good'),
    ].map(append),
  );
  assert.deepEqual(
    mixed.map((result) => (result.status === 'fulfilled' ? result.value.uids : (result.reason as Refusal).reason)),
    [[4], 'noMailbox', 'noMailbox', [3]],
  );
  assert.equal((await mail.sql(`SELECT FROM message WHERE subject IN ('nowhere', 'nobody')`)).length, 0);
});

test('what a name stands for is decided once the account is locked: one that is renamed meanwhile is not found', async () => {
  const dan = await mail.newAccount('dan');
  const at = { tenant: mail.tenant, account: dan };
  await append(await one(dan, 'Archive', 'before', 'and before'));
  // Of one account alone: raised by as many as there are, the last of them its newest.
  const [state] = await mail.sql<object>(
    `SELECT s.modseq = max(c.modseq) AS newest, max(c.modseq) - min(c.modseq) AS apart, m.modseq = s.modseq AS counted
     FROM account_state s JOIN copy c USING (tenant_id, account_id) JOIN mailbox m USING (tenant_id, account_id)
     WHERE s.account_id = $1 AND m.id = 4 GROUP BY s.modseq, m.modseq`,
    [dan],
  );
  assert.deepEqual(state, { newest: true, apart: '1', counted: true });
  const [late, later] = [await one(dan, 'Archive', 'late'), await one(dan, 'Years', 'later')];
  const appended = await mail.store.transact(async (tx) => {
    const modseq = (await raise(tx, at.tenant, dan)) ?? 0;
    await tx.run(
      `UPDATE mailbox SET name = 'Years', meta_modseq = $3 WHERE tenant_id = $1 AND account_id = $2 AND id = 4`,
      [at.tenant, dan, modseq],
    );
    const both = Promise.allSettled([append(late), append(later)]);
    for (;;) {
      const waiting = await mail.sql(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (waiting.length > 0) return { both };
    }
  });
  assert.deepEqual(
    (await appended.both).map((result) =>
      result.status === 'fulfilled' ? result.value.uids : (result.reason as Refusal).reason,
    ),
    ['noMailbox', [3]],
  );
});

test('threads: of what comes together as of what came one after the other; what is in the store comes first', async () => {
  const eve = await mail.newAccount('eve');
  const letter = async (name: string, id: string, ...references: string[]): Promise<Appended> => {
    const [number = 0] = await mail.ids.take('message_id', 1);
    const header = references.length > 0 ? `References: ${references.map((one) => `<${one}>`).join(' ')}\r\n` : '';
    const bytes = Buffer.from(`Subject: Re: Tea\r\nMessage-ID: <${id}>\r\n${header}\r\n${name}\r\n`);
    const message = {
      id: number,
      bytes,
      parsed: parseMessage(bytes),
      receivedAt: now,
      keywords: { flags: 0, others: null },
    };
    return { at: { tenant: mail.tenant, account: eve }, path: ['Archive'], messages: [message], now, limited: false };
  };
  const known = await letter('known', 'known@t');
  await append(known);
  const together = [
    await letter('root', 'a@t'),
    await letter('answer', 'b@t', 'a@t'),
    await letter('to the answer', 'c@t', 'b@t'),
    await letter('to what is known', 'd@t', 'known@t'),
    await letter('to that', 'e@t', 'd@t'),
    await letter('to both', 'f@t', 'b@t', 'd@t'),
    await letter('alone', 'g@t'),
  ];
  const before = transactions;
  await Promise.all(together.map(append));
  assert.equal(transactions, before + 1);
  await append(await letter('later', 'h@t', 'c@t'));
  const idOf = (one: Appended | undefined): number => one?.messages[0]?.id ?? 0;
  const threads = await mail.sql<{ id: string; thread: string; of: string }>(
    `SELECT c.message_id AS id, c.thread_id AS thread, m.thread_id AS of FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE c.account_id = $1 ORDER BY c.uid`,
    [eve],
  );
  const [root, , , , , , alone] = together;
  assert.deepEqual(
    threads.map(({ thread }) => Number(thread)),
    [known, root, root, root, known, known, root, alone, root].map(idOf),
  );
  assert.ok(threads.every((row) => row.thread === row.of));
});

test('by their paths, however deep; Sent Items by any name; what is over the limit is refused as that', async () => {
  const fay = await mail.newAccount('fay');
  await mail.sql(
    `INSERT INTO mailbox (tenant_id, account_id, id, parent_id, name, uid_validity, created_modseq, modseq, meta_modseq)
     SELECT $1, $2, x.id, x.parent, x.name, 7, 1, 1, 1 FROM (VALUES (20, NULL::int, 'Work'), (21, 20, 'Tea'), (22, 21, 'INBOX'), (23, 1, 'Tea')) x (id, parent, name)`,
    [mail.tenant, fay],
  );
  await mail.sql(`UPDATE mailbox SET name = 'Gesendet' WHERE account_id = $1 AND id = 3`, [fay]);
  const names = ['Work', 'Work/Tea', 'Work/Tea/INBOX', 'INBOX/Tea', 'INBOX', 'Gesendet', 'Tea', 'Work/INBOX', 'Inbox'];
  const results = await Promise.allSettled(names.map(async (name) => append(await one(fay, name, name))));
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'stored' : (result.reason as Refusal).reason)),
    [...Array<string>(6).fill('stored'), ...Array<string>(3).fill('noMailbox')],
  );
  const rows = await mail.sql<{ mailbox_id: number; subject: string }>(
    `SELECT c.mailbox_id, m.subject FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id WHERE c.account_id = $1 ORDER BY 1`,
    [fay],
  );
  assert.deepEqual(
    rows.map(({ mailbox_id, subject }) => [mailbox_id, subject]),
    [
      [1, 'INBOX'],
      [3, 'Gesendet'],
      [20, 'Work'],
      [21, 'Work/Tea'],
      [22, 'Work/Tea/INBOX'],
      [23, 'INBOX/Tea'],
    ],
  );

  await mail.sql(`UPDATE account SET quota = 400 WHERE id = $1`, [fay]);
  const some = ['Work', 'INBOX', 'Work', 'Nowhere'].map(async (name) => ({
    ...(await one(fay, name, 'x'.repeat(60))),
    limited: true,
  }));
  const limited = await Promise.allSettled((await Promise.all(some)).map(append));
  assert.deepEqual(
    limited.map((result) => (result.status === 'fulfilled' ? 'stored' : (result.reason as Refusal).reason)),
    ['stored', 'overQuota', 'overQuota', 'noMailbox'],
  );
});
