// Every JMAP method and every HTTP route against every kind of stranger: nobody, another organisation's owner, another
// account, a delegate who may do much but read, and each role. Made from the registry and from the routes there are, so that
// what comes anew has to say here what it takes. A stranger gets neither Ana's secret nor anything of hers changed; a role
// gets what its duties are and no more.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasDuty, type GivenRole } from '../../src/mail/roles.ts';
import { METHODS } from '../../src/jmap/registry.ts';
import { LIMITS } from '../../src/jmap/limits.ts';
import { startTestHoming } from '../support/homing.ts';
import { clientOf, PASSWORD, USING, type Client, type Json } from '../support/http.ts';
import { askRecall, draft, sendMail } from '../support/recalling.ts';

const SECRET = 'xyzzy';

const homing = await startTestHoming({ policy: { rateLimit: 0, holdOutsideSeconds: 0, alertRecipients: 2 } });
after(() => homing.close());
const ana = await homing.client('ana@pigeon.test');

interface Stranger {
  who: string;
  client: Client;
  roles: GivenRole[];
  /** Of Ana's organisation. */
  isInside: boolean;
}

const strangers: Stranger[] = [];
/** Ids of Ana's things, of every kind; and those that some methods want by name. */
const ids: string[] = [];
const of = {
  email: '',
  draft: '',
  thread: '',
  blob: '',
  upload: '',
  recall: '',
  alert: '',
  message: '',
  submission: '',
  group: '',
};

before(async () => {
  const add = async (who: string, roles: GivenRole[]): Promise<void> => {
    const address = `${who}@pigeon.test`;
    const id = await homing.admin.addAccount({ address, password: PASSWORD, roles });
    strangers.push({ who, client: clientOf(homing.base, address, id), roles, isInside: true });
  };
  await add('stranger', []);
  await add('delegate', []);
  for (const role of ['recall-admin', 'directory-admin', 'auditor', 'owner'] as const) await add(role, [role]);
  await homing.admin.delegate('ana@pigeon.test', 'delegate@pigeon.test', ['send-as', 'send-on-behalf', 'recall']);
  await homing.admin.setAccount('zoe@other.test', { addRoles: ['owner'] });
  const zoe = await homing.client('zoe@other.test');
  strangers.push({ who: "another organisation's owner", client: zoe, roles: ['owner'], isInside: false });
  await seed();
});

const first = (answer: Json, key = 'k'): string =>
  (answer['created'] as Record<string, { id: string }> | null)?.[key]?.id ?? '';

/** Ana's secret, in everything that she can have. */
async function seed(): Promise<void> {
  const sent = await sendMail(ana, ['ana@pigeon.test', 'x@outside.test'], `Secret ${SECRET}`);
  of.email = sent.emailId;
  of.submission = sent.submissionId;
  of.draft = await draft(ana, ['ana@pigeon.test'], `Draft ${SECRET}`);
  await homing.settle();
  const { list } = (await ana.call('Email/get', { ids: [of.email], properties: ['threadId', 'blobId'] })) as {
    list: Json[];
  };
  of.thread = String(list[0]?.['threadId']);
  of.blob = String(list[0]?.['blobId']);
  const upload = await ana.fetch(`/jmap/upload/${ana.accountId}/`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: `Upload ${SECRET}`,
  });
  of.upload = String(((await upload.json()) as Json)['blobId']);
  const mailbox = await ana.call('Mailbox/set', { create: { k: { name: `Box ${SECRET}` } } });
  const identity = (await ana.call('Identity/get'))['list'] as Json[];
  await ana.call('Identity/set', { update: { [String(identity[0]?.['id'])]: { textSignature: SECRET } } });
  const rule = await ana.call('InboxRule/set', {
    create: { k: { name: SECRET, conditions: { subject: [SECRET] }, actions: { flag: true } } },
  });
  await ana.call('VacationResponse/set', { update: { singleton: { textBody: SECRET } } });
  const word = await ana.call('AppPassword/set', { create: { k: { name: SECRET } } });
  of.recall = String((await askRecall(ana, of.email, { reason: SECRET }))['id']);
  await homing.settle();
  // Its recall is one of many recipients.
  of.alert = `al${of.recall.slice(1)}`;
  // A submission has its message's number.
  of.message = `mg${of.submission.slice(1)}`;
  of.group = `g${await homing.admin.addGroup({ address: 'secret@pigeon.test', name: SECRET, membersVisibleTo: 'administrators' })}`;
  ids.push(
    ...Object.values(of),
    first(mailbox),
    first(rule),
    first(word),
    String(identity[0]?.['id']),
    ana.accountId,
    'singleton',
  );
  assert.ok(
    ids.every((id) => id !== '' && id !== 'undefined'),
    JSON.stringify(of),
  );
}

/** Of whoever is signed in, and of no account (RFC 8620 §7.2). */
const isOfNoAccount = (method: string): boolean => method.startsWith('PushSubscription/');

/** What a method of its own making is asked. Others are asked by what their names end with. */
const ASKED: Record<string, () => Json> = {
  'Core/echo': () => ({}),
  'Blob/copy': () => ({ fromAccountId: ana.accountId, blobIds: [of.blob, of.upload] }),
  'Blob/get': () => ({ ids: [of.blob, of.upload], properties: ['data:asText', 'size'] }),
  'Blob/lookup': () => ({ typeNames: ['Email', 'Thread', 'Mailbox'], ids: [of.blob] }),
  'Blob/upload': () => ({ create: { k: { data: [{ blobId: of.upload }] } } }),
  'Email/copy': () => ({ fromAccountId: ana.accountId, create: { k: { id: of.email, mailboxIds: { f1: true } } } }),
  'Email/import': () => ({ emails: { k: { blobId: of.blob, mailboxIds: { f1: true } } } }),
  'Email/parse': () => ({ blobIds: [of.blob, of.upload], fetchAllBodyValues: true }),
  'Email/query': () => ({ filter: { text: SECRET } }),
  'Email/set': () => ({ ...set(), create: { k: { mailboxIds: { f2: true }, attachments: [{ blobId: of.upload }] } } }),
  'EmailSubmission/set': () => ({ ...set(), create: { k: { emailId: of.draft, identityId: 'i1' } } }),
  'SearchSnippet/get': () => ({ emailIds: [of.email, of.draft], filter: { text: SECRET } }),
  'Principal/query': () => ({ filter: { text: SECRET, type: 'individual' } }),
  'Recall/set': () => ({ ...set({ status: 'cancelled' }), create: { k: { emailId: of.email, reason: 'x' } } }),
  'Recall/preview': () => ({ emailId: of.email }),
  'Recall/recipients': () => ({ emailId: of.email }),
  'Recall/restore': () => ({ recallId: of.recall }),
  'RecallOutcome/query': () => ({ filter: { recallId: of.recall } }),
  'RecallOutcome/get': () => ({ ids: [1, 2].map((n) => `o${of.recall.slice(1)}_${n}`) }),
  'AdminRecall/set': () => ({ ...set({ status: 'cancelled' }), create: { k: { message: of.message, reason: 'x' } } }),
  'AdminRecall/pack': () => ({ recallId: of.recall }),
  'AdminRecall/statistics': () => ({ bounds: ['2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z'] }),
  'AdminRecall/preview': () => ({ message: of.message }),
  'AdminRecall/restore': () => ({ recallId: of.recall }),
  'AdminRecall/undo': () => ({ account: 'ana@pigeon.test', since: '2020-01-01T00:00:00Z' }),
  'AdminRecallOutcome/query': () => ({ filter: { recallId: of.recall } }),
  'AdminRecallOutcome/get': () => ({ ids: [1, 2].map((n) => `o${of.recall.slice(1)}_${n}`) }),
  'AdminMessage/query': () => ({ filter: { subject: SECRET } }),
  'AdminVault/get': () => ({}),
  'AdminQueue/get': () => ({ ids: [of.message] }),
  'AdminQueue/recipients': () => ({ message: of.message }),
  'AdminQueue/retry': () => ({ message: of.message }),
  'AdminQueue/drop': () => ({ message: of.message }),
  'AdminGroup/members': () => ({ group: of.group }),
  'AdminAudit/verify': () => ({}),
  'AdminAudit/query': () => ({ filter: { subject: SECRET } }),
};

function set(patch: Json = { name: 'taken' }): Json {
  return { update: Object.fromEntries(ids.map((id) => [id, patch])), destroy: ids };
}

const BY_ENDING: Record<string, () => Json> = {
  get: () => ({ ids }),
  changes: () => ({ sinceState: '1' }),
  query: () => ({}),
  queryChanges: () => ({ sinceQueryState: '1' }),
  set: () => set(),
};

function asked(method: string): Json | undefined {
  return (ASKED[method] ?? BY_ENDING[method.split('/')[1] ?? ''])?.();
}

/** Every method once, with these accountIds; answers by method. */
async function callAll(client: Client, accountId: string, methods: string[]): Promise<Map<string, Json[]>> {
  const answers = new Map<string, Json[]>();
  for (let i = 0; i < methods.length; i += LIMITS.maxCallsInRequest) {
    const some = methods.slice(i, i + LIMITS.maxCallsInRequest);
    const body = {
      using: [...USING, 'urn:x-homing:admin'],
      methodCalls: some.map((name) => [name, { ...(isOfNoAccount(name) ? {} : { accountId }), ...asked(name) }, name]),
    };
    const headers = { 'content-type': 'application/json' };
    const response = await client.fetch('/jmap/', { method: 'POST', headers, body: JSON.stringify(body) });
    const { methodResponses } = (await response.json()) as { methodResponses: [string, Json, string][] };
    for (const [name, result, call] of methodResponses)
      answers.set(call, [
        ...(answers.get(call) ?? []),
        name === 'error' ? { error: result['type'], ...result } : result,
      ]);
  }
  return answers;
}

/** All there is of Ana's (or, `whole`, of her organisation's), to be compared. The audit log only grows. */
async function everything(whole: boolean): Promise<Map<string, unknown[]>> {
  const key = whole ? 'tenant_id' : 'account_id';
  const tables = await homing.sql<{ name: string }>(
    `SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name = $1 ORDER BY 1`,
    [key],
  );
  const found = new Map<string, unknown[]>();
  for (const { name } of tables) {
    if (name === 'audit' || name === 'audit_head') continue;
    const rows = `SELECT x::text AS row FROM ${name} x WHERE ${key} = $1 ORDER BY 1`;
    found.set(name, await homing.sql(rows, [whole ? homing.tenant : ana.account]));
  }
  return found;
}

const names = Object.keys(METHODS);
const mayCall = (stranger: Stranger, method: string): boolean => {
  const duty = METHODS[method]?.duty;
  return duty !== undefined && hasDuty(stranger.roles, duty);
};

test('every method says what it is asked', () => {
  for (const name of names) assert.ok(asked(name), `${name} has no arguments in this test`);
  for (const name of Object.keys(ASKED)) assert.ok(name in METHODS, `there is no ${name}`);
});

test('the secret is there to be found: its owner sees it, and so does who may', async () => {
  const own = await callAll(ana, ana.accountId, [
    'Email/get',
    'Mailbox/get',
    'InboxRule/get',
    'VacationResponse/get',
    'Identity/get',
    'AppPassword/get',
    'Recall/get',
  ]);
  for (const [name, answers] of own) assert.match(JSON.stringify(answers), new RegExp(SECRET), name);
  const admin = strangers.find(({ who }) => who === 'recall-admin') ?? assert.fail();
  const shown = await callAll(admin.client, admin.client.accountId, [
    'AdminMessage/get',
    'AdminRecall/get',
    'AdminRecall/pack',
  ]);
  const { list: alerts } = await admin.client.call('AdminAlert/get', { ids: [of.alert] });
  assert.equal((alerts as Json[])[0]?.['recall'], of.recall);
  for (const [name, answers] of shown) assert.match(JSON.stringify(answers), new RegExp(SECRET), name);
});

test('nobody, and who has another password, is asked to sign in first, whatever the method', async () => {
  const before = await everything(true);
  const wrong = `Basic ${Buffer.from('ana@pigeon.test:wrong word').toString('base64')}`;
  for (const headers of [{}, { authorization: wrong }, { cookie: 'homing_session=x' }]) {
    const body = JSON.stringify({
      using: USING,
      methodCalls: names.slice(0, 30).map((name) => [name, { accountId: ana.accountId, ...asked(name) }, 'a']),
    });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
    const response = await fetch(`${homing.base}/jmap/`, init);
    assert.equal(response.status, 401);
    assert.doesNotMatch(await response.text(), new RegExp(SECRET));
  }
  assert.deepEqual(await everything(true), before);
});

describe("in Ana's account", () => {
  test('no stranger gets in, whoever it is and whatever the method', async () => {
    const before = await everything(true);
    for (const { who, client } of strangers) {
      const methods = names.filter((name) => name !== 'Core/echo' && !isOfNoAccount(name));
      const answers = await callAll(client, ana.accountId, methods);
      for (const [name, [answer, ...more]] of answers) {
        assert.deepEqual(
          [answer?.['error'], more.length],
          ['accountNotFound', 0],
          `${who}: ${name}: ${JSON.stringify(answer)}`,
        );
      }
      assert.equal(answers.size, methods.length);
    }
    assert.deepEqual(await everything(true), before);
  });
});

describe("in their own account, by the ids of Ana's things", () => {
  test("nothing of Ana's is shown or changed, but to who has the duty", async () => {
    for (const stranger of strangers) {
      const { who, client, isInside } = stranger;
      // What a role may do it does elsewhere; here everybody tries what is not theirs.
      const methods = names.filter((name) => !(isInside && mayCall(stranger, name)));
      const before = await everything(!isInside);
      const answers = await callAll(client, client.accountId, methods);
      for (const [name, all] of answers) {
        const said = JSON.stringify(all);
        if (name !== 'Core/echo') assert.ok(!said.includes(SECRET), `${who}: ${name}: ${said}`);
        if (METHODS[name]?.duty && !mayCall(stranger, name))
          assert.equal(all[0]?.['error'], 'forbidden', `${who}: ${name}: ${said}`);
      }
      assert.equal(answers.size, methods.length, who);
      assert.deepEqual(await everything(!isInside), before, who);
    }
  });

  test('each role may call what its duties are', async () => {
    for (const stranger of strangers.filter(({ isInside }) => isInside)) {
      const { who, client } = stranger;
      const methods = names.filter((name) => mayCall(stranger, name));
      // Changing nothing: what each does is shown in the tests of its own.
      const harmless = methods.filter((name) => !/\/(?:set|restore|undo|retry|drop)$/.test(name));
      const answers = await callAll(client, client.accountId, harmless);
      for (const [name, [answer]] of answers) assert.notEqual(answer?.['error'], 'forbidden', `${who}: ${name}`);
      for (const name of methods.filter((one) => !harmless.includes(one))) {
        const answer = await client.call(name, {});
        assert.notEqual(answer['error'], 'forbidden', `${who}: ${name}`);
      }
    }
    const none = strangers.filter(({ who }) => who === 'stranger' || who === 'delegate');
    for (const stranger of none)
      assert.deepEqual(
        names.filter((name) => mayCall(stranger, name)),
        [],
      );
  });
});

/** Every route: `open`, or who may come in, and what a stranger's request for Ana's things is. */
const ROUTES: Record<string, 'open' | (() => { path: string; status: number; init?: RequestInit })> = {
  'GET /outside': 'open', // try mode
  'POST /try/begin': 'open', // try mode
  'POST /auth/sign-in': 'open',
  'POST /auth/sign-out': 'open',
  'GET /icon.svg': 'open',
  'GET /': 'open',
  'GET /try': 'open',
  'GET /assets/*': 'open',
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /metrics': 'open', // from this machine: watch-routes.test.ts
  'GET /.well-known/jmap': () => ({ path: '/.well-known/jmap', status: 200 }),
  ...both('POST /jmap', () => ({
    path: '/jmap/',
    status: 200,
    init: {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        using: USING,
        methodCalls: [['Email/get', { accountId: ana.accountId, ids: [of.email] }, 'a']],
      }),
    },
  })),
  ...both('POST /jmap/upload/:accountId', () => ({
    path: `/jmap/upload/${ana.accountId}/`,
    status: 404,
    init: { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'mine' },
  })),
  'GET /jmap/download/:accountId/:blobId/:name': () => ({
    path: `/jmap/download/${ana.accountId}/${of.blob}/x`,
    status: 404,
  }),
  // It tells of the reader's own accounts: what it is asked for names none.
  ...both('GET /jmap/eventsource', () => ({ path: '/jmap/eventsource/?types=x!&closeafter=no&ping=0', status: 400 })),
};

function both(route: string, entry: () => { path: string; status: number; init?: RequestInit }): typeof ROUTES {
  return { [route]: entry, [`${route}/`]: entry };
}

/** The web client's addresses are one page, the same for everybody; under /u/N/ only. */
const isPage = (route: string): boolean =>
  /^GET \/(?:mail|message|compose|recalls?|settings|admin)(?:\/|$)/.test(route);

test('every route has an entry, and every entry a route', () => {
  const routes = [...new Set(homing.routes.map(({ method, url }) => `${method} ${url}`))].filter(
    (route) => !isPage(route) && !route.startsWith('HEAD '),
  );
  const unknown = routes.filter((route) => !(route in ROUTES));
  assert.deepEqual(unknown, [], 'say here who may come in');
  const watched = /healthz|readyz|metrics/;
  assert.deepEqual(
    Object.keys(ROUTES).filter((route) => !routes.includes(route) && !watched.test(route)),
    [],
  );
});

test('every route that is not open: nobody gets in without signing in, and no stranger to what is Ana’s', async () => {
  const before = await everything(true);
  for (const [route, entry] of Object.entries(ROUTES)) {
    if (entry === 'open') continue;
    const { path, status, init } = entry();
    const nobody = await fetch(homing.base + path, init);
    assert.equal(nobody.status, 401, route);
    assert.doesNotMatch(await nobody.text(), new RegExp(SECRET), route);
    for (const { who, client } of strangers) {
      const response = await client.fetch(path, init);
      const body = await response.text();
      assert.equal(response.status, status, `${who}: ${route}: ${body}`);
      assert.ok(!body.includes(SECRET), `${who}: ${route}: ${body}`);
      assert.ok(status !== 200 || !body.includes(`"${ana.accountId}"`) || route.startsWith('POST'), `${who}: ${route}`);
    }
  }
  assert.deepEqual(await everything(true), before);
});
