import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../../test/support/homing.ts';
import type { Json } from '../../test/support/http.ts';
import { mail } from '../../test/support/mailboxes.ts';
import { rawSmtp, submitter, type RawSmtp } from '../../test/support/smtp.ts';

const homing = await startTestHoming();
after(() => homing.close());
const { ports, sql } = homing;
const FROM = 'somebody@outside.test';
const ben = await homing.client('ben@pigeon.test');
const ana = await homing.client('ana@pigeon.test');

/** The source of the latest Email in somebody's mailbox, as JMAP gives it out. */
async function latest(client = ben, inMailbox = 'f1'): Promise<{ source: Buffer; id: string }> {
  const query = { filter: { inMailbox }, sort: [{ property: 'receivedAt', isAscending: false }], limit: 1000 };
  const { ids } = (await client.call('Email/query', query)) as { ids: string[] };
  const newest = ids.toSorted((a, b) => Number(b.slice(1)) - Number(a.slice(1)))[0] ?? '';
  const { list } = (await client.call('Email/get', { ids: [newest], properties: ['blobId'] })) as { list: Json[] };
  const response = await client.fetch(`/jmap/download/${client.accountId}/${String(list[0]?.['blobId'])}/x`);
  assert.equal(response.status, 200);
  return { source: Buffer.from(await response.arrayBuffer()), id: newest };
}

/** What JMAP makes of it: every property there is, so that nothing of it is too much for the parser. */
async function readWhole(id: string): Promise<Json> {
  const more = { fetchAllBodyValues: true, bodyProperties: ['partId', 'blobId', 'size', 'name', 'type', 'charset'] };
  const answer = await ben.call('Email/get', { ids: [id], ...more });
  assert.equal(answer['error'], undefined, JSON.stringify(answer));
  return (answer['list'] as Json[])[0] ?? {};
}

const stuffed = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll(/(?<=^|\r\n)\./g, '..'), 'latin1');

const head = `From: ${FROM}\r\nTo: ben@pigeon.test\r\n`;
const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');

/** Name → message; each ends with CRLF, or could not be sent by DATA. */
const ODD: Record<string, string> = {
  'empty body': `${head}Subject: x\r\n\r\n`,
  'no body, no blank line': `${head}Subject: x\r\n`,
  'only a body': `\r\nA body without any header.\r\n`,
  'no colon anywhere': 'This is no message at all\r\n',
  'a blank line and nothing': '\r\n',
  'bare LF': `${head}Subject: x\r\n\r\none\ntwo\n\nthree\r\n`,
  'bare LF header': `From: ${FROM}\nTo: ben@pigeon.test\nSubject: x\n\nbody\n\r\n`,
  'bare CR': `${head}Subject: a\rb\r\n\r\none\rtwo\r\r\r\n`,
  'dots after bare LF': `${head}Subject: x\r\n\r\na\n.b\n..\nc\n...\r\n`,
  dots: `${head}Subject: x\r\n\r\n.\r\n..\r\n...\r\n.a\r\n`,
  'every octet': `${head}Subject: x\r\n\r\n${binary}\r\n`,
  'every octet in a header': `${head}Subject: ${binary.replaceAll(/[\r\n]/g, '')}\r\n\r\nx\r\n`,
  'Latin-1 in headers': `${head}Subject: caf\xe9\r\nX-\xe9: \xff\r\n\r\nx\r\n`,
  'UTF-8 in headers': `${head}Subject: ${Buffer.from('Grüße ✉').toString('latin1')}\r\n\r\nx\r\n`,
  'lone surrogates in UTF-8': `${head}Subject: \xed\xa0\x80\r\n\r\n\xed\xa0\x80\r\n`,
  NUL: `${head}Subject: a\0b\r\nMessage-ID: <a\0b@x>\r\nX: \0\r\n\r\na\0b\r\n`,
  'a line of 100,000': `${head}Subject: ${'x'.repeat(100_000)}\r\n\r\n${'y'.repeat(100_000)}\r\n`,
  '10,000 headers': `${head}${'X-Many: y\r\n'.repeat(10_000)}\r\nx\r\n`,
  'all addresses broken':
    'From: <<>>@,;:<\r\nTo: "unclosed <x@y\r\nCc: ((((((\r\nSubject: =?utf-8?b?!!!?=\r\n\r\nx\r\n',
  'a broken date': `${head}Date: the day before yesterday\r\nSubject: x\r\n\r\nx\r\n`,
  'two of everything': `${head}${head}Subject: a\r\nSubject: b\r\nDate: x\r\nDate: y\r\nMessage-ID: <a@b>\r\nMessage-ID: <c@d>\r\n\r\nx\r\n`,
  'multipart without boundary': `${head}Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nhi\r\n--x--\r\n`,
  'multipart that never ends': `${head}Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n`,
  'multipart within itself': `${head}Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n'.repeat(500)}`,
  'deep multiparts': `${head}${Array.from({ length: 500 }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`).join('')}\r\n`,
  'deep messages': `${head}${'Content-Type: message/rfc822\r\n\r\n'.repeat(500)}x\r\n`,
  'many parts': `${head}Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n\r\na\r\n'.repeat(5000)}--x--\r\n`,
  'broken base64': `${head}Content-Transfer-Encoding: base64\r\n\r\n====!!!!A\r\n=\r\n`,
  'broken quoted-printable': `${head}Content-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n=ZZ=4\r\n=`.concat('\r\n'),
  'an unknown charset': `${head}Content-Type: text/plain; charset="x-\xff-none"\r\n\r\n\xe9\r\n`,
  'parameters without end': `${head}Content-Type: text/plain; name*0*=utf-8''%; name*1="${'\\"'.repeat(1000)}\r\n\r\nx\r\n`,
  'folds without end': `${head}Subject:${'\r\n '.repeat(5000)}x\r\n\r\nx\r\n`,
  'a header that begins with a space': ` leading: x\r\n${head}Subject: x\r\n\r\nx\r\n`,
};

test('from outside, whatever it is, it is kept to the octet and can be read', async (t) => {
  const client = await rawSmtp(ports.smtp);
  for (const [name, text] of Object.entries(ODD)) {
    await t.test(name, async () => {
      const bytes = Buffer.from(text, 'latin1');
      assert.match(await client.send(FROM, ['ben@pigeon.test'], stuffed(bytes)), /^250/);
      const { source, id } = await latest();
      assert.ok(source.subarray(-bytes.length).equals(bytes), 'not as it was sent');
      assert.match(
        source.subarray(0, -bytes.length).toString(),
        /^Return-Path: .*\r\nReceived: (?:.*\r\n\t)*.*\r\n(?:\r\n)?$/,
      );
      await readWhole(id);
    });
  }
  client.close();
});

test('submitted, it is changed in nothing but the fields that are added', async (t) => {
  const client = await submitter(ports, 'ana@pigeon.test');
  for (const [name, text] of Object.entries(ODD)) {
    await t.test(name, async () => {
      const bytes = Buffer.from(text.replaceAll(FROM, 'ana@pigeon.test'), 'latin1');
      const told = await client.send('ana@pigeon.test', ['ben@pigeon.test'], stuffed(bytes));
      if (told.startsWith('550 5.7.1')) return; // a From that is nobody's address is not hers
      assert.match(told, /^250/);
      const { source, id } = await latest();
      const lines = source.toString('latin1').replace(/^Received: .*\r\n\t.*\r\n/, '');
      assert.equal(withoutAdded(lines, text), withoutAdded(bytes.toString('latin1'), text));
      await readWhole(id);
      const sent = await latest(ana, 'f3');
      assert.equal(sent.source.toString('latin1').length >= bytes.length, true);
    });
  }
  client.close();
});

/** Without the Date and the Message-ID that a submission is given where it has none, and the line end before a body. */
function withoutAdded(source: string, original: string): string {
  let left = source;
  if (!/^date[ \t]*:/im.test(original)) left = left.replace(/^Date: .*\r\n/m, '');
  if (!/^message-id[ \t]*:/im.test(original)) left = left.replace(/^Message-ID: .*\r\n/m, '');
  return left.replace(/^\r\n/, '');
}

test('a message cannot bring another with it: no form of a dot but one ends it', async () => {
  for (const [name, end] of Object.entries({
    'LF dot LF': '\n.\n',
    'LF dot CRLF': '\n.\r\n',
    'CRLF dot LF': '\r\n.\n',
    'CR dot CR': '\r.\r',
    'CRLF dot CR': '\r\n.\r',
    'CR dot CRLF': '\r.\r\n',
    NUL: '\r\n\0.\r\n',
  })) {
    const client = await rawSmtp(ports.smtp);
    const smuggled = `MAIL FROM:<evil@outside.test>\r\nRCPT TO:<cho@pigeon.test>\r\nDATA\r\n${mail('Smuggled')}`;
    const bytes = Buffer.from(`${head}Subject: Carrier\r\n\r\nx${end}${smuggled}`, 'latin1');
    assert.match(await client.send(FROM, ['ben@pigeon.test'], bytes), /^554 5\.6\.0/, name);
    assert.match(await client.say('NOOP'), /^250 2\.0\.0/, name);
    client.close();
  }
  const rows = await sql(`SELECT 1 FROM message WHERE subject IN ('Carrier', 'Smuggled')`);
  assert.equal(rows.length, 0);
});

test('nor when the pieces come one by one', async () => {
  const client = await rawSmtp(ports.smtp);
  for (const line of [`MAIL FROM:<${FROM}>`, 'RCPT TO:<ben@pigeon.test>', 'DATA']) await client.say(line);
  const bytes = Buffer.from(`${head}Subject: Slowly\r\n\r\n.\r\n..\n.x\r\n`, 'latin1');
  for (const octet of stuffed(bytes)) {
    client.write(Buffer.from([octet]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.write('.\r\n');
  assert.match(await client.reply(), /^250/);
  client.close();
  assert.ok((await latest()).source.subarray(-bytes.length).equals(bytes));
});

const LONG = 'x'.repeat(5000);

test('bad commands are refused, and the connection goes on', async () => {
  const client = await rawSmtp(ports.smtp);
  for (const [line, code] of [
    ['', /^5/],
    ['HELLO', /^50/],
    ['EHLO', /^50/],
    ['MAIL', /^50/],
    ['MAIL FROM', /^50/],
    ['MAIL FROM:x', /^5/],
    ['MAIL FROM:<x', /^5/],
    [`MAIL FROM:<${LONG}@x.test>`, /^5/],
    ['MAIL FROM:<a@b.test> SIZE=abc', /^5/],
    ['MAIL FROM:<a@b.test> SIZE=99999999999999', /^552/],
    ['MAIL FROM:<a@b.test> BODY=9BIT', /^5/],
    ['MAIL FROM:<a@b.test> REQUIRETLS', /^5(?:30|55)/],
    ['MAIL FROM:<a@b.test> XYZZY=1', /^555/],
    ['MAIL FROM:<é@b.test>', /^553/],
    ['RCPT TO:<ben@pigeon.test>', /^503/],
    ['DATA', /^503/],
    ['\0\0\0', /^5/],
    ['BDAT 10 LAST', /^50/],
    ['AUTH PLAIN AGFuYQBob21pbmc=', /^50/],
    ['XCLIENT ADDR=1.2.3.4', /^50/],
  ] as const) {
    const told = await client.say(line);
    assert.match(told, code, `${line.slice(0, 50)} → ${told}`);
  }
  assert.match(await client.send(FROM, ['ben@pigeon.test'], mail('After all that', { from: FROM })), /^250/);
  client.close();
});

test('recipients that are no addresses', async () => {
  const client = await rawSmtp(ports.smtp);
  await client.say(`MAIL FROM:<${FROM}>`);
  for (const to of [
    '',
    '@',
    'ben',
    'ben@',
    '@pigeon.test',
    'ben @pigeon.test',
    'ben@pigeon..test',
    'ben@\xff.test',
    LONG,
  ])
    assert.match(await client.say(`RCPT TO:<${to}>`), /^5/, to);
  assert.match(await client.say('DATA'), /^503/);
  client.close();
});

test('SMTPUTF8: an address beyond ASCII, when it is said that there are any', async () => {
  await homing.admin.addAccount({ address: 'zoë@pigeon.test', name: 'Zoë' });
  const client = await rawSmtp(ports.smtp);
  await client.say(`MAIL FROM:<${FROM}>`);
  assert.match(await client.say('RCPT TO:<zoë@pigeon.test>'), /^553 5\.6\.7/);
  await client.say('RSET');
  assert.match(await client.say(`MAIL FROM:<${FROM}> SMTPUTF8`), /^250/);
  assert.match(await client.say('RCPT TO:<zoë@pigeon.test>'), /^250/);
  await client.say('DATA');
  client.write(`${mail('In UTF-8', { from: FROM })}.\r\n`);
  assert.match(await client.reply(), /^250/);
  client.close();
});

test('somebody who hangs up in the middle leaves nothing', async () => {
  const before = await sql<{ n: number }>(`SELECT count(*)::int AS n FROM message`);
  const hung: RawSmtp[] = [];
  for (let i = 0; i < 10; i++) {
    const client = await rawSmtp(ports.smtp);
    for (const line of [`MAIL FROM:<${FROM}>`, 'RCPT TO:<ben@pigeon.test>', 'DATA']) await client.say(line);
    client.write(`${head}Subject: Cut\r\n\r\nx\r\n.`);
    hung.push(client);
  }
  for (const client of hung) client.close();
  const client = await rawSmtp(ports.smtp);
  assert.match(await client.say('NOOP'), /^250/);
  client.close();
  assert.deepEqual(await sql(`SELECT count(*)::int AS n FROM message`), before);
});

test('larger than the server takes: read to its end, and refused', async () => {
  const client = await rawSmtp(ports.smtp);
  for (const line of [`MAIL FROM:<${FROM}>`, 'RCPT TO:<ben@pigeon.test>', 'DATA']) await client.say(line);
  client.write(`${head}Subject: Huge\r\n\r\n`);
  const piece = Buffer.from(`${'z'.repeat(998)}\r\n`.repeat(1024));
  for (let i = 0; i < 52; i++) client.write(piece);
  client.write('.\r\n');
  assert.match(await client.reply(), /^552 5\.3\.4/);
  assert.match(await client.send(FROM, ['ben@pigeon.test'], mail('Small again', { from: FROM })), /^250/);
  client.close();
});
