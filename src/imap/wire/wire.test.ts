import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Command } from './command.ts';
import type { Fault } from './fault.ts';
import { LIMITS } from './limits.ts';
import { parseCommand } from './parse.ts';
import { CommandReader, type ReaderEvent } from './reader.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What a client that sends `chunks` is told, data of one literal joined. */
function told(chunks: readonly Buffer[], literalPlus = true, answer: 'stream' | Fault = 'stream'): unknown[] {
  const reader = new CommandReader({ literalPlus });
  const seen: unknown[] = [];
  let data = '';
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let event: ReaderEvent | undefined; (event = reader.next());) {
      if (event.kind === 'data') data += event.bytes.toString('latin1');
      else if (event.kind === 'data-end') {
        seen.push(['data', event.stream, data]);
        data = '';
      } else if (event.kind === 'announced') {
        seen.push(['announced', event.size, event.binary]);
        reader.take(answer);
      } else if (event.kind === 'command') seen.push(parseCommand(event.pieces, { utf8: false }));
      else seen.push(event);
    }
  }
  return seen;
}

/** The one command of `line`, or its fault. */
function parsed(line: string, utf8 = false): Command | Fault {
  const reader = new CommandReader({ literalPlus: true });
  reader.push(Buffer.from(`a ${line}\r\n`));
  for (let event = reader.next(); event; event = reader.next()) {
    if (event.kind === 'announced') reader.take('stream');
    if (event.kind === 'refused') return event.fault;
    if (event.kind !== 'command') continue;
    const found = parseCommand(event.pieces, { utf8 });
    assert.equal(found.tag, 'a');
    return 'command' in found ? found.command : found.fault;
  }
  throw new Error('no command came');
}

test('every verb', () => {
  const select = { subscribed: false, remote: false, recursiveMatch: false, specialUse: false };
  const give = { subscribed: false, children: false, specialUse: false, status: null };
  const cases: Record<string, Command> = {
    capability: { verb: 'CAPABILITY' },
    'LOGIN ben "a \\"b\\\\"': { verb: 'LOGIN', user: 'ben', password: 'a "b\\' },
    'LOGIN {3+}\r\nben {4+}\r\nx\ry\n': { verb: 'LOGIN', user: 'ben', password: 'x\ry\n' },
    'AUTHENTICATE PLAIN': { verb: 'AUTHENTICATE', mechanism: 'PLAIN', initial: null },
    'AUTHENTICATE PLAIN =': { verb: 'AUTHENTICATE', mechanism: 'PLAIN', initial: Buffer.alloc(0) },
    'AUTHENTICATE plain AGEAYg==': { verb: 'AUTHENTICATE', mechanism: 'PLAIN', initial: Buffer.from('\0a\0b') },
    'ID NIL': { verb: 'ID', fields: new Map() },
    'ID ("Name" "x" "os" NIL)': {
      verb: 'ID',
      fields: new Map([
        ['name', 'x'],
        ['os', null],
      ]),
    },
    'ENABLE CONDSTORE UTF8=ACCEPT': { verb: 'ENABLE', capabilities: ['CONDSTORE', 'UTF8=ACCEPT'] },
    'COMPRESS DEFLATE': { verb: 'COMPRESS', mechanism: 'DEFLATE' },
    'SELECT inbox': { verb: 'SELECT', mailbox: 'INBOX', condstore: false, qresync: null },
    'EXAMINE Entw&APw-rfe (CONDSTORE)': { verb: 'EXAMINE', mailbox: 'Entwürfe', condstore: true, qresync: null },
    'SELECT A (QRESYNC (67890007 12 41:211,214:541 (1,5 10,20)))': {
      verb: 'SELECT',
      mailbox: 'A',
      condstore: false,
      qresync: {
        uidValidity: 67890007,
        modseq: 12,
        known: [
          [41, 211],
          [214, 541],
        ],
        match: {
          sequences: [
            [1, 1],
            [5, 5],
          ],
          uids: [
            [10, 10],
            [20, 20],
          ],
        },
      },
    },
    'CREATE Spam (USE (\\Junk))': { verb: 'CREATE', mailbox: 'Spam', use: ['\\junk'] },
    'DELETE "a b"': { verb: 'DELETE', mailbox: 'a b' },
    'RENAME a b': { verb: 'RENAME', from: 'a', to: 'b' },
    'GETQUOTA ""': { verb: 'GETQUOTA', root: '' },
    'LIST "" %': { verb: 'LIST', reference: '', patterns: ['%'], select, give, extended: false },
    'LIST (SUBSCRIBED) "" ("a*" b) RETURN (CHILDREN STATUS (MESSAGES UNSEEN))': {
      verb: 'LIST',
      reference: '',
      patterns: ['a*', 'b'],
      select: { ...select, subscribed: true },
      give: { ...give, children: true, status: ['MESSAGES', 'UNSEEN'] },
      extended: true,
    },
    'LSUB "" "*"': { verb: 'LSUB', reference: '', pattern: '*' },
    'STATUS A (uidnext SIZE)': { verb: 'STATUS', mailbox: 'A', items: ['UIDNEXT', 'SIZE'] },
    'UID EXPUNGE 3:5': { verb: 'EXPUNGE', uids: [[3, 5]] },
    EXPUNGE: { verb: 'EXPUNGE', uids: null },
    'MOVE $ Trash': { verb: 'MOVE', uid: false, set: '$', mailbox: 'Trash' },
    'UID COPY 4:2,* A': {
      verb: 'COPY',
      uid: true,
      set: [
        [2, 4],
        [Infinity, Infinity],
      ],
      mailbox: 'A',
    },
    'STORE 1 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\\Seen \\Deleted $Junk Own)': {
      verb: 'STORE',
      uid: false,
      set: [[1, 1]],
      how: 'add',
      silent: true,
      flags: ['$seen', '\\deleted', '$junk', 'own'],
      unchangedSince: 12,
    },
    'SEARCH RETURN () OR UNSEEN (FROM ben NOT 1:3) SENTSINCE 1-Feb-2024': {
      verb: 'SEARCH',
      uid: false,
      returning: { give: ['ALL'], partial: null },
      criteria: {
        key: 'AND',
        keys: [
          {
            key: 'OR',
            keys: [
              { key: 'FLAG', keyword: '$seen', set: false },
              {
                key: 'AND',
                keys: [
                  { key: 'TEXT', where: 'FROM', value: 'ben' },
                  { key: 'NOT', negated: { key: 'SET', uid: false, set: [[1, 3]] } },
                ],
              },
            ],
          },
          { key: 'DATE', of: 'sent', how: 'SINCE', day: '2024-02-01' },
        ],
      },
    },
    'UID SORT (REVERSE DATE SUBJECT) UTF-8 ALL': {
      verb: 'SORT',
      uid: true,
      returning: null,
      keys: [
        { by: 'DATE', reverse: true },
        { by: 'SUBJECT', reverse: false },
      ],
      criteria: { key: 'ALL' },
    },
    'UID SEARCH RETURN (PARTIAL 4:2 UPDATE CONTEXT) ALL': {
      verb: 'SEARCH',
      uid: true,
      returning: { give: ['UPDATE', 'CONTEXT'], partial: [2, 4] },
      criteria: { key: 'ALL' },
    },
    'CANCELUPDATE "a1" "a2"': { verb: 'CANCELUPDATE', tags: ['a1', 'a2'] },
    'THREAD REFERENCES US-ASCII YOUNGER 60': {
      verb: 'THREAD',
      uid: false,
      algorithm: 'REFERENCES',
      criteria: { key: 'AGE', how: 'YOUNGER', seconds: 60 },
    },
    'UID FETCH 1:* (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (Subject "X-A")]<0.100> PREVIEW (LAZY)) (CHANGEDSINCE 9 VANISHED PARTIAL -4:-2)':
      {
        verb: 'FETCH',
        uid: true,
        set: [[1, Infinity]],
        items: [
          { item: 'FLAGS' },
          {
            item: 'SECTION',
            as: 'BODY',
            section: { part: '1.2', what: 'FIELDS', fields: ['Subject', 'X-A'] },
            peek: true,
            partial: { offset: 0, count: 100 },
          },
          { item: 'PREVIEW', lazy: true },
        ],
        changedSince: 9,
        vanished: true,
        partial: [-2, -4],
      },
  };
  for (const [line, command] of Object.entries(cases)) assert.deepEqual(parsed(line), command, line);
});

test('OR of as many as one likes is one list, from whichever side it is built up', () => {
  const seen = { key: 'FLAG', keyword: '$seen', set: true };
  for (const criteria of [`${'OR SEEN '.repeat(999)}SEEN`, `${'OR '.repeat(999)}${'SEEN '.repeat(1000)}`.trim()]) {
    const { criteria: found } = parsed(`SEARCH ${criteria}`) as Extract<Command, { verb: 'SEARCH' }>;
    assert.deepEqual(found, { key: 'OR', keys: Array.from({ length: 1000 }, () => seen) });
  }
  const mixed = parsed('SEARCH OR (OR 1 2) OR NOT OR 3 4 5') as Extract<Command, { verb: 'SEARCH' }>;
  assert.match(
    JSON.stringify(mixed.criteria),
    /^\{"key":"OR","keys":\[\{"key":"OR".*\{"key":"NOT","negated":\{"key":"OR"/,
  );
});

test('FETCH: each item, and the macros', () => {
  const items = (line: string): string =>
    JSON.stringify((parsed(`FETCH 1 ${line}`) as Extract<Command, { verb: 'FETCH' }>).items);
  assert.equal(items('FAST'), '[{"item":"FLAGS"},{"item":"INTERNALDATE"},{"item":"RFC822.SIZE"}]');
  assert.match(items('full'), /ENVELOPE.*"BODY"/);
  assert.match(items('BODY[]'), /"what":"ALL".*"peek":false/);
  assert.match(items('RFC822.HEADER'), /"as":"RFC822.HEADER".*"peek":true/);
  assert.match(items('BODY[2.MIME]'), /"part":"2","what":"MIME"/);
  assert.match(items('BINARY.PEEK[1]<3.4>'), /"BINARY","part":"1","peek":true,"partial":\{"offset":3,"count":4\}/);
  assert.equal(items('(UID BINARY.SIZE[2])'), '[{"item":"UID"},{"item":"BINARY.SIZE","part":"2"}]');
});

test('what is no command: BAD or NO, with a sentence', () => {
  const cases: Record<string, RegExp> = {
    FOO: /BAD .*There is no command FOO/,
    'NOOP x': /BAD .*more than the command takes/,
    LOGIN: /BAD /,
    'LOGIN a': /BAD .*space is missing/,
    'LOGIN "a b': /BAD .*quoted string/,
    'LOGIN a ~{1+}\r\nb': /BAD .*NUL/,
    'LOGIN a {1+}\r\n\0': /BAD .*NUL/,
    'SELECT A&-&': /NO CANNOT/,
    'UID LOGIN a b': /BAD .*LOGIN is no command after UID/,
    'SEARCH CHARSET KOI8-R ALL': /NO BADCHARSET/,
    'SEARCH SINCE 31-Feb-2024': /BAD .*no such day/,
    'APPEND INBOX "01-Jan-0001 00:00:00 +1400" {1+}\r\nx': /BAD .*no such time/,
    'APPEND INBOX "31-Dec-9999 23:59:59 -1200" {1+}\r\nx': /BAD .*no such time/,
    'SEARCH FOO': /BAD /,
    'STORE 1 FLAGS (\\Recent)': /NO CANNOT/,
    'SEARCH RETURN (PARTIAL 1:*) ALL': /BAD/,
    'SEARCH RETURN (PARTIAL -1:2) ALL': /BAD/,
    'SEARCH RETURN (ALL PARTIAL 1:2) ALL': /BAD/,
    'SEARCH RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL': /BAD/,
    'FETCH 1 FLAGS (PARTIAL 1:2)': /BAD/,
    CANCELUPDATE: /BAD/,
    'FETCH 0 FLAGS': /BAD .*sequence set/,
    'FETCH 4294967296 FLAGS': /BAD .*sequence set/,
    'FETCH 1 BODY[MIME]': /BAD /,
    'FETCH 1 FLAGS (VANISHED)': /BAD /,
    'APPEND A "x"': /BAD /,
    [`SEARCH ${'('.repeat(100)}`]: /BAD .*too deep/,
    [`SEARCH ${'NOT '.repeat(100)}ALL`]: /BAD .*too deep/,
    [`SEARCH ${'OR '.repeat(3000)}ALL`]: /BAD .*too many/,
    'SEARCH OR ALL OR ALL': /BAD/,
    [`SEARCH ALL${' ALL'.repeat(3000)}`]: /BAD .*too many/,
  };
  for (const [line, expected] of Object.entries(cases)) {
    const { status, code, text } = parsed(line) as Fault;
    assert.match(`${status} ${code ?? ''} ${text}`, expected, line.slice(0, 60));
  }
  assert.deepEqual(
    told([latin1('\r\n* NOOP\r\n')]).map((each) => (each as { tag: string }).tag),
    ['*', '*'],
  );
});

test('names: modified UTF-7, or UTF-8 where it is enabled', () => {
  assert.deepEqual(parsed('DELETE a&-b'), { verb: 'DELETE', mailbox: 'a&b' });
  assert.deepEqual(parsed('DELETE a&-b', true), { verb: 'DELETE', mailbox: 'a&-b' });
  assert.deepEqual(parsed('DELETE "Entwürfe"'), { verb: 'DELETE', mailbox: 'Entwürfe' });
});

test('an APPEND goes past as a stream; two of them, flags and a date', () => {
  const seen = told([
    latin1('a APPEND {5}\r\nInbox (\\Seen) "27-Nov-2026 10:00:00 +0100" {6}\r\na {3+}'),
    latin1(' UTF8 (~{2+}\r\n\0b)\r\nb NOOP\r\n'),
  ]);
  assert.deepEqual(seen, [
    { kind: 'continue' },
    ['announced', 6, false],
    { kind: 'continue' },
    ['data', 0, 'a {3+}'],
    ['announced', 2, true],
    ['data', 1, '\0b'],
    {
      tag: 'a',
      command: {
        verb: 'APPEND',
        mailbox: 'INBOX',
        messages: [
          { flags: ['$seen'], date: '2026-11-27T10:00:00+01:00', content: { stream: 0, size: 6 }, utf8: false },
          { flags: [], date: null, content: { stream: 1, size: 2 }, utf8: true },
        ],
      },
    },
    { tag: 'b', command: { verb: 'NOOP' } },
  ]);
});

test('a literal that is refused: its bytes are no commands', () => {
  const fault: Fault = { status: 'NO', code: 'TRYCREATE', text: 'There is none.' };
  const refused = { kind: 'refused', tag: 'a', fault };
  const after = { tag: 'b', command: { verb: 'NOOP' } };
  // RFC 9051 §4.3: synchronising, nothing was sent; else it comes and goes.
  assert.deepEqual(told([latin1('a APPEND X {9}\r\nb NOOP\r\n')], true, fault), [
    ['announced', 9, false],
    refused,
    after,
  ]);
  assert.deepEqual(told([latin1('a APPEND X {8+}\r\nx NOOP\r\n {8+}\r\ny NOOP\r\n\r\nb NOOP\r\n')], true, fault), [
    ['announced', 8, false],
    refused,
    after,
  ]);
});

test('bounds: a line too long, a literal too long, LITERAL-; each ends with its command', () => {
  const long = 'x'.repeat(LIMITS.command);
  const cases: [string, boolean][] = [
    [`a LOGIN ${long}\r\n`, true],
    [`a LOGIN ${long}{8+}\r\nx NOOP\r\n y\r\n`, true],
    [`a LOGIN {${LIMITS.literal + 1}}\r\n`, true],
    [`a LOGIN {${LIMITS.literal + 1}+}\r\n${long.slice(0, LIMITS.literal + 1)} b\r\n`, true],
    [`a LOGIN {4097+}\r\n${long.slice(0, 4097)} b\r\n`, false],
    [`a LOGIN${' {0+}\r\n'.repeat(LIMITS.pieces)}\r\n`, true],
  ];
  for (const [bytes, plus] of cases) {
    const [first, second, ...more] = told([latin1(`${bytes}b NOOP\r\n`)], plus);
    assert.deepEqual((first as { tag: string; fault: Fault }).fault.code, 'TOOBIG', bytes.slice(0, 40));
    assert.equal((first as { tag: string }).tag, 'a');
    assert.deepEqual([second, ...more], [{ tag: 'b', command: { verb: 'NOOP' } }]);
  }
});

test('50 MB past the reader', () => {
  const reader = new CommandReader({ literalPlus: true });
  const chunk = Buffer.alloc(64 << 10, 'x');
  let octets = 0;
  reader.push(latin1(`a APPEND X {${800 * chunk.length}+}\r\n`));
  assert.equal(reader.next()?.kind, 'announced');
  reader.take('stream');
  for (let i = 0; i < 800; i++) {
    reader.push(chunk);
    for (let event = reader.next(); event; event = reader.next()) {
      if (event.kind === 'data') octets += event.bytes.length;
      // The bytes are those that were pushed: nothing is gathered.
      if (event.kind === 'data') assert.equal(event.bytes.buffer, chunk.buffer);
    }
  }
  assert.equal(octets, 800 * chunk.length);
});

test('lines between commands, and what is left for TLS', () => {
  const reader = new CommandReader({ literalPlus: true });
  reader.push(latin1('a IDLE\r\ndone {3}\r\nb STARTTLS\r\nc NOOP\r\n'));
  assert.equal(reader.next()?.kind, 'command');
  reader.expectLine();
  assert.deepEqual(reader.next(), { kind: 'line', text: 'done {3}' });
  assert.equal(reader.next()?.kind, 'command');
  assert.equal(reader.rest().toString(), 'c NOOP\r\n');
  assert.equal(reader.next(), undefined);
});

/** Fragments that a hostile or broken client may put together. */
const fragment = fc.oneof(
  fc.constantFrom('a ', 'b APPEND X ', 'UID ', 'FETCH ', 'SEARCH ', 'LIST ', 'STORE ', 'LOGIN ', '\r\n', '\n', '\r'),
  fc.constantFrom('{3}\r\n', '{4+}\r\n', '~{2+}\r\n', '{0+}\r\n', '{99999999}\r\n', '(', ')', '"', '\\', '[', ']'),
  fc.constantFrom('1:*', '$', ' ', 'BODY[1.TEXT]<0.1>', 'RETURN (', 'NOT ', 'OR ', 'CHARSET UTF-8 ', '&AOQ-', 'nil'),
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => Buffer.from(text).toString('latin1')),
);

test('whatever comes: no crash, and every way to cut it up gives the same', () => {
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 40 }),
      fc.array(fc.nat(60), { maxLength: 20 }),
      fc.boolean(),
      (parts, cuts, plus) => {
        const bytes = latin1(parts.join(''));
        const chunks: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut));
          from = Math.min(bytes.length, from + cut);
        }
        chunks.push(bytes.subarray(from));
        assert.deepEqual(told(chunks, plus), told([bytes], plus));
        assert.deepEqual(
          told(
            [...bytes].map((octet) => Buffer.from([octet])),
            plus,
          ),
          told([bytes], plus),
        );
      },
    ),
    { numRuns: 500 },
  );
});
