// SMTP and LMTP sessions in every state: lines right, nearly right and wrong, whole and in pieces. Each command gets one
// reply that is one, or the connection ends; what was told 250 is there, and nothing else; no fault of ours, no hang.

import assert from 'node:assert/strict';
import { connect as connectPlain, type Socket } from 'node:net';
import { after } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { Logger } from '../../src/mail/log.ts';
import { startTestHoming } from '../support/homing.ts';
import { fuzz, Random } from './fuzz.ts';

const faults: string[] = [];
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (detail, message) => void faults.push(`${message} ${(detail as { err?: Error }).err?.stack}`),
  error: (detail, message) => void faults.push(`${message} ${(detail as { err?: Error }).err?.stack}`),
};
const homing = await startTestHoming({ log });
after(() => homing.close());
const { ports } = homing;

type Face = 'smtp' | 'lmtp' | 'submission' | 'submissions';
/** How far a session is when the nonsense begins. */
const STATES = [
  'connected',
  'greeted',
  'tls',
  'signed in',
  'signing in',
  'mail',
  'recipients',
  'in a message',
] as const;

const PLAIN = Buffer.from('\0ana@pigeon.test\0homing').toString('base64');

/** Lines that bring a face into a state; null: it has no such state. */
function way(face: Face, state: (typeof STATES)[number]): string[] | null {
  const submission = face === 'submission' || face === 'submissions';
  const at = STATES.indexOf(state);
  const from = submission ? 'ana@pigeon.test' : 'somebody@outside.test';
  if (state === 'tls' && face === 'submissions') return null;
  if ((state === 'signed in' || state === 'signing in') && !submission) return null;
  const lines: string[] = [];
  if (at >= 1) lines.push(`${face === 'lmtp' ? 'LHLO' : 'EHLO'} test.example`);
  if (at >= 2 && face !== 'submissions' && (state === 'tls' || submission)) lines.push('STARTTLS', 'EHLO test.example');
  if (state === 'signing in') return [...lines, 'AUTH LOGIN'];
  if (at >= 3 && submission) lines.push(`AUTH PLAIN ${PLAIN}`);
  if (at >= 5) lines.push(`MAIL FROM:<${from}>`);
  if (at >= 6) lines.push('RCPT TO:<ben@pigeon.test>');
  if (at >= 7) lines.push('DATA');
  return lines;
}

const WORDS = [
  [
    'EHLO',
    'HELO',
    'LHLO',
    'MAIL',
    'MAIL FROM:',
    'RCPT',
    'RCPT TO:',
    'DATA',
    'RSET',
    'NOOP',
    'VRFY',
    'EXPN',
    'HELP',
    'AUTH',
  ],
  ['AUTH PLAIN', 'AUTH LOGIN', 'AUTH XOAUTH2', 'BDAT 5 LAST', 'XCLIENT', 'ETRN', 'TURN', 'GET / HTTP/1.1', 'quit now'],
  [
    '<ana@pigeon.test>',
    '<ben@pigeon.test>',
    '<all@pigeon.test>',
    '<>',
    '<"a b"@pigeon.test>',
    '<@a,@b:c@d>',
    '<x@[127.0.0.1]>',
    '<ben@PIGEON.test>',
  ],
  [
    'SIZE=1',
    'SIZE=-1',
    'SIZE=9999999999',
    'BODY=8BITMIME',
    'BODY=BINARYMIME',
    'SMTPUTF8',
    'RET=FULL',
    'ENVID=x+2By',
    'NOTIFY=NEVER',
    'NOTIFY=SUCCESS,NEVER',
    'ORCPT=rfc822;x',
    'AUTH=<>',
    'HOLDFOR=5',
  ],
  ['=', '*', '.', '..', PLAIN, 'AA==', '\0', '\xff', 'é', '<', '>', '"', '\\', ' ', '\t', 'x'.repeat(600), '\r', '\n'],
  'Subject: x',
  'From: <ana@pigeon.test>',
  '',
].flat();

function line(random: Random): string {
  if (random.chance(3))
    return `MAIL FROM:<${random.pick(['somebody@outside.test', 'ana@pigeon.test'])}>${random.chance(3) ? ` ${random.pick(WORDS)}` : ''}`;
  if (random.chance(3))
    return `RCPT TO:<${random.pick(['ben@pigeon.test', 'cho@pigeon.test', 'x@y.z', 'nobody@pigeon.test'])}>${random.chance(3) ? ` ${random.pick(WORDS)}` : ''}`;
  return Array.from({ length: 1 + random.size(4) }, () => random.pick(WORDS)).join(random.pick([' ', '', ' ']));
}

interface Session {
  say(bytes: string): void;
  replies: { code: string; text: string }[];
  /** Settles once `count` replies were read in all, or the connection has ended. */
  until(count: number): Promise<void>;
  upgrade(): Promise<void>;
  ended(): boolean;
  close(): void;
}

/** Of what hangs; a busy machine answers late. */
const PATIENCE_MS = 60_000;

async function open(face: Face): Promise<Session> {
  const at = { host: '127.0.0.1', port: ports[face] };
  let socket: Socket = face === 'submissions' ? connectTls({ ...at, rejectUnauthorized: false }) : connectPlain(at);
  let [rest, over] = ['', false];
  const replies: Session['replies'] = [];
  let lines: string[] = [];
  let waiting: (() => void) | undefined;
  const listen = (to: Socket): void => {
    to.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString('latin1')).split('\r\n');
      rest = parts.pop() ?? '';
      for (const one of parts) {
        assert.match(one, /^[2-5]\d\d(?:[ -][^\r\n]*)?$/, `no line of a reply: ${JSON.stringify(one)}`);
        lines.push(one);
        if (one[3] === '-') continue;
        assert.ok(
          lines.every((each) => each.slice(0, 3) === one.slice(0, 3)),
          `one reply, several codes: ${lines.join(' ')}`,
        );
        replies.push({ code: one.slice(0, 3), text: lines.join('\n') });
        lines = [];
      }
      waiting?.();
    });
    const end = (): void => {
      over = true;
      waiting?.();
    };
    to.on('error', end).on('close', end);
  };
  listen(socket);
  const until = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no reply ${count} after ${JSON.stringify(replies.at(-1))}`)),
        PATIENCE_MS,
      );
      waiting = () => {
        if (replies.length < count && !over) return;
        clearTimeout(timer);
        waiting = undefined;
        resolve();
      };
      waiting();
    });
  return {
    say: (bytes) => void socket.write(Buffer.from(bytes, 'latin1')),
    replies,
    until,
    async upgrade() {
      socket.removeAllListeners('data').removeAllListeners('close').removeAllListeners('error');
      socket = connectTls({ socket, rejectUnauthorized: false });
      listen(socket);
    },
    ended: () => over,
    close: () => void socket.destroy(),
  };
}

async function bring(session: Session, lines: string[]): Promise<void> {
  await session.until(1);
  for (const one of lines) {
    session.say(`${one}\r\n`);
    await session.until(session.replies.length + 1);
    if (one === 'STARTTLS') await session.upgrade();
  }
}

const stored = async (): Promise<number> =>
  (await homing.sql<{ n: number }>(`SELECT count(*)::int AS n FROM message`))[0]?.n ?? 0;
const faces: Face[] = ['smtp', 'lmtp', 'submission', 'submissions'];

/** Side by side: each waits a tenth of a second for its greeting. */
const TOGETHER = 10;

const beside = <T>(random: Random, work: (random: Random) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: TOGETHER }, () => work(new Random(random.below(2 ** 31)))));

fuzz('sessions in every state take whatever they are told', { runs: 20 }, async (random) => {
  const before = await stored();
  const accepted = (await beside(random, oneSession)).reduce((sum, count) => sum + count, 0);
  const now = await stored();
  assert.ok(now - before >= accepted, 'what was told 250 is there');
  if (accepted === 0) assert.equal(now, before, 'and nothing else');
  assert.deepEqual(faults, [], 'faults');
});

/** Answers how many messages were told that they were accepted. */
async function oneSession(random: Random): Promise<number> {
  const face = random.pick(faces);
  const state = random.pick(STATES);
  const lines = way(face, state);
  if (!lines) return 0;
  const session = await open(face);
  const said: string[] = [];
  try {
    await bring(session, lines);
    if (state === 'in a message') assert.equal(session.replies.at(-1)?.code, '354');
    let accepted = 0;
    if (state === 'in a message') {
      const text = Array.from({ length: random.size(30) }, () =>
        random.pick([
          '\r\n',
          '\n',
          '\r',
          '.',
          '\r\n.',
          'x',
          ': ',
          '\0',
          '\xff',
          '.\n',
          '\n.\r\n',
          'MAIL FROM:<x@y>\r\n',
        ]),
      ).join('');
      // Its end is where it ends: what an end looks like within it is stuffed.
      const message = `${text.replaceAll(/(?<=^|\r\n)\./g, '..')}\r\n.\r\n`;
      said.push(message);
      const at = session.replies.length;
      session.say(message);
      await session.until(at + 1);
      if (session.replies[at]?.code === '250') accepted++;
    }
    for (let i = random.below(6); i > 0 && !session.ended(); i--) {
      const one = line(random);
      said.push(one);
      const at = session.replies.length;
      const bytes = Buffer.from(`${one}\r\n`, 'latin1').toString('latin1');
      const cut = random.chance(4) ? random.below(bytes.length) : 0;
      if (cut > 0) session.say(bytes.slice(0, cut));
      session.say(bytes.slice(cut));
      await session.until(at + 1);
      // STARTTLS was not among the words; a message begun is ended, so that nobody waits for more.
      if (session.replies.at(-1)?.code === '354') {
        session.say('Subject: x\r\n\r\nx\r\n.\r\n');
        await session.until(session.replies.length + 1);
        if (session.replies.at(-1)?.code === '250') accepted++;
      }
    }
    if (session.ended())
      assert.match(session.replies.at(-1)?.code ?? '', /^(?:221|421|5\d\d)$/, 'it hung up without a word');
    return accepted;
  } catch (error) {
    throw new Error(`${face}, ${state}: ${JSON.stringify(said)} → ${JSON.stringify(session.replies.slice(-4))}`, {
      cause: error,
    });
  } finally {
    session.close();
  }
}

fuzz('bytes that are nothing at all end in a reply or in an end', { runs: 6 }, async (random) => {
  await beside(random, noise);
  assert.deepEqual(faults, []);
});

async function noise(random: Random): Promise<void> {
  const session = await open(random.pick(['smtp', 'lmtp', 'submission'] as const));
  try {
    await session.until(1);
    session.say(Array.from({ length: 1 + random.size(2000) }, () => String.fromCharCode(random.below(256))).join(''));
    // Half a line waits for its other half.
    session.say('\r\nNOOP\r\n');
    await session.until(2);
    assert.ok(session.ended() || session.replies.length >= 2);
  } finally {
    session.close();
  }
}
