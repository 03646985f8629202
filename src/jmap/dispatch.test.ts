import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, USING, type Json } from '../../test/support/http.ts';
import { METHODS } from './registry.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben, zoe } = world;

test('calls are answered in their order, each under its id, and one that fails keeps none from being made', async () => {
  const response = await ana.fetch('/jmap/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      using: USING,
      methodCalls: [
        ['Core/echo', { a: [1, null, { b: 'ü' }] }, 'same'],
        ['Nobody/knows', {}, 'x'],
        ['toString', {}, 'y'],
        ['Core/echo', {}, 'same'],
      ],
      more: 'is ignored',
    }),
  });
  const body = (await response.json()) as Json;
  assert.deepEqual(Object.keys(body), ['methodResponses', 'sessionState']);
  assert.deepEqual(body['methodResponses'], [
    ['Core/echo', { a: [1, null, { b: 'ü' }] }, 'same'],
    ['error', { type: 'unknownMethod' }, 'x'],
    ['error', { type: 'unknownMethod' }, 'y'],
    ['Core/echo', {}, 'same'],
  ]);
});

test('a method of a capability that is not used is unknown', async () => {
  const using = ['urn:ietf:params:jmap:core'];
  const args = { accountId: ana.accountId, ids: [] };
  const [echo, mailbox, recall] = await ana.responses(
    [
      ['Core/echo', {}],
      ['Mailbox/get', args],
      ['Recall/get', args],
    ],
    { using },
  );
  assert.deepEqual(echo, ['Core/echo', {}]);
  for (const answer of [mailbox, recall]) assert.deepEqual(answer, ['error', { type: 'unknownMethod' }]);
  assert.deepEqual(await ana.responses([['Core/echo', {}]], { using: [] }), [['error', { type: 'unknownMethod' }]]);
});

test("every method asks for an account that is the caller's, and for arguments that it knows", async () => {
  for (const [name, { capability }] of Object.entries(METHODS)) {
    if (name === 'Core/echo') continue;
    const call = async (args: Json): Promise<unknown> => (await ana.responses([[name, args]]))[0]?.[1]?.['type'];
    // RFC 8620 §7.2: of a person's sign-in, not of an account.
    if (name.startsWith('PushSubscription/')) {
      assert.equal(await call({ accountId: ana.accountId }), 'invalidArguments', name);
      continue;
    }
    const from = name.endsWith('/copy') ? { fromAccountId: `a${world.office}` } : {};
    assert.equal(await call({ ...from }), 'invalidArguments', name);
    assert.equal(await call({ ...from, accountId: 7 }), 'invalidArguments', name);
    for (const stranger of [ben, zoe]) {
      assert.equal(await call({ ...from, accountId: stranger.accountId }), 'accountNotFound', name);
    }
    // Who has no role is told of that before anything.
    const isAdmins = capability === 'urn:x-homing:admin';
    const type = isAdmins ? 'forbidden' : 'invalidArguments';
    assert.equal(await call({ ...from, accountId: ana.accountId, nobodyKnows: 1 }), type, name);
    assert.ok(isAdmins || USING.includes(capability));
  }
});

test('whose mail one may read one may not therefore send as', async () => {
  const accountId = `a${world.office}`;
  for (const name of ['Identity/get', 'EmailSubmission/get', 'EmailSubmission/set']) {
    assert.equal((await ben.call(name, { accountId }))['error'], 'accountNotSupportedByMethod', name);
    assert.equal((await ana.call(name, { accountId }))['error'], undefined, name);
  }
  assert.equal((await ben.call('Mailbox/get', { accountId }))['error'], undefined);
});

test('results are referred to', async () => {
  const { accountId } = ana;
  const answers = await ana.responses([
    ['Mailbox/query', { accountId, sort: [{ property: 'name' }], limit: 2 }],
    [
      'Mailbox/get',
      { accountId, '#ids': { resultOf: 'c0', name: 'Mailbox/query', path: '/ids' }, properties: ['name'] },
    ],
    ['Mailbox/get', { accountId, '#ids': { resultOf: 'c1', name: 'Mailbox/get', path: '/list/*/id' }, properties: [] }],
    ['Mailbox/get', { accountId, '#ids': { resultOf: 'c1', name: 'Mailbox/get', path: '/list/*/nothing' } }],
    ['Mailbox/get', { accountId, ids: [], '#ids': { resultOf: 'c0', name: 'Mailbox/query', path: '/ids' } }],
  ]);
  const types = answers.map(([name, result]) => (name === 'error' ? result['type'] : name));
  assert.deepEqual(types, [
    'Mailbox/query',
    'Mailbox/get',
    'Mailbox/get',
    'invalidResultReference',
    'invalidArguments',
  ]);
  assert.deepEqual(answers[1]?.[1]['list'], [
    { id: 'f4', name: 'Archive' },
    { id: 'f2', name: 'Drafts' },
  ]);
  assert.deepEqual(answers[2]?.[1]['list'], [{ id: 'f4' }, { id: 'f2' }]);
});

test('what is created is known by its creation id to the calls after it, and to the next request if it is told', async () => {
  const { accountId } = ana;
  const call = async (createdIds?: Json): Promise<Json> => {
    const response = await ana.fetch('/jmap/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        using: USING,
        methodCalls: [['Mailbox/set', { accountId, create: { child: { name: 'Child', parentId: '#parent' } } }, 'c']],
        ...(createdIds ? { createdIds } : {}),
      }),
    });
    return (await response.json()) as Json;
  };
  const [, second] = await ana.responses([
    ['Mailbox/set', { accountId, create: { parent: { name: 'Parent' } } }],
    ['Mailbox/set', { accountId, create: { inner: { name: 'Inner', parentId: '#parent' } } }],
  ]);
  assert.ok((second?.[1]['created'] as Json | null)?.['inner']);
  const without = await call();
  assert.equal(without['createdIds'], undefined);
  const [[, failed]] = without['methodResponses'] as [[string, Json]];
  assert.deepEqual((failed['notCreated'] as Record<string, Json>)['child']?.['properties'], ['parentId']);
  const told = await call({ parent: 'f1' });
  const [[, made]] = told['methodResponses'] as [[string, Json]];
  const { id } = (made['created'] as Record<string, Json>)['child'] ?? {};
  assert.deepEqual(told['createdIds'], { parent: 'f1', child: id });
});

test('a fault of ours is told without its cause', async (t) => {
  t.mock.method(world.services.store, 'rows', () => Promise.reject(new Error('secret')));
  const { error, description } = await ana.call('Mailbox/get', { ids: null });
  assert.equal(error, 'serverFail');
  assert.doesNotMatch(String(description), /secret/);
});
