import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Client, type Json } from '../../../test/support/http.ts';
import { createSender, type Refused } from '../../../test/support/submission.ts';
import { Unavailable } from '../../mail/errors.ts';

const world = await httpWorld({ maxRecipients: 5, maxMessageSize: 100_000 });
after(() => world.close());
const { ana, ben } = world;
const { draft, found, get, identityId, identityOf, refusal, sent, submit } = await createSender(world);

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
  const emailId = await draft({ subject: 'To nobody' });
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
  assert.deepEqual(await found(ben, { subject: 'nobody' }), []);
});

test('a message that has grown too large since it was stored', async () => {
  const emailId = await draft({ bodyValues: { 1: { value: 'x'.repeat(2000) } } });
  await world.admin.setPolicy(world.tenant, { maxMessageSize: 2000 });
  assert.deepEqual(await refusal({ emailId }), { type: 'tooLarge', maxSize: 2000 });
  await world.admin.setPolicy(world.tenant, { maxMessageSize: 100_000 });
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
  t.mock.method(services, 'accept', real);
  t.mock.method(store, 'inTurn', () => Promise.reject(new Error('secret')));
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
  const emailId = await draft({ from, subject: 'Opening hours' }, accountId);
  const identity = await identityOf('office@pigeon.test', accountId);
  const send = (client: Client): Promise<Json> =>
    client.call('EmailSubmission/set', { accountId, create: { k: { identityId: identity, emailId } } });
  assert.equal((await send(ben))['error'], 'accountNotSupportedByMethod');
  assert.ok((await send(ana))['created']);
  const [row] = await world.sql(`SELECT account_id, submitted_by FROM submission ORDER BY id DESC LIMIT 1`);
  assert.deepEqual(row, { account_id: world.office, submitted_by: ana.account });
});
