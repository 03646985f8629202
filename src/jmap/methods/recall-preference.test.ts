import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../../test/support/homing.ts';
import type { Json } from '../../../test/support/http.ts';
import { askRecall, emailsOf, INBOX, outcomesOf, sendMail } from '../../../test/support/recalling.ts';

const homing = await startTestHoming();
after(() => homing.close());
const ana = await homing.client('ana@pigeon.test');
const ben = await homing.client('ben@pigeon.test');
const TO = ['ben@pigeon.test', 'cho@pigeon.test'];

const setTo = (acceptsRecalls: unknown, more: Json = {}): Promise<Json> =>
  ben.call('RecallPreference/set', { update: { singleton: { acceptsRecalls, ...more } } });
const preference = async (of = ben): Promise<Json> =>
  ((await of.call('RecallPreference/get'))['list'] as Json[])[0] ?? {};

/** Ana sends to both and recalls: what became of each. */
async function recalled(subject: string): Promise<[string, unknown][]> {
  const { emailId } = await sendMail(ana, TO, subject);
  await homing.settle();
  const made = await askRecall(ana, emailId);
  await homing.settle();
  const rows = await outcomesOf(ana, String(made['id']));
  return TO.map((address) => [address, rows[address]?.['outcome']]);
}

test('where the organisation decides, it can be seen and not changed', async () => {
  assert.deepEqual(await preference(), { id: 'singleton', acceptsRecalls: true, mayChange: false });
  const refused = ((await setTo(false))['notUpdated'] as Record<string, Json>)['singleton'];
  assert.deepEqual([refused?.['type'], refused?.['description']], ['forbidden', 'Your organisation decides this.']);
  assert.deepEqual((await setTo(true, { mayChange: false }))['updated'], { singleton: null }, 'as it is');
});

test('where the recipient decides, who declines keeps the copy, and nobody else does', async () => {
  await homing.admin.setPolicy(homing.tenant, { recipientConsent: 'recipient-decides' });
  const before = (await ben.call('RecallPreference/get'))['state'];
  const answer = await setTo(false);
  assert.deepEqual(answer['updated'], { singleton: null });
  assert.notEqual(answer['newState'], before);
  assert.deepEqual(await preference(), { id: 'singleton', acceptsRecalls: false, mayChange: true });
  assert.deepEqual(await recalled('Salaries'), [
    ['ben@pigeon.test', 'kept-declined'],
    ['cho@pigeon.test', 'recalled'],
  ]);
  const kept = await emailsOf(ben, 'Salaries', INBOX);
  assert.deepEqual(
    kept.map(({ subject, keywords, recallNotice }) => [subject, keywords, recallNotice]),
    [['Salaries', {}, null]],
  );

  await homing.admin.setPolicy(homing.tenant, { recipientConsent: 'not-needed' });
  assert.deepEqual((await recalled('Again'))[0], ['ben@pigeon.test', 'recalled'], 'policy does not ask any more');
  assert.equal((await preference())['acceptsRecalls'], false, 'what was chosen is kept');
  await homing.admin.setPolicy(homing.tenant, { recipientConsent: 'recipient-decides' });
});

test('a change is in the audit log, by whom', async () => {
  const rows = await homing.sql<{ actor: string; detail: Json }>(
    `SELECT actor, detail FROM audit WHERE action = 'account.changed' AND subject = 'ben@pigeon.test'`,
  );
  assert.deepEqual(
    rows.map(({ actor, detail }) => [actor, detail['acceptsRecalls']]),
    [['ben@pigeon.test', false]],
  );
});

test('a shared mailbox’s is for those who read it', async () => {
  const office = await ben.call('RecallPreference/get', { accountId: await officeId() });
  assert.equal((office['list'] as Json[])[0]?.['mayChange'], true);
});

test('errors as the protocol has them', async () => {
  const wrong = await setTo('no');
  assert.equal((wrong['notUpdated'] as Record<string, Json>)['singleton']?.['type'], 'invalidProperties');
  const changed = await setTo(true, { mayChange: false });
  assert.deepEqual((changed['notUpdated'] as Record<string, Json>)['singleton']?.['properties'], ['mayChange']);
  const other = await ben.call('RecallPreference/set', {
    create: { k: {} },
    destroy: ['singleton'],
    update: { x: {} },
  });
  const types = ['notCreated', 'notDestroyed', 'notUpdated'].map(
    (part) => Object.values(other[part] as Record<string, Json>)[0]?.['type'],
  );
  assert.deepEqual(types, ['singleton', 'singleton', 'notFound']);
  const { state } = await ben.call('RecallPreference/get', { ids: ['singleton', 'x'] });
  assert.equal((await ben.call('RecallPreference/changes', { sinceState: state }))['newState'], state);
  assert.equal((await ben.call('RecallPreference/changes', { sinceState: '00' }))['error'], 'cannotCalculateChanges');
});

async function officeId(): Promise<string> {
  const session = (await (await ben.fetch('/.well-known/jmap')).json()) as {
    accounts: Record<string, { name: string }>;
  };
  return Object.entries(session.accounts).find(([, { name }]) => name === 'office@pigeon.test')?.[0] ?? '';
}
