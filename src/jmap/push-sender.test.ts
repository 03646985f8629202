import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto';
import { after, test } from 'node:test';
import { httpWorld, type Client, type Json } from '../../test/support/http.ts';
import { pushService } from '../../test/support/push.ts';
import { Unavailable } from '../mail/errors.ts';
import type { Store } from '../store/postgres.ts';
import { createPush } from './push.ts';
import { createPost } from './push-post.ts';
import { createPushSender, type PushSender } from './push-sender.ts';

const world = await httpWorld();
const { ana, ben, services } = world;
services.config.pushPrivate = true;
const service = await pushService();
const push = createPush(services);
const senders: PushSender[] = [];
const startSender = async (): Promise<PushSender> => {
  const sender = createPushSender({ ...services, push, post: createPost({ allowPrivate: true }), retryMs: [1, 1] });
  senders.push(sender);
  await sender.start();
  return sender;
};
const sender = await startSender();
after(async () => {
  for (const one of senders) await one.stop();
  push.close();
  await service.close();
  await world.close();
});

const call = async (client: Client, name: string, args: Json): Promise<Json> =>
  (await client.responses([[name, args]]))[0]?.[1] ?? {};
const set = (client: Client, args: Json): Promise<Json> => call(client, 'PushSubscription/set', args);
const list = async (client: Client): Promise<Json[]> =>
  (await call(client, 'PushSubscription/get', { ids: null }))['list'] as Json[];

let names = 0;
/** A subscription whose URL is proven. */
async function subscribe(client: Client, more: Json = {}): Promise<{ id: string; name: string }> {
  const name = `n${++names}`;
  const { created } = await set(client, {
    create: { k: { deviceClientId: 'phone', url: service.url(name), ...more } },
  });
  const id = (created as Record<string, { id: string }>)['k']?.id ?? '';
  const pushed = await service.next(name);
  const { verificationCode } = more['keys'] ? open(pushed.body) : pushed.json();
  const { updated } = await set(client, { update: { [id]: { verificationCode } } });
  assert.deepEqual(updated, { [id]: null });
  await followed(id);
  return { id, name };
}

/** The sender has taken it up. */
async function followed(id: string): Promise<void> {
  for (;;) {
    const [row] = await world.sql<{ told: string }>(`SELECT told FROM push_subscription WHERE id = $1`, [id]);
    if (Number(row?.told) > 0) return;
  }
}

const device = createECDH('prime256v1');
device.generateKeys();
const AUTH = Buffer.alloc(16, 9);
const KEYS = { p256dh: device.getPublicKey('base64url'), auth: AUTH.toString('base64url') };

/** What only the device can read. */
function open(message: Buffer): Json {
  const [salt, ours, record] = [message.subarray(0, 16), message.subarray(21, 86), message.subarray(86)];
  const about = Buffer.concat([Buffer.from('WebPush: info\0'), device.getPublicKey(), ours]);
  const secret = Buffer.from(hkdfSync('sha256', device.computeSecret(ours), AUTH, about, 32));
  const derive = (what: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, salt, `Content-Encoding: ${what}\0`, length));
  const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
  decipher.setAuthTag(record.subarray(-16));
  const text = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]).subarray(0, -1);
  return JSON.parse(text.toString()) as Json;
}

const typesOf = (message: Json, client: Client): string[] =>
  Object.keys((message['changed'] as Record<string, Json>)[client.accountId] ?? {}).toSorted();

test('nothing is told before the code that went to the URL has come back; then changes are', async () => {
  const { created } = await set(ben, {
    create: { k: { deviceClientId: 'phone', url: service.url('first'), types: ['EmailDelivery', 'Email'] } },
  });
  const { id = '', expires } = (created as Record<string, { id: string; expires: string }>)['k'] ?? {};
  assert.equal(expires, '2027-02-21T12:00:00Z', '90 days at most');
  const code = await service.next('first');
  assert.equal(code.headers['content-type'], 'application/json');
  assert.ok(Number(code.headers['ttl']) > 0);
  const { verificationCode, pushSubscriptionId, '@type': type } = code.json();
  assert.deepEqual([type, pushSubscriptionId], ['PushVerification', id]);
  assert.deepEqual(await list(ben), [
    { id, deviceClientId: 'phone', verificationCode: null, expires, types: ['EmailDelivery', 'Email'] },
  ]);
  const { notUpdated } = await set(ben, { update: { [id]: { verificationCode: 'guessed' } } });
  assert.equal((notUpdated as Record<string, Json>)[id]?.['type'], 'invalidProperties');
  await world.deliver([ben.account], 'Before');
  await set(ben, { update: { [id]: { verificationCode } } });
  await followed(id);
  assert.equal(service.count('first'), 1, 'the code alone');
  await world.deliver([ben.account], 'After');
  const told = (await service.next('first')).json();
  assert.equal(told['@type'], 'StateChange');
  assert.deepEqual(typesOf(told, ben), ['Email', 'EmailDelivery']);
  const secret = await call(ben, 'PushSubscription/get', { ids: [id], properties: ['url'] });
  assert.equal(secret['type'], 'forbidden');
  assert.deepEqual(await list(ana), [], 'nobody else has it');
  assert.deepEqual((await set(ben, { destroy: [id] }))['destroyed'], [id]);
});

test('with keys nothing goes out in clear', async () => {
  const { name } = await subscribe(ben, { keys: KEYS });
  await world.deliver([ben.account], 'Secret');
  const pushed = await service.next(name);
  assert.equal(pushed.headers['content-encoding'], 'aes128gcm');
  assert.ok(!pushed.body.includes('StateChange'));
  assert.ok(typesOf(open(pushed.body), ben).includes('EmailDelivery'));
});

test('a recall is told as any change is', async () => {
  await ana.call('Identity/get');
  const accepted = await services.accept({
    tenant: world.tenant,
    origin: { kind: 'submission', account: ana.account, submittedBy: ana.account, source: 'jmap' },
    mailFrom: ana.address,
    recipients: [{ address: ben.address }],
    bytes: Buffer.from(`From: ${ana.address}\r\nTo: ${ben.address}\r\nSubject: Salaries\r\n\r\nText\r\n`),
  });
  const { name } = await subscribe(ben, { types: ['Email'] });
  await services.recalls.request({
    actor: { tenant: world.tenant, id: ana.account, address: ana.address, name: 'Ana' },
    account: ana.account,
    message: { messageId: accepted.messageIdHeader },
    mode: 'delete',
    recipients: null,
    includeRead: false,
    notifyMe: false,
    reason: null,
  });
  services.recalls.worker.start();
  const told = (await service.next(name)).json();
  await services.recalls.worker.stop();
  assert.deepEqual(typesOf(told, ben), ['Email']);
});

test('a service that is busy is asked again, so often and no more; one that says no is left for good', async () => {
  const { id, name } = await subscribe(ben, { types: ['Mailbox'] });
  const change = (to: string): Promise<Json> => ben.call('Mailbox/set', { create: { k: { name: to } } });
  service.answer(name, 503, 429);
  await change('Busy');
  for (let i = 0; i < 3; i++) assert.deepEqual(typesOf((await service.next(name)).json(), ben), ['Mailbox']);
  service.answer(name, 503, 503, 503);
  await change('Down');
  for (let i = 0; i < 3; i++) await service.next(name);
  await change('Up');
  const { state } = await ben.call('Mailbox/get', { ids: [] });
  const told = (await service.next(name)).json();
  assert.equal((told['changed'] as Record<string, Record<string, string>>)[ben.accountId]?.['Mailbox'], state);
  service.answer(name, 410);
  await change('Gone');
  await service.next(name);
  while ((await world.sql(`SELECT FROM push_subscription WHERE id = $1`, [id])).length > 0);
  assert.ok(!(await list(ben)).some((one) => one['id'] === id));
});

test('what changed while nobody looked is told when somebody does', async () => {
  const { name } = await subscribe(ben, { types: ['Email', 'Thread', 'Foo'] });
  await sender.stop();
  await world.deliver([ben.account], 'Meanwhile');
  await startSender();
  assert.deepEqual(typesOf((await service.next(name)).json(), ben), ['Email', 'Thread']);
});

test('what is wrong with one is said', async () => {
  const refusal = async (more: Json): Promise<unknown> => {
    const { notCreated } = await set(ben, { create: { k: { deviceClientId: 'x', url: service.url('x'), ...more } } });
    const error = (notCreated as Record<string, Json> | null)?.['k'];
    return [error?.['type'], error?.['properties']];
  };
  assert.deepEqual(await refusal({ url: 'ftp://x.test/' }), ['invalidProperties', ['url']]);
  assert.deepEqual(await refusal({ keys: { p256dh: 'AAAA', auth: 'AAAA' } }), ['invalidProperties', ['keys']]);
  assert.deepEqual(await refusal({ verificationCode: 'mine' }), ['invalidProperties', ['verificationCode']]);
  assert.deepEqual(await refusal({ expires: 'soon' }), ['invalidProperties', ['expires']]);
  assert.deepEqual(await refusal({ types: 'Email' }), ['invalidProperties', ['types']]);
  assert.deepEqual(await refusal({ deviceClientId: '' }), ['invalidProperties', ['deviceClientId']]);
  services.config.pushPrivate = false;
  assert.deepEqual(await refusal({}), ['invalidProperties', ['url']], 'a private address');
  services.config.pushPrivate = true;
  const withAccount = await call(ben, 'PushSubscription/get', { accountId: ben.accountId, ids: null });
  assert.equal(withAccount['type'], 'invalidArguments');
  const { id } = await subscribe(ana);
  const { notUpdated } = await set(ana, { update: { [id]: { deviceClientId: 'other' } } });
  assert.equal((notUpdated as Record<string, Json>)[id]?.['type'], 'invalidProperties');
  const changed = await set(ana, { update: { [id]: { expires: '2030-01-01T00:00:00Z', types: ['Email'] } } });
  assert.deepEqual(changed['updated'], { [id]: { expires: '2027-02-21T12:00:00Z' } });
});

test('a name that leads into a private network is never connected to', async () => {
  const post = createPost({ allowPrivate: false });
  const posted = await post('https://localhost.localdomain/', null, {});
  assert.notEqual(posted.kind, 'done');
  assert.equal((await post('https://127.0.0.1/', null, {})).kind, 'never');
  assert.equal((await post('http://push.example.com/', null, {})).kind, 'never');
});

test('what changes once the code has come back is told, though nobody has taken the subscription up yet', async () => {
  const name = `n${++names}`;
  const { created } = await set(ben, {
    create: { k: { deviceClientId: 'phone', url: service.url(name), types: ['Email', 'EmailDelivery'] } },
  });
  const id = (created as Record<string, { id: string }>)['k']?.id ?? '';
  const { verificationCode } = (await service.next(name)).json();
  for (const one of senders) await one.stop();
  await world.deliver([ben.account], 'Before');
  await set(ben, { update: { [id]: { verificationCode } } });
  await world.deliver([ben.account], 'At once');
  await startSender();
  assert.deepEqual(typesOf((await service.next(name)).json(), ben), ['Email', 'EmailDelivery']);
});

test('a change that could not be told for want of the database is told with the next', async () => {
  for (const one of senders) await one.stop();
  const failed = Promise.withResolvers<void>();
  let untold = '';
  const store: Store = {
    ...services.store,
    single(sql, params = []) {
      if (untold === '' || !sql.includes('SET told') || !params.includes(untold))
        return services.store.single(sql, params);
      untold = '';
      failed.resolve();
      return Promise.reject(new Unavailable('away'));
    },
  };
  const flaky = createPushSender({ ...services, store, push, post: createPost({ allowPrivate: true }), retryMs: [1] });
  senders.push(flaky);
  await flaky.start();
  const { id, name } = await subscribe(ben, { types: ['Email'] });
  untold = id;
  await world.deliver([ben.account], 'Untold');
  await failed.promise;
  await world.deliver([ben.account], 'Told');
  assert.deepEqual(typesOf((await service.next(name)).json(), ben), ['Email']);
});
