import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Client, type Json } from '../../../test/support/http.ts';
import { Unavailable } from '../../mail/errors.ts';

const world = await httpWorld({ maxRecipients: 5, maxMessageSize: 100_000 });
after(() => world.close());
const { ana, ben } = world;
await world.admin.addGroup({ address: 'all@pigeon.test', everybody: true });

type Refused = Record<string, Json & { type: string }>;

const noError: Json = {};

let drafts = 0;

/** A draft of Ana's, from herself to Ben unless said otherwise. */
async function draft(more: Json = {}, client: Client = ana, accountId = client.accountId): Promise<string> {
  const { created, notCreated } = await client.call('Email/set', {
    accountId,
    create: {
      k: {
        mailboxIds: { f2: true },
        keywords: { $draft: true, $seen: true },
        from: [{ email: 'ana@pigeon.test' }],
        to: [{ email: 'ben@pigeon.test' }],
        subject: `Draft ${++drafts}`,
        textBody: [{ partId: '1', type: 'text/plain' }],
        bodyValues: { 1: { value: 'Hello' } },
        ...more,
      },
    },
  });
  const id = (created as Record<string, { id: string }> | null)?.['k']?.id;
  assert.ok(id, JSON.stringify(notCreated));
  return id;
}

const identityOf = async (email: string, client: Client = ana, accountId = client.accountId): Promise<string> =>
  ((await client.call('Identity/get', { accountId }))['list'] as { id: string; email: string }[]).find(
    (one) => one.email === email,
  )?.id ?? '';

const identityId = await identityOf('ana@pigeon.test');

const submit = (submission: Json, more: Json = {}): Promise<Json> =>
  ana.call('EmailSubmission/set', { create: { k: { identityId, ...submission } }, ...more });

async function sent(submission: Json): Promise<Json & { id: string }> {
  const { created, notCreated } = await submit(submission);
  const made = (created as Record<string, Json & { id: string }> | null)?.['k'];
  assert.ok(made, JSON.stringify(notCreated));
  return made;
}

async function refusal(submission: Json): Promise<Json & { type: string }> {
  const answer = await submit(submission);
  assert.deepEqual(answer['created'], null);
  assert.equal(answer['oldState'], answer['newState']);
  const { description: _, ...error } = (answer['notCreated'] as Refused)['k'] ?? noError;
  return { type: '', ...error };
}

async function get(id: string, properties: string[] | null = null): Promise<Json> {
  return ((await ana.call('EmailSubmission/get', { ids: [id], properties }))['list'] as Json[])[0] ?? {};
}

const found = async (client: Client, filter: Json): Promise<string[]> =>
  (await client.call('Email/query', { filter }))['ids'] as string[];

test('sent: it arrives without its Bcc, and the draft becomes the Sent copy as its client says', async () => {
  const emailId = await draft({
    subject: 'Plans',
    cc: [{ email: 'BEN@pigeon.test' }],
    bcc: [{ email: 'ana@pigeon.test' }],
  });
  const [submitted, emails] = await ana.responses([
    [
      'EmailSubmission/set',
      {
        accountId: ana.accountId,
        create: { k: { identityId, emailId } },
        onSuccessUpdateEmail: {
          '#k': { mailboxIds: { f3: true }, 'keywords/$draft': null },
          '#l': { mailboxIds: { f6: true } },
        },
      },
    ],
  ]);
  const made = (submitted?.[1]['created'] as Record<string, Json> | null)?.['k'] ?? {};
  const { list } = await ana.call('Email/get', {
    ids: [emailId],
    properties: ['threadId', 'mailboxIds', 'keywords', 'bcc'],
  });
  const [email] = list as Json[];
  const status = { smtpReply: '250 2.0.0 Delivered', delivered: 'yes', displayed: 'unknown' };
  assert.deepEqual(made, {
    id: made['id'],
    threadId: email?.['threadId'],
    envelope: {
      mailFrom: { email: 'ana@pigeon.test', parameters: null },
      rcptTo: [
        { email: 'BEN@pigeon.test', parameters: null },
        { email: 'ana@pigeon.test', parameters: null },
      ],
    },
    sendAt: '2026-11-23T12:00:00Z',
    undoStatus: 'final',
    deliveryStatus: { 'ana@pigeon.test': status, 'ben@pigeon.test': status },
    dsnBlobIds: [],
    mdnBlobIds: [],
  });
  assert.deepEqual(await get(made['id'] as string), { ...made, identityId, emailId });
  assert.deepEqual([emails?.[0], emails?.[1]['updated']], ['Email/set', { [emailId]: null }]);
  assert.deepEqual([email?.['mailboxIds'], email?.['keywords']], [{ f3: true }, { $seen: true }]);
  assert.deepEqual(email?.['bcc'], [{ name: null, email: 'ana@pigeon.test' }]);

  assert.equal((await found(ana, { subject: 'Plans', inMailbox: 'f3' })).length, 1);
  const [received = ''] = await found(ben, { subject: 'Plans' });
  const text = await (
    await ben.fetch(`/jmap/download/${ben.accountId}/e${received.slice(1)}/x?type=message/rfc822`)
  ).text();
  assert.match(text, /^Subject: Plans/m);
  assert.doesNotMatch(text, /^Bcc:/im);
});

test('who may not be asked what they are: one identity, one Email, both theirs and there', async () => {
  const emailId = await draft();
  assert.deepEqual(await refusal({ emailId: 'm999' }), { type: 'invalidProperties', properties: ['emailId'] });
  assert.deepEqual(await refusal({ emailId, identityId: 'i999' }), {
    type: 'invalidProperties',
    properties: ['identityId'],
  });
  assert.deepEqual(await refusal({ identityId: 1, emailId: null }), {
    type: 'invalidProperties',
    properties: ['identityId', 'emailId'],
  });
  assert.deepEqual(await refusal({ emailId, undoStatus: 'final' }), {
    type: 'invalidProperties',
    properties: ['undoStatus'],
  });
});

test('nobody sends as somebody else', async () => {
  const others = [{ email: 'ben@pigeon.test' }];
  assert.deepEqual(await refusal({ emailId: await draft({ from: others }) }), { type: 'forbiddenFrom' });
  assert.deepEqual(await refusal({ emailId: await draft({ sender: others }) }), { type: 'forbiddenFrom' });
  const emailId = await draft();
  const rcptTo = others;
  for (const email of ['ben@pigeon.test', '', 'somebody@outside.test']) {
    assert.deepEqual(await refusal({ emailId, envelope: { mailFrom: { email }, rcptTo } }), {
      type: 'forbiddenMailFrom',
    });
  }
  assert.deepEqual(await refusal({ emailId: await draft({ from: null }) }), {
    type: 'invalidEmail',
    properties: ['from'],
  });
  const both = [{ email: 'ana@pigeon.test' }, { email: 'a.silva@pigeon.test' }];
  assert.deepEqual(await refusal({ emailId: await draft({ from: both }) }), {
    type: 'invalidEmail',
    properties: ['from'],
  });
  assert.ok(await sent({ emailId: await draft({ from: both, sender: [{ email: 'ana@pigeon.test' }] }) }));
  assert.ok(await sent({ emailId: await draft({ from: [{ email: 'A.Silva@pigeon.test' }] }) }));
});

test('recipients: some, not too many, and all of them there', async () => {
  assert.deepEqual(await refusal({ emailId: await draft({ to: null }) }), { type: 'noRecipients' });
  const emailId = await draft();
  const mailFrom = { email: 'ana@pigeon.test' };
  const to = (...emails: unknown[]): Json => ({
    emailId,
    envelope: { mailFrom, rcptTo: emails.map((email) => ({ email })) },
  });
  assert.deepEqual(await refusal(to()), { type: 'noRecipients' });
  assert.deepEqual(await refusal(to('ben@pigeon.test', 'x y', 'nobody')), {
    type: 'invalidRecipients',
    invalidRecipients: ['x y', 'nobody'],
  });
  assert.deepEqual(await refusal(to('nobody@pigeon.test', 'ben@pigeon.test', 'noone@pigeon.test')), {
    type: 'invalidRecipients',
    invalidRecipients: ['nobody@pigeon.test', 'noone@pigeon.test'],
  });
  const six = Array.from({ length: 6 }, (_, i) => `x${i}@outside.test`);
  assert.deepEqual(await refusal(to(...six)), { type: 'tooManyRecipients', maxRecipients: 5 });
  for (const envelope of [1, {}, { mailFrom, rcptTo: 'x' }, { mailFrom: 'x', rcptTo: [] }, { mailFrom, rcptTo: [1] }]) {
    assert.deepEqual(await refusal({ emailId, envelope }), { type: 'invalidProperties', properties: ['envelope'] });
  }
  assert.deepEqual(await found(ben, { subject: `Draft ${drafts}` }), []);
});

test('a message that has grown too large since it was stored', async () => {
  const emailId = await draft({ bodyValues: { 1: { value: 'x'.repeat(2000) } } });
  await world.admin.setPolicy(world.tenant, { maxMessageSize: 2000 });
  assert.deepEqual(await refusal({ emailId }), { type: 'tooLarge', maxSize: 2000 });
  await world.admin.setPolicy(world.tenant, { maxMessageSize: 100_000 });
});

test('what goes outside waits, can be taken back meanwhile, and once', async () => {
  const emailId = await draft({ to: [{ email: 'anyone@outside.test' }] });
  const { id, sendAt, undoStatus, deliveryStatus } = await sent({ emailId });
  assert.deepEqual([sendAt, undoStatus], ['2026-11-23T12:00:30Z', 'pending']);
  assert.equal((deliveryStatus as Record<string, Json>)['anyone@outside.test']?.['delivered'], 'queued');
  const state = await ana.state('EmailSubmission');
  const cancel = (patch: Json = { undoStatus: 'canceled' }): Promise<[string, Json][]> =>
    ana.responses([
      [
        'EmailSubmission/set',
        {
          accountId: ana.accountId,
          update: { [id]: patch },
          onSuccessUpdateEmail: { [id]: { 'keywords/$flagged': true } },
        },
      ],
    ]);
  for (const patch of [
    { undoStatus: 'final' },
    { undoStatus: 'canceled', sendAt: '2027-01-01T00:00:00Z' },
    { emailId: 'm1' },
  ]) {
    const [[, refused] = ['', {}]] = await cancel(patch);
    assert.equal((refused['notUpdated'] as Refused)[id]?.type, 'invalidProperties');
  }
  const [set, email] = await cancel();
  assert.deepEqual(set?.[1]['updated'], { [id]: null });
  assert.deepEqual(email?.[1]['updated'], { [emailId]: null });
  assert.deepEqual(await get(id, ['undoStatus', 'deliveryStatus']), {
    id,
    undoStatus: 'canceled',
    deliveryStatus: {
      'anyone@outside.test': {
        smtpReply: '550 5.7.0 Taken back before it was delivered',
        delivered: 'no',
        displayed: 'unknown',
      },
    },
  });
  assert.deepEqual((await ana.call('EmailSubmission/changes', { sinceState: state }))['updated'], [id]);
  assert.deepEqual((await cancel())[0]?.[1]['updated'], { [id]: null });
  const rows = await world.sql<{ state: string }>(`SELECT state FROM delivery WHERE message_id = $1`, [id.slice(1)]);
  assert.deepEqual(rows, [{ state: 'stopped' }]);
});

test('what has arrived somewhere cannot be unsent; the whole object may be handed back', async () => {
  const { id } = await sent({ emailId: await draft() });
  const update = async (patch: Json): Promise<unknown> => {
    const { updated, notUpdated } = await ana.call('EmailSubmission/set', { update: { [id]: patch } });
    return (notUpdated as Refused | null)?.[id]?.type ?? (updated as Json)[id];
  };
  assert.equal(await update({ undoStatus: 'canceled' }), 'cannotUnsend');
  assert.equal(await update(await get(id)), null);
  const { notUpdated } = await ana.call('EmailSubmission/set', { update: { s999: { undoStatus: 'canceled' } } });
  assert.equal((notUpdated as Refused)['s999']?.type, 'notFound');
});

test('sent later: by sendAt, or as FUTURERELEASE has it', async () => {
  const mailFrom = (parameters: Json): Json => ({
    envelope: { mailFrom: { email: 'ana@pigeon.test', parameters }, rcptTo: [{ email: 'ben@pigeon.test' }] },
  });
  for (const [more, at] of [
    [{ sendAt: '2026-11-24T12:00:00Z' }, '2026-11-24T12:00:00Z'],
    [{ sendAt: '2026-11-24T12:00:00.5+01:00' }, '2026-11-24T11:00:00.500Z'],
    [mailFrom({ HOLDFOR: '3600' }), '2026-11-23T13:00:00Z'],
    [mailFrom({ HoldUntil: '2026-11-25T00:00:00Z' }), '2026-11-25T00:00:00Z'],
  ] as const) {
    const { id } = await sent({ emailId: await draft({ subject: 'Later' }), ...more });
    const { sendAt, undoStatus } = await get(id);
    assert.deepEqual([sendAt, undoStatus], [at, 'pending']);
  }
  assert.deepEqual(await found(ben, { subject: 'Later' }), []);
  const emailId = await draft();
  assert.equal((await sent({ emailId, sendAt: '2020-01-01T00:00:00Z' }))['undoStatus'], 'final');
  for (const more of [
    { sendAt: 'tomorrow' },
    { sendAt: 1 },
    { sendAt: '2027-11-24T12:00:00Z' },
    mailFrom({ HOLDFOR: 'long' }),
    mailFrom({ HOLDFOR: '99999999' }),
    mailFrom({ HOLDFOR: '1', HOLDUNTIL: '2026-11-25T00:00:00Z' }),
    mailFrom({ HOLDUNTIL: null }),
    mailFrom({ MTPRIORITY: '3' }),
    mailFrom({ RET: 'ALL' }),
    mailFrom({ ENVID: 'a\nb' }),
  ]) {
    const property = 'sendAt' in more ? 'sendAt' : 'envelope';
    assert.deepEqual(
      await refusal({ emailId, ...more }),
      { type: 'invalidProperties', properties: [property] },
      JSON.stringify(more),
    );
  }
});

test('what a sender wants to be told of (RFC 3461)', async () => {
  const address = (email: string, parameters: Json): Json => ({ email, parameters });
  const { id } = await sent({
    emailId: await draft(),
    envelope: {
      mailFrom: address('ana@pigeon.test', { RET: 'hdrs', ENVID: 'E1', BODY: '8BITMIME', SMTPUTF8: null }),
      rcptTo: [
        address('a@outside.test', { NOTIFY: 'success,DELAY', ORCPT: 'rfc822;b@outside.test' }),
        address('c@outside.test', { NOTIFY: 'NEVER' }),
        { email: 'd@outside.test' },
      ],
    },
  });
  const rows = await world.sql(
    `SELECT recipient, notify, original_recipient FROM delivery WHERE message_id = $1 ORDER BY n`,
    [id.slice(1)],
  );
  assert.deepEqual(rows, [
    { recipient: 'a@outside.test', notify: 5, original_recipient: 'rfc822;b@outside.test' },
    { recipient: 'c@outside.test', notify: 8, original_recipient: null },
    { recipient: 'd@outside.test', notify: 2, original_recipient: null },
  ]);
  assert.deepEqual(await world.sql(`SELECT ret, envid FROM envelope WHERE message_id = $1`, [id.slice(1)]), [
    { ret: 'HDRS', envid: 'E1' },
  ]);
  const emailId = await draft();
  for (const parameters of [
    { NOTIFY: 'NEVER,SUCCESS' },
    { NOTIFY: '' },
    { ORCPT: 'x' },
    { SIZE: '1' },
    { NOTIFY: 1 },
    [],
  ]) {
    const envelope = { mailFrom: { email: 'ana@pigeon.test' }, rcptTo: [{ email: 'ben@pigeon.test', parameters }] };
    assert.equal((await refusal({ emailId, envelope })).type, 'invalidProperties', JSON.stringify(parameters));
  }
});

test('a group is told of as one, its members not at all', async () => {
  const { id } = await sent({
    emailId: await draft({ to: [{ email: 'all@pigeon.test' }, { email: 'a.silva@pigeon.test' }] }),
  });
  const { deliveryStatus } = await get(id, ['deliveryStatus']);
  const status = deliveryStatus as Record<string, Json>;
  assert.deepEqual(Object.keys(status).toSorted(), ['a.silva@pigeon.test', 'all@pigeon.test']);
  for (const one of Object.values(status)) {
    assert.ok(['yes', 'queued'].includes(one['delivered'] as string));
    assert.match(one['smtpReply'] as string, /^250 2\.\d\.\d \S/);
    assert.equal(one['displayed'], 'unknown');
  }
});

test("another server's answer, in the form that JMAP has for it", async () => {
  const { id } = await sent({ emailId: await draft({ to: [{ email: 'x@outside.test' }] }) });
  for (const [state, reply, told, delivered] of [
    ['queued', '451 4.2.1 later', '451 4.2.1 later', 'queued'],
    ['delivered', '250 fine', '250 2.0.0 fine', 'unknown'],
    ['failed', '550-5.7.1 likely\r\n550 5.7.1 spam', '550 5.7.1 likely spam', 'no'],
    ['failed', '550-no\n550 such user', '550 5.0.0 no such user', 'no'],
    ['failed', null, '550 5.0.0 Could not be delivered', 'no'],
  ]) {
    await world.sql(`UPDATE delivery SET state = $2::delivery_state, remote_reply = $3 WHERE message_id = $1`, [
      id.slice(1),
      state,
      reply,
    ]);
    const { deliveryStatus } = await get(id);
    assert.deepEqual((deliveryStatus as Json)['x@outside.test'], { smtpReply: told, delivered, displayed: 'unknown' });
  }
});

test('what was sent stays on record, and is sent whatever becomes of the Email', async () => {
  const emailId = await draft();
  const [submitted, emails] = await ana.responses([
    [
      'EmailSubmission/set',
      { accountId: ana.accountId, create: { k: { identityId, emailId } }, onSuccessDestroyEmail: ['#k'] },
    ],
  ]);
  const id = (submitted?.[1]['created'] as Record<string, { id: string }> | undefined)?.['k']?.id ?? '';
  assert.deepEqual(emails?.[1]['destroyed'], [emailId]);
  assert.equal((await get(id, ['emailId']))['emailId'], emailId);
  const { notDestroyed } = await ana.call('EmailSubmission/set', { destroy: [id, 's999'] });
  assert.equal((notDestroyed as Refused)[id]?.type, 'forbidden');
  assert.equal((notDestroyed as Refused)['s999']?.type, 'notFound');
});

test('a fault in one sending does not hide that others were sent; nor does one in the Email/set after it', async (t) => {
  const { services } = world;
  const real = services.accept;
  let calls = 0;
  t.mock.method(services, 'accept', (input: Parameters<typeof real>[0]) =>
    ++calls === 2 ? Promise.reject(new Unavailable('away')) : real(input),
  );
  const emails = [await draft(), await draft(), await draft()];
  const create = Object.fromEntries(emails.map((emailId, i) => [`k${i}`, { identityId, emailId }]));
  const args = { accountId: ana.accountId, create, onSuccessUpdateEmail: { '#k0': { mailboxIds: { f3: true } } } };
  const { created, notCreated } = await ana.call('EmailSubmission/set', args);
  assert.deepEqual(Object.keys(created as Json), ['k0', 'k2']);
  assert.equal((notCreated as Refused)['k1']?.type, 'serverUnavailable');

  const { store } = services;
  const transact = store.transact.bind(store);
  t.mock.method(services, 'accept', real);
  let transactions = 0;
  t.mock.method(store, 'transact', (...work: Parameters<typeof transact>) =>
    ++transactions === 2 ? Promise.reject(new Error('secret')) : transact(...work),
  );
  const again = { ...args, create: { k0: { identityId, emailId: emails[1] } } };
  const [[, set] = ['', {}], failed] = await ana.responses([['EmailSubmission/set', again]]);
  assert.ok((set['created'] as Json)['k0']);
  assert.deepEqual([failed?.[0], failed?.[1]['type']], ['error', 'serverFail']);
});

test('arguments of onSuccess… are looked at before anything is sent', async () => {
  const emailId = await draft({ subject: 'Never' });
  for (const more of [
    { onSuccessUpdateEmail: { '#k': 1 } },
    { onSuccessUpdateEmail: [] },
    { onSuccessDestroyEmail: [1] },
  ]) {
    assert.equal((await submit({ emailId }, more))['error'], 'invalidArguments');
  }
  assert.equal((await submit({ emailId }, { ifInState: '1' }))['error'], 'stateMismatch');
  assert.deepEqual(await found(ben, { subject: 'Never' }), []);
});

test('a copy that somebody sent to oneself: covered it cannot be sent on, and to send it on is to read it', async () => {
  const { id } = await sent({ emailId: await draft({ subject: 'Note', to: [{ email: 'ana@pigeon.test' }] }) });
  const [emailId = ''] = await found(ana, { subject: 'Note', inMailbox: 'f1' });
  await world.sql(
    `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, 1, true, false)`,
    [world.tenant, id.slice(1)],
  );
  assert.deepEqual(await refusal({ emailId }), { type: 'invalidProperties', properties: ['emailId'] });
  await world.sql(`DELETE FROM gate`);
  await sent({ emailId });
  const [copy] = await world.sql<{ downloaded_at: Date | null }>(
    `SELECT downloaded_at FROM copy WHERE account_id = $1 AND email_id = $2`,
    [ana.account, emailId.slice(1)],
  );
  assert.ok(copy?.downloaded_at);
});

test('as a shared mailbox sends who may', async () => {
  const accountId = `a${world.office}`;
  const from = [{ email: 'office@pigeon.test' }];
  const emailId = await draft({ from, subject: 'Opening hours' }, ana, accountId);
  const identity = await identityOf('office@pigeon.test', ana, accountId);
  const send = (client: Client): Promise<Json> =>
    client.call('EmailSubmission/set', { accountId, create: { k: { identityId: identity, emailId } } });
  assert.equal((await send(ben))['error'], 'accountNotSupportedByMethod');
  assert.ok((await send(ana))['created']);
  const [row] = await world.sql(`SELECT account_id, submitted_by FROM submission ORDER BY id DESC LIMIT 1`);
  assert.deepEqual(row, { account_id: world.office, submitted_by: ana.account });
});
