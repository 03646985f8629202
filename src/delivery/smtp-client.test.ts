import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { sendMail, type Fate, type OutgoingMail, type Timeouts } from './smtp-client.ts';

const TIMEOUTS: Timeouts = { connect: 5000, greeting: 5000, reply: 5000 };
const ALL = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'DSN', 'SIZE 1000000'];

type Answer = string | ((socket: Socket) => void);

interface Script {
  extensions?: string[];
  greeting?: Answer;
  /** By the command's beginning; 250 by default. */
  answers?: Record<string, Answer>;
  /** To the final dot. */
  dot?: Answer;
}

/** A server that says what it is told to, and remembers what it heard. */
async function serve(t: TestContext, script: Script): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    let data = false;
    const say = (answer: Answer): void =>
      void (typeof answer === 'string' ? socket.write(`${answer}\r\n`) : answer(socket));
    const hear = (line: string): void => {
      heard.push(line);
      if (data) {
        if (line !== '.') return;
        data = false;
        return say(script.dot ?? '250 2.0.0 taken');
      }
      const given = Object.entries(script.answers ?? {}).find(([command]) => line.startsWith(command))?.[1];
      if (given !== undefined) {
        data = line === 'DATA' && typeof given === 'string' && given.startsWith('354');
        return say(given);
      }
      if (line.startsWith('EHLO'))
        return say(['250-mx.test', ...(script.extensions ?? ALL).map((e) => `250-${e}`), '250 HELP'].join('\r\n'));
      data = line === 'DATA';
      say(data ? '354 go on' : '250 2.0.0 ok');
      if (line === 'QUIT') socket.end();
    };
    socket.setEncoding('utf8').on('error', () => undefined);
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      lines.forEach(hear);
    });
    say(script.greeting ?? '220 mx.test');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, heard };
}

const MESSAGE = Buffer.from('Subject: hello\r\n\r\n.dot\r\nbody\r\n');

function mailTo(addresses: string[], more: Partial<OutgoingMail> = {}): OutgoingMail {
  return {
    mailFrom: 'ana@pigeon.test',
    recipients: addresses.map((address) => ({ address, notify: 2, originalRecipient: null })),
    size: MESSAGE.length,
    eightBit: true,
    smtputf8: false,
    ret: null,
    envid: null,
    async *content() {
      yield MESSAGE;
    },
    hasEightBit: () => Promise.resolve(false),
    hasEightBitHeader: () => Promise.resolve(false),
    ...more,
  };
}

/** Each recipient's fate, and in which order they were told. */
async function send(
  port: number,
  mail: OutgoingMail,
  options: { timeouts?: Partial<Timeouts>; signal?: AbortSignal } = {},
): Promise<{ fates: (Fate | undefined)[]; told: number[][] }> {
  const told: ReadonlyMap<number, Fate>[] = [];
  await sendMail(
    {
      nextHop: { host: '127.0.0.1', port },
      hostname: 'mail.pigeon.test',
      timeouts: { ...TIMEOUTS, ...options.timeouts },
      signal: options.signal ?? new AbortController().signal,
    },
    mail,
    (fates) => {
      told.push(fates);
      return Promise.resolve();
    },
  );
  const fates = mail.recipients.map((_, index) => told.find((one) => one.has(index))?.get(index));
  return { fates, told: told.map((one) => [...one.keys()]) };
}

test('one transaction for all recipients, byte for byte but for the dots', async (t) => {
  const { port, heard } = await serve(t, {});
  const { fates } = await send(port, mailTo(['a@x.test', 'b@x.test']));
  const taken: Fate = { kind: 'delivered', reply: '250 2.0.0 taken', passedOn: true };
  assert.deepEqual(fates, [taken, taken]);
  assert.deepEqual(heard.slice(0, 10), [
    'EHLO mail.pigeon.test',
    `MAIL FROM:<ana@pigeon.test> BODY=8BITMIME SIZE=${MESSAGE.length}`,
    'RCPT TO:<a@x.test>',
    'RCPT TO:<b@x.test>',
    'DATA',
    'Subject: hello',
    '',
    '..dot',
    'body',
    '.',
  ]);
});

test('passes DSN parameters on, to each recipient its own', async (t) => {
  const { port, heard } = await serve(t, {});
  const recipients = [
    { address: 'a@x.test', notify: 21, originalRecipient: 'rfc822;a+b=c@pigeon.test' },
    { address: 'b@x.test', notify: 24, originalRecipient: null },
    { address: 'c@x.test', notify: 16, originalRecipient: 'no type' },
  ];
  await send(port, mailTo([], { recipients, ret: 'HDRS', envid: 'x y+1', mailFrom: '' }));
  assert.deepEqual(heard.slice(1, 5), [
    `MAIL FROM:<> BODY=8BITMIME SIZE=${MESSAGE.length} RET=HDRS ENVID=x+20y+2B1`,
    'RCPT TO:<a@x.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb+3Dc@pigeon.test',
    'RCPT TO:<b@x.test> NOTIFY=NEVER',
    'RCPT TO:<c@x.test> NOTIFY=NEVER',
  ]);
});

test('asks for nothing that is not offered', async (t) => {
  const { port, heard } = await serve(t, { extensions: [] });
  const { fates } = await send(port, mailTo(['a@x.test'], { ret: 'FULL', envid: 'e', smtputf8: true }));
  assert.deepEqual(heard.slice(1, 3), ['MAIL FROM:<ana@pigeon.test>', 'RCPT TO:<a@x.test>']);
  assert.equal(fates[0]?.kind === 'delivered' && fates[0].passedOn, false);
});

test('a greeting without EHLO is spoken to all the same', async (t) => {
  const { port } = await serve(t, { answers: { EHLO: '502 what' } });
  assert.equal((await send(port, mailTo(['a@x.test']))).fates[0]?.kind, 'delivered');
});

test('SMTPUTF8 is declared once, for addresses and for headers', async (t) => {
  const one = await serve(t, {});
  await send(one.port, mailTo(['a@x.test'], { smtputf8: true }));
  assert.match(one.heard[1] ?? '', /^MAIL FROM:<ana@pigeon\.test> (?=.* SMTPUTF8$)(?!.*SMTPUTF8.*SMTPUTF8)/);
  const two = await serve(t, {});
  await send(two.port, mailTo(['jürgen@x.test'], { smtputf8: true }));
  assert.match(two.heard[1] ?? '', /^MAIL FROM:<ana@pigeon\.test> (?=.*SMTPUTF8)(?!.*SMTPUTF8.*SMTPUTF8)/);
});

test('what a server without SMTPUTF8 cannot take is refused, the rest goes', async (t) => {
  const { port, heard } = await serve(t, { extensions: ['8BITMIME'] });
  const { fates } = await send(port, mailTo(['jürgen@x.test', 'a@x.test'], { smtputf8: true }));
  assert.match(fates[0]?.kind === 'refused' ? fates[0].reply : '', /^553 5\.6\.7 /);
  assert.equal(fates[1]?.kind, 'delivered');
  assert.deepEqual(heard.slice(1, 3), ['MAIL FROM:<ana@pigeon.test> BODY=8BITMIME', 'RCPT TO:<a@x.test>']);
  for (const more of [
    { mailFrom: 'jürgen@pigeon.test' },
    { smtputf8: true, hasEightBitHeader: () => Promise.resolve(true) },
  ]) {
    const none = await send(port, mailTo(['a@x.test'], more));
    assert.match(none.fates[0]?.kind === 'refused' ? none.fates[0].reply : '', /^550 5\.6\.7 /);
  }
});

test('8-bit text is not sent where it is not taken; text that only might be is', async (t) => {
  const { port } = await serve(t, { extensions: [] });
  const { fates } = await send(port, mailTo(['a@x.test'], { hasEightBit: () => Promise.resolve(true) }));
  assert.match(fates[0]?.kind === 'refused' ? fates[0].reply : '', /^554 5\.6\.3 /);
  assert.equal((await send(port, mailTo(['a@x.test']))).fates[0]?.kind, 'delivered');
});

test('a message that is too large is not offered', async (t) => {
  const { port, heard } = await serve(t, { extensions: ['SIZE 10'] });
  const { fates } = await send(port, mailTo(['a@x.test']));
  assert.match(fates[0]?.kind === 'refused' ? fates[0].reply : '', /^552 5\.3\.4 /);
  assert.deepEqual(
    heard.filter((line) => !line.startsWith('EHLO') && line !== 'QUIT'),
    [],
  );
});

for (const extensions of [ALL, ['DSN']]) {
  const how = extensions === ALL ? 'pipelined' : 'one by one';

  test(`recipients have fates of their own, told before the message goes (${how})`, async (t) => {
    const { port } = await serve(t, {
      extensions,
      answers: {
        'RCPT TO:<no@': '550-5.1.1 nobody\r\n550 5.1.1 of that name',
        'RCPT TO:<later@': '450 4.2.0 later',
        'RCPT TO:<full@': '452 4.2.2 full',
      },
    });
    const { fates, told } = await send(port, mailTo(['no@x.test', 'a@x.test', 'later@x.test', 'full@x.test']));
    assert.deepEqual(fates, [
      { kind: 'refused', reply: '550 5.1.1 nobody of that name' },
      { kind: 'delivered', reply: '250 2.0.0 taken', passedOn: true },
      { kind: 'deferred', reply: '450 4.2.0 later', maybeSent: false },
      { kind: 'deferred', reply: '452 4.2.2 full', maybeSent: false },
    ]);
    assert.deepEqual(told, [[0, 2, 3], [1]]);
  });

  test(`one recipient too many is for the next transaction; the only one is not (${how})`, async (t) => {
    const { port } = await serve(t, {
      extensions,
      answers: { 'RCPT TO:<b@': '452 4.5.3 enough', 'RCPT TO:<c@': '552 5.5.3 enough' },
    });
    const { fates } = await send(port, mailTo(['a@x.test', 'b@x.test', 'c@x.test']));
    assert.deepEqual(fates.slice(1), [{ kind: 'untried' }, { kind: 'untried' }]);
    const alone = await send(port, mailTo(['b@x.test']));
    assert.deepEqual(alone.fates, [{ kind: 'deferred', reply: '452 4.5.3 enough', maybeSent: false }]);
  });

  test(`when all are refused, each hears its own answer (${how})`, async (t) => {
    const { port } = await serve(t, {
      extensions,
      answers: { 'RCPT TO:<a@': '550 5.1.1 no', 'RCPT TO:<b@': '450 4.2.0 later', DATA: '554 5.5.1 no recipients' },
    });
    const { fates } = await send(port, mailTo(['a@x.test', 'b@x.test']));
    assert.deepEqual(fates, [
      { kind: 'refused', reply: '550 5.1.1 no' },
      { kind: 'deferred', reply: '450 4.2.0 later', maybeSent: false },
    ]);
  });

  test(`a refused sender is no refusal of recipients for good (${how})`, async (t) => {
    const { port } = await serve(t, {
      extensions,
      answers: { MAIL: '451 4.3.0 not now', RCPT: '503 5.5.1 MAIL first', DATA: '503 5.5.1 MAIL first' },
    });
    assert.deepEqual((await send(port, mailTo(['a@x.test']))).fates, [
      { kind: 'deferred', reply: '451 4.3.0 not now', maybeSent: false },
    ]);
  });

  test(`DATA refused: nothing was sent, and refused recipients stay refused (${how})`, async (t) => {
    const { port } = await serve(t, {
      extensions,
      answers: { 'RCPT TO:<a@': '550 5.1.1 no', DATA: '451 4.3.2 not now' },
    });
    const { fates } = await send(port, mailTo(['a@x.test', 'b@x.test']));
    assert.deepEqual(fates, [
      { kind: 'refused', reply: '550 5.1.1 no' },
      { kind: 'deferred', reply: '451 4.3.2 not now', maybeSent: false },
    ]);
  });

  test(`a connection lost before DATA sent nothing (${how})`, async (t) => {
    const { port } = await serve(t, { extensions, answers: { RCPT: (socket) => socket.destroy() } });
    const [fate] = (await send(port, mailTo(['a@x.test']))).fates;
    assert.equal(fate?.kind, 'deferred');
    assert.equal(fate?.kind === 'deferred' && fate.maybeSent, false);
  });

  test(`421 ends the session with its reason (${how})`, async (t) => {
    const { port } = await serve(t, { extensions, answers: { RCPT: '421 4.3.2 going down' } });
    assert.deepEqual((await send(port, mailTo(['a@x.test']))).fates, [
      { kind: 'deferred', reply: '421 4.3.2 going down', maybeSent: false },
    ]);
  });
}

test('an answer to the final dot is final', async (t) => {
  for (const [dot, kind] of [
    ['554 5.7.1 spam', 'refused'],
    ['451 4.3.0 later', 'deferred'],
    ['421 4.3.2 going down', 'deferred'],
  ] as const) {
    const { port } = await serve(t, { dot });
    const [fate] = (await send(port, mailTo(['a@x.test']))).fates;
    assert.equal(fate?.kind, kind);
    assert.equal(fate?.kind === 'deferred' && fate.maybeSent, false, dot);
  }
});

test('no answer to the final dot: it may have been sent', async (t) => {
  const closing = await serve(t, { dot: (socket) => socket.end() });
  const cut = await serve(t, { dot: (socket) => socket.resetAndDestroy() });
  const half = await serve(t, { dot: (socket) => socket.end('250 2.0') });
  for (const { port } of [closing, cut, half]) {
    const [fate] = (await send(port, mailTo(['a@x.test']))).fates;
    assert.equal(fate?.kind === 'deferred' && fate.maybeSent, true);
  }
  const silent = await serve(t, { dot: () => undefined });
  const [fate] = (await send(silent.port, mailTo(['a@x.test']), { timeouts: { reply: 100 } })).fates;
  assert.equal(fate?.kind === 'deferred' && fate.maybeSent, true);
});

test('a message that breaks off in the middle was not sent', async (t) => {
  const { port, heard } = await serve(t, {});
  const broken = mailTo(['a@x.test'], {
    async *content() {
      yield Buffer.from('Subject: half\r\n\r\n');
      throw new Error('the blob is gone');
    },
  });
  await assert.rejects(send(port, broken), /the blob is gone/);
  assert.ok(!heard.includes('.'));
});

test('nobody listens, nobody greets, somebody greets badly: nothing was sent', async (t) => {
  const refused = await send(1, mailTo(['a@x.test']));
  assert.equal(refused.fates[0]?.kind, 'deferred');
  const mute = await serve(t, { greeting: () => undefined });
  const unanswered = await send(mute.port, mailTo(['a@x.test']), { timeouts: { greeting: 100 } });
  assert.equal(unanswered.fates[0]?.kind, 'deferred');
  const grumpy = await serve(t, { greeting: '554 5.3.2 go away' });
  const [fate] = (await send(grumpy.port, mailTo(['a@x.test']))).fates;
  assert.equal(fate?.kind === 'deferred' && fate.maybeSent, false);
});

test('breaking an attempt off: before the message nothing was tried, after it, it may have been sent', async (t) => {
  const early = new AbortController();
  const one = await serve(t, { answers: { DATA: () => early.abort() } });
  assert.deepEqual((await send(one.port, mailTo(['a@x.test']), { signal: early.signal })).fates, [{ kind: 'untried' }]);
  const late = new AbortController();
  const two = await serve(t, { dot: () => late.abort() });
  const [fate] = (await send(two.port, mailTo(['a@x.test']), { signal: late.signal })).fates;
  assert.equal(fate?.kind === 'deferred' && fate.maybeSent, true);
});

test('an address that would be a command is refused', async (t) => {
  const { port, heard } = await serve(t, {});
  const { fates } = await send(port, mailTo(['"a>b"@x.test', 'a@x.test\r\nRSET']));
  assert.deepEqual(
    fates.map((fate) => fate?.kind),
    ['refused', 'refused'],
  );
  assert.ok(!heard.some((line) => line.startsWith('RCPT') || line === 'RSET'));
});
