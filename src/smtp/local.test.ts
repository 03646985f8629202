import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { startTestHoming } from '../../test/support/homing.ts';
import { mail } from '../../test/support/mailboxes.ts';
import { program, rawSmtp, submitter } from '../../test/support/smtp.ts';

const homing = await startTestHoming();
after(() => homing.close());
const { ports, sql } = homing;
const FROM = 'somebody@outside.test';

/** Who has a message of this subject in their Inbox. */
async function arrived(subject: string): Promise<string[]> {
  const rows = await sql<{ address: string }>(
    `SELECT a.address FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     JOIN account a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
     WHERE m.subject = $1 AND c.mailbox_id = 1 ORDER BY 1`,
    [subject],
  );
  return rows.map((row) => row.address);
}

async function sourceOf(address: string, subject: string): Promise<string> {
  const client = await homing.client(address);
  const { ids } = await client.call('Email/query', { filter: { subject } });
  const { list } = (await client.call('Email/get', { ids, properties: ['blobId'] })) as { list: { blobId: string }[] };
  assert.equal(list.length, 1);
  const response = await client.fetch(`/jmap/download/${client.accountId}/${list[0]?.blobId}/x`);
  return Buffer.from(await response.arrayBuffer()).toString('latin1');
}

test('what the two faces offer', async () => {
  for (const [port, greet] of [
    [ports.smtp, 'EHLO'],
    [ports.lmtp, 'LHLO'],
  ] as const) {
    const client = await rawSmtp(port, { greet: false });
    const told = await client.say(`${greet} test.example`);
    for (const word of ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'STARTTLS'])
      assert.match(told, new RegExp(`^250[- ]${word}$`, 'm'), greet);
    assert.match(told, /^250[- ]SIZE \d+$/m);
    assert.doesNotMatch(told, /AUTH/);
    assert.match(await client.signIn('ana@pigeon.test'), /^50[02]/);
    client.close();
  }
  const wrong = await rawSmtp(ports.lmtp, { greet: false });
  assert.match(await wrong.say('EHLO test.example'), /^5/);
  wrong.close();
});

test('from outside: for who is here, and for nobody else', async () => {
  const client = await rawSmtp(ports.smtp);
  await client.say(`MAIL FROM:<${FROM}>`);
  assert.match(await client.say('RCPT TO:<somebody@elsewhere.test>'), /^550 5\.7\.1 .* relays for nobody/);
  assert.match(await client.say('RCPT TO:<nobody@pigeon.test>'), /^550 5\.1\.1/);
  assert.match(await client.say('RCPT TO:<all@pigeon.test>'), /^550 5\.7\.1 .* takes mail from inside only/);
  for (const trick of [
    'somebody%elsewhere.test@pigeon.test',
    '@pigeon.test:somebody@elsewhere.test',
    '"somebody@elsewhere.test"@pigeon.test',
    'somebody@elsewhere.test@pigeon.test',
    'elsewhere.test!somebody@pigeon.test',
  ])
    assert.match(await client.say(`RCPT TO:<${trick}>`), /^5/, trick);
  assert.match(await client.say('DATA'), /^503/);
  assert.match(await client.say('RCPT TO:<Ben@PIGEON.test>'), /^250/);
  assert.match(await client.say('RCPT TO:<office@pigeon.test>'), /^250/);
  assert.match(await client.say('DATA'), /^354/);
  client.write(`${mail('From afar', { from: FROM })}.\r\n`);
  assert.match(await client.reply(), /^250/);
  client.close();
  assert.deepEqual(await arrived('From afar'), ['ben@pigeon.test', 'office@pigeon.test']);
  assert.equal(homing.outside.received().length, 0);
});

test('even Ana cannot send from here as if she were inside', async () => {
  const client = await rawSmtp(ports.smtp);
  await client.say('MAIL FROM:<ana@pigeon.test>');
  assert.match(await client.say('RCPT TO:<somebody@elsewhere.test>'), /^550 5\.7\.1/);
  assert.match(await client.say('RCPT TO:<all@pigeon.test>'), /^550 5\.7\.1/);
  await client.say('RSET');
  assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail('As if')), /^250/);
  client.close();
  const submissions = await sql(`SELECT 1 FROM submission s JOIN message m ON m.id = s.id WHERE m.subject = 'As if'`);
  assert.equal(submissions.length, 0);
});

test('the message stays what it was, below its trace', async () => {
  const client = await rawSmtp(ports.smtp);
  const message = mail('Traced', { from: FROM, headers: ['Bcc: kept@outside.test', 'Return-Path: <forged@x.test>'] });
  assert.match(await client.send(FROM, ['ben@pigeon.test'], message), /^250/);
  assert.match(await client.send('', ['cho@pigeon.test'], mail('Null sender', { from: FROM })), /^250/);
  client.close();
  const source = await sourceOf('ben@pigeon.test', 'Traced');
  assert.ok(source.endsWith(message));
  const trace = source.slice(0, -message.length);
  assert.match(
    trace,
    /^Return-Path: <somebody@outside\.test>\r\nReceived: from test\.example \(\[127\.0\.0\.1\]\)\r\n\tby localhost/,
  );
  assert.match(trace, /with ESMTP id \w+;\r\n\t\w{3}, 23 Nov 2026 12:00:00 \+0000\r\n$/);
  assert.doesNotMatch(trace, /ben@/);
  assert.match(await sourceOf('cho@pigeon.test', 'Null sender'), /^Return-Path: <>\r\n/);
});

test('two tenants in one transaction: each has its own message', async () => {
  const client = await rawSmtp(ports.smtp);
  const told = await client.send(
    FROM,
    ['ben@pigeon.test', 'zoe@other.test', 'dia@pigeon.test'],
    mail('Both', { from: FROM }),
  );
  assert.match(told, /^250/);
  client.close();
  assert.deepEqual(await arrived('Both'), ['ben@pigeon.test', 'dia@pigeon.test', 'zoe@other.test']);
  const rows = await sql<{ tenant_id: number }>(`SELECT tenant_id FROM message WHERE subject = 'Both' ORDER BY 1`);
  assert.deepEqual(
    rows.map((row) => row.tenant_id),
    [homing.tenant, homing.other].toSorted((a, b) => a - b),
  );
});

test('LMTP answers for each recipient', async () => {
  const client = await rawSmtp(ports.lmtp, { greet: 'LHLO' });
  await client.say(`MAIL FROM:<${FROM}>`);
  assert.match(await client.say('RCPT TO:<ben@pigeon.test>'), /^250/);
  assert.match(await client.say('RCPT TO:<nobody@pigeon.test>'), /^550 5\.1\.1/);
  assert.match(await client.say('RCPT TO:<x@elsewhere.test>'), /^550 5\.7\.1/);
  assert.match(await client.say('RCPT TO:<zoe@other.test>'), /^250/);
  assert.match(await client.say('DATA'), /^354/);
  client.write(`${mail('By LMTP', { from: FROM })}.\r\n`);
  const answers = await client.replies(2);
  for (const answer of answers) assert.match(answer, /^250 /);
  assert.match(await client.say('NOOP'), /^250/);
  client.close();
  assert.deepEqual(await arrived('By LMTP'), ['ben@pigeon.test', 'zoe@other.test']);
});

test('LMTP: somebody who goes between RCPT and DATA does not stand in the way of others', async () => {
  await homing.admin.addAccount({ address: 'brief@pigeon.test' });
  const client = await rawSmtp(ports.lmtp, { greet: 'LHLO' });
  await client.say(`MAIL FROM:<${FROM}>`);
  for (const to of ['ben@pigeon.test', 'brief@pigeon.test', 'cho@pigeon.test'])
    assert.match(await client.say(`RCPT TO:<${to}>`), /^250/);
  await homing.admin.removeAccount('brief@pigeon.test');
  await client.say('DATA');
  client.write(`${mail('Going', { from: FROM })}.\r\n`);
  const codes = (await client.replies(3)).map((told) => told.slice(0, 9));
  assert.deepEqual(codes, ['250 2.0.0', '550 5.1.1', '250 2.0.0']);
  client.close();
  assert.deepEqual(await arrived('Going'), ['ben@pigeon.test', 'cho@pigeon.test']);
});

test('LMTP may write to a group: everyone has one copy', async () => {
  const client = await program({ port: ports.lmtp, lmtp: true });
  await client.send({ from: FROM, to: ['all@pigeon.test', 'ben@pigeon.test'] }, mail('To all', { from: FROM }));
  client.quit();
  const people = ['ana', 'ben', 'cho', 'dia', 'eli'].map((name) => `${name}@pigeon.test`);
  assert.deepEqual(
    (await arrived('To all')).filter((address) => people.includes(address)),
    people,
  );
});

test('mail that goes round in circles is refused', async () => {
  const headers = Array.from({ length: 101 }, (_, i) => `Received: by hop${i}.test; Mon, 23 Nov 2026 12:00:00 +0000`);
  const client = await rawSmtp(ports.smtp);
  assert.match(await client.send(FROM, ['ben@pigeon.test'], mail('Loop', { headers })), /^554 5\.4\.6/);
  client.close();
});

test('the database goes away and comes back: 451, and then it is taken', async () => {
  const { database } = homing.owner;
  const admin = new pg.Client({ ...homing.owner, database: 'postgres' });
  await admin.connect();
  const allow = async (yes: boolean): Promise<void> => {
    await admin.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS ${yes}`);
    if (!yes) await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`);
  };
  const client = await rawSmtp(ports.smtp);
  const submitting = await submitter(ports, 'ana@pigeon.test');
  for (const line of [`MAIL FROM:<${FROM}>`, 'RCPT TO:<ben@pigeon.test>', 'DATA']) await client.say(line);
  for (const line of ['MAIL FROM:<ana@pigeon.test>', 'RCPT TO:<ben@pigeon.test>', 'DATA']) await submitting.say(line);
  await allow(false);
  client.write(`${mail('While away', { from: FROM })}.\r\n`);
  submitting.write(`${mail('While away')}.\r\n`);
  assert.match(await client.reply(), /^451 4\.3\.0 The mail store is not available/);
  assert.match(await submitting.reply(), /^451 4\.3\.0/);
  await client.say(`MAIL FROM:<${FROM}>`);
  assert.match(await client.say('RCPT TO:<new@pigeon.test>'), /^451 4\.3\.0/);
  const other = await rawSmtp(ports.submissions, { tls: true });
  assert.match(await other.signIn('cho@pigeon.test'), /^454 4\.7\.0/);
  other.close();
  await allow(true);
  await admin.end();
  for (const connection of [client, submitting]) {
    const from = connection === client ? FROM : 'ana@pigeon.test';
    let told = '';
    for (let i = 0; i < 200 && !told.startsWith('250'); i++) {
      await connection.say('RSET');
      told = await connection.send(from, ['ben@pigeon.test'], mail('Back', { from }));
    }
    assert.match(told, /^250/);
    connection.close();
  }
  assert.deepEqual(await arrived('While away'), []);
  assert.deepEqual(await arrived('Back'), ['ben@pigeon.test', 'ben@pigeon.test']);
});
