// Policy that differs for a group's members: from the shell and over JMAP to the moment somebody sends or recalls.

import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { run } from '../../src/cli/policy.ts';
import { DEFAULT_POLICY } from '../../src/directory/policy.ts';
import { testCommand, refused } from '../support/directory.ts';
import { startTestHoming } from '../support/homing.ts';
import type { Client, Json } from '../support/http.ts';
import { askRecall, emailsOf, markRead, sendMail } from '../support/recalling.ts';

const homing = await startTestHoming({ policy: { rateLimit: 0, holdOutsideSeconds: 30 } });
const command = await testCommand(homing.connection, run);
after(async () => {
  await command.close();
  await homing.close();
});
const [ana, ben, cho, eli] = (await Promise.all(
  ['ana', 'ben', 'cho', 'eli'].map((name) => homing.client(`${name}@pigeon.test`)),
)) as [Client, Client, Client, Client];
await homing.admin.setAccount('eli@pigeon.test', { addRoles: ['owner'] });
await homing.admin.setAccount('cho@pigeon.test', { addRoles: ['directory-admin'] });
await homing.admin.addGroup({ address: 'legal@pigeon.test', members: ['ana@pigeon.test'] });
await homing.admin.addGroup({ address: 'staff@pigeon.test', members: ['legal@pigeon.test'] });

const policyOf = (client: Client) => homing.services.directory.policy(homing.tenant, client.account);

async function json<T = Json>(context: TestContext, ...args: string[]): Promise<T> {
  return JSON.parse((await command.homing(context, ...args, '--json')).out) as T;
}

test('set at the shell, it holds at once for members, through groups within groups, and for nobody else', async (context) => {
  assert.deepEqual(
    await json(context, 'set', '--group', 'staff@pigeon.test', 'readCopies=sender-chooses', 'maxAgeDays=1'),
    {
      readCopies: 'sender-chooses',
      maxAgeDays: 1,
    },
  );
  assert.equal((await json(context, 'show', '--account', 'ana@pigeon.test'))['maxAgeDays'], 1);
  assert.equal((await json(context, 'show', '--account', 'ben@pigeon.test'))['maxAgeDays'], DEFAULT_POLICY.maxAgeDays);
  assert.match((await command.homing(context, 'show', '--group', 'legal@pigeon.test')).out, /no policy of its own/);
  assert.match(
    await refused(run(['set', '--group', 'staff@pigeon.test', 'vaultRetentionDays=1']), 'badPolicy'),
    /whole organisation's/,
  );
  await refused(run(['set', '--account', 'ana@pigeon.test', 'maxAgeDays=1']), 'usage');

  const mine = await sendMail(ana, ['eli@pigeon.test'], 'By Ana');
  const his = await sendMail(ben, ['eli@pigeon.test'], 'By Ben');
  await markRead(eli, (await emailsOf(eli, 'By Ana'))[0]);
  assert.equal((await askRecall(ben, his.emailId, { includeRead: true }))['type'], 'readCopies');
  assert.equal((await askRecall(ana, mine.emailId, { includeRead: true }))['status'], 'sweeping');
  await homing.settle();
  const [old, too] = [
    await sendMail(ana, ['eli@pigeon.test'], 'Old'),
    await sendMail(ben, ['eli@pigeon.test'], 'Old too'),
  ];
  homing.advance(2 * 86_400_000);
  assert.equal((await askRecall(ana, old.emailId))['type'], 'tooOld');
  assert.equal((await askRecall(ben, too.emailId))['status'], 'sweeping');
  await homing.settle();

  await homing.admin.setGroup('legal@pigeon.test', { remove: ['ana@pigeon.test'] });
  assert.equal((await policyOf(ana)).maxAgeDays, DEFAULT_POLICY.maxAgeDays);
  await homing.admin.setGroup('legal@pigeon.test', { add: ['ana@pigeon.test'] });
});

test('how long mail waits, and how much a message may be, are the sender’s group’s too', async () => {
  await homing.admin.setGroupPolicy('legal@pigeon.test', { holdOutsideSeconds: 600, maxRecipients: 2 });
  for (const [from, held] of [
    [ana, 600_000],
    [ben, 30_000],
  ] as const) {
    const { emailId } = await sendMail(from, ['x@outside.test'], 'Held');
    assert.equal((await from.call('Recall/preview', { emailId }))['heldForMs'], held);
  }
  const three = ['ben@pigeon.test', 'cho@pigeon.test', 'eli@pigeon.test'];
  await assert.rejects(sendMail(ana, three, 'Three'), /tooManyRecipients/);
  await sendMail(ben, three, 'Three');
  await homing.admin.setGroupPolicy('legal@pigeon.test', { maxRecipients: null, holdOutsideSeconds: null });
});

test('what a sender sees is their group’s, as it stood when they recalled', async () => {
  await homing.admin.setGroupPolicy('legal@pigeon.test', { senderSees: 'counts' });
  const { emailId } = await sendMail(ana, ['ben@pigeon.test'], 'Counted');
  const { id } = await askRecall(ana, emailId);
  await homing.settle();
  const rows = async (): Promise<unknown> =>
    (await ana.call('RecallOutcome/query', { filter: { recallId: id } }))['ids'];
  assert.deepEqual(await rows(), []);
  await homing.admin.setGroupPolicy('legal@pigeon.test', { senderSees: null });
  assert.deepEqual(await rows(), []);
});

test('over JMAP: explained to all who administer, changed by an owner', async () => {
  const get = async (by: Client, ids: string[] | null): Promise<(Json & { settings: Json[] })[]> =>
    (await by.call('AdminPolicy/get', { ids }))['list'] as (Json & { settings: Json[] })[];
  const [tenant, staff, ...more] = await get(cho, null);
  assert.deepEqual(
    [tenant?.['id'], tenant?.['group'], staff?.['group'], more],
    ['singleton', null, 'staff@pigeon.test', []],
  );
  assert.deepEqual(staff?.['policy'], { maxAgeDays: 1, readCopies: 'sender-chooses' });
  const names = staff?.settings.map((one) => one['name']);
  assert.ok(names?.includes('senderSees') && !names.includes('vaultRetentionDays'));
  assert.deepEqual(
    staff?.settings.find((one) => one['name'] === 'maxAgeDays'),
    {
      name: 'maxAgeDays',
      help: 'How long after sending a sender may recall.',
      type: 'number',
      of: 'days',
      least: 0,
      most: 36_500,
      default: null,
    },
  );
  const set = async (by: Client, id: string, patch: Json): Promise<unknown> => {
    const { error, notUpdated } = await by.call('AdminPolicy/set', { update: { [id]: patch } });
    return error ?? (notUpdated as Record<string, Json> | null)?.[id]?.['type'] ?? null;
  };
  const id = String(staff?.['id']);
  assert.equal(await set(cho, id, { maxAgeDays: 3 }), 'forbidden');
  assert.equal(await set(eli, 'singleton', { maxAgeDays: 3, notices: 'none' }), null);
  assert.equal(await set(eli, id, { maxAgeDays: null }), null);
  assert.deepEqual([(await policyOf(ana)).maxAgeDays, (await policyOf(ana)).notices], [3, 'none']);
  assert.equal(await set(eli, id, { dualControl: true }), 'badPolicy');
  assert.equal(await set(eli, id, { maxAgeDays: 'long' }), 'badPolicy');
  assert.equal(await set(eli, 'g999999', {}), 'notFound');
  assert.equal((await ana.call('AdminPolicy/get'))['error'], 'forbidden');
});
