// What people use, over real sockets: each reads a mailbox, gets new mail, and sees a recall take a message away, and the
// notice in its place.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import { startTestHoming } from '../support/homing.ts';
import { mail } from '../support/mailboxes.ts';
import { askRecall, emailsOf, outcomesOf, SENT, sendMail } from '../support/recalling.ts';
import { certificateOf, createMbsync, createNeomutt, curl, providePrograms, type Home } from './support/programs.ts';

const homing = await startTestHoming();
const directory = await mkdtemp(join(tmpdir(), 'homing-programs-'));
after(async () => {
  await homing.close();
  await rm(directory, { recursive: true, force: true });
});
const port = homing.ports.imaps;
const certificate = join(directory, 'certificate.pem');
await writeFile(certificate, await certificateOf(port));
const ana = await homing.client('ana@pigeon.test');

async function homeOf(local: string): Promise<Home> {
  const own = join(directory, local);
  await mkdir(own);
  return {
    directory: own,
    port,
    smtp: homing.ports.submissions,
    user: `${local}@pigeon.test`,
    password: 'homing',
    certificate,
  };
}

/** Sends and delivers; answers the sender's Email. */
async function send(local: string, subject: string): Promise<string> {
  const { emailId } = await sendMail(ana, [`${local}@pigeon.test`], subject);
  await homing.settle();
  return emailId;
}

/** Takes it back, to the end; answers what became of it. */
async function takeBack(emailId: string): Promise<{ outcome: unknown; exposure: unknown }> {
  const made = await askRecall(ana, emailId);
  await homing.settle();
  const [row] = Object.values(await outcomesOf(ana, String(made['id'])));
  return { outcome: row?.['outcome'], exposure: row?.['exposure'] };
}

/** Something that they have sent to Ana, and nobody has opened. */
async function sendFrom(local: string, subject: string): Promise<void> {
  await sendMail(await homing.client(`${local}@pigeon.test`), ['ana@pigeon.test'], subject);
  await homing.settle();
  assert.equal((await emailsOf(ana, subject)).length, 1);
}

/** It has been taken back. */
async function isGone(subject: string): Promise<void> {
  await homing.settle();
  assert.deepEqual(await emailsOf(ana, subject), []);
}

test('imapflow hears of new mail and of a recall, as they come', async () => {
  const { user, password: pass } = await homeOf('ben');
  const local = { host: '127.0.0.1', port, secure: true, tls: { rejectUnauthorized: false } };
  const flow = new ImapFlow({ ...local, auth: { user, pass }, logger: false });
  await flow.connect();
  await flow.mailboxOpen('INBOX');
  const subjects = async (): Promise<(string | undefined)[]> =>
    (await flow.fetchAll('1:*', { envelope: true })).map((one) => one.envelope?.subject);
  const before = await subjects();
  const came = new Promise<{ count: number }>((resolve) => flow.once('exists', resolve));
  void flow.idle();
  const emailId = await send('ben', 'Plans for ben');
  assert.equal((await came).count, before.length + 1);
  assert.deepEqual(await subjects(), [...before, 'Plans for ben']);
  const went = new Promise<{ seq?: number; uid?: number }>((resolve) => flow.once('expunge', resolve));
  void flow.idle();
  assert.deepEqual(await takeBack(emailId), { outcome: 'recalled', exposure: 'listed' });
  await went;
  assert.deepEqual(await subjects(), [...before, 'Message recalled']);
  const notice = await flow.fetchOne('*', { flags: true, source: true });
  assert.ok(notice && notice.flags?.has('\\Seen'));
  assert.match(notice.source?.toString() ?? '', /took this message back/);
  assert.doesNotMatch(notice.source?.toString() ?? '', /Plans for ben/);
  assert.deepEqual(await flow.search({ subject: 'Plans for ben' }), []);

  await sendFrom('ben', 'Sent by ben');
  await flow.mailboxOpen('Sent Items');
  const sent = flow.mailbox && flow.mailbox.exists;
  assert.ok(await flow.messageMove('*', 'Recall'));
  await isGone('Sent by ben');
  const status = await flow.status('Sent Items', { messages: true });
  assert.equal(status && status.messages, sent);
  await flow.logout();
});

test('curl: what it has listed is taken back, what it has read is not', async (context) => {
  const missing = providePrograms('curl');
  if (missing !== null) return context.skip(missing);
  const home = await homeOf('cho');
  const list = (): Promise<string> => curl(home, 'INBOX', '-X', 'FETCH 1:* (UID ENVELOPE)');
  const uidOf = (listed: string, subject: string): string =>
    listed
      .split('\r\n')
      .find((line) => line.includes(`"${subject}"`))
      ?.match(/UID (\d+)/)?.[1] ?? '';
  await list();
  const [glanced, read] = [await send('cho', 'Glanced at'), await send('cho', 'Read by curl')];
  const listed = await list();
  const content = await curl(home, `INBOX;UID=${uidOf(listed, 'Read by curl')}`);
  assert.match(content, /Text of Read by curl\./);
  assert.deepEqual(await takeBack(read), { outcome: 'kept-read', exposure: 'opened' });
  assert.deepEqual(await takeBack(glanced), { outcome: 'recalled', exposure: 'listed' });
  const now = await list();
  assert.equal(uidOf(now, 'Glanced at'), '');
  assert.notEqual(uidOf(now, 'Message recalled'), '');
  assert.notEqual(uidOf(now, 'Read by curl'), '');
  // A number that it remembers leads to nothing.
  await assert.rejects(curl(home, `INBOX;UID=${uidOf(listed, 'Glanced at')}`));
  // It writes, too.
  await writeFile(join(home.directory, 'letter'), mail('Put there by curl'));
  await curl(home, 'Archive', '-T', join(home.directory, 'letter'));
  assert.match(await curl(home, 'Archive', '-X', 'SEARCH SUBJECT "put there"'), /^\* SEARCH 1\r\n/);

  await sendFrom('cho', 'Sent by cho');
  await curl(home, 'Sent%20Items', '-X', 'MOVE * Recall');
  await isGone('Sent by cho');
});

test('mbsync: what it has fetched without a glance is taken out of the Maildir again', async (context) => {
  const missing = providePrograms('mbsync');
  if (missing !== null) return context.skip(missing);
  const { sync, mails } = await createMbsync(await homeOf('dia'));
  await sync();
  const before = await mails('INBOX');
  const emailId = await send('dia', 'For the Maildir');
  await sync();
  const come = await mails('INBOX');
  assert.equal(come.length, before.length + 1);
  assert.ok(come.some((text) => text.includes('Text of For the Maildir.')));
  assert.deepEqual(await takeBack(emailId), { outcome: 'recalled', exposure: 'downloaded' });
  await sync();
  const left = await mails('INBOX');
  assert.ok(!left.some((text) => text.includes('For the Maildir')));
  assert.ok(left.some((text) => text.includes('took this message back')));
  assert.equal(left.length, before.length + 1);
});

test('neomutt: the message turns into the notice while its owner looks at the list; one key takes back what was sent', async (context) => {
  const missing = providePrograms('neomutt', 'script');
  if (missing !== null) return context.skip(missing);
  const terminal = await createNeomutt(await homeOf('eli'));
  try {
    await terminal.seen('INBOX');
    const emailId = await send('eli', 'Unopened by eli');
    await terminal.seen('Unopened by eli');
    assert.deepEqual(await takeBack(emailId), { outcome: 'recalled', exposure: 'listed' });
    await terminal.seen('Message recalled');

    await sendFrom('eli', 'Sent by eli');
    terminal.press('c=Sent\x16 Items\r');
    await terminal.seen('Sent by eli');
    terminal.press('s=Recall\r');
    // It copies, and deletes later: that would leave the message where it is, so it is refused, and said why.
    await terminal.seen('a copy would stay');
    await terminal.seen('Error saving message');
    await homing.settle();
    assert.equal((await emailsOf(ana, 'Sent by eli')).length, 1);
    // One key takes it back by mail, and leaves it where it is.
    terminal.press('\x1br');
    while ((await emailsOf(ana, 'Sent by eli')).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await isGone('Sent by eli');
    assert.equal((await emailsOf(await homing.client('eli@pigeon.test'), 'Sent by eli', SENT)).length, 1);
  } finally {
    await terminal.close();
  }
});
