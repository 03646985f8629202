// A mailbox with a limit, and full: every way that brings mail into it is told so, what recalls do is not held up, and the
// store is as it must be.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createOutgoing } from '../../src/delivery/worker.ts';
import { requestRestore } from '../../src/recall/apply/restore.ts';
import { verifyTenant } from '../../src/store/verify/verify.ts';
import { startTestHoming } from '../support/homing.ts';
import type { Json } from '../support/http.ts';
import { rawImap } from '../support/imap.ts';
import { mail } from '../support/mailboxes.ts';
import { askRecall, emailsOf, INBOX, outcomeWords, SENT, sendMail } from '../support/recalling.ts';
import { rawSmtp, submitter } from '../support/smtp.ts';

const homing = await startTestHoming({ policy: { rateLimit: 0, holdOutsideSeconds: 0 } });
after(() => homing.close());
const { admin, ports, tenant } = homing;
const [BEN, CHO] = ['ben@pigeon.test', 'cho@pigeon.test'];
const ana = await homing.client('ana@pigeon.test');
const ben = await homing.client(BEN);

const usage = async (): Promise<{ used: number; hardLimit: number }> => {
  const { list } = await ben.call('Quota/get', {});
  return (list as { used: number; hardLimit: number }[])[0] ?? assert.fail();
};
/** Ben's limit: what he has, and so many octets more. */
const leave = async (octets: number): Promise<unknown> =>
  admin.setAccount(BEN, { quota: (await usage()).used + octets });
const unlimited = (): Promise<unknown> => admin.setAccount(BEN, { quota: null });

test('the limit is shown, and its change is one of the quota', async () => {
  const { state } = await ben.call('Quota/get', {});
  await admin.setAccount(BEN, { quota: 10 * 2 ** 20 });
  assert.equal((await usage()).hardLimit, 10 * 2 ** 20);
  const changes = await ben.call('Quota/changes', { sinceState: state });
  assert.deepEqual([changes['updated'], changes['updatedProperties']], [['octets'], null]);
  const imap = await rawImap(ports.imaps, { user: BEN });
  const { used } = await usage();
  const line = `* QUOTA ${BEN} (STORAGE ${Math.ceil(used / 1024)} 10240)`;
  const shown = (lines: string[]): string[] => lines.slice(0, -1).map((one) => one.replaceAll('"', ''));
  assert.deepEqual(shown(await imap.run('GETQUOTAROOT INBOX')), [`* QUOTAROOT INBOX ${BEN}`, line]);
  assert.deepEqual(shown(await imap.run(`GETQUOTA "${BEN}"`)), [line]);
  assert.match((await imap.run(`GETQUOTA "${CHO}"`)).at(-1) ?? '', /^NO \[NONEXISTENT\]/);
  await unlimited();
  assert.match((await imap.run(`GETQUOTA "${BEN}"`)).at(-1) ?? '', /^NO \[NONEXISTENT\]/);
  imap.close();
});

test('IMAP: APPEND and COPY that do not fit are refused, what fits is taken', async () => {
  const imap = await rawImap(ports.imaps, { user: BEN });
  const message = mail('By hand');
  const append = async (): Promise<string> =>
    (await imap.run(`APPEND INBOX () {${Buffer.byteLength(message)}+}\r\n${message}`)).at(-1) ?? '';
  await leave(message.length);
  assert.match(await append(), /^OK \[APPENDUID/);
  assert.match(await append(), /^NO \[OVERQUOTA\]/);
  await imap.run('SELECT INBOX');
  assert.match((await imap.run('COPY * INBOX')).at(-1) ?? '', /^NO \[OVERQUOTA\]/);
  assert.match((await imap.run('MOVE * "Archive"')).at(-1) ?? '', /^OK/, 'what is moved takes up no more');
  await unlimited();
  assert.match(await append(), /^OK/);
  imap.close();
});

test('IMAP: what is too large, has no place or no room is refused before any of it is sent', async () => {
  const imap = await rawImap(ports.imaps, { user: BEN });
  const announce = async (mailbox: string, octets: number): Promise<string> => {
    imap.write(`x APPEND ${mailbox} (\\Seen) {${octets}}\r\n`);
    return imap.line();
  };
  assert.match(await announce('Nowhere', 2_000_000), /^x NO \[TRYCREATE\]/);
  assert.match(await announce('Recall', 2_000_000), /^x NO \[CANNOT\] Move/);
  assert.match(await announce('&', 2_000_000), /^x NO \[CANNOT\]/);
  await admin.setPolicy(homing.tenant, { maxMessageSize: 2_500_000 });
  assert.match(await announce('INBOX', 2_500_001), /^x NO \[TOOBIG\] A message may have 2500000 octets/);
  assert.match((await imap.run('STATUS INBOX (APPENDLIMIT)')).join(), /APPENDLIMIT 2500000/);
  await leave(2_100_000);
  assert.match(await announce('INBOX', 2_200_000), /^x NO \[OVERQUOTA\]/);
  assert.match(await announce('INBOX', 2_000_000), /^\+ /);
  imap.close();
  await unlimited();
  await admin.setPolicy(homing.tenant, { maxMessageSize: null });
});

test('IMAP: of many that come at once, as many as fit are taken', async () => {
  const sessions = await Promise.all(Array.from({ length: 8 }, () => rawImap(ports.imaps, { user: BEN })));
  const message = mail('At once');
  const all = async (command: string): Promise<number> => {
    const answers = await Promise.all(sessions.map((imap) => imap.run(command)));
    const last = answers.map((lines) => lines.at(-1) ?? '');
    assert.ok(last.every((line) => /^OK|^NO \[OVERQUOTA\]/.test(line)));
    return last.filter((line) => line.startsWith('OK')).length;
  };
  const before = (await usage()).used;
  await leave(3 * message.length);
  assert.equal(await all(`APPEND Archive () {${Buffer.byteLength(message)}+}\r\n${message}`), 3);
  await leave(2 * message.length);
  await Promise.all(sessions.map((imap) => imap.run('SELECT Archive')));
  assert.equal(await all('COPY * INBOX'), 2);
  assert.equal((await usage()).used, before + 5 * message.length);
  await unlimited();
  for (const imap of sessions) imap.close();
});

test('JMAP: overQuota for what is created, imported and copied', async () => {
  await leave(10);
  const create = { k: { mailboxIds: { [INBOX]: true }, subject: 'Created' } };
  const made = await ben.call('Email/set', { create });
  assert.equal(((made['notCreated'] as Json)['k'] as Json)['type'], 'overQuota');
  const [email] = await emailsOf(ben, 'By hand');
  const { list } = await ben.call('Email/get', { ids: [email?.['id']], properties: ['blobId'] });
  const blobId = (list as { blobId: string }[])[0]?.blobId;
  const imported = await ben.call('Email/import', { emails: { k: { blobId, mailboxIds: { [INBOX]: true } } } });
  assert.equal(((imported['notCreated'] as Json)['k'] as Json)['type'], 'overQuota');
  await unlimited();
  assert.ok(((await ben.call('Email/set', { create }))['created'] as Json)['k']);
});

test('mail from outside: 552 5.2.2 at RCPT, for whom it does not fit', async () => {
  await leave(100);
  for (const [port, greet] of [
    [ports.smtp, 'EHLO'],
    [ports.lmtp, 'LHLO'],
  ] as const) {
    const client = await rawSmtp(port, { greet });
    assert.match(await client.say('MAIL FROM:<them@outside.test> SIZE=5000'), /^250/);
    assert.match(await client.say(`RCPT TO:<${BEN}>`), /^552 5\.2\.2/);
    assert.match(await client.say(`RCPT TO:<${CHO}>`), /^250/);
    client.close();
  }
  await unlimited();
});

test('submitted inside: who has room has it, of who has none the sender is told; a recall says that it was not delivered', async () => {
  await leave(10);
  const direct = await sendMail(ana, [BEN, CHO], 'Too much');
  const group = await submitter(ports, 'ana@pigeon.test');
  assert.match(
    await group.send('ana@pigeon.test', ['all@pigeon.test'], mail('For all', { to: 'all@pigeon.test' })),
    /^250/,
  );
  group.close();
  await homing.settle();
  for (const subject of ['Too much', 'For all']) {
    assert.deepEqual(await emailsOf(ben, subject), []);
    assert.equal((await emailsOf(await homing.client(CHO), subject)).length, 1, subject);
  }
  // Senders are told of deliveries inside by what looks after the queue.
  const { hostname } = homing.services.config;
  await createOutgoing({ ...homing.services, hostname, nextHop: homing.outside.nextHop }).recover();
  await homing.settle();
  const { ids } = await ana.call('Email/query', { filter: { inMailbox: INBOX, body: 'ben' } });
  const { list } = await ana.call('Email/get', {
    ids,
    properties: ['bodyValues', 'textBody'],
    fetchTextBodyValues: true,
  });
  const bounces = (list as { bodyValues: Record<string, { value: string }> }[])
    .map(({ bodyValues }) => Object.values(bodyValues)[0]?.value ?? '')
    .filter((text) => text.includes('The mailbox is full.'));
  assert.equal(bounces.length, 2);
  const { id } = await askRecall(ana, direct.emailId);
  await homing.settle();
  assert.deepEqual(await outcomeWords(ana, String(id)), { [BEN]: 'not-delivered', [CHO]: 'recalled' });
  await unlimited();
});

test('a notice, a replacement’s place and a restore need no room', async () => {
  const { emailId } = await sendMail(ana, [BEN], 'Comes back');
  await homing.settle();
  await admin.setAccount(BEN, { quota: 0 });
  const { id } = await askRecall(ana, emailId);
  await homing.settle();
  assert.deepEqual(await outcomeWords(ana, String(id)), { [BEN]: 'recalled' });
  assert.equal((await emailsOf(ben, 'Message recalled', INBOX)).length, 1);
  const [row] = await homing.sql<{ id: number }>(`SELECT id FROM account WHERE address = 'ana@pigeon.test'`);
  const actor = (await homing.services.directory.account(tenant, row?.id ?? 0)) ?? assert.fail();
  const people = homing.services.directory;
  await requestRestore({ ...homing.services, people }, actor, actor.id, Number(String(id).slice(1)));
  homing.advance(1000);
  await homing.settle();
  assert.equal((await emailsOf(ben, 'Comes back', INBOX)).length, 1);
  // His own copy of what he sends is his to have.
  const client = await submitter(ports, BEN);
  assert.match(await client.send(BEN, [CHO], mail('From full', { from: BEN, to: CHO })), /^250/);
  client.close();
  assert.equal((await emailsOf(ben, 'From full', SENT)).length, 1);
  await unlimited();
});

test('the store is as it must be', async () => {
  await homing.settle();
  for await (const page of verifyTenant(homing.services.store, tenant, homing.clock())) assert.deepEqual(page, []);
});
