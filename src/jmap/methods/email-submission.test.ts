import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Json } from '../../../test/support/http.ts';
import { createSender, type Refused } from '../../../test/support/submission.ts';
import { createAccept } from '../../delivery/accept.ts';
import { fanoutStep } from '../../delivery/fanout.ts';
import { createOutgoing } from '../../delivery/worker.ts';
import { startOutside } from '../../try/outside.ts';

const world = await httpWorld();
after(() => world.close());
const { ana } = world;
const { draft, get, identityId, sent } = await createSender(world);
await world.admin.addGroup({ address: 'all@pigeon.test', everybody: true });

test('what goes outside waits, can be taken back meanwhile, and once', async () => {
  const emailId = await draft({ to: [{ email: 'anyone@outside.test' }] });
  const { id, sendAt, undoStatus, deliveryStatus } = await sent({ emailId });
  assert.deepEqual([sendAt, undoStatus], ['2026-11-23T12:00:30Z', 'pending']);
  assert.equal((deliveryStatus as Record<string, Json>)['anyone@outside.test']?.['delivered'], 'queued');
  const state = await ana.state('EmailSubmission');
  const cancel = (patch: Json = { undoStatus: 'canceled' }): Promise<[string, Json][]> =>
    ana.responses([
      [
        'EmailSubmission/set',
        {
          accountId: ana.accountId,
          update: { [id]: patch },
          onSuccessUpdateEmail: { [id]: { 'keywords/$flagged': true } },
        },
      ],
    ]);
  for (const patch of [
    { undoStatus: 'final' },
    { undoStatus: 'canceled', sendAt: '2027-01-01T00:00:00Z' },
    { emailId: 'm1' },
  ]) {
    const [[, refused] = ['', {}]] = await cancel(patch);
    assert.equal((refused['notUpdated'] as Refused)[id]?.type, 'invalidProperties');
  }
  const [set, email] = await cancel();
  assert.deepEqual(set?.[1]['updated'], { [id]: null });
  assert.deepEqual(email?.[1]['updated'], { [emailId]: null });
  assert.deepEqual(await get(id, ['undoStatus', 'deliveryStatus']), {
    id,
    undoStatus: 'canceled',
    deliveryStatus: {
      'anyone@outside.test': {
        smtpReply: '550 5.7.0 Taken back before it was delivered',
        delivered: 'no',
        displayed: 'unknown',
      },
    },
  });
  assert.deepEqual((await ana.call('EmailSubmission/changes', { sinceState: state }))['updated'], [id]);
  assert.deepEqual((await cancel())[0]?.[1]['updated'], { [id]: null });
  const rows = await world.sql<{ state: string }>(`SELECT state FROM delivery WHERE message_id = $1`, [id.slice(1)]);
  assert.deepEqual(rows, [{ state: 'stopped' }]);
});

test('what has arrived somewhere cannot be unsent; the whole object may be handed back', async () => {
  const { id } = await sent({ emailId: await draft() });
  const update = async (patch: Json): Promise<unknown> => {
    const { updated, notUpdated } = await ana.call('EmailSubmission/set', { update: { [id]: patch } });
    return (notUpdated as Refused | null)?.[id]?.type ?? (updated as Json)[id];
  };
  assert.equal(await update({ undoStatus: 'canceled' }), 'cannotUnsend');
  assert.equal(await update(await get(id)), null);
  const { notUpdated } = await ana.call('EmailSubmission/set', { update: { s999: { undoStatus: 'canceled' } } });
  assert.equal((notUpdated as Refused)['s999']?.type, 'notFound');
});

test('a group is told of as one, its members not at all', async () => {
  const { id } = await sent({
    emailId: await draft({ to: [{ email: 'all@pigeon.test' }, { email: 'a.silva@pigeon.test' }] }),
  });
  const { deliveryStatus } = await get(id, ['deliveryStatus']);
  const status = deliveryStatus as Record<string, Json>;
  assert.deepEqual(Object.keys(status).toSorted(), ['a.silva@pigeon.test', 'all@pigeon.test']);
  for (const one of Object.values(status)) {
    assert.ok(['yes', 'queued'].includes(one['delivered'] as string));
    assert.match(one['smtpReply'] as string, /^250 2\.\d\.\d \S/);
    assert.equal(one['displayed'], 'unknown');
  }
});

test("another server's answer, in the form that JMAP has for it", async () => {
  const { id } = await sent({ emailId: await draft({ to: [{ email: 'x@outside.test' }] }) });
  for (const [state, reply, told, delivered] of [
    ['queued', '451 4.2.1 later', '451 4.2.1 later', 'queued'],
    ['delivered', '250 fine', '250 2.0.0 fine', 'unknown'],
    ['failed', '550-5.7.1 likely\r\n550 5.7.1 spam', '550 5.7.1 likely spam', 'no'],
    ['failed', '550-no\n550 such user', '550 5.0.0 no such user', 'no'],
    ['failed', null, '550 5.0.0 Could not be delivered', 'no'],
  ]) {
    await world.sql(`UPDATE delivery SET state = $2::delivery_state, remote_reply = $3 WHERE message_id = $1`, [
      id.slice(1),
      state,
      reply,
    ]);
    const { deliveryStatus } = await get(id);
    assert.deepEqual((deliveryStatus as Json)['x@outside.test'], { smtpReply: told, delivered, displayed: 'unknown' });
  }
});

test('what was sent stays on record, and is sent whatever becomes of the Email', async () => {
  const emailId = await draft();
  const [submitted, emails] = await ana.responses([
    [
      'EmailSubmission/set',
      { accountId: ana.accountId, create: { k: { identityId, emailId } }, onSuccessDestroyEmail: ['#k'] },
    ],
  ]);
  const id = (submitted?.[1]['created'] as Record<string, { id: string }> | undefined)?.['k']?.id ?? '';
  assert.deepEqual(emails?.[1]['destroyed'], [emailId]);
  assert.equal((await get(id, ['emailId']))['emailId'], emailId);
  const { notDestroyed } = await ana.call('EmailSubmission/set', { destroy: [id, 's999'] });
  assert.equal((notDestroyed as Refused)[id]?.type, 'forbidden');
  assert.equal((notDestroyed as Refused)['s999']?.type, 'notFound');
});

test('what becomes of deliveries after it is final is told as a change', async () => {
  const { id } = await sent({
    emailId: await draft({ to: [{ email: 'anyone@outside.test' }, { email: 'ben@pigeon.test' }] }),
  });
  assert.equal((await get(id, ['undoStatus']))['undoStatus'], 'final');
  const state = await ana.state('EmailSubmission');
  const changed = async (): Promise<unknown> =>
    (await ana.call('EmailSubmission/changes', { sinceState: state }))['updated'];
  assert.deepEqual(await changed(), []);
  world.advance(31_000);
  const outside = await startOutside({ clock: world.clock });
  const outgoing = createOutgoing({ ...world.services, nextHop: outside.nextHop, hostname: 'mail.homing.test' });
  assert.equal(await outgoing.run(), 1);
  await outside.close();
  assert.deepEqual(await changed(), [id]);
  const { deliveryStatus } = await get(id, ['deliveryStatus']);
  assert.equal((deliveryStatus as Record<string, Json>)['anyone@outside.test']?.['delivered'], 'unknown');
});

test('so is the end of a fan-out, and what a recall stopped', async () => {
  const { services } = world;
  const { recalls } = services;
  const accept = createAccept({ ...services, membersAtOnce: 0 });
  const bytes = Buffer.from('From: ana@pigeon.test\r\nSubject: To many\r\n\r\nx\r\n');
  const submit = async (): Promise<{ messageId: number; messageIdHeader: string }> =>
    accept({
      tenant: world.tenant,
      origin: { kind: 'submission', account: ana.account, submittedBy: ana.account, source: 'jmap' },
      mailFrom: ana.address,
      recipients: [{ address: 'all@pigeon.test' }],
      bytes,
    });
  const fanOut = async (): Promise<void> => {
    while (await fanoutStep(services));
  };
  for (const recalled of [false, true]) {
    const { messageId, messageIdHeader } = await submit();
    const state = await ana.state('EmailSubmission');
    if (recalled) {
      await recalls.request({
        actor: { tenant: world.tenant, id: ana.account, address: ana.address, name: 'Ana' },
        account: ana.account,
        message: { messageId: messageIdHeader },
        mode: 'delete',
        recipients: null,
        includeRead: false,
        notifyMe: false,
        reason: null,
      });
      await recalls.worker.drain();
    } else await fanOut();
    const { updated } = await ana.call('EmailSubmission/changes', { sinceState: state });
    assert.deepEqual(updated, [`s${messageId}`]);
    const { deliveryStatus } = await get(`s${messageId}`, ['deliveryStatus']);
    assert.equal((deliveryStatus as Record<string, Json>)['all@pigeon.test']?.['delivered'], recalled ? 'no' : 'yes');
  }
});
