import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { barriers, testOutgoing, type DeliveryRow } from '../../test/support/outgoing.ts';
import { createAdmin } from '../directory/admin.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { Unavailable } from '../mail/errors.ts';
import { cancelHeld, dropEnvelopes } from '../store/outgoing.ts';
import { dropWaiting, makeDue } from '../store/outgoing-queue.ts';
import type { Store } from '../store/postgres.ts';

const t = await testOutgoing();
after(() => t.close());

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const HOLD = 30 * SECOND;

async function only(message: number): Promise<DeliveryRow> {
  const [row] = await t.deliveries(message);
  assert.ok(row);
  return row;
}

/** States of a message's deliveries, once whoever has them locked has committed. */
async function committed(message: number): Promise<string[]> {
  const rows = await t.sql<{ state: string }>(
    `SELECT state FROM delivery WHERE message_id = $1 ORDER BY n FOR UPDATE`,
    [message],
  );
  return rows.map((row) => row.state);
}

const last = <T>(list: readonly T[]): T | undefined => list.at(-1);

test('waits out the hold, then delivers, and says to whom and when', async () => {
  const message = await t.submit(['anyone@outside.test']);
  const before = t.outside.received().length;
  t.advance(HOLD - 1);
  assert.equal(await t.outgoing.run(), 0);
  assert.equal((await only(message)).state, 'held');
  t.advance(1);
  assert.equal(await t.outgoing.run(), 1);
  const row = await only(message);
  assert.deepEqual(
    { ...row, remote_reply: row.remote_reply?.slice(0, 9) },
    {
      n: 1,
      recipient: 'anyone@outside.test',
      state: 'delivered',
      maybe_sent: false,
      attempts: 1,
      notify: 2,
      due_at: null,
      lease_until: null,
      finished_at: t.clock(),
      remote_host: 'mx.outside.test',
      remote_reply: '250 2.0.0',
    },
  );
  const [arrived] = t.outside.received().slice(before);
  assert.deepEqual([arrived?.from, arrived?.to], ['ana@pigeon.test', ['anyone@outside.test']]);
  assert.doesNotMatch(arrived?.bytes.toString() ?? '', /hidden@/);
  assert.equal(await t.outgoing.run(), 0, 'nothing is sent twice');
});

test('a submission that was claimed can be unsent no more, and clients hear of it', async () => {
  const message = await t.submit(['anyone@outside.test']);
  const submission = async (): Promise<{ undo_status: string; modseq: string } | undefined> =>
    (
      await t.sql<{ undo_status: string; modseq: string }>(`SELECT undo_status, modseq FROM submission WHERE id = $1`, [
        message,
      ])
    )[0];
  const before = await submission();
  assert.equal(before?.undo_status, 'pending');
  t.advance(HOLD);
  await t.outgoing.run();
  const then = await submission();
  assert.equal(then?.undo_status, 'final');
  assert.ok(Number(then?.modseq) > Number(before?.modseq));
});

test('a refusal for good fails the delivery and is told to the sender, who can read why', async () => {
  const message = await t.submit(
    [{ address: 'bounce@outside.test', originalRecipient: 'rfc822;Bounce@outside.test' }],
    { subject: 'Offer', envid: 'E1' },
  );
  t.advance(HOLD);
  await t.outgoing.run();
  const row = await only(message);
  assert.deepEqual(
    [row.state, row.remote_host, row.due_at, row.maybe_sent],
    ['failed', 'mx.outside.test', null, false],
  );
  assert.match(row.remote_reply ?? '', /^550 5\.1\.1 /);

  const bounce = last(await t.inbox(t.tenant, t.ana));
  assert.equal(bounce?.subject, 'Not delivered: Offer');
  assert.match(bounce?.text ?? '', /did not reach bounce@outside\.test\.\n\s+mx\.outside\.test said: 550 5\.1\.1 /);
  const text = bounce?.bytes.toString() ?? '';
  assert.match(text, /^Content-Type: multipart\/report; report-type=delivery-status/m);
  for (const line of [
    'Original-Envelope-Id: E1',
    'Reporting-MTA: dns; mail.pigeon.test',
    'Original-Recipient: rfc822;Bounce@outside.test',
    'Final-Recipient: rfc822; bounce@outside.test',
    'Action: failed',
    'Status: 5.1.1',
    'Remote-MTA: dns; mx.outside.test',
  ]) {
    assert.ok(text.includes(`\r\n${line}\r\n`), line);
  }
  assert.match(text, /Content-Type: text\/rfc822-headers\r\n\r\nFrom: Ana/);
  assert.doesNotMatch(text, /Text of Offer|hidden@/);
  const [envelope] = await t.sql<{ mail_from: string }>(
    `SELECT mail_from FROM envelope e WHERE NOT EXISTS (SELECT FROM submission s WHERE s.id = e.message_id)`,
  );
  assert.equal(envelope, undefined, 'a bounce inside leaves nothing to send');
});

test('no bounce to the null sender, nor to who wants none; the whole message to who asks for it', async () => {
  const before = (await t.inbox(t.tenant, t.ana)).length;
  const server = { kind: 'server' } as const;
  await t.submit(['bounce@outside.test'], { origin: server, mailFrom: '' });
  await t.submit([{ address: 'bounce@outside.test', notify: 8 }]);
  await t.submit([{ address: 'bounce@outside.test', notify: 1 }]);
  t.advance(HOLD);
  assert.equal(await t.outgoing.run(), 3);
  assert.equal((await t.inbox(t.tenant, t.ana)).length, before);

  await t.submit(['bounce@outside.test'], { ret: 'FULL', subject: 'All of it' });
  t.advance(HOLD);
  await t.outgoing.run();
  const bytes = last(await t.inbox(t.tenant, t.ana))?.bytes ?? Buffer.alloc(0);
  const returned = parseMessage(bytes).root.parts?.[2];
  assert.equal(returned?.message?.envelope.subject, 'All of it');
  assert.match(bytes.toString(), /Text of All of it/);
});

test('what this server itself has to say is never too large', async () => {
  const admin = createAdmin({ store: t.store, clock: t.clock, actor: 'test' });
  await admin.setPolicy(t.tenant, { maxMessageSize: 1024 });
  await t.submit(['bounce@outside.test'], { subject: 'Small' });
  t.advance(HOLD);
  await t.outgoing.run();
  assert.equal(last(await t.inbox(t.tenant, t.ana))?.subject, 'Not delivered: Small');
  await admin.setPolicy(t.tenant, { maxMessageSize: null });
});

test('a member of a group that is not shown is not named by a bounce', async () => {
  await t.submit(['secret@pigeon.test'], { subject: 'Hush' });
  t.advance(HOLD);
  await t.outgoing.run();
  const bounce = last(await t.inbox(t.tenant, t.ana));
  assert.equal(bounce?.subject, 'Not delivered: Hush');
  assert.match(bounce?.text ?? '', /did not reach secret@pigeon\.test/);
  assert.doesNotMatch(bounce?.bytes.toString() ?? '', /bounce@/);
});

test('a refusal for now is tried again, later and later, for five days', async () => {
  const message = await t.submit(['defer@outside.test'], { subject: 'Patience' });
  t.advance(HOLD);
  const began = t.clock().getTime();
  await t.outgoing.run();
  let row = await only(message);
  assert.deepEqual(
    [row.state, row.attempts, row.maybe_sent, row.due_at],
    ['queued', 1, false, new Date(t.clock().getTime() + MINUTE)],
  );
  assert.match(row.remote_reply ?? '', /^451 4\.2\.1 /);
  t.advance(MINUTE);
  await t.outgoing.run();
  row = await only(message);
  assert.deepEqual([row.attempts, row.due_at], [2, new Date(t.clock().getTime() + 5 * MINUTE)]);

  t.advance(began + 120 * HOUR - MINUTE - t.clock().getTime());
  await t.outgoing.run();
  row = await only(message);
  assert.deepEqual([row.state, row.due_at], ['queued', new Date(began + 120 * HOUR)], 'a last time at the very end');
  t.advance(MINUTE);
  await t.outgoing.run();
  row = await only(message);
  assert.deepEqual([row.state, row.attempts], ['failed', 4]);
  const bounce = last(await t.inbox(t.tenant, t.ana));
  assert.match(
    bounce?.text ?? '',
    /did not reach defer@outside\.test\.\n\s+mx\.outside\.test said: 451 4\.2\.1 .* \(tried for 5 days\)/,
  );
  assert.match(bounce?.bytes.toString() ?? '', /^Status: 5\.4\.7\r$/m);
});

test('mail that is scheduled far ahead has its five days from then', async () => {
  const message = await t.submit(['defer@outside.test'], { sendAt: new Date(t.clock().getTime() + 240 * HOUR) });
  t.advance(HOLD);
  assert.equal(await t.outgoing.run(), 0);
  t.advance(240 * HOUR);
  await t.outgoing.run();
  assert.equal((await only(message)).state, 'queued');
  await t.store.transact((tx) => dropWaiting(tx, t.tenant, message, null, 'enough', t.clock()));
});

test('who asked for it is told of a delay, once', async () => {
  const message = await t.submit([{ address: 'defer@outside.test', notify: 6 }], { subject: 'Slowly' });
  t.advance(HOLD);
  const told = async (): Promise<number> =>
    (await t.inbox(t.tenant, t.ana)).filter((one) => one.subject === 'Not delivered yet: Slowly').length;
  await t.outgoing.run();
  assert.equal(await told(), 0);
  for (let i = 0; i < 8; i++) {
    t.advance(HOUR);
    await t.outgoing.run();
  }
  assert.equal(await told(), 1);
  const delay = last(await t.inbox(t.tenant, t.ana))?.bytes.toString() ?? '';
  assert.match(delay, /^Action: delayed\r\nStatus: 4\.2\.1\r$/m);
  assert.match(delay, /^Will-Retry-Until: /m);
  await t.store.transact((tx) => dropWaiting(tx, t.tenant, message, null, 'enough', t.clock()));
});

test('a next hop that tells nobody: who asked hears that it was passed on', async () => {
  const quiet = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    hideDSN: true,
    onData: (stream, _session, done) => void stream.on('end', done).resume(),
  });
  await new Promise<void>((resolve) => quiet.listen(0, '127.0.0.1', () => resolve()));
  const { port } = quiet.server.address() as { port: number };
  t.outgoing.nextHop = { host: '127.0.0.1', port };
  const asked = await t.submit([{ address: 'anyone@outside.test', notify: 1 }], { subject: 'Did it' });
  await t.submit(['anyone@outside.test'], { subject: 'No matter' });
  t.advance(HOLD);
  const before = (await t.inbox(t.tenant, t.ana)).length;
  assert.equal(await t.outgoing.run(), 2);
  t.outgoing.nextHop = t.outside.nextHop;
  await new Promise<void>((resolve) => quiet.close(resolve));
  const told = (await t.inbox(t.tenant, t.ana)).slice(before);
  assert.deepEqual(
    told.map((one) => one.subject),
    ['Passed on: Did it'],
  );
  assert.match(told[0]?.bytes.toString() ?? '', /^Action: relayed\r\nStatus: 2\.0\.0\r$/m);
  assert.equal((await only(asked)).remote_host, '127.0.0.1', 'a host without a name is what we connected to');
});

test('without a next hop everything for outside waits', async () => {
  t.outgoing.nextHop = null;
  const message = await t.submit(['anyone@outside.test', 'zoe@other.test']);
  t.advance(HOLD);
  await t.outgoing.run();
  assert.deepEqual(
    (await t.deliveries(message)).map((row) => [row.state, row.remote_reply?.slice(0, 12)]),
    [
      ['queued', 'no next hop '],
      ['delivered', '250 2.0.0 Ac'],
    ],
  );
  t.outgoing.nextHop = t.outside.nextHop;
  t.advance(MINUTE);
  await t.outgoing.run();
  assert.equal((await only(message)).state, 'delivered');
});

test('one message to all sorts of recipients: each has a fate of its own, and nobody waits for another', async () => {
  const names = ['anyone', 'bounce', 'defer', 'slow', 'lost', 'somebody'];
  const message = await t.submit(names.map((name) => `${name}@outside.test`));
  t.advance(HOLD);
  assert.ok((await t.outgoing.run()) > names.length, 'some were put off to a transaction of their own');
  const rows = await t.deliveries(message);
  assert.deepEqual(
    rows.map((row) => [row.recipient.split('@')[0], row.state, row.maybe_sent, row.attempts]),
    [
      ['anyone', 'delivered', false, 1],
      ['bounce', 'failed', false, 1],
      ['defer', 'queued', false, 1],
      ['slow', 'delivered', false, 1],
      ['lost', 'queued', true, 1],
      ['somebody', 'delivered', false, 1],
    ],
  );
  assert.match(rows[4]?.remote_reply ?? '', /^no answer to the message/);
  await t.store.transact((tx) => dropWaiting(tx, t.tenant, message, null, 'enough', t.clock()));
  const lost = (await t.deliveries(message))[4];
  assert.deepEqual([lost?.state, lost?.maybe_sent], ['failed', true], 'it may have been sent, for ever');
  await t.outgoing.recover();
  const bounce = (await t.inbox(t.tenant, t.ana)).findLast((one) => one.text.includes('lost@'));
  assert.match(bounce?.text ?? '', /may not have reached lost@outside\.test[\s\S]*it may have arrived all the same/);
});

test('a slow recipient stops nobody else', async () => {
  const slow = await t.submit(['slow@outside.test']);
  t.advance(HOLD);
  const held = t.holdOutside();
  const points = barriers();
  const recorded = points.at('recording');
  const worker = t.worker({ graceMs: 60_000, pause: points.pause });
  worker.start();
  assert.equal(await held.reached, 20_000);
  const quick = await t.submit(['anyone@outside.test'], { origin: { kind: 'server' }, mailFrom: '' });
  await recorded.reached;
  recorded.letGo();
  assert.deepEqual(await committed(quick), ['delivered']);
  assert.deepEqual(await committed(slow), ['sending']);
  held.letGo();
  await worker.stop();
  assert.equal((await only(slow)).state, 'delivered');
});

test('who was put off to a transaction of their own does not wait for the slow one before', async () => {
  const message = await t.submit(['slow@outside.test', 'anyone@outside.test', 'other@outside.test']);
  t.advance(HOLD);
  const held = t.holdOutside();
  const points = barriers();
  const worker = t.worker({ graceMs: 60_000, pause: points.pause });
  const putOff = points.at('recording');
  worker.start();
  await putOff.reached;
  const recorded = points.at('recording');
  putOff.letGo();
  await Promise.all([held.reached, recorded.reached]);
  recorded.letGo();
  assert.deepEqual(await committed(message), ['sending', 'delivered', 'delivered']);
  held.letGo();
  await worker.stop();
  assert.equal((await only(message)).state, 'delivered');
});

test('within one worker, slow recipients leave room for the rest', async () => {
  const held = t.holdOutside();
  const slow = await Promise.all(Array.from({ length: 5 }, () => t.submit(['slow@outside.test'])));
  const quick = await t.submit(['anyone@outside.test']);
  t.advance(HOLD);
  const points = barriers();
  const recorded = points.at('recording');
  const run = t.worker({ pause: points.pause }).run();
  await Promise.all([held.reached, recorded.reached]);
  recorded.letGo();
  assert.deepEqual(await committed(quick), ['delivered']);
  assert.deepEqual(new Set((await Promise.all(slow.map(only))).map((row) => row.state)), new Set(['sending']));
  held.letGo();
  assert.equal(await run, 6);
});

test('a hundred recipients a transaction, several transactions of a message at once', async () => {
  const before = t.outside.received().length;
  const message = await t.submit(Array.from({ length: 250 }, (_, i) => `r${i}@outside.test`));
  t.advance(HOLD);
  assert.equal(await t.outgoing.run(), 250);
  const arrived = t.outside.received().slice(before);
  assert.deepEqual(
    arrived.map((one) => one.to.length).toSorted((a, b) => a - b),
    [50, 100, 100],
  );
  assert.equal(new Set(arrived.flatMap((one) => one.to)).size, 250);
  assert.equal(new Set((await t.deliveries(message)).map((row) => row.state)).size, 1);
});

test("another tenant's people are outside, and yet here", async () => {
  const message = await t.submit(['zoe@other.test', 'nobody@other.test', 'team@other.test', 'ben@pigeon.test'], {
    subject: 'Across',
  });
  t.advance(HOLD);
  await t.outgoing.run();
  const rows = await t.deliveries(message);
  assert.deepEqual(
    rows.map((row) => [row.recipient, row.state, row.remote_host]),
    [
      ['ben@pigeon.test', 'delivered', null],
      ['zoe@other.test', 'delivered', 'this server'],
      ['nobody@other.test', 'failed', 'this server'],
      ['team@other.test', 'failed', 'this server'],
    ],
  );
  assert.match(rows[2]?.remote_reply ?? '', /^550 5\.1\.1 /);
  const arrived = last(await t.inbox(t.other, t.zoe));
  assert.equal(arrived?.subject, 'Across');
  assert.match(arrived?.bytes.toString() ?? '', /^Return-Path: <ana@pigeon\.test>\r\nReceived: by mail\.pigeon\.test /);
  const [row] = await t.sql<{ count: number }>(`SELECT count(*)::int AS count FROM submission WHERE tenant_id = $1`, [
    t.other,
  ]);
  assert.equal(row?.count, 0, 'it is no submission of theirs');
  assert.equal(last(await t.inbox(t.tenant, t.ana))?.subject, 'Not delivered: Across');
});

test('a worker that is gone may have sent what it had claimed', async () => {
  const message = await t.submit(['anyone@outside.test']);
  t.advance(HOLD);
  const points = barriers();
  const sent = points.at('sent');
  const gone = t.worker({ pause: points.pause });
  const run = gone.run();
  await sent.reached;
  await t.outgoing.recover();
  assert.equal((await only(message)).state, 'sending', 'its lease is not over');
  t.advance(600 * SECOND);
  await t.outgoing.recover();
  let row = await only(message);
  assert.deepEqual(
    [row.state, row.maybe_sent, row.attempts, row.due_at],
    ['queued', true, 1, new Date(t.clock().getTime() + MINUTE)],
  );
  t.advance(MINUTE);
  await t.outgoing.run();
  row = await only(message);
  assert.deepEqual([row.state, row.maybe_sent, row.attempts], ['delivered', true, 2]);
  // It was not gone after all: what it says of its own attempt is no longer asked.
  await t.sql(`UPDATE delivery SET remote_reply = 'the second' WHERE message_id = $1`, [message]);
  sent.letGo();
  await run;
  assert.equal((await only(message)).remote_reply, 'the second');
});

test('an attempt that lasts keeps its lease', async () => {
  const message = await t.submit(['anyone@outside.test']);
  t.advance(HOLD);
  let renewed = Promise.withResolvers<void>();
  const store: Store = {
    ...t.store,
    single: async (sql, params) => {
      const rows = await t.store.single(sql, params);
      renewed.resolve();
      return rows as never;
    },
  };
  const points = barriers();
  const checked = points.at('checked');
  const run = t.worker({ store, pause: points.pause, leaseMs: 30 }).run();
  await checked.reached;
  t.advance(HOUR);
  renewed = Promise.withResolvers();
  await renewed.promise;
  await t.outgoing.recover();
  assert.deepEqual(((row) => [row.state, row.lease_until])(await only(message)), [
    'sending',
    new Date(t.clock().getTime() + 30),
  ]);
  checked.letGo();
  await run;
  assert.deepEqual(((row) => [row.state, row.maybe_sent])(await only(message)), ['delivered', false]);
});

test('a worker that was only slow is heard if nobody has tried again', async () => {
  const message = await t.submit(['anyone@outside.test']);
  t.advance(HOLD);
  const points = barriers();
  const sent = points.at('sent');
  const run = t.worker({ pause: points.pause }).run();
  await sent.reached;
  t.advance(600 * SECOND);
  await t.outgoing.recover();
  assert.equal((await only(message)).state, 'queued');
  sent.letGo();
  await run;
  const row = await only(message);
  assert.deepEqual([row.state, row.maybe_sent, row.due_at], ['delivered', true, null]);
});

test('stopping breaks long attempts off: not yet sent is untried, sent and unanswered may have been sent', async () => {
  const lost = await t.submit(['lost@outside.test']);
  t.advance(HOLD);
  const held = t.holdOutside();
  const worker = t.worker();
  worker.start();
  await held.reached;
  await worker.stop();
  assert.deepEqual(((row) => [row.state, row.maybe_sent, row.attempts])(await only(lost)), ['queued', true, 1]);
  held.letGo();

  const silent = createServer(); // takes connections and never greets
  const connected = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const unsent = await t.submit(['anyone@outside.test']);
  t.advance(HOLD);
  const early = t.worker({ nextHop: { host: '127.0.0.1', port: (silent.address() as { port: number }).port } });
  early.start();
  await connected;
  await early.stop();
  silent.close();
  const row = await only(unsent);
  assert.deepEqual([row.state, row.maybe_sent, row.attempts, row.due_at], ['queued', false, 0, t.clock()]);
  await t.store.transact((tx) => dropWaiting(tx, t.tenant, lost, null, 'enough', t.clock()));
  await t.outgoing.run();
});

/** A store whose transactions fail while `down`. */
function fragile(store: Store): Store & { down: boolean; refused: () => void } {
  const own = {
    ...store,
    down: false,
    refused: () => undefined,
    transact: (async (work, lane) => {
      if (own.down) {
        own.refused();
        throw new Unavailable('The database is not available.');
      }
      return store.transact(work, lane);
    }) as Store['transact'],
  };
  return own;
}

test('what was sent is recorded as soon as the database is back', async () => {
  const message = await t.submit(['anyone@outside.test']);
  t.advance(HOLD);
  const store = fragile(t.store);
  const points = barriers();
  const sent = points.at('sent');
  const run = t.worker({ store, pause: points.pause }).run();
  await sent.reached;
  store.down = true;
  const refused = new Promise<void>((resolve) => (store.refused = resolve));
  sent.letGo();
  await refused;
  store.down = false;
  await run;
  assert.deepEqual(((row) => [row.state, row.maybe_sent, row.attempts])(await only(message)), ['delivered', false, 1]);
});

test('a failure whose telling failed is told later, once', async () => {
  const message = await t.submit(['bounce@outside.test'], { subject: 'Unheard' });
  t.advance(HOLD);
  const worker = t.worker({ accept: () => Promise.reject(new Unavailable('not now')) });
  await worker.run();
  const told = async (): Promise<number> =>
    (await t.inbox(t.tenant, t.ana)).filter((one) => one.subject === 'Not delivered: Unheard').length;
  assert.equal((await only(message)).state, 'failed');
  await t.outgoing.recover();
  assert.equal(await told(), 0, 'whoever recorded it has five minutes');
  t.advance(5 * MINUTE);
  await t.outgoing.recover();
  assert.equal(await told(), 1);
  t.advance(HOUR);
  await t.outgoing.recover();
  assert.equal(await told(), 1);
});

test('a fault of ours puts off what it met, and nothing else', async () => {
  const broken = await t.submit(['anyone@outside.test']);
  const whole = await t.submit(['anyone@outside.test']);
  await t.sql(`DELETE FROM blob WHERE id = (SELECT blob_id FROM message WHERE id = $1)`, [broken]);
  t.advance(HOLD);
  assert.equal(await t.outgoing.run(), 2);
  assert.deepEqual(((row) => [row.state, row.attempts, row.due_at, row.remote_reply])(await only(broken)), [
    'queued',
    1,
    new Date(t.clock().getTime() + MINUTE),
    'a fault of this server',
  ]);
  assert.equal((await only(whole)).state, 'delivered');
  await t.sql(`UPDATE delivery SET state = 'stopped' WHERE message_id = $1`, [broken]);
});

test('an administrator makes waiting mail due, or ends it; what is held is its sender’s', async () => {
  const held = await t.submit(['anyone@outside.test']);
  const deferred = await t.submit(['defer@outside.test'], {
    origin: { kind: 'server' },
    mailFrom: 'ana@pigeon.test',
    subject: 'Dropped',
  });
  await t.outgoing.run();
  assert.equal(await t.outgoing.run(), 0);
  assert.equal(await t.store.transact((tx) => makeDue(tx, t.tenant, null, t.clock())), 1);
  assert.equal(await t.outgoing.run(), 1);
  assert.equal((await only(deferred)).attempts, 2);
  assert.equal((await only(held)).state, 'held');
  assert.deepEqual(
    await t.store.transact((tx) =>
      dropWaiting(tx, t.tenant, deferred, 'DEFER@outside.test', 'dropped by an administrator', t.clock()),
    ),
    ['defer@outside.test'],
  );
  await t.outgoing.recover();
  const bounce = last(await t.inbox(t.tenant, t.ana));
  assert.equal(bounce?.subject, 'Not delivered: Dropped');
  assert.match(bounce?.text ?? '', /\n\s+dropped by an administrator\n/);
  t.advance(HOLD);
  await t.outgoing.run();
});

test('a submission of which an administrator has ended everything can be unsent no more, and clients hear of it', async () => {
  const rowOf = async (message: number): Promise<{ undo_status: string; modseq: string }> =>
    (
      await t.sql<{ undo_status: string; modseq: string }>(`SELECT undo_status, modseq FROM submission WHERE id = $1`, [
        message,
      ])
    )[0] ?? assert.fail();
  const drop = (message: number, to: string | null): Promise<string[]> =>
    t.store.transact((tx) => dropWaiting(tx, t.tenant, message, to, 'dropped', t.clock()));
  const held = await t.submit(['a@outside.test', 'b@outside.test']);
  await drop(held, 'a@outside.test');
  const before = await rowOf(held);
  assert.equal(before.undo_status, 'pending');
  await drop(held, null);
  assert.equal((await rowOf(held)).undo_status, 'final');
  const deferred = await t.submit(['defer@outside.test']);
  t.advance(HOLD);
  await t.outgoing.run();
  const { modseq } = await rowOf(deferred);
  await drop(deferred, null);
  assert.ok(Number((await rowOf(deferred)).modseq) > Number(modseq));
  await t.outgoing.recover();
});

test('unsending stops what is all held, and nothing else', async () => {
  const unsend = (message: number): Promise<boolean> =>
    t.store.transact((tx) => cancelHeld(tx, t.tenant, message, t.clock()));
  const message = await t.submit(['anyone@outside.test', 'other@outside.test']);
  assert.equal(await unsend(message), true);
  assert.equal(await unsend(message), false);
  t.advance(HOLD);
  assert.equal(await t.outgoing.run(), 0);
  assert.deepEqual(
    (await t.deliveries(message)).map((row) => row.state),
    ['stopped', 'stopped'],
  );

  const inside = await t.submit(['ben@pigeon.test', 'anyone@outside.test']);
  assert.equal(await unsend(inside), false, 'what is inside is there already');
  assert.deepEqual(
    (await t.deliveries(inside)).map((row) => row.state),
    ['delivered', 'held'],
  );
  const gone = await t.submit(['anyone@outside.test']);
  t.advance(HOLD);
  await t.outgoing.run();
  assert.equal(await unsend(gone), false);
  assert.equal(await unsend(99_999_999), false, 'there is no such message');

  const scheduled = await t.submit(['ben@pigeon.test', 'anyone@outside.test'], {
    sendAt: new Date(t.clock().getTime() + HOUR),
  });
  assert.equal(await unsend(scheduled), true);
  assert.deepEqual(await t.sql(`SELECT 1 FROM work WHERE of_id = $1`, [scheduled]), [], 'its fan-out is off too');
});

test('envelopes are forgotten when nothing is left to do', async () => {
  const waiting = await t.submit(['defer@outside.test']);
  t.advance(HOLD);
  await t.outgoing.run();
  await dropEnvelopes(t.store, t.tenant);
  assert.deepEqual(await t.sql(`SELECT message_id::int AS id FROM envelope WHERE tenant_id = $1`, [t.tenant]), [
    { id: waiting },
  ]);
  await t.store.transact((tx) => dropWaiting(tx, t.tenant, waiting, null, 'enough', t.clock()));
  await t.outgoing.recover();
  assert.deepEqual(await t.sql(`SELECT 1 FROM envelope WHERE tenant_id = $1`, [t.tenant]), []);
});

test('started, it works by itself when woken', async () => {
  const points = barriers();
  const recorded = points.at('recording');
  const worker = t.worker({ pause: points.pause });
  worker.start();
  const message = await t.submit(['anyone@outside.test'], { origin: { kind: 'server' }, mailFrom: '' });
  await recorded.reached;
  recorded.letGo();
  await worker.stop();
  assert.equal((await only(message)).state, 'delivered');
});
