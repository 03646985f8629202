// JMAP requests: calls of every method that were right until something in them was changed, dropped, doubled or put
// elsewhere; references between them; JSON that is broken. Each is answered as RFC 8620 has it, and never by a fault.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { METHODS } from '../../src/jmap/registry.ts';
import type { Logger } from '../../src/mail/log.ts';
import { startTestHoming, type TestHoming } from '../support/homing.ts';
import { USING, type Client, type Json } from '../support/http.ts';
import { askRecall, draft, sendMail } from '../support/recalling.ts';
import { fuzz, type Random } from './fuzz.ts';

const faults: string[] = [];
const fault = (detail: object, message: string): void => void faults.push(`${message} ${JSON.stringify(detail)}`);
const log: Logger = { debug: () => undefined, info: () => undefined, warn: fault, error: fault };

let homing: TestHoming;
let ana: Client;
/** A method, and arguments that are right. */
let right: [string, Json][] = [];
let ids: string[] = [];

before(async () => {
  homing = await startTestHoming({ log, policy: { rateLimit: 0, readCopies: 'sender-chooses' } });
  ana = await homing.client('ana@pigeon.test');
  const mine = await draft(ana, ['ben@pigeon.test'], 'A draft');
  const sent = await sendMail(ana, ['ben@pigeon.test', 'all@pigeon.test', 'x@outside.test'], 'Something sent');
  await homing.settle();
  const recall = String((await askRecall(ana, sent.emailId))['id']);
  await homing.settle();
  const identity = String(((await ana.call('Identity/get'))['list'] as Json[])[0]?.['id']);
  const email = ((await ana.call('Email/get', { ids: [mine] }))['list'] as Json[])[0] ?? {};
  const blob = String(email['blobId']);
  const thread = String(email['threadId']);
  const query = {
    filter: { inMailbox: 'f1', text: 'x' },
    sort: [{ property: 'receivedAt', isAscending: false }],
    position: 0,
    limit: 10,
    calculateTotal: true,
  };
  const state = await ana.state('Email');
  ids = [
    mine,
    sent.emailId,
    sent.submissionId,
    recall,
    identity,
    blob,
    thread,
    'f1',
    'f2',
    'f3',
    'f6',
    '#k',
    ana.accountId,
    `a${ana.account + 1}`,
  ];
  const content = {
    mailboxIds: { f2: true },
    keywords: { $draft: true },
    subject: 'Fuzzed',
    from: [{ name: 'Ana', email: ana.address }],
    to: [{ email: 'ben@pigeon.test' }],
    textBody: [{ partId: '1', type: 'text/plain' }],
    bodyValues: { 1: { value: 'Text' } },
    'header:X-Odd:asText': 'odd',
    attachments: [{ blobId: blob, type: 'message/rfc822', name: 'x', disposition: 'attachment' }],
  };
  right = [
    [
      'Email/get',
      {
        ids: [mine],
        properties: ['subject', 'bodyValues', 'header:To:asAddresses'],
        bodyProperties: ['partId', 'type'],
        fetchAllBodyValues: true,
        maxBodyValueBytes: 100,
      },
    ],
    ['Email/query', { ...query, collapseThreads: true }],
    [
      'Email/query',
      {
        filter: {
          operator: 'OR',
          conditions: [
            { subject: 'x' },
            { hasKeyword: '$seen' },
            { operator: 'NOT', conditions: [{ minSize: 1 }, { after: '2026-01-01T00:00:00Z' }] },
          ],
        },
      },
    ],
    [
      'Email/queryChanges',
      { filter: { inMailbox: 'f1' }, sort: query.sort, sinceQueryState: state, maxChanges: 5, calculateTotal: true },
    ],
    ['Email/changes', { sinceState: '1', maxChanges: 5 }],
    [
      'Email/set',
      {
        create: { k: content },
        update: { [mine]: { 'keywords/$flagged': true, 'mailboxIds/f2': true } },
        destroy: ['m9999'],
      },
    ],
    [
      'Email/import',
      { emails: { k: { blobId: blob, mailboxIds: { f2: true }, keywords: {}, receivedAt: '2026-11-23T12:00:00Z' } } },
    ],
    ['Email/parse', { blobIds: [blob], properties: ['subject', 'bodyStructure'], fetchTextBodyValues: true }],
    ['Thread/get', { ids: [thread] }],
    ['Thread/changes', { sinceState: '1' }],
    ['Mailbox/get', { ids: null, properties: ['name', 'totalEmails'] }],
    ['Mailbox/query', { filter: { role: 'inbox' }, sort: [{ property: 'name' }], sortAsTree: true }],
    ['Mailbox/queryChanges', { filter: null, sinceQueryState: `${state}.2` }],
    ['Mailbox/changes', { sinceState: `${state}.1`, maxChanges: 3 }],
    [
      'Mailbox/set',
      {
        create: { k: { name: 'Fuzzed', parentId: 'f1', sortOrder: 3, isSubscribed: true } },
        update: { f4: { name: 'Archived' } },
        destroy: ['f99'],
        onDestroyRemoveEmails: false,
      },
    ],
    [
      'Identity/set',
      {
        create: { k: { email: ana.address, name: 'Ana', replyTo: [{ email: 'x@y.test' }], textSignature: '--' } },
        update: { [identity]: { name: 'A' } },
      },
    ],
    [
      'EmailSubmission/set',
      {
        create: {
          k: {
            emailId: mine,
            identityId: identity,
            envelope: {
              mailFrom: { email: ana.address, parameters: null },
              rcptTo: [{ email: 'ben@pigeon.test', parameters: { NOTIFY: 'NEVER' } }],
            },
          },
        },
        onSuccessUpdateEmail: { '#k': { 'keywords/$draft': null } },
      },
    ],
    ['EmailSubmission/query', { filter: { undoStatus: 'final', emailIds: [mine] }, sort: [{ property: 'sentAt' }] }],
    ['EmailSubmission/get', { ids: [sent.submissionId] }],
    ['SearchSnippet/get', { filter: { text: 'draft' }, emailIds: [mine] }],
    [
      'Recall/set',
      {
        create: {
          k: {
            emailId: sent.emailId,
            mode: 'delete',
            recipients: ['ben@pigeon.test'],
            includeRead: true,
            notifyMe: true,
            reason: 'why',
          },
        },
        update: { [recall]: { status: 'cancelled' } },
      },
    ],
    ['Recall/get', { ids: [recall], properties: ['status', 'counts'] }],
    [
      'Recall/query',
      { filter: { emailId: sent.emailId, status: 'done' }, sort: [{ property: 'createdAt', isAscending: true }] },
    ],
    ['Recall/preview', { emailId: sent.emailId, recipients: ['ben@pigeon.test'] }],
    ['Recall/recipients', { emailId: sent.emailId, text: 'b', position: 0, limit: 10 }],
    ['Recall/restore', { recallId: recall }],
    [
      'RecallOutcome/query',
      { filter: { recallId: recall, outcome: ['recalled'], text: 'b' }, sort: [{ property: 'recipient' }] },
    ],
    ['RecallOutcome/get', { ids: [`o${recall.slice(1)}_1`] }],
    ['RecallPreference/set', { update: { singleton: { acceptsRecalls: false } } }],
    [
      'InboxRule/set',
      {
        create: {
          k: {
            name: 'Rule',
            isEnabled: true,
            conditions: { subject: ['x'] },
            exceptions: {},
            actions: { moveTo: 'f4', markRead: true },
          },
        },
      },
    ],
    ['Principal/query', { filter: { text: 'a', type: 'individual' }, limit: 5 }],
    // Those that are not above, with what most take.
    ...Object.keys(METHODS).map((name): [string, Json] => [
      name,
      name.endsWith('/set')
        ? { create: { k: {} }, update: { x1: {} }, destroy: ['x'] }
        : { ids: ['singleton'], sinceState: '1', filter: {}, blobIds: [blob] },
    ]),
  ];
});
after(() => homing.close());

const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  '',
  'x',
  '\0',
  '\ud800',
  '\u202e',
  '{}',
  '*',
  '%',
  "'; --",
  '__proto__',
  'constructor',
  'toString',
  '#k',
  '/',
  '~0',
  '~1',
  'x'.repeat(7e4),
  [],
  {},
  [[[]]],
  [null],
  { a: { b: { c: {} } } },
  'a@b',
  '<>',
  '=?utf-8?Q?=00?=',
  'utf-8',
  '9999-12-31T23:59:59Z',
  '2026-02-31T00:00:00Z',
  '2026-11-23T12:00:00+99:99',
  'NaN',
];

type Path = (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((one, i) => [i, one])
    : Object.entries(value);
  return [at, ...entries.flatMap(([name, one]) => pathsOf(one, [...at, name]))];
}

/** Changes one thing somewhere in a value, in place. */
function change(random: Random, root: { value: unknown }): void {
  const path = random.pick(pathsOf(root.value));
  const name = path.at(-1);
  const valueAt = (to: Path): unknown =>
    to.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], root.value);
  if (name === undefined) return;
  const parent = valueAt(path.slice(0, -1)) as Record<string | number, unknown>;
  const own = (key: string | number, value: unknown): void =>
    void Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
  switch (random.below(7)) {
    case 0:
      return own(name, random.pick(ODD));
    case 1:
      return void (Array.isArray(parent) ? parent.splice(Number(name), 1) : delete parent[name]);
    case 2:
      return own(name, random.pick(ids));
    case 3: // what stands elsewhere
      return own(name, structuredClone(valueAt(random.pick(pathsOf(root.value)))));
    case 4:
      return own(
        Array.isArray(parent)
          ? parent.length
          : random.pick([...ids, '__proto__', 'x', 'header:X:asDate', '#ids', 'keywords/\0']),
        random.pick(ODD),
      );
    case 5:
      return own(
        name,
        Array.from({ length: random.size(600) }, () => random.pick(ids)),
      );
    default:
      return own(name, [structuredClone(parent[name]), structuredClone(parent[name])]);
  }
}

fuzz('calls that were right are answered, however they were changed', { runs: 140 }, async (random) => {
  const calls = Array.from({ length: 1 + random.below(4) }, (_, i): [string, Json, string] => {
    const [name, args] = random.pick(right);
    const root = { value: structuredClone({ accountId: ana.accountId, ...args }) as unknown };
    if (i > 0 && random.chance(4))
      Object.assign(root.value as Json, {
        '#ids': {
          resultOf: `c${i - 1}`,
          name: random.pick(right)[0],
          path: random.pick(['/ids', '/list/*/id', '/created/k/id', '/*/*', '', '/~', 'x', '/list/*/*/*']),
        },
      });
    for (let n = random.below(4); n > 0; n--) change(random, root);
    return [random.chance(50) ? String(random.pick(ODD)) : name, root.value as Json, `c${i}`];
  });
  const text = JSON.stringify({ using: USING, methodCalls: calls });
  const response = await ana.fetch('/jmap/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: text,
  });
  const answer = (await response.json()) as { methodResponses?: [string, Json, string][]; type?: string };
  const told = (): string => `${text.slice(0, 5000)} → ${JSON.stringify(answer).slice(0, 2000)}`;
  assert.deepEqual(faults.splice(0), [], told());
  if (response.status !== 200) {
    assert.ok(response.status === 400 || response.status === 413, told());
    assert.match(answer.type ?? '', /^urn:ietf:params:jmap:error:/, told());
    return;
  }
  assert.ok(answer.methodResponses);
  for (const [, , id] of calls)
    assert.ok(
      answer.methodResponses.some(([, , of]) => of === id),
      `nothing for ${id}: ${told()}`,
    );
  for (const [name, result] of answer.methodResponses) {
    if (name === 'error') assert.match(String(result['type']), /^[a-z][A-Za-z]+$/, told());
    assert.notEqual(result['type'], 'serverFail', told());
    for (const kind of ['notCreated', 'notUpdated', 'notDestroyed'])
      for (const [of, error] of Object.entries((result[kind] ?? {}) as Record<string, Json>)) {
        assert.match(String(error['type']), /^[a-z][A-Za-z]+$/, `${of} in ${told()}`);
        assert.notEqual(error['type'], 'serverFail', told());
      }
  }
});

fuzz('JSON that is broken is told so', { runs: 100 }, async (random) => {
  const [name, args] = random.pick(right);
  const whole = JSON.stringify({ using: USING, methodCalls: [[name, { accountId: ana.accountId, ...args }, 'c']] });
  const at = random.below(whole.length);
  const text = random.pick([
    whole.slice(0, at),
    whole.slice(0, at) +
      random.pick(['\0', '{', '[', ']', ',', '"', '\\', '\\ud800', '1e999', 'NaN', '\u2028', '}}']) +
      whole.slice(at + random.below(3)),
    '['.repeat(random.size(20_000)),
    `{"using":${'['.repeat(random.size(5000))}`,
    whole.replace('"using"', '"using":[],"using"'),
    whole.replace('"c"', random.pick(['1', 'null', '{}', '"c","d"'])),
  ]);
  const response = await ana.fetch('/jmap/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: text,
  });
  const body = await response.text();
  assert.ok(
    [200, 400, 413].includes(response.status),
    `${text.slice(0, 3000)} → ${response.status} ${body.slice(0, 500)}`,
  );
  assert.ok(JSON.parse(body));
  assert.ok(!body.includes('serverFail'), text.slice(0, 3000));
  assert.deepEqual(faults.splice(0), [], text.slice(0, 3000));
});
