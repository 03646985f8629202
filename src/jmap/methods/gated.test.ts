// Every method against a copy that a gate covers, and against a stranger's: it gets existence at most, and nothing of it
// changes. Driven from the registry, so that a method without an entry here fails.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap, type JmapUser } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { downloadBlob, openBlob, uploadBlob } from '../blob.ts';
import { METHODS } from '../registry.ts';

type Json = Record<string, any>; // eslint-disable-line typescript/no-explicit-any -- answers of any method

/** Ids that must lead nowhere. */
interface Target {
  email: string;
  thread: string;
  blob: string;
  part: string;
}

/** Calls of a method, and what must be true of each answer beyond keeping silent. */
interface Probe {
  calls: (target: Target) => Json[];
  check?: (answer: Json, target: Target) => void;
}

const SECRET = 'xyzzy';
const NO_IDS = 'takes no Email, thread or blob id and shows nothing of an Email';

const t = await testJmap();
after(() => t.close());
const office = await t.newUser('office');
const ben = await t.newUser('ben', [office.account]);
const stranger = await t.newUser('stranger');
// Ids are numbered within each account: the stranger's are none of Ben's.
await t.sql(`UPDATE account_state SET modseq = 50000 WHERE account_id = $1`, [stranger.account]);

const notFoundIn = (property: string, id: (target: Target) => string) => (answer: Json, target: Target) =>
  assert.ok((answer[property] as string[]).includes(id(target)), JSON.stringify(answer));
const refusedIn = (property: string, type: string) => (answer: Json) => {
  const errors = Object.values((answer[property] ?? {}) as Json);
  assert.ok(errors.length > 0, JSON.stringify(answer));
  for (const error of errors) assert.equal(error.type, type);
};
const emptyIds = (answer: Json): void => assert.deepEqual(answer['ids'], []);

const PROBES: Record<string, Probe | string> = {
  'Core/echo': NO_IDS,
  'Blob/copy': {
    calls: ({ blob, part }) => [{ fromAccountId: ben.accountId, accountId: office.accountId, blobIds: [blob, part] }],
    check: refusedIn('notCopied', 'blobNotFound'),
  },
  'Blob/upload': {
    calls: ({ blob, part }) =>
      [blob, part].map((blobId) => ({
        create: { k: { data: [{ blobId }] }, s: { data: [{ blobId, offset: 0, length: 1 }] } },
      })),
    check: refusedIn('notCreated', 'blobNotFound'),
  },
  'Blob/get': {
    calls: ({ blob, part }) => [
      { ids: [blob, part] },
      { ids: [blob, part], properties: ['size', 'digest:sha-256'] },
      { ids: [blob, part], properties: ['id', 'data:asText', 'data:asBase64'], offset: 1, length: 5 },
    ],
    check: (answer, { blob, part }) => assert.deepEqual([answer['list'], answer['notFound']], [[], [blob, part]]),
  },
  'Blob/lookup': {
    calls: ({ blob, part }) => [{ typeNames: ['Mailbox', 'Thread', 'Email'], ids: [blob, part] }],
    check: (answer) => {
      for (const { matchedIds } of answer['list'] as { matchedIds: Json }[])
        assert.deepEqual(matchedIds, { Mailbox: [], Thread: [], Email: [] });
    },
  },
  'PushSubscription/get': NO_IDS,
  'PushSubscription/set': NO_IDS,
  'AppPassword/get': NO_IDS,
  'AppPassword/set': NO_IDS,
  'Quota/get': NO_IDS,
  'Quota/changes': NO_IDS,
  'Quota/query': NO_IDS,
  'Quota/queryChanges': NO_IDS,
  // Administrators' methods are closed to Ben; what they show of a message is for src/jmap/methods/admin-*.test.ts.
  ...Object.fromEntries(Object.entries(METHODS).flatMap(([name, { duty }]) => (duty ? [[name, NO_IDS] as const] : []))),
  'InboxRule/get': NO_IDS,
  'InboxRule/changes': NO_IDS,
  'InboxRule/query': NO_IDS,
  'InboxRule/queryChanges': NO_IDS,
  'InboxRule/set': NO_IDS,
  'Mailbox/get': { calls: () => [{ ids: null }] },
  'Mailbox/changes': NO_IDS,
  'Mailbox/query': NO_IDS,
  'Mailbox/queryChanges': NO_IDS,
  // The one mailbox that may go is empty: the copy is in the Inbox.
  'Mailbox/set': {
    calls: () => [{ destroy: ['f1'], onDestroyRemoveEmails: true }],
    check: (answer) => assert.equal(answer['destroyed'], null),
  },
  'Thread/get': {
    calls: ({ thread }) => [{ ids: [thread] }],
    check: notFoundIn('notFound', (target) => target.thread),
  },
  'Thread/changes': { calls: () => [{ sinceState: '1' }] },
  'Email/get': {
    calls: ({ email }) => [
      ...[
        null,
        ['id'],
        ['mailboxIds', 'keywords'],
        ['subject'],
        ['preview'],
        ['header:Subject'],
        ['bodyStructure'],
        ['recallNotice'],
      ].map((properties) => ({ ids: [email], properties })),
      { ids: [email], fetchAllBodyValues: true },
      { ids: [email], fetchTextBodyValues: true, properties: ['bodyValues'] },
    ],
    check: (answer, target) => {
      assert.deepEqual(answer['list'], []);
      assert.deepEqual(answer['notFound'], [target.email]);
    },
  },
  'Email/changes': { calls: () => [{ sinceState: '1' }] },
  'Email/query': {
    calls: () => [
      ...[
        { text: SECRET },
        { subject: SECRET },
        { body: SECRET },
        { from: SECRET },
        { header: ['Subject', SECRET] },
        { header: ['X-Secret'] },
      ].map((filter) => ({ filter })),
      ...['receivedAt', 'from', 'subject', 'size'].map((property) => ({
        filter: { notKeyword: '$none' },
        sort: [{ property }],
      })),
      { collapseThreads: true, calculateTotal: true },
    ],
    check: emptyIds,
  },
  'Email/queryChanges': {
    calls: () => [{ sinceQueryState: '1', filter: { text: SECRET } }],
    check: (answer) => assert.deepEqual(answer['added'], []),
  },
  'Email/set': {
    calls: ({ email, blob, part }) => [
      { update: { [email]: { 'keywords/$seen': true } } },
      { update: { [email]: { mailboxIds: { f4: true } } } },
      ...['f-1', 'f-2'].map((box) => ({ update: { [email]: { mailboxIds: { [box]: true } } } })),
      { update: { [email]: { subject: `Secret ${SECRET}` } } },
      { update: { [email]: {} } },
      { destroy: [email] },
      { create: { k: { mailboxIds: { f2: true }, attachments: [{ blobId: blob }, { blobId: part }] } } },
    ],
    check: (answer) => {
      assert.deepEqual([answer['created'], answer['updated'], answer['destroyed']], [null, null, null]);
      const errors = [answer['notCreated'], answer['notUpdated'], answer['notDestroyed']].flatMap((map) =>
        Object.values((map ?? {}) as Json),
      );
      for (const error of errors) assert.ok(['notFound', 'blobNotFound'].includes(error.type), JSON.stringify(error));
    },
  },
  'Email/copy': {
    calls: ({ email }) => [
      {
        fromAccountId: ben.accountId,
        accountId: office.accountId,
        create: { k: { id: email, mailboxIds: { f1: true } } },
        onSuccessDestroyOriginal: true,
      },
    ],
    check: refusedIn('notCreated', 'notFound'),
  },
  'Email/import': {
    calls: ({ blob, part }) => [blob, part].map((blobId) => ({ emails: { k: { blobId, mailboxIds: { f4: true } } } })),
    check: refusedIn('notCreated', 'invalidProperties'),
  },
  'Email/parse': {
    calls: ({ blob, part }) => [{ blobIds: [blob, part], fetchAllBodyValues: true }],
    check: (answer, { blob, part }) => assert.deepEqual([answer['parsed'], answer['notFound']], [null, [blob, part]]),
  },
  'SearchSnippet/get': {
    calls: ({ email }) => [{ emailIds: [email], filter: { text: SECRET } }],
    check: (answer, { email }) => assert.deepEqual([answer['list'], answer['notFound']], [[], [email]]),
  },
  'Identity/get': NO_IDS,
  'Identity/changes': NO_IDS,
  'Identity/set': NO_IDS,
  'EmailSubmission/get': { calls: () => [{ ids: null }] },
  'EmailSubmission/changes': NO_IDS,
  'EmailSubmission/query': {
    calls: ({ email, thread }) => [{ filter: { emailIds: [email] } }, { filter: { threadIds: [thread] } }],
    check: emptyIds,
  },
  'EmailSubmission/queryChanges': NO_IDS,
  'EmailSubmission/set': {
    calls: ({ email }) => [
      {
        create: {
          k: {
            identityId: 'i1',
            emailId: email,
            envelope: { mailFrom: { email: 'ben@pigeon.test' }, rcptTo: [{ email: 'somebody@outside.test' }] },
          },
        },
        onSuccessUpdateEmail: { '#k': { 'keywords/$seen': true } },
        onSuccessDestroyEmail: ['#k'],
      },
    ],
    check: refusedIn('notCreated', 'invalidProperties'),
  },
  'VacationResponse/get': NO_IDS,
  'VacationResponse/changes': NO_IDS,
  'VacationResponse/set': NO_IDS,
  'Delegation/get': NO_IDS,
  'Principal/get': NO_IDS,
  'Principal/changes': NO_IDS,
  'Principal/query': NO_IDS,
  'Principal/queryChanges': NO_IDS,
  'Recall/get': { calls: () => [{ ids: null }] },
  'Recall/changes': NO_IDS,
  'Recall/query': { calls: ({ email }) => [{ filter: { emailId: email } }], check: emptyIds },
  'Recall/queryChanges': NO_IDS,
  'Recall/set': {
    calls: ({ email }) => [
      { create: { k: { emailId: email, mode: 'delete' } } },
      { create: { k: { emailId: email, mode: 'replace', replacementEmailId: email } } },
    ],
    check: (answer) => assert.equal(answer['created'], null),
  },
  'Recall/preview': { calls: ({ email }) => [{ emailId: email }] },
  'Recall/recipients': {
    calls: ({ email }) => [{ emailId: email }, { emailId: email, text: SECRET }],
    check: (answer) => assert.equal(answer['error'], 'notFound'),
  },
  'Recall/restore': NO_IDS,
  'RecallOutcome/get': NO_IDS,
  'RecallOutcome/query': NO_IDS,
  'RecallOutcome/queryChanges': NO_IDS,
  'RecallPreference/get': NO_IDS,
  'RecallPreference/changes': NO_IDS,
  'RecallPreference/set': NO_IDS,
};

/** With an attachment and a message inside, so that every kind of blobId has one. */
function secretMail(): string {
  return mail(`Secret ${SECRET}`, {
    from: `${SECRET} <ben@pigeon.test>`,
    body: `The ${SECRET} is here.`,
    headers: [`X-Secret: ${SECRET}`],
  });
}

async function targetOf(user: JmapUser): Promise<Target & { messageNumber: number }> {
  const { messageId: messageNumber, emailIds } = await t.deliver([user.account], secretMail());
  const [row] = await t.sql<{ thread_id: string }>(`SELECT thread_id FROM message WHERE tenant_id = $1 AND id = $2`, [
    t.tenant,
    messageNumber,
  ]);
  return {
    email: `m${emailIds[0]}`,
    thread: `t${row?.thread_id}`,
    blob: `e${emailIds[0]}`,
    part: `e${emailIds[0]}_1`,
    messageNumber,
  };
}

/** Everything there is of mail, to be compared. */
async function everything(): Promise<unknown[]> {
  const tables = ['copy', 'tombstone', 'message', 'submission', 'delivery', 'recall', 'gate'];
  return Promise.all(tables.map((table) => t.sql(`SELECT * FROM ${table} ORDER BY 1, 2, 3, 4`)));
}

const gated = await targetOf(ben);
await t.gate(gated.messageNumber);
const theirs = await targetOf(stranger);
const blobUser = { tenant: t.tenant, account: ben.account, actor: ben.account, program: 'Test Mail' };
const upload = await uploadBlob(
  stranger.context,
  { tenant: t.tenant, account: stranger.account, actor: stranger.account },
  Buffer.from(secretMail()),
  'message/rfc822',
);
const targets: [string, Target][] = [
  ['a covered copy', gated],
  ["a stranger's copy", theirs],
  ["a stranger's upload", { ...theirs, blob: upload.blobId, part: `${upload.blobId}_1` }],
];

test('every method has an entry, and every entry a method', () => {
  assert.deepEqual(Object.keys(PROBES).toSorted(), Object.keys(METHODS).toSorted());
});

for (const [name, { run }] of Object.entries(METHODS)) {
  const probe = PROBES[name];
  if (typeof probe !== 'object') continue;
  test(`${name}: existence at most`, async () => {
    const before = await everything();
    for (const [which, target] of targets) {
      for (const args of probe.calls(target)) {
        ben.context.createdIds.clear();
        const replies = await ben.replies(run, args);
        assert.ok(
          !JSON.stringify(replies).includes(SECRET),
          `${which}: ${JSON.stringify(args)} → ${JSON.stringify(replies)}`,
        );
        assert.deepEqual(replies.slice(1), [], `${which}: nothing succeeded, so nothing follows`);
        if (replies[0]?.[0] !== 'error') probe.check?.(replies[0]?.[1] ?? {}, target);
      }
    }
    assert.deepEqual(await everything(), before, 'nothing has changed');
  });
}

test('download: no such blob', async () => {
  const before = await everything();
  for (const [which, { blob, part }] of targets) {
    for (const blobId of [blob, part]) {
      assert.equal(await openBlob(ben.context, blobUser, blobId), null, which);
      assert.equal(await downloadBlob(ben.context, blobUser, { blobId, type: 'text/plain', name: 'x' }), null, which);
    }
  }
  assert.deepEqual(await everything(), before);
});

/** Probes that find nothing of a copy that may be seen either. */
const BLIND: Record<string, string> = {
  'Mailbox/set': 'the Inbox is never destroyed',
  'EmailSubmission/query': 'nobody submitted it here',
  'Recall/query': 'nobody recalled it here',
  'Recall/set': 'only its sender can recall it',
};

for (const [name, probe] of Object.entries(PROBES)) {
  if (typeof probe !== 'object' || !probe.check) continue;
  test(`${name}: the probe is no dead letter, without a gate it finds a copy`, async () => {
    let found = false;
    const fresh = await targetOf(ben);
    for (const args of probe.calls(fresh)) {
      ben.context.createdIds.clear();
      const [first] = await ben.replies(METHODS[name]?.run ?? assert.fail(), args);
      try {
        assert.notEqual(first?.[0], 'error');
        probe.check?.(first?.[1] ?? {}, fresh);
      } catch {
        found = true;
      }
    }
    assert.equal(found, BLIND[name] === undefined);
  });
}
