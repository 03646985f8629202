import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { refused } from '../../test/support/directory.ts';
import { mail } from '../../test/support/mailboxes.ts';
import { miscounted, testMailIn } from '../../test/support/mail-in.ts';
import { Unavailable } from '../mail/errors.ts';
import { SILENT } from '../mail/log.ts';
import { indexMessages } from '../store/indexing.ts';
import type { Accepted } from './accept.ts';

const t = await testMailIn();
after(() => t.close());
const { accept, submit, admin, tenant, ana, ben, cho, office, robot, zoe, sql } = t;
const SENT = 3;
const SECOND = 1000;

const crowd = (n: number, name: string): string[] => Array.from({ length: n }, (_, i) => `${name}${i}@pigeon.test`);
const addCrowd = (addresses: string[]): Promise<unknown> =>
  admin.addAccounts(
    tenant,
    addresses.map((address) => ({ address, name: address, passwordHash: null })),
  );
const last = <T>(list: T[]): T => {
  const one = list.at(-1);
  assert.ok(one);
  return one;
};
/** Rows of every table that acceptance writes. */
async function everything(): Promise<Record<string, number>> {
  const tables = ['message', 'blob', 'copy', 'submission', 'delivery', 'envelope', 'work', 'thread_reference'];
  const counts = await Promise.all(
    tables.map((table) => sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)),
  );
  return Object.fromEntries(tables.map((table, i) => [table, counts[i]?.[0]?.n ?? 0]));
}
const submissionOf = async (accepted: Accepted): Promise<Record<string, unknown>> =>
  last(await sql<Record<string, unknown>>(`SELECT * FROM submission WHERE id = $1`, [accepted.submissionId]));

test.afterEach(async () => assert.deepEqual(await miscounted(t), []));

test('one message, one copy inside, one in Sent, one delivery that is done', async () => {
  const text = mail('First');
  const accepted = await submit(['ben@pigeon.test'], { message: text, received: 'Received: by here\r\n' });
  assert.deepEqual([accepted.total, accepted.outside, accepted.submissionId], [1, 0, accepted.messageId]);
  const inbox = last(await t.copies(ben));
  assert.deepEqual(
    [inbox.message_id, inbox.delivery_n, inbox.flags, inbox.subject, inbox.thread_id],
    [accepted.messageId, 1, 0, 'First', accepted.threadId],
  );
  const sent = last(await t.copies(ana, SENT));
  assert.deepEqual(
    [sent.message_id, sent.delivery_n, sent.flags, sent.email_id, sent.thread_id],
    [accepted.messageId, null, 1, accepted.sentEmailId, accepted.threadId],
  );
  assert.equal(await t.bytes(accepted.messageId), `Received: by here\r\n${text}`);
  const [delivery] = await t.deliveries(accepted.messageId);
  assert.deepEqual(delivery, {
    n: 1,
    account_id: ben,
    state: 'delivered',
    recipient: 'ben@pigeon.test',
    via: null,
    notify: 2,
    original_recipient: null,
    due_at: null,
    finished_at: t.clock(),
  });
  const submission = await submissionOf(accepted);
  assert.deepEqual(
    [
      submission['account_id'],
      submission['message_id_header'],
      submission['email_id'],
      submission['undo_status'],
      submission['source'],
    ],
    [ana, accepted.messageIdHeader, accepted.sentEmailId, 'final', 'smtp'],
  );
  assert.equal((await sql(`SELECT FROM envelope WHERE message_id = $1`, [accepted.messageId])).length, 0);
});

test('a Date and a Message-ID are added to a submission that has none, and to nothing else', async () => {
  const bare = 'From: ana@pigeon.test\r\nSubject: Bare\r\n\r\nx\r\n';
  const accepted = await submit(['ben@pigeon.test'], { message: bare });
  assert.match(accepted.messageIdHeader, /^[\w-]+@pigeon\.test$/);
  const bytes = await t.bytes(accepted.messageId);
  assert.match(bytes, /\r\nDate: Mon, 23 Nov 2026 12:00:00 \+0000\r\nMessage-ID: <[\w-]+@pigeon\.test>\r\n\r\nx\r\n$/);
  const outside = await submit(['ben@pigeon.test'], { message: bare, origin: { kind: 'outside' } });
  assert.equal(await t.bytes(outside.messageId), bare);
  assert.deepEqual([outside.submissionId, outside.sentEmailId, outside.messageIdHeader], [null, null, '']);
});

test('Bcc stays with the sender alone', async () => {
  const text = mail('Hidden', {
    headers: ['bCC: Cho <cho@pigeon.test>,', '\tghost@outside.test', 'Resent-Bcc: x@y.test'],
  });
  const before = await everything();
  const accepted = await submit(['ben@pigeon.test', 'cho@pigeon.test', 'ghost@outside.test'], { message: text });
  const [mine, bens, chos] = [last(await t.copies(ana, SENT)), last(await t.copies(ben)), last(await t.copies(cho))];
  assert.deepEqual([bens.message_id, chos.message_id], [accepted.messageId, accepted.messageId]);
  assert.doesNotMatch(await t.bytes(accepted.messageId), /bcc|ghost|Cho </i);
  assert.equal(await t.bytes(mine.message_id), text);
  assert.equal(mine.thread_id, bens.thread_id, 'both are of one thread');
  assert.equal((await everything())['message'], (before['message'] ?? 0) + 2);
  const stored = await sql<{ id: string }>(`SELECT id FROM message WHERE tenant_id = $1`, [tenant]);
  await indexMessages(
    { ...t, log: SILENT },
    tenant,
    stored.map(({ id }) => Number(id)),
  );
  const [{ found } = { found: 0 }] = await sql<{ found: number }>(
    `SELECT count(*)::int AS found FROM message m JOIN message_words w ON w.message_id = m.id WHERE (w.words @@ to_tsquery('simple', 'ghost') OR m.envelope::text ~ 'ghost' OR m.structure::text ~ 'ghost')
       AND EXISTS (SELECT FROM copy c WHERE c.message_id = m.id AND c.account_id <> $1)`,
    [ana],
  );
  assert.equal(found, 0);
});

test('no second form is stored where nobody would have it', async () => {
  const text = mail('Draft', { headers: ['Bcc: cho@pigeon.test'] });
  for (const sentCopy of ['none', { emailId: 5 }] as const) {
    const [before, copies] = [await everything(), await t.copies(ana, SENT)];
    const accepted = await submit(['cho@pigeon.test'], { message: text, sentCopy });
    assert.equal((await everything())['message'], (before['message'] ?? 0) + 1);
    assert.deepEqual(await t.copies(ana, SENT), copies);
    assert.equal(accepted.sentEmailId, sentCopy === 'none' ? null : 5);
  }
});

test('a sender who is among the recipients has a received copy like anyone else', async () => {
  const accepted = await submit(['ana@pigeon.test', 'ben@pigeon.test']);
  const [received, sent] = [last(await t.copies(ana)), last(await t.copies(ana, SENT))];
  assert.deepEqual([received.message_id, received.delivery_n, received.flags], [accepted.messageId, 1, 0]);
  assert.deepEqual([sent.message_id, sent.delivery_n], [accepted.messageId, null]);
  assert.notEqual(received.email_id, sent.email_id);
});

test('one delivery an account: named directly, by alias, by two groups', async () => {
  await admin.addGroup({ address: 'g1@pigeon.test', members: ['ben@pigeon.test', 'ana@pigeon.test'] });
  await admin.addGroup({
    address: 'g2@pigeon.test',
    members: ['g1@pigeon.test', 'b@pigeon.test', 'friend@outside.test'],
  });
  const before = (await t.copies(ben)).length;
  const accepted = await submit([
    'g1@pigeon.test',
    'b@pigeon.test',
    'g2@pigeon.test',
    'ben@pigeon.test',
    'b@pigeon.test',
  ]);
  assert.deepEqual([accepted.total, accepted.outside], [3, 1]);
  assert.deepEqual(
    (await t.deliveries(accepted.messageId)).map((row) => [row.n, row.account_id, row.via, row.state]),
    [
      [1, ana, 'g1@pigeon.test', 'delivered'],
      [2, ben, null, 'delivered'],
      [3, null, 'g2@pigeon.test', 'held'],
    ],
  );
  assert.equal((await t.copies(ben)).length, before + 1);
});

test('outside waits for the hold, unless a service, a server or a stranger sent it; another tenant is outside', async () => {
  const held = await submit(['x@outside.test', 'zoe@other.test', 'ben@pigeon.test']);
  const due = new Date(t.clock().getTime() + 30 * SECOND);
  const rows = await t.deliveries(held.messageId);
  assert.deepEqual(
    rows.map((row) => [row.account_id, row.state, row.due_at]),
    [
      [ben, 'delivered', null],
      [null, 'held', due],
      [null, 'held', due],
    ],
  );
  assert.equal((await submissionOf(held))['undo_status'], 'final', 'something is inside already');
  const [envelope] = await sql(`SELECT mail_from, sender_id FROM envelope WHERE message_id = $1`, [held.messageId]);
  assert.deepEqual(envelope, { mail_from: 'ana@pigeon.test', sender_id: ana });
  assert.equal((await t.copies(zoe, 1, t.other)).length, 0);

  const only = await submit(['x@outside.test']);
  assert.deepEqual(
    [(await submissionOf(only))['undo_status'], (await submissionOf(only))['send_at']],
    ['pending', due],
  );

  const atOnce = [
    await submit(['x@outside.test'], {
      origin: { kind: 'submission', account: robot, submittedBy: robot, source: 'smtp' },
    }),
    await submit(['x@outside.test'], { origin: { kind: 'server' } }),
    await submit(['x@outside.test'], { origin: { kind: 'outside' } }),
  ];
  for (const { messageId } of atOnce) {
    const [row] = await t.deliveries(messageId);
    assert.deepEqual([row?.state, row?.due_at], ['queued', t.clock()]);
  }
});

test('sent from a shared mailbox it is that mailbox’s, with its copy there', async () => {
  const accepted = await submit(['ben@pigeon.test'], {
    origin: { kind: 'submission', account: office, submittedBy: ana, source: 'jmap', identityId: 4 },
  });
  assert.equal(last(await t.copies(office, SENT)).message_id, accepted.messageId);
  const row = await submissionOf(accepted);
  assert.deepEqual([row['account_id'], row['submitted_by'], row['identity_id']], [office, ana, 4]);
});

test('what is to be sent later waits whole, inside too', async () => {
  const sendAt = new Date(t.clock().getTime() + 3600 * SECOND);
  const copies = (await t.copies(ben)).length;
  const accepted = await submit(['ben@pigeon.test', 'x@outside.test'], { sendAt });
  assert.deepEqual(
    (await t.deliveries(accepted.messageId)).map((row) => [row.state, row.due_at]),
    [
      ['held', sendAt],
      ['held', sendAt],
    ],
  );
  assert.equal((await t.copies(ben)).length, copies);
  assert.equal(last(await t.copies(ana, SENT)).message_id, accepted.messageId);
  const work = await sql(`SELECT kind, from_n, to_n, not_before FROM work WHERE of_id = $1`, [accepted.messageId]);
  assert.deepEqual(work, [{ kind: 'fanout', from_n: 1, to_n: 1, not_before: sendAt }]);
  const row = await submissionOf(accepted);
  assert.deepEqual([row['undo_status'], row['send_at']], ['pending', sendAt]);
  const past = await submit(['ben@pigeon.test'], { sendAt: new Date(t.clock().getTime() - SECOND) });
  assert.equal((await t.deliveries(past.messageId))[0]?.state, 'delivered', 'a time that is past is now');
});

test('policy may hold mail inside, and shorten or lengthen the hold outside', async () => {
  await admin.setPolicy(tenant, { holdInsideSeconds: 5, holdOutsideSeconds: 0 });
  try {
    const accepted = await submit(['ben@pigeon.test', 'x@outside.test']);
    assert.deepEqual(
      (await t.deliveries(accepted.messageId)).map((row) => [row.state, row.due_at]),
      [
        ['held', new Date(t.clock().getTime() + 5 * SECOND)],
        ['queued', t.clock()],
      ],
    );
  } finally {
    await admin.setPolicy(tenant, { holdInsideSeconds: 0, holdOutsideSeconds: 30 });
  }
});

test('to a few hundred at once, to more in batches of whole ranges', async () => {
  const few = crowd(499, 'few');
  await addCrowd(few);
  await admin.addGroup({ address: 'few@pigeon.test', members: few });
  const small = await submit(['few@pigeon.test', 'ben@pigeon.test']);
  assert.equal(small.total, 500);
  const states = async (message: number): Promise<object[]> =>
    sql(`SELECT state, count(*)::int AS n FROM delivery WHERE message_id = $1 GROUP BY state`, [message]);
  assert.deepEqual(await states(small.messageId), [{ state: 'delivered', n: 500 }]);
  const copies = await sql(
    `SELECT FROM copy c JOIN delivery d ON d.message_id = c.message_id AND d.n = c.delivery_n AND d.account_id = c.account_id WHERE c.message_id = $1`,
    [small.messageId],
  );
  assert.equal(copies.length, 500);

  for (const to of [
    ['few@pigeon.test', 'ben@pigeon.test', 'cho@pigeon.test'],
    [...few, 'ben@pigeon.test', 'cho@pigeon.test'],
  ]) {
    const large = await submit(to);
    assert.equal(large.total, 501);
    assert.deepEqual(await states(large.messageId), [{ state: 'queued', n: 501 }]);
    const work = await sql(`SELECT kind, from_n, to_n, not_before FROM work WHERE of_id = $1`, [large.messageId]);
    assert.deepEqual(work, [{ kind: 'fanout', from_n: 1, to_n: 501, not_before: null }]);
  }
});

test('what is refused leaves nothing', async () => {
  await admin.addGroup({ address: 'nobody@pigeon.test' });
  await admin.setPolicy(tenant, { maxRecipients: 3, maxMessageSize: 2000 });
  const before = await everything();
  await refused(submit([]), 'noRecipients');
  await refused(submit(['nobody@pigeon.test']), 'noRecipients');
  await refused(submit(['ben@pigeon.test', 'who@pigeon.test']), 'unknownRecipient');
  await refused(submit(['ben@pigeon.test', 'not an address']), 'badAddress');
  await refused(submit(['1@x.test', '2@x.test', '3@x.test', '4@x.test']), 'tooManyRecipients');
  await refused(submit(['ben@pigeon.test'], { message: mail('Large', { body: 'x'.repeat(2000) }) }), 'tooLarge');
  assert.deepEqual(await everything(), before);
  const many = await submit(['1@x.test', '2@x.test', '3@x.test', '4@x.test'], { origin: { kind: 'outside' } });
  assert.equal(many.total, 4, 'the limit is for those who submit');
  await admin.setPolicy(tenant, { maxRecipients: 1000, maxMessageSize: 52_428_800 });
});

test('large messages, byte for byte', async () => {
  const body = Buffer.alloc(3 << 20, 'line of the body\r\n').toString();
  const accepted = await submit(['ben@pigeon.test'], { message: mail('Large', { body }) });
  assert.ok((await t.bytes(accepted.messageId)).endsWith(`\r\n\r\n${body}\r\n`));
});

test('many that come at once share transactions, and each is there once', async () => {
  let transactions = 0;
  const counting = t.acceptWith({
    store: { ...t.store, transact: (work, lane) => t.store.transact(work, lane).finally(() => transactions++) },
  });
  const before = await t.copies(ben);
  const accepted = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      counting({
        tenant,
        origin: { kind: 'submission', account: i % 2 ? ana : cho, submittedBy: i % 2 ? ana : cho, source: 'smtp' },
        mailFrom: i % 2 ? 'ana@pigeon.test' : 'cho@pigeon.test',
        recipients: [{ address: 'ben@pigeon.test' }, { address: i % 2 ? 'ana@pigeon.test' : 'x@outside.test' }],
        bytes: Buffer.from(mail(`Number ${i}`)),
      }),
    ),
  );
  assert.ok(transactions <= 5, `${transactions} transactions`);
  const copies = (await t.copies(ben)).slice(before.length);
  assert.deepEqual(
    copies.map((copy) => copy.message_id).toSorted((a, b) => a - b),
    accepted.map((one) => one.messageId).toSorted((a, b) => a - b),
  );
  assert.deepEqual(
    copies.map((copy) => copy.email_id),
    copies.map((copy) => copy.email_id).toSorted((a, b) => a - b),
    'the later UID is the newer Email',
  );
  for (const [i, one] of accepted.entries()) {
    const subject = copies.find((copy) => copy.message_id === one.messageId)?.subject;
    assert.equal(subject, `Number ${i}`, 'each caller is answered with its own');
  }
});

test('one that fails does not take the others with it', async () => {
  const gone = await admin.addAccount({ address: 'gone@pigeon.test' });
  await t.directory.resolve('gone@pigeon.test');
  // Removed by another process, of which this one has not heard yet.
  for (const table of ['account_state', 'mailbox', 'address'])
    await sql(`DELETE FROM ${table} WHERE account_id = $1`, [gone]);
  await sql(`DELETE FROM account WHERE id = $1`, [gone]);
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      submit([i === 7 ? 'gone@pigeon.test' : 'ben@pigeon.test', 'cho@pigeon.test'], { message: mail(`Batch ${i}`) }),
    ),
  );
  assert.deepEqual(
    results.flatMap((result, i) => (result.status === 'rejected' ? [i] : [])),
    [7],
  );
  await refused(submit(['gone@pigeon.test']), 'unknownRecipient');
  const subjects = (await t.copies(cho)).map((copy) => copy.subject);
  for (let i = 0; i < 20; i++)
    assert.equal(subjects.filter((subject) => subject === `Batch ${i}`).length, i === 7 ? 0 : 1);
  await refused(
    submit(['ben@pigeon.test'], { origin: { kind: 'submission', account: gone, submittedBy: ana, source: 'smtp' } }),
    'noAccount',
  );
});

test('a member who goes while the group is being written to is a delivery that failed', async () => {
  const leaver = await admin.addAccount({ address: 'leaver@pigeon.test' });
  await admin.addGroup({ address: 'pair@pigeon.test', members: ['leaver@pigeon.test', 'ben@pigeon.test'] });
  await sql(`DELETE FROM account_state WHERE account_id = $1`, [leaver]);
  const accepted = await submit(['pair@pigeon.test']);
  assert.deepEqual(
    (await t.deliveries(accepted.messageId)).map((row) => [row.account_id, row.state]),
    [
      [ben, 'delivered'],
      [leaver, 'failed'],
    ],
  );
  await sql(`DELETE FROM mailbox WHERE account_id = $1`, [leaver]);
});

test('it is nothing to anybody before it is committed, and everything after', async () => {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = t.acceptWith({
    pause: async (point) => {
      if (point !== 'placed') return;
      reached.resolve();
      await go.promise;
    },
  });
  const before = (await t.copies(ben)).length;
  let answered = false;
  const accepting = slow({
    tenant,
    origin: { kind: 'outside' },
    mailFrom: 'x@y.test',
    recipients: [{ address: 'ben@pigeon.test' }],
    bytes: Buffer.from(mail('Slow')),
  }).finally(() => (answered = true));
  await reached.promise;
  assert.equal((await t.copies(ben)).length, before);
  assert.equal(answered, false);
  go.resolve();
  await accepting;
  assert.equal((await t.copies(ben)).length, before + 1);
});

test('somebody whose account is being worked on holds up nobody else', async () => {
  const locker = new pg.Client(t.connection as pg.ClientConfig);
  await locker.connect();
  try {
    await locker.query('BEGIN');
    await locker.query('SELECT FROM account_state WHERE account_id = $1 FOR NO KEY UPDATE', [cho]);
    let done = false;
    const waiting = submit(['cho@pigeon.test'], { message: mail('Waits') }).finally(() => (done = true));
    for (let i = 0; i < 20; i++)
      await submit(['ben@pigeon.test'], { origin: { kind: 'outside' }, message: mail(`Goes by ${i}`) });
    assert.equal(done, false);
    await locker.query('COMMIT');
    await waiting;
  } finally {
    await locker.end();
  }
});

test('two processes that deliver to the same people do not wait for each other in a circle', async () => {
  const [one, two] = [t.acceptWith({}), t.acceptWith({})];
  const people = ['ana@pigeon.test', 'ben@pigeon.test', 'cho@pigeon.test', 'office@pigeon.test'];
  const before = (await t.copies(ben)).length;
  await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      (i % 2 ? one : two)({
        tenant,
        origin: {
          kind: 'submission',
          account: [ana, ben, cho, office][i % 4] ?? ana,
          submittedBy: ana,
          source: 'smtp',
        },
        mailFrom: 'ana@pigeon.test',
        recipients: (i % 3 ? people : people.toReversed()).map((address) => ({ address })),
        bytes: Buffer.from(mail(`Both ${i}`)),
      }),
    ),
  );
  assert.equal((await t.copies(ben)).length, before + 60);
  const [row] = await sql<{ deadlocks: number }>(
    `SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`,
  );
  assert.equal(row?.deadlocks, 0);
});

test('a database that goes away is told as such, and what was refused so is not there', async () => {
  const before = await everything();
  const cut = t.acceptWith({
    pause: async (point) => {
      if (point === 'placed')
        await sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
        );
    },
  });
  const input = {
    tenant,
    origin: { kind: 'outside' },
    mailFrom: '',
    recipients: [{ address: 'ben@pigeon.test' }],
    bytes: Buffer.from(mail('Lost')),
  } as const;
  const results = await Promise.allSettled([
    cut({ ...input, recipients: [...input.recipients] }),
    cut({ ...input, recipients: [...input.recipients] }),
  ]);
  for (const result of results) assert.ok(result.status === 'rejected' && result.reason instanceof Unavailable);
  assert.deepEqual(await everything(), before);
  assert.ok(await accept({ ...input, recipients: [...input.recipients] }));
});
