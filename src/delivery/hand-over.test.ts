import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal, Unavailable } from '../mail/errors.ts';
import type { Claimed, OutgoingMessage } from '../store/outgoing.ts';
import type { Accept, AcceptInput } from './accept.ts';
import { handOver, routeOf } from './hand-over.ts';

const MESSAGE: OutgoingMessage = {
  blob_id: 1,
  size: 10,
  message_id_header: 'a@b',
  subject: 's',
  header_size: 5,
  mail_from: 'ana@pigeon.test',
  sender_id: 1,
  received_at: new Date(0),
  body: '8bitmime',
  smtputf8: false,
  ret: null,
  envid: 'E',
  pending_account: null,
  since: new Date(0),
};

const delivery = (n: number, recipient: string): Claimed => ({
  n,
  recipient,
  attempts: 1,
  via: null,
  notify: 2,
  original_recipient: null,
  maybe_sent: false,
  forward_by: null,
});

async function hand(accept: Accept, deliveries: Claimed[], bytes = 'Subject: s\r\n\r\n'): Promise<Map<number, object>> {
  return handOver(
    {
      accept,
      directory: {
        resolve: () => Promise.resolve({ kind: 'outside' }),
        account: () => Promise.resolve(undefined),
        domains: () => Promise.resolve([]),
      },
      blobs: { read: () => Promise.resolve(Buffer.from(bytes)), stream: () => assert.fail('not in pieces') },
      hostname: 'mail.pigeon.test',
      clock: () => new Date(0),
    },
    { tenant: 2, from: 1, messageId: 7, message: MESSAGE },
    deliveries,
  );
}

const ACCEPTED = {
  messageId: 9,
  messageIdHeader: '',
  submissionId: null,
  total: 1,
  outside: 0,
  sentEmailId: null,
  threadId: 9,
  octets: 10,
};

test('one message for all of a tenant, with its trace', async () => {
  const inputs: AcceptInput[] = [];
  const fates = await hand(
    (input) => {
      inputs.push(input);
      return Promise.resolve(ACCEPTED);
    },
    [delivery(1, 'a@other.test'), delivery(2, 'b@other.test')],
  );
  assert.deepEqual([...fates.keys()], [1, 2]);
  assert.deepEqual(fates.get(1), {
    kind: 'delivered',
    reply: '250 2.0.0 Accepted as 9',
    passedOn: true,
    host: 'this server',
  });
  assert.equal(inputs.length, 1);
  assert.deepEqual(
    [inputs[0]?.tenant, inputs[0]?.origin, inputs[0]?.mailFrom, inputs[0]?.envid],
    [2, { kind: 'outside' }, 'ana@pigeon.test', 'E'],
  );
  assert.match(
    inputs[0]?.received ?? '',
    /^Return-Path: <ana@pigeon\.test>\r\nReceived: by mail\.pigeon\.test \(Homing\) id 7;\r\n\t.*\r\n$/,
  );
});

test('one who is gone is refused, the rest is taken', async () => {
  const fates = await hand(
    (input) =>
      input.recipients.some(({ address }) => address === 'B@other.test')
        ? Promise.reject(new Refusal('unknownRecipient', 'There is no b@other.test here.', { address: 'b@other.test' }))
        : Promise.resolve(ACCEPTED),
    [delivery(1, 'a@other.test'), delivery(2, 'B@other.test')],
  );
  assert.equal((fates.get(1) as { kind: string }).kind, 'delivered');
  assert.deepEqual(fates.get(2), {
    kind: 'refused',
    reply: '550 5.1.1 There is no B@other.test here.',
    host: 'this server',
  });
});

test('a refusal is for good; a database that is away may have taken it', async () => {
  const refused = await hand(
    () => Promise.reject(new Refusal('tooLarge', 'Too large.')),
    [delivery(1, 'a@other.test')],
  );
  assert.deepEqual(refused.get(1), { kind: 'refused', reply: '552 5.3.4 Too large.', host: 'this server' });
  const away = await hand(() => Promise.reject(new Unavailable('gone')), [delivery(1, 'a@other.test')]);
  assert.deepEqual(
    { ...away.get(1), reply: '' },
    { kind: 'deferred', reply: '', maybeSent: true, host: 'this server' },
  );
});

test('two groups of two tenants that name each other do not go on for ever', async () => {
  const round = (times: number): string => `${'Received: x\r\n'.repeat(times)}\r\n`;
  const taken = await hand(() => Promise.resolve(ACCEPTED), [delivery(1, 'a@other.test')], round(100));
  assert.equal((taken.get(1) as { kind: string }).kind, 'delivered', 'as many as the faces take');
  const fates = await hand(() => assert.fail('not accepted'), [delivery(1, 'a@other.test')], round(101));
  assert.match((fates.get(1) as { reply: string }).reply, /^554 5\.4\.6 /);
});

test('routes: outside, another tenant, nobody there, a group of strangers', async () => {
  const targets: Record<string, Awaited<ReturnType<Parameters<typeof routeOf>[0]['resolve']>>> = {
    out: { kind: 'outside' },
    zoe: { kind: 'account', tenant: 2, account: 1, address: 'zoe' },
    nobody: { kind: 'unknown', tenant: 2 },
    theirs: { kind: 'group', tenant: 2, group: 1, address: 'theirs' },
    ours: { kind: 'group', tenant: 1, group: 2, address: 'ours' },
  };
  const names = Object.keys(targets);
  const routes = await routeOf(
    { resolve: (name) => Promise.resolve(targets[name] ?? { kind: 'outside' }) },
    1,
    names.map((name, i) => delivery(i, name)),
  );
  assert.deepEqual(
    routes.outside.map((one) => one.recipient),
    ['out'],
  );
  assert.deepEqual(
    [...routes.here].map(([tenant, list]) => [tenant, list.map((one) => one.recipient)]),
    [
      [2, ['zoe']],
      [1, ['ours']],
    ],
  );
  assert.deepEqual(
    [...routes.refused].map(([n, fate]) => [names[n], fate.kind === 'refused' && fate.reply.slice(0, 9)]),
    [
      ['nobody', '550 5.1.1'],
      ['theirs', '550 5.7.1'],
    ],
  );
});
