import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testOutgoing } from '../../test/support/outgoing.ts';
import { createAdmin } from '../directory/admin.ts';
import { SILENT } from '../mail/log.ts';
import { createIds } from '../store/ids.ts';
import { createAccept } from './accept.ts';
import { fanoutStep } from './fanout.ts';

const t = await testOutgoing();
after(() => t.close());
const { store, clock } = t;
const admin = createAdmin({ store, clock, actor: 'test' });
for (const name of ['cho', 'dia']) await admin.addAccount({ address: `${name}@pigeon.test` });
await admin.addGroup({ address: 'choir@pigeon.test', members: ['ben@pigeon.test', 'cho@pigeon.test'] });

/** Notifications that Ana gets from what `work` does and from the telling after it. */
async function told(work: () => Promise<unknown>): Promise<string[]> {
  const before = (await t.inbox(t.tenant, t.ana)).length;
  await work();
  await t.outgoing.recover();
  await t.outgoing.recover();
  return (await t.inbox(t.tenant, t.ana)).slice(before).map((one) => one.bytes.toString());
}

const fields = (notification: string | undefined): string[] =>
  (notification ?? '')
    .split('\r\n')
    .filter((line) =>
      /^(?:Original-Envelope-Id|Original-Recipient|Final-Recipient|Action|Status|Subject|Return-Path):/.test(line),
    );

test('NOTIFY=SUCCESS for an account inside is told once, with ORCPT, ENVID and the header alone', async () => {
  const [one, ...more] = await told(() =>
    t.submit(
      [{ address: 'ben@pigeon.test', notify: 1, originalRecipient: 'rfc822;benjamin@pigeon.test' }, 'cho@pigeon.test'],
      {
        subject: 'Arrived',
        envid: 'E42',
        ret: 'FULL',
      },
    ),
  );
  assert.deepEqual(more, []);
  assert.deepEqual(fields(one), [
    'Subject: Delivered: Arrived',
    'Original-Envelope-Id: E42',
    'Original-Recipient: rfc822;benjamin@pigeon.test',
    'Final-Recipient: rfc822; ben@pigeon.test',
    'Action: delivered',
    'Status: 2.0.0',
    'Subject: Arrived',
  ]);
  assert.doesNotMatch(one ?? '', /cho@pigeon/);
  assert.doesNotMatch(one ?? '', /Text of/, 'a success returns the header only');
  assert.equal((await t.sql(`SELECT FROM envelope`)).length, 0, 'nothing is remembered of it any more');
});

test('nothing is told of NEVER, of FAILURE, or to the null sender', async () => {
  const notify = [8, 9, 6];
  assert.deepEqual(
    await told(() =>
      t.submit(notify.map((bits, i) => ({ address: `${['ben', 'cho', 'dia'][i]}@pigeon.test`, notify: bits }))),
    ),
    [],
  );
  const origin = { kind: 'server' } as const;
  const quiet = { tenant: t.tenant, origin, mailFrom: '', bytes: Buffer.from('Subject: x\r\n\r\nx\r\n') };
  assert.deepEqual(
    await told(() => t.accept({ ...quiet, recipients: [{ address: 'ben@pigeon.test', notify: 1 }] })),
    [],
  );
});

test('a group is told of as a group, once, without its members', async () => {
  const [one, ...more] = await told(() => t.submit([{ address: 'choir@pigeon.test', notify: 3 }], { subject: 'Sing' }));
  assert.deepEqual(more, []);
  assert.deepEqual(fields(one).slice(1, 4), [
    'Final-Recipient: rfc822; choir@pigeon.test',
    'Action: delivered',
    'Status: 2.0.0',
  ]);
});

test('another tenant of this server tells it itself, once', async () => {
  const notifications = await told(async () => {
    await t.submit([{ address: 'zoe@other.test', notify: 1 }], { subject: 'Next door' });
    t.advance(31_000);
    await t.outgoing.run();
    await t.outgoing.recover();
    t.advance(31_000);
    await t.outgoing.run();
  });
  assert.equal(notifications.length, 1);
  assert.ok(fields(notifications[0]).includes('Action: delivered'));
});

/** By a server that makes no copy at once, so that something can happen in between. */
async function later(recipients: { address: string; notify: number }[], subject: string): Promise<number> {
  const accept = createAccept({ ...t, ids: createIds(store), membersAtOnce: 0 });
  const accepted = await accept({
    tenant: t.tenant,
    origin: { kind: 'submission', account: t.ana, submittedBy: t.ana, source: 'smtp' },
    mailFrom: 'ana@pigeon.test',
    recipients,
    bytes: Buffer.from(`From: ana@pigeon.test\r\nSubject: ${subject}\r\n\r\nText of ${subject}.\r\n`),
  });
  return accepted.messageId;
}

const fanOut = async (): Promise<void> => {
  while (await fanoutStep({ store, clock, log: SILENT }));
};

test('an account that went between acceptance and delivery is a failure, told even if nobody asked', async () => {
  await admin.addAccount({ address: 'eli@pigeon.test' });
  await admin.addGroup({ address: 'pair@pigeon.test', members: ['eli@pigeon.test', 'dia@pigeon.test'] });
  const [one, ...more] = await told(async () => {
    await later([{ address: 'pair@pigeon.test', notify: 2 }], 'Late');
    await admin.removeAccount('eli@pigeon.test');
    await fanOut();
  });
  assert.deepEqual(more, []);
  assert.deepEqual(fields(one).slice(0, 4), [
    'Subject: Not delivered: Late',
    'Final-Recipient: rfc822; eli@pigeon.test',
    'Action: failed',
    'Status: 5.0.0',
  ]);
});

test('what a recall intercepts or takes back is told of by nothing', async () => {
  const notifications = await told(async () => {
    const message = await later(
      [
        { address: 'choir@pigeon.test', notify: 7 },
        { address: 'x@outside.test', notify: 7 },
      ],
      'Never mind',
    );
    const [row] = await t.sql<{ message_id_header: string }>(`SELECT message_id_header FROM submission WHERE id = $1`, [
      message,
    ]);
    const ana = { tenant: t.tenant, id: t.ana, address: 'ana@pigeon.test', name: 'Ana' };
    await t.recalls.request({
      actor: ana,
      account: t.ana,
      message: { messageId: row?.message_id_header ?? '' },
      mode: 'delete',
      recipients: null,
      includeRead: false,
      notifyMe: false,
      reason: null,
    });
    await fanOut();
    t.advance(31_000);
    await t.outgoing.run();
    await t.recalls.worker.drain();
    await fanOut();
    const outcomes = await t.sql<{ outcome: string }>(`SELECT DISTINCT outcome::text FROM outcome`);
    assert.deepEqual(outcomes, [{ outcome: 'intercepted' }]);
  });
  assert.deepEqual(notifications, []);
});
