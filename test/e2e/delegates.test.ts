// What one account may do with another: send as it, send on behalf of it, read and write it, recall for it; each right by
// itself, over JMAP and SMTP, and gone as soon as it is taken.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { Right } from '../../src/store/directory.ts';
import { startTestHoming } from '../support/homing.ts';
import type { Client, Json } from '../support/http.ts';
import { rawImap } from '../support/imap.ts';
import { mail } from '../support/mailboxes.ts';
import { askRecall, draft, emailsOf, INBOX, markRead, outcomeWords, SENT, sendMail } from '../support/recalling.ts';
import { submitter } from '../support/smtp.ts';

const homing = await startTestHoming({ policy: { holdOutsideSeconds: 0, rateLimit: 0 } });
after(() => homing.close());
const [ana, ben, cho, dia] = (await Promise.all(
  ['ana', 'ben', 'cho', 'dia'].map((name) => homing.client(`${name}@pigeon.test`)),
)) as [Client, Client, Client, Client];
const ANA = 'ana@pigeon.test';

/** Ben's rights on Ana's account, these and no others. */
const give = (...rights: Right[]): Promise<void> => homing.admin.delegate(ANA, 'ben@pigeon.test', rights);
beforeEach(() => give());

/** Ben sends from Ana's address, out of his own account: the error, or null. */
async function sendFromAna(subject: string, more: Json = {}): Promise<string | null> {
  const emailId = await draft(ben, ['cho@pigeon.test'], subject, { from: [{ name: 'Ana', email: ANA }], ...more });
  const { list } = (await ben.call('Identity/get')) as { list: { id: string; email: string }[] };
  const identity = list.find((one) => one.email === ANA) ?? list[0];
  const { notCreated } = await ben.call('EmailSubmission/set', {
    create: { s: { emailId, identityId: identity?.id } },
    onSuccessUpdateEmail: { '#s': { mailboxIds: { [SENT]: true }, 'keywords/$draft': null } },
  });
  return (notCreated as Record<string, { type: string }> | null)?.['s']?.type ?? null;
}

async function headersOf(subject: string): Promise<{ from: unknown; sender: unknown }> {
  const [email] = await emailsOf(cho, subject, INBOX);
  const { list } = (await cho.call('Email/get', { ids: [email?.['id']], properties: ['from', 'sender'] })) as {
    list: Json[];
  };
  return { from: list[0]?.['from'], sender: list[0]?.['sender'] };
}

const FROM = [{ name: 'Ana', email: ANA }];
const nameOf = async (address: string): Promise<string | null> => {
  const target = await homing.services.directory.resolve(address);
  return target.kind === 'account'
    ? ((await homing.services.directory.account(homing.tenant, target.account))?.name ?? null)
    : null;
};

test('send as: from Ana, and nobody sees who it was', async () => {
  assert.equal(await sendFromAna('Not yet'), 'forbiddenFrom');
  await give('send-as');
  assert.equal(await sendFromAna('As Ana'), null);
  assert.deepEqual(await headersOf('As Ana'), { from: FROM, sender: null });
  await give('recall', 'full');
  assert.equal(await sendFromAna('Not any more'), 'forbiddenFrom');
});

test('send on behalf: Sender names who it was, whatever they write', async () => {
  await give('send-on-behalf');
  const sender = [{ name: await nameOf('ben@pigeon.test'), email: 'ben@pigeon.test' }];
  assert.equal(await sendFromAna('On behalf'), null);
  assert.deepEqual(await headersOf('On behalf'), { from: FROM, sender });
  assert.equal(await sendFromAna('On behalf, hidden', { sender: [{ name: 'Ana', email: ANA }] }), null);
  assert.deepEqual(await headersOf('On behalf, hidden'), { from: FROM, sender });
  assert.equal(
    await sendFromAna('On behalf of a stranger', { sender: [{ email: 'dia@pigeon.test' }] }),
    'forbiddenFrom',
  );
  // With both rights the wider one counts.
  await give('send-on-behalf', 'send-as');
  assert.equal(await sendFromAna('Both'), null);
  assert.deepEqual(await headersOf('Both'), { from: FROM, sender: null });
});

test('the same over SMTP', async () => {
  const send = async (subject: string, headers: string[] = []): Promise<string> => {
    const client = await submitter(homing.ports, 'ben@pigeon.test');
    try {
      return await client.send(
        'ben@pigeon.test',
        ['cho@pigeon.test'],
        mail(subject, { from: `Ana <${ANA}>`, headers }),
      );
    } finally {
      client.close();
    }
  };
  assert.match(await send('SMTP: no right'), /^550 5\.7\.1 /);
  await give('send-on-behalf');
  assert.match(await send('SMTP: on behalf', [`Sender: ${ANA}`]), /^250 /);
  const { sender } = await headersOf('SMTP: on behalf');
  assert.deepEqual(sender, [{ name: await nameOf('ben@pigeon.test'), email: 'ben@pigeon.test' }]);
  const [sent] = await emailsOf(ben, 'SMTP: on behalf', SENT);
  const { list } = (await ben.call('Email/get', { ids: [sent?.['id']], properties: ['sender'] })) as { list: Json[] };
  assert.deepEqual(list[0]?.['sender'], sender, 'his own copy says so too');
  assert.match(await send('SMTP: a stranger', ['Sender: dia@pigeon.test']), /^550 5\.7\.1 /);
  await give('send-as');
  assert.match(await send('SMTP: as'), /^250 /);
  assert.equal((await headersOf('SMTP: as')).sender, null);
});

test('out of an account that may only be sent on behalf of, whatever that account itself may send as', async () => {
  await homing.admin.addAccount({ address: 'boss@pigeon.test', name: 'Boss' });
  await homing.admin.delegate('boss@pigeon.test', ANA, ['send-as']);
  await give('full', 'send-on-behalf');
  const { list } = (await ben.call('Identity/get', { accountId: ana.accountId })) as {
    list: { id: string; email: string }[];
  };
  const identityId = list.find((one) => one.email === 'boss@pigeon.test')?.id;
  const email = {
    mailboxIds: { f2: true },
    from: [{ email: 'boss@pigeon.test' }],
    to: [{ email: 'cho@pigeon.test' }],
    subject: 'Two steps',
  };
  const { created } = await ben.call('Email/set', { accountId: ana.accountId, create: { d: email } });
  const emailId = (created as Record<string, { id: string }>)['d']?.id;
  const sent = await ben.call('EmailSubmission/set', {
    accountId: ana.accountId,
    create: { s: { emailId, identityId } },
  });
  assert.equal(sent['notCreated'], null);
  assert.deepEqual((await headersOf('Two steps')).sender, [
    { name: await nameOf('ben@pigeon.test'), email: 'ben@pigeon.test' },
  ]);
  await give('full');
  const refused = await ben.call('EmailSubmission/set', {
    accountId: ana.accountId,
    create: { s: { emailId, identityId } },
  });
  assert.equal(refused['error'], 'accountNotSupportedByMethod');
});

test('full access: reads and writes, opens for its owner, and neither sends nor recalls', async () => {
  const { emailId } = await sendMail(cho, [ANA], 'For Ana');
  const call = (name: string, args: Json): Promise<Json> => ben.call(name, { accountId: ana.accountId, ...args });
  assert.equal((await call('Email/query', { filter: { subject: 'For Ana' } }))['error'], 'accountNotFound');
  await give('full');
  const { ids } = await call('Email/query', { filter: { subject: 'For Ana' } });
  const [id = ''] = ids as string[];
  await call('Email/set', { update: { [id]: { 'keywords/$seen': true } } });
  const { id: recallId } = await askRecall(cho, emailId);
  await homing.settle();
  assert.deepEqual(await outcomeWords(cho, String(recallId)), { [ANA]: 'kept-read' }, 'opened by anyone is opened');
  const own = await sendMail(ana, ['cho@pigeon.test'], 'Ana’s own');
  const { notCreated } = await call('Recall/set', { create: { r: { emailId: own.emailId } } });
  assert.equal((notCreated as Record<string, Json>)['r']?.['type'], 'notSender');
});

test('may recall for: by sender and Message-ID, without seeing any mail; follows it and gives it back', async () => {
  const { emailId } = await sendMail(ana, ['cho@pigeon.test', 'dia@pigeon.test'], 'Ana is away');
  const { list } = (await ana.call('Email/get', { ids: [emailId], properties: ['messageId'] })) as {
    list: { messageId: string[] }[];
  };
  const of = { sender: ANA, messageId: list[0]?.messageId[0] };
  const ask = async (more: Json = {}): Promise<Json> => {
    const { created, notCreated } = await ben.call('Recall/set', { create: { r: { ...of, ...more } } });
    return ((created ?? notCreated) as Record<string, Json>)['r'] ?? {};
  };
  assert.equal((await ask())['type'], 'notSender');
  assert.equal((await ask({ sender: 'zoe@other.test' }))['type'], 'notSender');
  assert.equal((await ask({ sender: 'nobody@pigeon.test' }))['type'], 'notSender');
  await give('recall');
  assert.equal((await ben.call('Email/query', { accountId: ana.accountId }))['error'], 'accountNotFound');
  const preview = await ben.call('Recall/preview', of);
  assert.deepEqual([preview['inside'], preview['refusal']], [2, null]);
  assert.equal(((await ben.call('Recall/recipients', of))['list'] as Json[]).length, 2);
  assert.equal((await ask({ emailId: 'm1' }))['type'], 'invalidProperties');
  const made = await ask();
  assert.equal(made['status'], 'sweeping');
  await homing.settle();
  assert.deepEqual(await emailsOf(cho, 'Ana is away', INBOX), []);
  const words = { 'cho@pigeon.test': 'recalled', 'dia@pigeon.test': 'recalled' };
  for (const who of [ana, ben]) assert.deepEqual(await outcomeWords(who, String(made['id'])), words, who.address);
  for (const who of [cho, dia]) assert.deepEqual(await outcomeWords(who, String(made['id'])), {}, who.address);
  assert.deepEqual(
    ((await ben.call('Recall/get', { ids: null }))['list'] as Json[]).map((one) => one['id']),
    [made['id']],
  );

  await give();
  assert.deepEqual(await outcomeWords(ben, String(made['id'])), {}, 'without the right it is none of his');
  assert.equal((await ben.call('Recall/restore', { recallId: made['id'] }))['error'], 'notFound');
  await give('recall');
  assert.equal((await ben.call('Recall/restore', { recallId: made['id'] }))['error'], undefined);
  await homing.settle();
  assert.equal((await emailsOf(cho, 'Ana is away', INBOX)).length, 1);
  await markRead(cho, (await emailsOf(cho, 'Ana is away', INBOX))[0]);
});

test('what somebody else sent: by moving it into one’s own Recall over IMAP, by its id over JMAP; the right is asked for', async () => {
  await sendMail(ana, ['cho@pigeon.test'], 'Moved for her');
  await sendMail(ana, ['cho@pigeon.test'], 'Asked for her');
  await homing.settle();
  const [first, second] = [await emailsOf(ana, 'Moved for her', SENT), await emailsOf(ana, 'Asked for her', SENT)];
  const id = String(second[0]?.['id']);
  const inAnas = async (): Promise<Json> =>
    ben.call('Recall/set', { accountId: ana.accountId, create: { r: { emailId: id, mode: 'delete' } } });
  const move = async (): Promise<string> => {
    const imap = await rawImap(homing.ports.imaps, { user: 'ben@pigeon.test' });
    await imap.run(`SELECT "Other Users/${ANA}/Sent Items"`);
    const [found = ''] = await imap.run('UID SEARCH SUBJECT "Moved for her"');
    const told = await imap.run(`UID MOVE ${/\d+/.exec(found)?.[0]} Recall`);
    imap.close();
    return told.at(-1) ?? '';
  };
  await give('full');
  assert.match(await move(), /^NO \[NOPERM\] You may not recall/);
  assert.equal(((await inAnas())['notCreated'] as Record<string, Json>)['r']?.['type'], 'notSender');
  await give('full', 'recall');
  // There is no Recall in an account that is shared: an Email of it would have to become another of one's own.
  const update = { [id]: { mailboxIds: { 'f-1': true } } };
  const { notUpdated } = await ben.call('Email/set', { accountId: ana.accountId, update });
  assert.equal((notUpdated as Record<string, Json>)[id]?.['type'], 'invalidProperties');
  assert.match(await move(), /^OK It is being taken back/);
  assert.equal((await inAnas())['notCreated'], null);
  await homing.settle();
  for (const subject of ['Moved for her', 'Asked for her']) {
    assert.deepEqual(await emailsOf(cho, subject, INBOX), [], subject);
    assert.equal((await emailsOf(ana, subject, SENT)).length, 1, subject);
  }
  assert.equal((await emailsOf(ana, 'Moved for her', SENT))[0]?.['id'], first[0]?.['id']);
});

test('each sees what was given, and to whom', async () => {
  await give('send-on-behalf', 'recall');
  const of = async (client: Client): Promise<Json[]> =>
    ((await client.call('Delegation/get'))['list'] as Json[]).filter(
      (one) => one['account'] === ANA || one['delegate'] === ANA,
    );
  const entry = { account: ANA, delegate: 'ben@pigeon.test', rights: ['send-on-behalf', 'recall'] };
  for (const client of [ana, ben]) {
    const found = (await of(client))
      .map(({ id: _, ...rest }) => rest)
      .filter((one) => one['delegate'] === 'ben@pigeon.test');
    assert.deepEqual(found, [entry]);
  }
  assert.deepEqual(await of(dia), []);
  assert.equal((await ben.call('Delegation/get', { accountId: ana.accountId }))['error'], 'accountNotFound');
});
