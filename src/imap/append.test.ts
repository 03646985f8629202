import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Refusal } from '../mail/errors.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { testMail } from '../../test/support/mailboxes.ts';
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

async function one(account: number, mailbox: number, ...texts: string[]): Promise<Appended> {
  const numbers = await mail.ids.take('message_id', texts.length);
  const messages = texts.map((text, i) => {
    const bytes = Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`);
    const keywords = { flags: i % 2, others: text === 'marked' ? ['$label'] : null };
    return { id: numbers[i] ?? 0, bytes, parsed: parseMessage(bytes), receivedAt: now, keywords };
  });
  return { at: { tenant: mail.tenant, account, mailbox }, isSent: false, messages, now };
}

test('what comes at the same time is stored in one transaction, each in its place; one that is refused takes none along', async () => {
  const [ana, ben] = [await mail.newAccount('ana'), await mail.newAccount('ben')];
  const all = [
    await one(ben, 1, 'first'),
    await one(ana, 1, 'marked', 'second', 'third'),
    await one(ben, 1, 'later'),
    await one(ben, 4, 'kept'),
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
      await one(ana, 1, 'good'),
      await one(ben, 99, 'nowhere'),
      await one(9999, 1, 'nobody'),
      await one(ben, 1, 'good'),
    ].map(append),
  );
  assert.deepEqual(
    mixed.map((result) => (result.status === 'fulfilled' ? result.value.uids : (result.reason as Refusal).reason)),
    [[4], 'noMailbox', 'noMailbox', [3]],
  );
  assert.equal((await mail.sql(`SELECT FROM message WHERE subject IN ('nowhere', 'nobody')`)).length, 0);
});
