// SMTP smuggling: a message whose text looks, to one server or another, as if it ended and another began. In every known
// form each of our ports refuses it, read to its real end; what no server is known to take for an end is text of the one
// message; and nothing that we send to others has such a form, however it came in.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createOutgoing } from '../../src/delivery/worker.ts';
import { startTestHoming } from '../support/homing.ts';
import { rawSmtp, submitter, type RawSmtp } from '../support/smtp.ts';

const homing = await startTestHoming({ policy: { holdOutsideSeconds: 0 } });
after(() => homing.close());
const { ports, sql } = homing;

/** What some server or other has taken for <CRLF>.<CRLF> (CVE-2023-51764 to -51766 and what was found since). */
const ENDS: Record<string, string> = {
  'LF . LF': '\n.\n',
  'LF . CRLF': '\n.\r\n',
  'LF . CR': '\n.\r',
  'CR . LF': '\r.\n',
  'CR . CR': '\r.\r',
  'CR . CRLF': '\r.\r\n',
  'CRLF . LF': '\r\n.\n',
  'CRLF . CR': '\r\n.\r',
  'LF LF . CRLF': '\n\n.\r\n',
  'LF . CR CRLF': '\n.\r\r\n',
  'CRLF NUL . CRLF': '\r\n\0.\r\n',
  'CRLF . NUL CRLF, stuffed': '\r\n..\0\r\n',
  'CRLF . CR NUL LF': '\r\n.\r\0\n',
  'CRLF . CR CRLF': '\r\n.\r\r\n',
};

/** As close to one as text may be: stuffed, it ends nothing anywhere. */
const TEXTS: Record<string, string> = {
  'CRLF . CRLF, stuffed': '\r\n..\r\n',
  'CR CRLF . CRLF, stuffed': '\r\r\n..\r\n',
  'CRLF . space CRLF, stuffed': '\r\n.. \r\n',
  'LF . . LF': '\n..\n',
  'LF and CR': '\none\rtwo\n\rthree',
  'NEL . NEL': '\x85.\x85',
};

const stored = async (): Promise<number> =>
  (await sql<{ n: number }>(`SELECT count(*)::int AS n FROM message`))[0]?.n ?? 0;

const smuggled = `MAIL FROM:<evil@outside.test>\r\nRCPT TO:<cho@pigeon.test>\r\nDATA\r\nFrom: evil@outside.test\r\nSubject: Smuggled\r\n\r\nx`;

const FACES: Record<string, { open: () => Promise<RawSmtp>; from: string }> = {
  smtp: { open: () => rawSmtp(ports.smtp), from: 'somebody@outside.test' },
  lmtp: { open: () => rawSmtp(ports.lmtp, { greet: 'LHLO' }), from: 'somebody@outside.test' },
  submissions: { open: () => submitter(ports, 'ana@pigeon.test'), from: 'ana@pigeon.test' },
};

const carrier = (from: string, name: string, end: string): string =>
  `From: <${from}>\r\nTo: ben@pigeon.test\r\nSubject: Carrier ${name}\r\n\r\nbefore${end}${smuggled}\r\n`;

for (const [face, { open, from }] of Object.entries(FACES)) {
  test(`${face}: each form is refused at the real end, and nothing of it is kept`, async () => {
    const before = await stored();
    const client = await open();
    for (const [name, end] of Object.entries(ENDS)) {
      const bytes = Buffer.from(carrier(from, name, end), 'latin1');
      assert.match(await client.send(from, ['ben@pigeon.test'], bytes), /^554 5\.6\.0 .*end/, name);
      assert.match(await client.say('NOOP'), /^250/, `${name}: the session goes on where it was`);
    }
    client.close();
    assert.equal(await stored(), before);
  });

  test(`${face}: what ends nothing anywhere is text of the one message`, async () => {
    const before = await stored();
    const client = await open();
    for (const [name, text] of Object.entries(TEXTS)) {
      const bytes = Buffer.from(carrier(from, name, text), 'latin1');
      assert.match(await client.send(from, ['ben@pigeon.test'], bytes), /^250/, name);
      assert.match(await client.say('NOOP'), /^250/, `${name}: the session goes on where it was`);
    }
    client.close();
    assert.equal((await stored()) - before, Object.keys(TEXTS).length);
    assert.deepEqual(await sql(`SELECT id FROM message WHERE subject LIKE 'Smuggled%'`), []);
  });
}

test('lmtp: each recipient is told', async () => {
  const client = await rawSmtp(ports.lmtp, { greet: 'LHLO' });
  const to = ['ben@pigeon.test', 'cho@pigeon.test'];
  const bytes = carrier('somebody@outside.test', 'for two', '\n.\r\n');
  assert.match(await client.send('somebody@outside.test', to, bytes), /^554 5\.6\.0/);
  assert.match(await client.reply(), /^554 5\.6\.0/);
  client.close();
});

test('commands that come together with STARTTLS in the clear are not obeyed after it (CVE-2011-0411)', async () => {
  const client = await rawSmtp(ports.smtp);
  assert.match(await client.startTls('MAIL FROM:<evil@outside.test>'), /^250/);
  assert.match(await client.say('RCPT TO:<cho@pigeon.test>'), /^503/);
  client.close();
});

test('a message within commands: no CR or LF gets into a command of ours', async () => {
  const client = await rawSmtp(ports.smtp);
  for (const line of [
    'MAIL FROM:<a\nRCPT TO:<cho@pigeon.test>',
    'MAIL FROM:<a\rRCPT TO:<cho@pigeon.test>',
    'MAIL FROM:<"a\\\nb"@x.test>',
  ])
    assert.match(await client.say(line), /^5/, JSON.stringify(line));
  client.close();
});

/** A server that takes everything and keeps the octets between DATA and the end as the strictest reader has it. */
async function sink(): Promise<{ port: number; messages: string[]; close: () => void }> {
  const messages: string[] = [];
  const server = createServer((socket) => {
    let [buffer, inData] = ['', false];
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    say('220 sink');
    socket
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        buffer += chunk.toString('latin1');
        for (;;) {
          const end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n');
          if (end < 0) return;
          const line = buffer.slice(0, end);
          buffer = buffer.slice(end + (inData ? 5 : 2));
          if (inData) {
            messages.push(line);
            inData = false;
            say('250 ok');
          } else if (/^DATA/i.test(line)) {
            inData = true;
            say('354 go on');
          } else if (/^EHLO/i.test(line)) say('250-sink\r\n250 8BITMIME');
          else say(/^QUIT/i.test(line) ? '221 bye' : '250 ok');
        }
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, messages, close: () => server.close() };
}

test('what we send on has no line end but CRLF, and no dot alone on a line, whoever reads it', async () => {
  const elsewhere = await sink();
  const outgoing = createOutgoing({
    ...homing.services,
    hostname: 'mail.homing.test',
    nextHop: { host: '127.0.0.1', port: elsewhere.port },
    timeouts: { connect: 5000, greeting: 5000, reply: 10_000 },
    graceMs: 0,
  });
  const ana = (await sql<{ id: number }>(`SELECT id FROM account WHERE address = 'ana@pigeon.test'`))[0]?.id ?? 0;
  // As a message comes that JMAP has taken from an upload: no line of it ever was on a wire.
  for (const [name, end] of Object.entries({ ...ENDS, ...TEXTS }))
    await homing.services.accept({
      tenant: homing.tenant,
      origin: { kind: 'submission', account: ana, submittedBy: ana, source: 'jmap' },
      mailFrom: 'ana@pigeon.test',
      recipients: [{ address: 'them@elsewhere.test' }],
      bytes: Buffer.from(carrier('ana@pigeon.test', `out ${name}`, end), 'latin1'),
      received: '',
      body: '8bitmime',
      smtputf8: false,
    });
  await outgoing.run();
  elsewhere.close();
  assert.equal(elsewhere.messages.length, Object.keys({ ...ENDS, ...TEXTS }).length);
  for (const message of elsewhere.messages) {
    const name = /Subject: (.*)/.exec(message)?.[1];
    // RFC 5321 §2.3.8: CR and LF come only together.
    assert.doesNotMatch(message, /\r(?!\n)|(?<!\r)\n/, `${name}: a bare CR or LF`);
    assert.ok(!message.includes('\0'), `${name}: a NUL`);
    assert.doesNotMatch(message, /(?:^|[\r\n])\.(?:[\r\n]|$)/, `${name}: a lone dot`);
  }
});
