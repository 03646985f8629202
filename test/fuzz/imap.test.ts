// IMAP sessions in every state: lines right, nearly right and wrong, whole and in pieces. Each command gets the one answer
// that it may get, in lines that are lines, or the connection ends with a word; no fault of ours, no hang, and never a word
// of a message that a gate covers.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { tagOf } from '../../src/imap/wire/reader.ts';
import { LIMITS } from '../../src/imap/wire/limits.ts';
import type { Logger } from '../../src/mail/log.ts';
import { startTestHoming } from '../support/homing.ts';
import { rawImap, type RawImap } from '../support/imap.ts';
import { mail } from '../support/mailboxes.ts';
import { sendMail } from '../support/recalling.ts';
import { parseResponse } from '../stress/imap/response.ts';
import { fuzz, mutate, Random } from './fuzz.ts';

const faults: string[] = [];
const fault = (detail: unknown, message?: string): void =>
  void faults.push(`${message} ${(detail as { err?: Error }).err?.stack}`);
const log: Logger = { debug: () => undefined, info: () => undefined, warn: fault, error: fault };
const homing = await startTestHoming({ log });
after(() => homing.close());
const { imap, imaps } = homing.ports;

/** A word of the one message that nobody may read, for it is being taken back. */
const HIDDEN = 'Zyzzyva';
await sendMail(await homing.client('ana@pigeon.test'), ['eli@pigeon.test'], HIDDEN);
await homing.settle();
await homing.sql(
  `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read)
   SELECT tenant_id, id, 999, true, false FROM message WHERE subject = $1`,
  [HIDDEN],
);

/** How far a session is when the nonsense begins. */
const STATES = [
  'in the clear',
  'not authenticated',
  'authenticating',
  'authenticated',
  'selected',
  'examined',
  'idle',
  'in a literal',
  'logged out',
] as const;
type State = (typeof STATES)[number];

const PLAIN = Buffer.from('\0eli@pigeon.test\0homing').toString('base64');
const LETTER = mail('Fuzz', { to: 'eli@pigeon.test' });

/** Right where they come; what is made of them mostly is not. */
const COMMANDS = [
  'CAPABILITY',
  'NOOP',
  'STARTTLS',
  'LOGIN eli@pigeon.test homing',
  'LOGIN {15+}\r\neli@pigeon.test {6}\r\nhoming',
  `AUTHENTICATE PLAIN ${PLAIN}`,
  'AUTHENTICATE PLAIN',
  'ID ("name" "fuzz" "version" NIL)',
  'ENABLE CONDSTORE QRESYNC UTF8=ACCEPT IMAP4rev2',
  'NAMESPACE',
  'LIST "" "*" RETURN (CHILDREN SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN SIZE DELETED HIGHESTMODSEQ))',
  'LIST (SUBSCRIBED RECURSIVEMATCH) "" ("a*" INBOX%) RETURN (CHILDREN)',
  'LSUB "" %',
  'CREATE "Kiste/Entw&APw-rfe" (USE (\\Flagged))',
  'RENAME Kiste "Other Users/x"',
  'DELETE Kiste',
  'SUBSCRIBE Archive',
  'UNSUBSCRIBE Archive',
  'STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ APPENDLIMIT MAILBOXID)',
  `APPEND INBOX (\\Seen Later) "23-Nov-2026 12:00:00 +0000" {${LETTER.length}+}\r\n${LETTER}`,
  `APPEND Archive {${LETTER.length}}\r\n${LETTER} {${LETTER.length}+}\r\n${LETTER}`,
  `APPEND Archive ~{5+}\r\na\0b\r\n`,
  `APPEND Archive UTF8 (~{${LETTER.length}+}\r\n${LETTER})`,
  'IDLE',
  'SELECT INBOX',
  'SELECT INBOX (QRESYNC (1 2 1:4,7 (1,3 2,5)))',
  'EXAMINE Archive (CONDSTORE)',
  'UNSELECT',
  'CLOSE',
  'CHECK',
  'EXPUNGE',
  'UID EXPUNGE 1:*',
  'FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE MODSEQ EMAILID THREADID PREVIEW (LAZY) SAVEDATE)',
  'FETCH 1,3:2 (BODY[] BODY.PEEK[1.MIME]<0.10> BODY[HEADER.FIELDS.NOT (Subject "To")] BINARY.PEEK[1]<2.3> BINARY.SIZE[1])',
  'UID FETCH 1:* (RFC822 RFC822.HEADER RFC822.TEXT) (CHANGEDSINCE 1 VANISHED)',
  'FETCH $ FULL',
  'FETCH * ALL',
  'STORE 1:2 (UNCHANGEDSINCE 3) +FLAGS.SILENT (\\Deleted \\Seen $Junk later)',
  'UID STORE 1:* -FLAGS (\\Deleted)',
  'STORE * FLAGS ()',
  'SEARCH RETURN (SAVE MIN MAX COUNT ALL) CHARSET UTF-8 OR (NOT SEEN FROM "ana") (UID 1:* LARGER 5)',
  'UID SEARCH SUBJECT {4}\r\nplan TEXT "x" HEADER Message-ID "" SINCE 1-Feb-2020 YOUNGER 86400 MODSEQ "/flags/\\\\seen" all 1',
  'SEARCH KEYWORD later UNKEYWORD $Junk SENTON 23-Nov-2026 EMAILID c1 THREADID t1 $ 1:*',
  'SORT (REVERSE DATE SUBJECT) UTF-8 ALL',
  'UID SORT RETURN (PARTIAL 1:5) (SIZE) UTF-8 1:*',
  'SEARCH RETURN (UPDATE CONTEXT PARTIAL -1:-3) NOT BODY nothing',
  'CANCELUPDATE "a1" "a2"',
  'UID FETCH 1:* (FLAGS) (PARTIAL -1:-2 CHANGEDSINCE 1)',
  'THREAD REFERENCES UTF-8 ALL',
  'COPY 1:2 Archive',
  'UID MOVE 1:* "Trash"',
  'MOVE 2 "Other Users/office@pigeon.test/INBOX"',
  'COPY 1 Recall',
  'GETQUOTAROOT INBOX',
  'GETQUOTA ""',
  'COMPRESS DEFLATE',
  'XYZZY',
  'LOGOUT',
];

const TOKENS = [
  ['(', ')', '[', ']', '"', '\\', '{', '}', '{3}', '{3+}', '~{4+}', '{99999999}', '{0}', '%', '*', '$', ':', ',', '+'],
  [' ', '  ', '\t', '\0', '\r', '\xff', 'é', 'NIL', 'INBOX', '1:*', '*:1', '0', '4294967295', '4294967296', '-1'],
  ['UID ', 'BODY[', '<0.', '.PEEK', 'RETURN (', 'OR ', 'NOT ', '\\Seen', '\\*', '\\Recent', '&AOQ-', '&', '../', '/'],
  [
    'x'.repeat(300),
    '('.repeat(40),
    '1,'.repeat(200),
    'NOT '.repeat(40),
    '"01-Jan-0000 99:99:99 +9999"',
    'CHARSET KOI8-R ',
  ],
].flat();
const OTHERS = COMMANDS.map((command) => Buffer.from(command, 'latin1'));

/** Of what hangs; a busy machine answers late. */
const PATIENCE_MS = 60_000;

async function lineOf(client: RawImap, said: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(said.slice(0, 300))}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([client.line(), late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Talk {
  client: RawImap;
  random: Random;
  tags: number;
  over: boolean;
}

/** One line, and what is asked for after it; answers the end of its answer: "OK", "NO", "BAD", or "" once it is over. */
async function say(talk: Talk, line: string, tag = tagOf(line.replace(/\r$/, ''))): Promise<string> {
  const { client, random } = talk;
  const cut = random.chance(4) ? random.below(line.length + 1) : 0;
  if (cut > 0) client.write(Buffer.from(line.slice(0, cut), 'latin1'));
  client.write(Buffer.from(`${line.slice(cut)}\r\n`, 'latin1'));
  const literal = /~?\{(\d{1,15})(\+?)\}\r?$/.exec(line);
  const size = Number(literal?.[1] ?? 0);
  const filling = (): string => {
    const text = random.chance(3) ? '' : 'x'.repeat(size);
    return text === '' ? Buffer.alloc(size, random.below(256)).toString('latin1') : text;
  };
  // Nobody has so much to send: it goes away.
  if (literal?.[2] === '+' && size > 100_000) return leave(talk);
  if (literal?.[2] === '+') return say(talk, filling() + (random.chance(2) ? '' : ')'), tag);
  for (;;) {
    const told = await lineOf(client, line);
    if (told === '') {
      talk.over = true;
      return '';
    }
    assert.ok(!told.includes(HIDDEN), `shown: ${told} for ${line}`);
    if (told.startsWith('+ ')) {
      if (literal && size > 100_000) return leave(talk);
      if (literal) return say(talk, filling(), tag);
      return say(
        talk,
        /idle/i.test(line) ? random.pick(['DONE', 'done', 'DONE x']) : random.pick(['*', PLAIN, 'x']),
        tag,
      );
    }
    if (told.startsWith('* BAD ') && tag === '*') return 'BAD';
    if (told.startsWith('* ')) {
      parseResponse(told);
      continue;
    }
    // oxlint-disable-next-line no-control-regex
    assert.match(told, /^[^ ]+ (?:OK|NO|BAD) [^\0\r\n]+$/, `no answer: ${JSON.stringify(told)}`);
    const end = told.split(' ')[1] ?? '';
    // What follows is compressed, or TLS: another conversation.
    return end === 'OK' && /compress|starttls/i.test(line) ? leave(talk) : end;
  }
}

function leave(talk: Talk): string {
  talk.client.close();
  talk.over = true;
  return '';
}

/** Whatever its bytes are, line by line; a literal of its own is sent as it stands. */
async function sayAll(talk: Talk, text: string): Promise<string> {
  let last = '';
  for (const line of text.split('\n')) {
    if (talk.over) return last;
    last = await say(talk, line.replace(/\r$/, ''));
  }
  return last;
}

function command({ random }: Talk): string {
  const base = Buffer.from(random.pick(COMMANDS), 'latin1');
  const bytes = random.chance(4) ? base : mutate(random, base, TOKENS, OTHERS);
  return bytes.toString('latin1');
}

async function bring(state: State, random: Random): Promise<Talk> {
  const clear = state === 'in the clear';
  const signedIn = !['in the clear', 'not authenticated', 'authenticating'].includes(state);
  const client = await rawImap(clear ? imap : imaps, {
    tls: !clear,
    ...(signedIn ? { user: 'eli@pigeon.test' } : {}),
  });
  const talk: Talk = { client, random, tags: 0, over: false };
  if (state === 'selected' || state === 'idle') await client.run('SELECT INBOX');
  if (state === 'examined') await client.run('EXAMINE INBOX');
  if (state === 'logged out') await client.run('LOGOUT');
  const begun = { authenticating: 'b AUTHENTICATE PLAIN', idle: 'b IDLE', 'in a literal': 'b APPEND INBOX {20}' };
  const begin = state in begun ? begun[state as keyof typeof begun] : undefined;
  if (begin !== undefined) {
    client.write(`${begin}\r\n`);
    while (!(await lineOf(client, begin)).startsWith('+ '));
  }
  return talk;
}

/** In the middle of something, the next line is no command: it ends it, and is answered as that. */
async function endBegun(talk: Talk, state: State): Promise<void> {
  const { client, random } = talk;
  if (state === 'in a literal') client.write(Buffer.from(Array.from({ length: 20 }, () => random.below(256))));
  else if (state !== 'authenticating' && state !== 'idle') return;
  const line = command(talk)
    .replace(/[\r\n]/g, ' ')
    .replace(/\{\d+\+?\}$/, '');
  client.write(Buffer.from(`${line}\r\n`, 'latin1'));
  for (;;) {
    const told = await lineOf(client, line);
    if (told === '') return void (talk.over = true);
    assert.ok(!told.includes(HIDDEN));
    if (told.startsWith('b ')) return assert.match(told, /^b (?:OK|NO|BAD) /);
    assert.match(told, /^\* /, `${state}: ${line}`);
  }
}

async function oneSession(random: Random): Promise<void> {
  const state = random.pick(STATES);
  const talk = await bring(state, random);
  const said: string[] = [state];
  try {
    await endBegun(talk, state);
    for (let i = 1 + random.below(12); i > 0 && !talk.over; i--) {
      const text = `f${talk.tags++} ${command(talk)}`;
      said.push(text);
      await sayAll(talk, random.chance(20) ? text.slice(3) : text);
    }
    if (state === 'logged out') assert.ok(talk.over, 'it goes on after LOGOUT');
    if (talk.over) return;
    // A literal may wait for its end, IDLE for its DONE: after that there is nothing that a session does not get over.
    for (let i = 0; i < 3 && !talk.over; i++) if ((await say(talk, `z${i} NOOP`)) === 'OK') return;
    assert.ok(talk.over, 'NOOP is refused');
  } catch (error) {
    throw new Error(JSON.stringify(said).slice(0, 4000), { cause: error });
  } finally {
    talk.client.close();
  }
}

/** Side by side: signing in takes its time. */
const TOGETHER = 4;

fuzz('sessions in every state take whatever they are told', { runs: 15 }, async (random) => {
  const seeds = Array.from({ length: TOGETHER }, () => random.below(2 ** 31));
  await Promise.all(seeds.map((seed) => oneSession(new Random(seed))));
  assert.deepEqual(faults, []);
  const covered = await homing.sql<{ opened: boolean }>(
    `SELECT c.opened_at IS NOT NULL OR c.downloaded_at IS NOT NULL OR c.listed_at IS NOT NULL AS opened FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE m.subject = $1 AND c.delivery_n IS NOT NULL`,
    [HIDDEN],
  );
  assert.deepEqual(covered, [{ opened: false }], 'what a gate covers stays, and nothing happens to it');
});

fuzz('bytes that are nothing at all are refused line by line', { runs: 10 }, async (random) => {
  const client = await rawImap(imap, { tls: false });
  const noise = Buffer.from(Array.from({ length: 1 + random.size(3000) }, () => random.below(256)));
  client.write(noise);
  client.write('\r\nz NOOP\r\n');
  for (let told = ''; told !== 'z OK Done.';) {
    told = await lineOf(client, 'z NOOP');
    if (told === '') throw new Error(`it hung up on ${noise.toString('base64')}`);
  }
  client.close();
  assert.deepEqual(faults, []);
});

test('a line without an end, and literals that nobody asked for, take no memory', async () => {
  const piece = Buffer.alloc(1 << 20, 'x');
  const flood = async (beginning: string, times: number): Promise<void> => {
    const socket = connect(imap, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(beginning);
    for (let i = 0; i < times && socket.writable; i++)
      if (!socket.write(piece))
        await new Promise<void>((resolve) => {
          const go = (): void => {
            socket.off('drain', go).off('close', go);
            resolve();
          };
          socket.on('drain', go).on('close', go);
        });
    socket.destroy();
  };
  const floods = (): Promise<unknown> =>
    Promise.all([
      flood('a ', 40),
      flood(`a APPEND INBOX {${40 << 20}+}\r\n`, 40),
      flood(`a LOGIN {${40 << 20}+}\r\n`, 40),
      ...Array.from({ length: 20 }, () => flood(`a LOGIN x {${LIMITS.literal}+}\r\n`, 2)),
    ]);
  await floods(); // what the process takes once for ever
  const before = process.memoryUsage().rss;
  await floods();
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 80 << 20, `${grown >> 20} MB more for 160 MB of nothing`);
});
