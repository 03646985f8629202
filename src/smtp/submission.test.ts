import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../test/support/homing.ts';
import type { Client, Json } from '../../test/support/http.ts';
import { mail } from '../../test/support/mailboxes.ts';
import { program, rawSmtp, submitter } from '../../test/support/smtp.ts';

const homing = await startTestHoming();
after(() => homing.close());
const { ports } = homing;
const [ana, ben, zoe] = await Promise.all(['ana@pigeon.test', 'ben@pigeon.test', 'zoe@other.test'].map(homing.client));
await homing.admin.setAccount('ana@pigeon.test', { addAliases: ['a.silva@pigeon.test'] });

/** Emails with this subject in a mailbox (f1 Inbox, f3 Sent Items), with what is asked for. */
async function found(client: Client | undefined, inMailbox: string, subject: string): Promise<Json[]> {
  assert.ok(client);
  const { ids } = await client.call('Email/query', { filter: { inMailbox, subject } });
  const properties = ['blobId', 'subject', 'from', 'to', 'bcc', 'keywords', 'messageId', 'sentAt'];
  return (await client.call('Email/get', { ids, properties }))['list'] as Json[];
}

async function bytesOf(client: Client | undefined, email: Json | undefined): Promise<string> {
  assert.ok(client);
  const response = await client.fetch(`/jmap/download/${client.accountId}/${String(email?.['blobId'])}/x`);
  return Buffer.from(await response.arrayBuffer()).toString('latin1');
}

const roles = (await ana?.call('Mailbox/get'))?.['list'] as Json[];
const SENT = roles.find((one) => one['role'] === 'sent')?.['id'] as string;
const INBOX = roles.find((one) => one['role'] === 'inbox')?.['id'] as string;

test('what it offers, before and after TLS', async () => {
  const plain = await rawSmtp(ports.submission, { greet: false });
  const before = await plain.say('EHLO test.example');
  for (const word of ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'DSN', 'STARTTLS'])
    assert.match(before, new RegExp(`^250[- ]${word}$`, 'm'));
  assert.match(before, /^250[- ]SIZE \d+$/m);
  assert.doesNotMatch(before, /AUTH/);
  assert.match(await plain.signIn('ana@pigeon.test'), /^538/);
  assert.match(await plain.say('MAIL FROM:<ana@pigeon.test>'), /^530 5\.7\.0/);
  plain.close();
  const secure = await rawSmtp(ports.submissions, { tls: true, greet: false });
  const inside = await secure.say('EHLO test.example');
  assert.match(inside, /^250[- ]AUTH PLAIN LOGIN$/m);
  assert.doesNotMatch(inside, /STARTTLS/);
  assert.match(await secure.say('MAIL FROM:<ana@pigeon.test>'), /^530 5\.7\.0/);
  secure.close();
});

test('commands sent in the clear are not heard after the handshake', async () => {
  const client = await rawSmtp(ports.submission);
  const greeting = await client.startTls('EHLO injected.example', 'MAIL FROM:<ana@pigeon.test>', 'NOOP');
  assert.match(greeting, /^250-.*\n(?:250-.*\n)*250-AUTH PLAIN LOGIN$/m);
  assert.match(await client.say('VRFY x'), /^(?:252|502)/); // the next reply is to this, and to nothing before it
  assert.match(await client.signIn('ana@pigeon.test'), /^235/);
  assert.match(await client.say('RCPT TO:<ben@pigeon.test>'), /^503/);
  client.close();
});

for (const method of ['PLAIN', 'LOGIN'] as const) {
  test(`a program submits over STARTTLS and over TLS: AUTH ${method}`, async () => {
    for (const secure of [false, true]) {
      const client = await program({
        port: secure ? ports.submissions : ports.submission,
        secure,
        user: 'ana@pigeon.test',
        method,
      });
      const subject = `By ${method}, ${secure ? 'secure' : 'upgraded'}`;
      const told = await client.send({ from: 'ana@pigeon.test', to: ['ben@pigeon.test'] }, mail(subject));
      assert.match(told, /^250 2\.\d\.0 Accepted for 1 recipient as s\d+/);
      client.quit();
      const [email, ...others] = await found(ben, INBOX, subject);
      assert.equal(others.length, 0);
      assert.match(await bytesOf(ben, email), /^Received: by localhost \(Homing\) with ESMTPSA id /);
    }
  });
}

test('a wrong password, and somebody who is not there', async () => {
  for (const [user, password] of [
    ['ana@pigeon.test', 'wrong'],
    ['ana@pigeon.test', ''],
    ['nobody@pigeon.test', 'homing'],
    ['office@pigeon.test', 'homing'],
    ['all@pigeon.test', 'homing'],
  ] as const) {
    const client = await rawSmtp(ports.submissions, { tls: true });
    assert.match(await client.signIn(user, password), /^535 5\.7\.8/, user);
    assert.match(await client.say('MAIL FROM:<ana@pigeon.test>'), /^530/);
    client.close();
  }
  await assert.rejects(program({ port: ports.submissions, secure: true, user: 'ana@pigeon.test', password: 'x' }), {
    responseCode: 535,
  });
});

test('an envelope sender that is not theirs', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  for (const from of ['ben@pigeon.test', 'zoe@other.test', 'x@outside.test', 'all@pigeon.test'])
    assert.match(await client.say(`MAIL FROM:<${from}>`), /^550 5\.7\.1/, from);
  assert.match(await client.say('MAIL FROM:<ANA@Pigeon.Test>'), /^250/);
  client.close();
});

test('a receipt has no return path (RFC 8098 §2.1); whom it is from it has to say', async () => {
  const client = await rawSmtp(ports.submissions, { tls: true });
  await client.signIn('ana@pigeon.test');
  const receipt = (from: string): string => `${from}To: ben@pigeon.test\r\nSubject: Displayed\r\n\r\nIt was.\r\n`;
  const send = (from: string): Promise<string> => client.send('', ['ben@pigeon.test'], receipt(from));
  assert.match(await send('From: ana@pigeon.test\r\n'), /^250 2\.0\.0 Accepted for 1 recipient/);
  assert.match(await send('From: cho@pigeon.test\r\n'), /^550 5\.7\.1 You may not send as cho/);
  assert.match(await send(''), /^550 5\.7\.1 /);
  client.close();
  assert.equal((await found(ben, INBOX, 'Displayed')).length, 1);
});

test('a From that is not theirs, in any of its forms', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  for (const from of [
    'ben@pigeon.test',
    'Ana <ana@pigeon.test>, Ben <ben@pigeon.test>',
    '"ana@pigeon.test" <ben@pigeon.test>',
    '=?utf-8?q?Ana?= <zoe@other.test>',
  ]) {
    const told = await client.send('ana@pigeon.test', ['cho@pigeon.test'], mail('Forged', { from }));
    assert.match(told, /^550 5\.7\.1 You may not send as/, from);
  }
  const twice = mail('Forged', { headers: ['From: ben@pigeon.test'] });
  assert.match(await client.send('ana@pigeon.test', ['cho@pigeon.test'], twice), /^550 5\.7\.1/);
  const late = `From: ana@pigeon.test\r\nSubject: Forged\r\n${'X: y\r\n'.repeat(20_001)}From: ben@pigeon.test\r\n\r\nx\r\n`;
  assert.match(await client.send('ana@pigeon.test', ['cho@pigeon.test'], late), /^550 5\.6\.0/);
  client.close();
  const [count] = await homing.sql<{ n: number }>(`SELECT count(*)::int AS n FROM message WHERE subject = 'Forged'`);
  assert.equal(count?.n, 0);
});

test('an alias, and a shared mailbox, are theirs', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  const alias = mail('As alias', { from: 'a.silva@pigeon.test' });
  assert.match(await client.send('a.silva@pigeon.test', ['cho@pigeon.test'], alias), /^250/);
  assert.equal((await found(ana, SENT, 'As alias')).length, 1);
  const office = mail('As office', { from: 'Office <office@pigeon.test>' });
  assert.match(await client.send('office@pigeon.test', ['cho@pigeon.test'], office), /^250/);
  client.close();
  // The shared mailbox sent it: its Sent has the copy.
  assert.equal((await found(ana, SENT, 'As office')).length, 0);
  const target = await homing.services.directory.resolve('office@pigeon.test');
  const accountId = target.kind === 'account' ? `a${target.account}` : '';
  const answer = (await ben?.call('Email/query', { accountId, filter: { inMailbox: SENT } })) as
    | { ids: string[] }
    | undefined;
  const ids = answer?.ids ?? [];
  assert.equal(ids.length, 1);
  const eli = await submitter(ports, 'eli@pigeon.test');
  assert.match(await eli.say('MAIL FROM:<office@pigeon.test>'), /^550 5\.7\.1/);
  eli.close();
});

test('an unknown recipient is named at once, and the others are served', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  await client.say('MAIL FROM:<ana@pigeon.test>');
  assert.match(await client.say('RCPT TO:<nobody@pigeon.test>'), /^550 5\.1\.1 There is no nobody@pigeon\.test here/);
  assert.match(await client.say('RCPT TO:<nobody@other.test>'), /^250/); // another tenant's: as from outside
  await client.say('RSET');
  await client.say('MAIL FROM:<ana@pigeon.test>');
  await client.say('RCPT TO:<nobody@pigeon.test>');
  assert.match(await client.say('RCPT TO:<ben@pigeon.test>'), /^250/);
  assert.match(await client.say('DATA'), /^354/);
  client.write(`${mail('For whom there is')}\r\n.\r\n`);
  assert.match(await client.reply(), /^250 2\.\d\.0 Accepted for 1 recipient/);
  client.close();
  assert.equal((await found(ben, INBOX, 'For whom there is')).length, 1);
});

test('no recipients: 503', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  await client.say('MAIL FROM:<ana@pigeon.test>');
  assert.match(await client.say('DATA'), /^503 5\.5\.1/);
  await client.say('RCPT TO:<nobody@pigeon.test>');
  assert.match(await client.say('DATA'), /^503 5\.5\.1/);
  client.close();
});

test('recipients beyond policy are put off one by one', async () => {
  await homing.admin.setPolicy(homing.tenant, { maxRecipients: 3 });
  const client = await submitter(ports, 'ana@pigeon.test');
  await client.say('MAIL FROM:<ana@pigeon.test>');
  for (const n of [1, 2, 3]) assert.match(await client.say(`RCPT TO:<x${n}@outside.test>`), /^250/);
  assert.match(await client.say('RCPT TO:<x4@outside.test>'), /^452 4\.5\.3 A message may name 3 recipients/);
  assert.match(await client.say('DATA'), /^354/);
  client.write(`${mail('Three')}\r\n.\r\n`);
  assert.match(await client.reply(), /^250 2\.\d\.0 Accepted for 3 recipients/);
  client.close();
  await homing.admin.setPolicy(homing.tenant, { maxRecipients: 10_000 });
});

test('too large: by its declaration, and by itself', async () => {
  await homing.admin.setPolicy(homing.tenant, { maxMessageSize: 20_000 });
  const client = await submitter(ports, 'ana@pigeon.test');
  assert.match(await client.say('MAIL FROM:<ana@pigeon.test> SIZE=20001'), /^552 5\.3\.4/);
  const large = mail('Large', { body: `${'x'.repeat(70)}\r\n`.repeat(300) });
  assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], large), /^552 5\.3\.4/);
  assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail('Small')), /^250/);
  client.close();
  await homing.admin.setPolicy(homing.tenant, { maxMessageSize: 50 * 1024 * 1024 });
  assert.equal((await found(ben, INBOX, 'Large')).length, 0);
});

test('Bcc: the sender keeps it, nobody else has it anywhere', async () => {
  const subject = 'Blind';
  const client = await submitter(ports, 'ana@pigeon.test');
  const message = mail(subject, {
    headers: ['bCC: Cho <cho@pigeon.test>,', '\tsecret@outside.test', 'Resent-Bcc: eli@pigeon.test', 'X-Kept: yes'],
  });
  const to = ['ben@pigeon.test', 'cho@pigeon.test', 'secret@outside.test', 'plain@outside.test', 'zoe@other.test'];
  assert.match(await client.send('ana@pigeon.test', to, message), /^250/);
  client.close();
  homing.advance(31_000);
  await homing.settle();
  const arrived = homing.outside.received().filter((one) => one.subject === subject);
  assert.deepEqual(arrived.flatMap((one) => one.to).toSorted(), ['plain@outside.test', 'secret@outside.test']);
  const cho = await homing.client('cho@pigeon.test');
  const copies = [
    await bytesOf(ben, (await found(ben, INBOX, subject))[0]),
    await bytesOf(cho, (await found(cho, INBOX, subject))[0]),
    await bytesOf(zoe, (await found(zoe, INBOX, subject))[0]),
    ...arrived.map((one) => one.bytes.toString('latin1')),
  ];
  for (const copy of copies) {
    assert.match(copy, /^X-Kept: yes/m);
    assert.doesNotMatch(copy, /bcc|secret@|cho@|eli@/i);
  }
  const [sent] = await found(ana, SENT, subject);
  assert.deepEqual(sent?.['bcc'], [
    { name: 'Cho', email: 'cho@pigeon.test' },
    { name: null, email: 'secret@outside.test' },
  ]);
  assert.deepEqual(sent?.['keywords'], { $seen: true });
});

test('what is missing is added, once, and what is there stays', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  const bare = 'From: ana@pigeon.test\r\nTo: ben@pigeon.test\r\nSubject: Bare\r\n\r\nHi\r\n';
  assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test', 'bare@outside.test'], bare), /^250/);
  const whole = mail('Whole');
  assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], whole), /^250/);
  client.close();
  homing.advance(31_000);
  await homing.settle();
  const [mine] = await found(ana, SENT, 'Bare');
  const [theirs] = await found(ben, INBOX, 'Bare');
  assert.deepEqual(mine?.['messageId'], theirs?.['messageId']);
  assert.match(String((mine?.['messageId'] as string[] | undefined)?.[0]), /^[0-9a-f-]{36}@pigeon\.test$/);
  const away =
    homing.outside
      .received()
      .find((one) => one.subject === 'Bare')
      ?.bytes.toString('latin1') ?? '';
  for (const copy of [await bytesOf(ben, theirs), away]) {
    assert.equal(copy.match(/^Date: /gm)?.length, 1);
    assert.equal(copy.match(/^Message-ID: /gim)?.length, 1);
  }
  const kept = await bytesOf(ben, (await found(ben, INBOX, 'Whole'))[0]);
  assert.ok(kept.endsWith(whole));
});

test('one copy in Sent, whether the program stores its own or not', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  const message = mail('Kept once');
  assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], message), /^250/);
  client.close();
  assert.ok(ana);
  const upload = await ana.fetch(`/jmap/upload/${ana.accountId}/`, { method: 'POST', body: message });
  const { blobId } = (await upload.json()) as Json;
  const imported = await ana.call('Email/import', {
    emails: { k: { blobId, mailboxIds: { [SENT]: true }, keywords: { $seen: true } } },
  });
  assert.ok((imported['created'] as Json)['k'], JSON.stringify(imported));
  assert.equal((await found(ana, SENT, 'Kept once')).length, 1);
});

test('mail that goes round in circles is refused', async () => {
  const headers = Array.from({ length: 101 }, (_, i) => `Received: by hop${i}.test; Mon, 23 Nov 2026 12:00:00 +0000`);
  const client = await submitter(ports, 'ana@pigeon.test');
  assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail('Loop', { headers })), /^554 5\.4\.6/);
  client.close();
});

test('several messages over one connection, and a signed-in session stays its own', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  for (const n of [1, 2, 3]) {
    const told = await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail(`Series ${n}`));
    assert.match(told, /^250 2\.\d\.0 Accepted for 1 recipient/);
  }
  assert.match(await client.signIn('ben@pigeon.test'), /^503/);
  assert.match(await client.say('MAIL FROM:<ben@pigeon.test>'), /^550/);
  assert.match(await client.say('QUIT'), /^221/);
  assert.equal((await found(ben, INBOX, 'Series')).length, 3);
});

test('pipelined commands are answered in order', async () => {
  const client = await submitter(ports, 'ana@pigeon.test');
  client.write('MAIL FROM:<ana@pigeon.test>\r\nRCPT TO:<nobody@pigeon.test>\r\nRCPT TO:<ben@pigeon.test>\r\nDATA\r\n');
  const codes = (await client.replies(4)).map((told) => told.slice(0, 3));
  assert.deepEqual(codes, ['250', '550', '250', '354']);
  client.write(`${mail('Pipelined')}\r\n.\r\nQUIT\r\n`);
  assert.deepEqual(
    (await client.replies(2)).map((told) => told.slice(0, 3)),
    ['250', '221'],
  );
  client.close();
});
