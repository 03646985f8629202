import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startOutside, type OutsideWorld } from './outside.ts';

const now = new Date('2026-11-23T12:00:00Z');

async function start(
  t: TestContext,
  wait: (ms: number) => Promise<void> = () => Promise.resolve(),
): Promise<OutsideWorld> {
  const outside = await startOutside({ clock: () => now, wait });
  t.after(() => outside.close());
  return outside;
}

/** Sends lines, each after the answer to the one before; resolves with all that was answered when the other side hangs up. */
function talk(port: number, lines: string[]): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const replies: string[] = [];
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const complete = (rest + chunk).split('\r\n');
      rest = complete.pop() ?? '';
      for (const line of complete) {
        if (/^\d{3}-/.test(line)) continue;
        replies.push(line);
        const next = lines.shift();
        if (next !== undefined) socket.write(`${next}\r\n`);
      }
    });
    socket.on('error', () => undefined).on('close', () => resolve(replies));
  });
}

const MESSAGE = 'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nhello\r\n.';

test('greets by its name, takes a message and keeps it to be looked at', async (t) => {
  const outside = await start(t);
  const replies = await talk(outside.port, [
    'EHLO a.test',
    'MAIL FROM:<ana@pigeon.test>',
    'RCPT TO:<anyone@outside.test>',
    'DATA',
    MESSAGE,
    'QUIT',
  ]);
  assert.match(replies[0] ?? '', /^220 mx\.outside\.test /);
  assert.match(replies[5] ?? '', /^250 2\.0\.0 /);
  assert.deepEqual(
    outside.received().map(({ bytes, ...mail }) => ({ ...mail, text: bytes.toString() })),
    [
      {
        at: now,
        from: 'ana@pigeon.test',
        to: ['anyone@outside.test'],
        size: 47,
        subject: 'Grüße',
        text: 'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nhello\r\n',
      },
    ],
  );
});

test('refuses recipient by recipient, and has slow@ and lost@ alone in a transaction', async (t) => {
  const outside = await start(t);
  const rcpt = ['bounce', 'defer', 'anyone', 'slow', 'lost', 'other'].map((name) => `RCPT TO:<${name}@outside.test>`);
  const replies = await talk(outside.port, [
    'EHLO a.test',
    'MAIL FROM:<>',
    ...rcpt,
    'RSET',
    'MAIL FROM:<>',
    'RCPT TO:<slow@outside.test>',
    'RCPT TO:<anyone@outside.test>',
    'QUIT',
  ]);
  assert.deepEqual(
    replies.slice(3, 9).map((reply) => reply.slice(0, 9)),
    ['550 5.1.1', '451 4.2.1', '250 Accep', '452 4.5.3', '452 4.5.3', '250 Accep'],
  );
  assert.deepEqual(
    replies.slice(11, 13).map((reply) => reply.slice(0, 9)),
    ['250 Accep', '452 4.5.3'],
  );
});

test('slow@ answers after twenty seconds', async (t) => {
  const waited: number[] = [];
  const time = Promise.withResolvers<void>();
  const outside = await start(t, (ms) => {
    waited.push(ms);
    time.resolve();
    return Promise.resolve();
  });
  const replies = await talk(outside.port, [
    'EHLO a.test',
    'MAIL FROM:<>',
    'RCPT TO:<slow@outside.test>',
    'DATA',
    MESSAGE,
    'QUIT',
  ]);
  await time.promise;
  assert.deepEqual(waited, [20_000]);
  assert.match(replies[5] ?? '', /^250 /);
});

test('lost@ takes the message and hangs up without a word', async (t) => {
  const outside = await start(t);
  const replies = await talk(outside.port, [
    'EHLO a.test',
    'MAIL FROM:<>',
    'RCPT TO:<lost@outside.test>',
    'DATA',
    MESSAGE,
  ]);
  assert.match(replies.at(-1) ?? '', /^354 /);
  assert.equal(outside.received().length, 1);
});

test('keeps the last thousand', async (t) => {
  const outside = await start(t);
  const one = ['MAIL FROM:<>', 'RCPT TO:<anyone@outside.test>', 'DATA', MESSAGE];
  await talk(outside.port, ['EHLO a.test', ...Array.from({ length: 1003 }, () => one).flat(), 'QUIT']);
  assert.equal(outside.received().length, 1000);
});
