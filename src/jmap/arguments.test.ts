// Whatever arguments a method gets: it answers, and never by a fault of ours.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { httpWorld, type Json } from '../../test/support/http.ts';
import { METHODS } from './registry.ts';

const world = await httpWorld({ rateLimit: 0 });
after(() => world.close());
const { ana } = world;

await world.deliver([ana.account], 'Something to find');
const identity = ((await ana.call('Identity/get'))['list'] as { id: string }[])[0]?.id ?? '';
const [received = ''] = (await ana.call('Email/query'))['ids'] as string[];
const draft = { mailboxIds: { f2: true }, from: [{ email: ana.address }], to: [{ email: ana.address }], subject: 'x' };
const { created } = await ana.call('Email/set', { create: { k: draft } });
const email = (created as Record<string, { id: string }>)['k']?.id ?? '';
const submitted = await ana.call('EmailSubmission/set', { create: { k: { identityId: identity, emailId: email } } });
const submission = (submitted['created'] as Record<string, { id: string }>)['k']?.id ?? '';

/** What is known to be wrong somewhere: text, numbers and objects at the edges of what the database takes. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    '\0',
    'a\0b',
    '\ud800',
    '😀',
    'x'.repeat(3000),
    '__proto__',
    'constructor',
    '*',
    '%',
    "'",
    '{}',
    -1,
    0,
    1.5,
    2 ** 31,
    2 ** 53 - 1,
    1e300,
    [],
    {},
    [null],
    [[]],
    '2026-01-01T00:00:00Z',
    '9999999-01-01',
    'NaN',
    received,
    email,
    submission,
    identity,
    'f1',
    'f9999999999',
    'm9007199254740991',
    't1',
    'r1',
    'o1_1',
    '#k',
    `e${received.slice(1)}`,
    `e${email.slice(1)}_1`,
    'u00000000-0000-0000-0000-000000000000',
    ana.address,
  ),
  fc.string(),
  fc.jsonValue({ maxDepth: 2 }),
);

const PAGE = ['filter', 'sort', 'position', 'anchor', 'anchorOffset', 'limit', 'calculateTotal'];

/** What a method takes, by the second half of its name. */
const NAMES: Record<string, string[]> = {
  get: ['ids', 'properties'],
  changes: ['sinceState', 'maxChanges'],
  query: PAGE,
  queryChanges: ['filter', 'sort', 'sinceQueryState', 'maxChanges', 'upToId', 'calculateTotal'],
  set: ['create', 'update', 'destroy', 'ifInState'],
  copy: ['fromAccountId', 'create', 'blobIds', 'ifFromInState', 'onSuccessDestroyOriginal'],
  import: ['emails', 'ifInState'],
  parse: ['blobIds', 'properties', 'bodyProperties', 'fetchAllBodyValues', 'maxBodyValueBytes'],
  preview: ['emailId', 'recipients'],
  restore: ['recallId'],
  echo: ['anything'],
};

const MORE: Record<string, string[]> = {
  'Email/get': ['bodyProperties', 'fetchAllBodyValues', 'fetchTextBodyValues', 'maxBodyValueBytes'],
  'Email/query': ['collapseThreads'],
  'Email/queryChanges': ['collapseThreads'],
  'Mailbox/query': ['sortAsTree', 'filterAsTree'],
  'Mailbox/set': ['onDestroyRemoveEmails'],
  'EmailSubmission/set': ['onSuccessUpdateEmail', 'onSuccessDestroyEmail'],
  'SearchSnippet/get': ['filter', 'emailIds'],
};

function namesOf(method: string): string[] {
  const names = [...(NAMES[method.split('/')[1] ?? ''] ?? []), ...(MORE[method] ?? [])];
  return method === 'SearchSnippet/get' ? ['filter', 'emailIds'] : names;
}

const inner = [
  'id',
  'name',
  'parentId',
  'role',
  'sortOrder',
  'isSubscribed',
  'email',
  'replyTo',
  'textSignature',
  'emailId',
  'identityId',
  'envelope',
  'sendAt',
  'undoStatus',
  'mailboxIds',
  'keywords',
  'subject',
  'from',
  'bodyValues',
  'textBody',
  'attachments',
  'headers',
  'receivedAt',
  'blobId',
  'mode',
  'recipients',
  'reason',
  'status',
  'text',
  'operator',
  'conditions',
  'property',
  'isAscending',
  'collation',
  'inMailbox',
  'hasKeyword',
  'before',
  'header',
  'mailFrom',
  'rcptTo',
  'parameters',
  'recallId',
  'outcome',
  'keywords/x',
  'mailboxIds/f1',
  'header:Subject:asText',
];

const objectOf = (keys: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.array(fc.tuple(fc.constantFrom(...keys), value), { maxLength: 5 }).map((entries) => Object.fromEntries(entries));

const ids = [
  received,
  email,
  submission,
  identity,
  'f1',
  'f7',
  'f9999999999',
  'm9007199254740991',
  't1',
  's1',
  'r1',
  'o1_1',
];
const blobs = [`e${received.slice(1)}`, `e${email.slice(1)}_1`, 'u00000000-0000-0000-0000-000000000000', 'e1_9-9'];
const someIds = fc.array(fc.constantFrom(...ids, ...blobs, '#k', 'x'), { maxLength: 4 });
const shallow = fc.oneof(odd, objectOf(inner, odd), fc.array(objectOf(inner, odd), { maxLength: 2 }), someIds);
const patch = objectOf(inner, fc.oneof(odd, shallow, objectOf(inner, shallow)));
const mapOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  objectOf(['k', '__proto__', ...ids, '#k'], value);
const condition = objectOf([...inner, 'parentId', 'emailIds', 'undoStatus', 'hasAnyRole', 'minSize', 'body'], shallow);
const operator = fc.record({
  operator: fc.constantFrom('AND', 'OR', 'NOT', 'XOR'),
  conditions: fc.array(condition, { maxLength: 3 }),
});
const comparator = fc.record({
  property: fc.constantFrom(
    'name',
    'sortOrder',
    'receivedAt',
    'subject',
    'sentAt',
    'createdAt',
    'hasKeyword',
    'emailId',
    'x',
  ),
  isAscending: fc.boolean(),
  collation: fc.constantFrom('i;octet', 'i;unicode-casemap', 'i;ascii-numeric', 'i;none'),
  keyword: fc.constantFrom('$seen', '\0', ''),
});
const number = fc.constantFrom(-5, -1, 0, 1, 2, 1000, 2 ** 31, 2 ** 53 - 1);

/** What an argument is when it is right, more or less. */
const RIGHT: Record<string, fc.Arbitrary<unknown>> = {
  ids: someIds,
  destroy: someIds,
  blobIds: someIds,
  emailIds: someIds,
  onSuccessDestroyEmail: someIds,
  properties: fc.subarray(['id', 'name', 'subject', 'bodyValues', 'emailIds', 'counts', 'header:X:asDate']),
  bodyProperties: fc.subarray(['partId', 'type', 'header:X', 'subParts']),
  create: mapOf(patch),
  update: mapOf(patch),
  emails: mapOf(patch),
  onSuccessUpdateEmail: mapOf(patch),
  filter: fc.oneof(fc.constant(null), condition, operator),
  sort: fc.array(comparator, { maxLength: 2 }),
  position: number,
  anchorOffset: number,
  limit: number,
  maxChanges: number,
  maxBodyValueBytes: number,
  sinceState: fc.constantFrom('0', '1', '5', '99999999', 'x'),
  sinceQueryState: fc.constantFrom('0', '1', '5', 'x'),
  anchor: fc.constantFrom(...ids),
  emailId: fc.constantFrom(...ids),
  recallId: fc.constantFrom('r1', 'x'),
  recipients: fc.array(fc.constantFrom(ana.address, 'x', '\0')),
};

/** Right three times of four. */
const argumentOf = (name: string): fc.Arbitrary<[string, unknown]> =>
  fc
    .oneof({ weight: 3, arbitrary: RIGHT[name] ?? fc.boolean() }, { weight: 1, arbitrary: odd })
    .map((value): [string, unknown] => [name, value]);

const call = fc
  .constantFrom(...Object.keys(METHODS))
  .chain((name) =>
    fc
      .subarray(namesOf(name))
      .chain((names) => fc.tuple(...names.map(argumentOf)))
      .map((entries): [string, Json] => [name, Object.fromEntries(entries)]),
  )
  .map(([name, args]): [string, Json] => {
    const from = name.endsWith('/copy') ? { fromAccountId: `a${world.office}` } : {};
    return [name, { accountId: ana.accountId, ...from, ...args }];
  });

const answered: Record<string, number> = {};

test('no method fails for what it is given', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), async (calls) => {
      const responses = await ana.responses(JSON.parse(JSON.stringify(calls)) as [string, Json][]);
      for (const [name] of responses) answered[name] = (answered[name] ?? 0) + 1;
      const failed = responses.find(([name, result]) => name === 'error' && result['type'] === 'serverFail');
      assert.equal(failed, undefined, JSON.stringify(calls));
    }),
    { numRuns: 400, seed: 20261123 },
  );
  // Else it was all refused at the door.
  assert.ok(Object.keys(answered).length > 25, Object.keys(answered).join());
});

test('an object that makes no text of itself, for every argument that is a text', async () => {
  const texts = [
    'sinceState',
    'sinceQueryState',
    'ifInState',
    'ifFromInState',
    'destroyFromIfInState',
    'anchor',
    'upToId',
  ];
  for (const odd of [{ toString: 'x' }, { toString: {}, valueOf: 1 }])
    for (const name of Object.keys(METHODS)) {
      const { accountId } = ana;
      const args = {
        accountId,
        fromAccountId: `a${world.office}`,
        create: {},
        emails: {},
        sinceState: '0',
        sinceQueryState: '0',
      };
      const calls = texts.map((text): [string, Json] => [name, { ...args, [text]: odd }]);
      for (const [i, [answer, result]] of (await ana.responses(calls)).entries())
        assert.notEqual(`${answer} ${String(result['type'])}`, 'error serverFail', `${name} ${texts[i]}`);
    }
});
