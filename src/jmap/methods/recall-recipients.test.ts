import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Json } from '../../../test/support/http.ts';
import { emailsOf, markRead, sendMail } from '../../../test/support/recalling.ts';

const homing = await startTestHoming();
after(() => homing.close());
const ana = await homing.client('ana@pigeon.test');
const ben = await homing.client('ben@pigeon.test');
await homing.admin.addGroup({
  address: 'hidden@pigeon.test',
  members: ['cho@pigeon.test', 'dia@pigeon.test'],
  membersVisibleTo: 'administrators',
});

const listOf = async (emailId: string, args: Json = {}): Promise<{ total: number; list: Json[] }> =>
  (await ana.call('Recall/recipients', { emailId, ...args })) as { total: number; list: Json[] };

test('whom a message went to, with names, where each delivery stands, and nothing of who has read it', async () => {
  const { emailId } = await sendMail(ana, ['ben@pigeon.test', 'eli@pigeon.test', 'x@outside.test'], 'Listed');
  const before = await listOf(emailId);
  await homing.settle();
  const { total, list } = await listOf(emailId);
  assert.equal(total, 3);
  assert.deepEqual(
    list.map((row) => [row['recipient'], row['standing']]),
    [
      ['ben@pigeon.test', 'inside'],
      ['eli@pigeon.test', 'inside'],
      ['x@outside.test', 'held'],
    ],
  );
  assert.equal(before.list.length, 3);
  const name = list[0]?.['name'];
  assert.equal(typeof name, 'string');
  assert.equal(list[2]?.['name'], null);
  await markRead(ben, (await emailsOf(ben, 'Listed'))[0]);
  assert.deepEqual((await listOf(emailId)).list, list);

  assert.deepEqual((await listOf(emailId, { position: 1, limit: 1 })).list, [list[1]]);
  const found = await listOf(emailId, { text: 'OUTSIDE' });
  assert.deepEqual([found.total, found.list], [1, [list[2]]]);
  assert.deepEqual((await listOf(emailId, { text: String(name).toUpperCase(), limit: 1 })).list, [list[0]]);
  assert.deepEqual((await listOf(emailId, { text: '%' })).list, []);
});

test('a group whose members are not shown is one row with their number', async () => {
  const { emailId } = await sendMail(ana, ['hidden@pigeon.test', 'ben@pigeon.test'], 'Hidden');
  await homing.settle();
  const { total, list } = await listOf(emailId);
  assert.equal(total, 2);
  assert.deepEqual(
    list.map((row) => [row['recipient'], row['standing'], row['count']]),
    [
      ['hidden@pigeon.test', null, 2],
      ['ben@pigeon.test', 'inside', null],
    ],
  );
  assert.deepEqual((await listOf(emailId, { text: 'cho' })).list, []);
  assert.equal((await listOf(emailId, { text: 'Hidden@' })).total, 1);
  assert.deepEqual((await listOf(emailId, { position: 1 })).list, [list[1]]);
});

test('only to its sender', async () => {
  const { emailId } = await sendMail(ana, ['ben@pigeon.test'], 'For Ben');
  await homing.settle();
  const [copy] = await emailsOf(ben, 'For Ben');
  const asked = await ben.call('Recall/recipients', { emailId: String(copy?.['id']) });
  assert.equal(asked['error'], 'notSender');
  assert.equal((await ana.call('Recall/recipients', { emailId: `${emailId}9` }))['error'], 'notFound');
});
