import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { httpWorld, PASSWORD, USING, type Client, type Json } from '../../test/support/http.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben } = world;

interface Line {
  send(message: Json | string): void;
  next(): Promise<Json>;
  /** The code it was closed with. */
  closed: Promise<number>;
  socket: WebSocket;
}

async function connect(
  client: Client,
  headers: Record<string, string> = {},
  protocols: string[] = ['jmap'],
): Promise<Line> {
  const socket = new WebSocket(`${world.base.replace('http', 'ws')}/jmap/ws/`, protocols, {
    headers: { authorization: client.authorization, ...headers },
  });
  const messages: Json[] = [];
  const waiting: ((message: Json) => void)[] = [];
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Json;
    const taker = waiting.shift();
    if (taker) taker(message);
    else messages.push(message);
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () => resolve());
    socket.on('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))));
    socket.on('error', reject);
  });
  return {
    socket,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next() {
      const first = messages.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

const echo = (id: string): Json => ({
  '@type': 'Request',
  id,
  using: USING,
  methodCalls: [['Core/echo', { hello: id }, 'c']],
});

test('the session says where it is', async () => {
  const session = (await (await ben.fetch('/.well-known/jmap')).json()) as { capabilities: Record<string, Json> };
  assert.deepEqual(session.capabilities['urn:ietf:params:jmap:websocket'], {
    url: `${world.base.replace('http', 'ws')}/jmap/ws/`,
    supportsPush: true,
  });
});

test('requests are answered, each under its id', async () => {
  const line = await connect(ben);
  assert.equal(line.socket.protocol, 'jmap');
  for (const id of ['a', 'b']) line.send(echo(id));
  const answers = [await line.next(), await line.next()].toSorted((x, y) =>
    String(x['requestId']).localeCompare(String(y['requestId'])),
  );
  assert.deepEqual(
    answers.map((one) => [one['@type'], one['requestId'], one['methodResponses']]),
    ['a', 'b'].map((id) => ['Response', id, [['Core/echo', { hello: id }, 'c']]]),
  );
  assert.equal(typeof answers[0]?.['sessionState'], 'string');
  line.socket.close();
});

test('what is wrong with a message is told, and the line stays', async () => {
  const line = await connect(ben);
  const types: unknown[] = [];
  for (const message of [
    '{',
    '[]',
    { '@type': 'Foo', id: 'x' },
    { ...echo('y'), using: ['urn:foo'] },
    { ...echo('z'), methodCalls: 3 },
    { '@type': 'WebSocketPushEnable', dataTypes: 3 },
  ]) {
    line.send(message);
    const answer = await line.next();
    assert.equal(answer['@type'], 'RequestError');
    types.push([String(answer['type']).split(':').at(-1), answer['requestId']]);
  }
  assert.deepEqual(types, [
    ['notJSON', null],
    ['notRequest', null],
    ['notRequest', 'x'],
    ['unknownCapability', 'y'],
    ['notRequest', 'z'],
    ['notRequest', null],
  ]);
  line.send(echo('still'));
  assert.equal((await line.next())['requestId'], 'still');
  line.socket.send(Buffer.from('{}'), { binary: true });
  assert.equal(await line.closed, 1003);
});

test('changes are told from when they are asked for until they are not, and since a state', async () => {
  const line = await connect(ben);
  line.send({ '@type': 'WebSocketPushEnable', dataTypes: ['Mailbox'], pushState: null });
  line.send(echo('on')); // in order: what is enabled before this is answered
  assert.equal((await line.next())['requestId'], 'on');
  await ben.call('Mailbox/set', { create: { k: { name: 'One' } } });
  const told = await line.next();
  assert.deepEqual([told['@type'], Object.keys(told['changed'] as Json)], ['StateChange', [ben.accountId]]);
  const { pushState } = told;
  assert.equal(typeof pushState, 'string');
  line.send({ '@type': 'WebSocketPushDisable' });
  await ben.call('Mailbox/set', { create: { k: { name: 'Two' } } });
  line.send(echo('off'));
  assert.equal((await line.next())['requestId'], 'off', 'and nothing before it');
  const { state } = await ben.call('Mailbox/get', { ids: [] });
  line.send({ '@type': 'WebSocketPushEnable', dataTypes: null, pushState });
  const missed = (await line.next())['changed'] as Record<string, Record<string, string>>;
  assert.equal(missed[ben.accountId]?.['Mailbox'], state);
  line.socket.close();
});

test('what is asked after a WebSocketPushEnable is answered when that is in effect', async () => {
  const [line, other] = [await connect(ben), await connect(ben)];
  const heard: string[] = [];
  line.socket.on('message', (data: Buffer) => heard.push(data.toString()));
  await world.services.store.transact(async (tx) => {
    await tx.rows('LOCK TABLE recall_state IN ACCESS EXCLUSIVE MODE'); // what enabling reads
    line.send({ '@type': 'WebSocketPushEnable', dataTypes: ['Mailbox'], pushState: null });
    line.send(echo('after'));
    line.socket.ping();
    await once(line.socket, 'pong'); // both are there
    other.send(echo('meanwhile'));
    assert.equal((await other.next())['requestId'], 'meanwhile');
    assert.deepEqual(heard, []);
  });
  assert.equal((await line.next())['requestId'], 'after');
  for (const one of [line, other]) one.socket.close();
});

test('a recall is told as any change is, and then there is nothing to be got', async () => {
  const { services } = world;
  const accepted = await services.accept({
    tenant: world.tenant,
    origin: { kind: 'submission', account: ana.account, submittedBy: ana.account, source: 'jmap' },
    mailFrom: ana.address,
    recipients: [{ address: ben.address }],
    bytes: Buffer.from(`From: ${ana.address}\r\nTo: ${ben.address}\r\nSubject: Salaries\r\n\r\nText\r\n`),
  });
  const [id] = (await ben.call('Email/query', { filter: { subject: 'salaries' } }))['ids'] as string[];
  const line = await connect(ben);
  line.send({ '@type': 'WebSocketPushEnable', dataTypes: ['Email'], pushState: null });
  line.send(echo('on'));
  assert.equal((await line.next())['requestId'], 'on');
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
  const get = { accountId: ben.accountId, ids: [id], properties: ['subject'] };
  line.send({ ...echo('gated'), methodCalls: [['Email/get', get, 'g']] });
  const [answered] = (await line.next())['methodResponses'] as [string, Json, string][];
  assert.deepEqual(answered?.[1]['notFound'], [id], 'from the gate on, before anything is told');
  services.recalls.worker.start();
  const told = await line.next();
  await services.recalls.worker.stop();
  assert.deepEqual([told['@type'], Object.keys(told['changed'] as Json)], ['StateChange', [ben.accountId]]);
  line.socket.close();
});

test('only who is signed in, by the protocol’s name, and from a page of ours', async () => {
  const status = async (headers: Record<string, string>, protocols = ['jmap']): Promise<string> =>
    connect(ben, headers, protocols).then(
      () => 'open',
      (error: Error) => error.message,
    );
  assert.equal(await status({ authorization: 'Basic eDp5' }), '401');
  assert.equal(await status({}, ['other']), '400');
  const response = await fetch(`${world.base}/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: ben.address, password: PASSWORD }),
  });
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
  const open = async (origin: string): Promise<string> => {
    const socket = new WebSocket(`${world.base.replace('http', 'ws')}/jmap/ws/`, ['jmap'], {
      headers: { cookie, origin },
    });
    return new Promise((resolve) => {
      socket.on('open', () => {
        socket.terminate();
        resolve('open');
      });
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(String(statusCode)));
      socket.on('error', () => undefined);
    });
  };
  assert.equal(await open(world.base), 'open');
  assert.equal(await open('https://elsewhere.test'), '401');
});

test('who may not be there any more is sent away', async () => {
  const line = await connect(ana);
  await world.admin.delegate('office@pigeon.test', 'ana@pigeon.test', []);
  assert.equal(await line.closed, 1008);
  await world.admin.delegate('office@pigeon.test', 'ana@pigeon.test', ['full', 'send-as']);
});

test('a message that is too large ends the line', async () => {
  const line = await connect(ben);
  line.send({ ...echo('x'), padding: 'x'.repeat(11 << 20) });
  assert.equal(await line.closed, 1009);
});
