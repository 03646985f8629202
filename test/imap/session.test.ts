// The IMAP face over real sockets: signing in, mailboxes, messages, news.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { constants, createInflateRaw, deflateRawSync } from 'node:zlib';
import { ImapFlow } from 'imapflow';
import { startTestHoming } from '../support/homing.ts';
import { rawImap, type RawImap } from '../support/imap.ts';
import { mail } from '../support/mailboxes.ts';
import { submitter } from '../support/smtp.ts';

const homing = await startTestHoming();
after(() => homing.close());
const { imap, imaps } = homing.ports;

const as = (user: string): Promise<RawImap> => rawImap(imaps, { user: `${user}@pigeon.test` });
const last = (lines: string[]): string => lines.at(-1) ?? '';

/** A message into somebody's mailbox; answers its UID. */
async function put(client: RawImap, mailbox: string, message: string, flags = ''): Promise<number> {
  const told = last(await client.run(`APPEND ${mailbox} (${flags}) {${Buffer.byteLength(message)}+}\r\n${message}`));
  assert.match(told, /^OK \[APPENDUID \d+ \d+\]/);
  return Number(/APPENDUID \d+ (\d+)/.exec(told)?.[1]);
}

test('no password goes in the clear; STARTTLS throws away what came with it', async () => {
  const client = await rawImap(imap, { tls: false, greet: true });
  assert.match(await client.line(), /^\* OK \[CAPABILITY .*STARTTLS LOGINDISABLED\]/);
  assert.match(last(await client.run('LOGIN ana@pigeon.test homing')), /^NO \[PRIVACYREQUIRED\]/);
  assert.match(last(await client.run('SELECT INBOX')), /^NO /);
  client.write('t STARTTLS\r\nx LOGIN ana@pigeon.test homing\r\n');
  assert.match(await client.line(), /^t OK/);
  client.secure();
  assert.match((await client.run('CAPABILITY')).join('\n'), /^\* CAPABILITY .*AUTH=PLAIN\nOK/);
  assert.match(last(await client.run('LOGIN ana@pigeon.test homing')), /^OK \[CAPABILITY .* IDLE/);
  assert.match(last(await client.run('STARTTLS')), /^BAD/);
  client.close();
});

test('AUTHENTICATE PLAIN, with and without an initial response; three wrong passwords end it', async () => {
  const response = Buffer.from('\0ana@pigeon.test\0homing').toString('base64');
  const one = await rawImap(imaps);
  assert.match(last(await one.run(`AUTHENTICATE PLAIN ${response}`)), /^OK/);
  one.close();
  const two = await rawImap(imaps);
  two.write('t AUTHENTICATE PLAIN\r\n');
  assert.equal(await two.line(), '+ ');
  two.write('*\r\n');
  assert.match(await two.line(), /^t BAD/);
  two.write('u AUTHENTICATE PLAIN\r\n');
  await two.line();
  two.write(`${response}\r\n`);
  assert.match(await two.line(), /^u OK/);
  two.close();
  const three = await rawImap(imaps);
  for (let i = 0; i < 2; i++)
    assert.match(last(await three.run('LOGIN ana@pigeon.test wrong')), /^NO \[AUTHENTICATIONFAILED\]/);
  assert.deepEqual((await three.run('LOGIN nobody@pigeon.test wrong')).slice(0, 1), [
    '* BYE Too many wrong passwords.',
  ]);
  assert.equal(await three.line(), '');
});

test('mailboxes: made, listed, renamed, deleted; those of others under their own names', async () => {
  const client = await as('ana');
  assert.match(last(await client.run('CREATE Work/Letters/')), /^OK \[MAILBOXID/);
  assert.match(last(await client.run('CREATE Work')), /^NO \[ALREADYEXISTS\]/);
  assert.match(last(await client.run('CREATE Plans (USE (\\Flagged))')), /^OK/);
  assert.match(last(await client.run('CREATE More (USE (\\Flagged))')), /^NO \[USEATTR\]/);
  const listed = await client.run('LIST "" "*"');
  for (const line of [
    '* LIST (\\HasNoChildren) "/" INBOX',
    '* LIST (\\HasNoChildren \\Sent) "/" "Sent Items"',
    '* LIST (\\HasChildren) "/" Work',
    '* LIST (\\HasNoChildren) "/" Work/Letters',
    '* LIST (\\HasNoChildren \\Flagged) "/" Plans',
    '* LIST (\\Noselect \\HasChildren) "/" "Other Users"',
    '* LIST (\\HasNoChildren) "/" "Other Users/office@pigeon.test/INBOX"',
  ])
    assert.ok(listed.includes(line), `${line} in ${listed.join('\n')}`);
  assert.deepEqual(await client.run('LIST "" W%'), ['* LIST (\\HasChildren) "/" Work', 'OK That is all.']);
  assert.deepEqual(await client.run('LIST (SPECIAL-USE) "" "*" RETURN (SUBSCRIBED)').then((lines) => lines.length), 12);
  await client.run('SUBSCRIBE Work/Letters');
  assert.deepEqual(await client.run('LIST (SUBSCRIBED RECURSIVEMATCH) "" W%'), [
    '* LIST (\\HasChildren) "/" Work ("CHILDINFO" ("SUBSCRIBED"))',
    'OK That is all.',
  ]);
  assert.deepEqual(await client.run('LSUB "" W%'), ['* LSUB (\\Noselect) "/" Work', 'OK That is all.']);
  assert.match(last(await client.run('DELETE Work')), /^NO \[HASCHILDREN\]/);
  assert.match(last(await client.run('RENAME Work/Letters Work/Briefe-&AOQ-')), /^OK/);
  assert.ok((await client.run('LIST "" Work/*')).includes('* LIST (\\HasNoChildren) "/" Work/Briefe-&AOQ-'));
  assert.match(last(await client.run('RENAME Work Work/Within')), /^NO \[CANNOT\]/);
  assert.match(last(await client.run('RENAME Drafts Mine')), /^NO \[CANNOT\]/);
  assert.match(last(await client.run('DELETE Work/Briefe-&AOQ-')), /^OK/);
  assert.match(last(await client.run('DELETE Work')), /^OK/);
  assert.match(last(await client.run('SELECT Work')), /^NO \[NONEXISTENT\]/);
  // RFC 9051 §6.3.7: the name that was renamed along with its mailbox and then deleted is still subscribed to.
  const kept = '"/" Work/Briefe-&AOQ-';
  assert.deepEqual(await client.run('LIST (SUBSCRIBED) "" Work*'), [
    `* LIST (\\NonExistent \\Subscribed) ${kept}`,
    'OK That is all.',
  ]);
  assert.deepEqual(await client.run('LIST "" Work* RETURN (SUBSCRIBED)'), ['OK That is all.']);
  assert.deepEqual(await client.run('LSUB "" Work/*'), [`* LSUB (\\Noselect) ${kept}`, 'OK That is all.']);
  assert.match(last(await client.run('SUBSCRIBE Work/Briefe-&AOQ-')), /^OK/);
  assert.match(last(await client.run('SUBSCRIBE Work/Other')), /^NO \[NONEXISTENT\]/);
  await client.run('CREATE Work/Briefe-&AOQ-');
  assert.deepEqual(await client.run('LIST (SUBSCRIBED) "" Work*'), [
    `* LIST (\\HasNoChildren \\Subscribed) ${kept}`,
    'OK That is all.',
  ]);
  await client.run('DELETE Work/Briefe-&AOQ-');
  assert.match(last(await client.run('UNSUBSCRIBE Work/Briefe-&AOQ-')), /^OK/);
  assert.match(last(await client.run('UNSUBSCRIBE Work/Briefe-&AOQ-')), /^NO \[NONEXISTENT\]/);
  assert.deepEqual(await client.run('LIST (SUBSCRIBED) "" Work*'), ['OK That is all.']);
  assert.match(last(await client.run('SELECT "Other Users/zoe@other.test/INBOX"')), /^NO \[NONEXISTENT\]/);
  client.close();
});

test('messages: fetched as they are, marked, searched, copied, moved, expunged', async () => {
  const client = await as('cho');
  await client.run('CREATE Shelf');
  const text = mail('A café', { from: '"Dia, R." <dia@pigeon.test>', body: 'Bring the ladder.' });
  const uid = await put(client, 'Shelf', text, '\\Flagged');
  await put(client, 'Shelf', mail('Second'));
  assert.ok((await client.run('SELECT Shelf')).includes('* 2 EXISTS'));
  const [row = ''] = await client.run('FETCH 1 (FLAGS ENVELOPE RFC822.SIZE BODYSTRUCTURE)');
  assert.ok(row.includes('ENVELOPE ("Mon, 23 Nov 2026 12:00:00 +0000" "A =?utf-8?') || row.includes('"=?utf-8?'), row);
  assert.ok(row.includes('(("Dia, R." NIL "dia" "pigeon.test"))'), row);
  assert.ok(row.includes(`FLAGS (\\Flagged \\Recent)`) && row.includes(`RFC822.SIZE ${Buffer.byteLength(text)}`), row);
  const [body = ''] = await client.run('UID FETCH 1 BODY.PEEK[]');
  assert.equal(
    body,
    `* 1 FETCH (UID 1 BODY[] {${Buffer.byteLength(text)}}\r\n${Buffer.from(text).toString('latin1')})`,
  );
  assert.deepEqual(await client.run('FETCH 1 (BODY.PEEK[TEXT]<6.3> BODY.PEEK[2] BINARY.SIZE[1])'), [
    '* 1 FETCH (BODY[TEXT]<6> {3}\r\nthe BODY[2] NIL BINARY.SIZE[1] 19)',
    'OK That is all.',
  ]);
  assert.deepEqual(await client.run('FETCH 2 (BODY[TEXT])'), [
    '* 2 FETCH (BODY[TEXT] {17}\r\nText of Second.\r\n FLAGS (\\Seen \\Recent))',
    'OK That is all.',
  ]);
  assert.match(last(await client.run('FETCH 3 FLAGS')), /^BAD/);
  assert.deepEqual(await client.run('STORE 1 -FLAGS (\\Flagged)'), ['* 1 FETCH (UID 1 FLAGS (\\Recent))', 'OK Done.']);
  assert.deepEqual(await client.run('STORE 1 FLAGS.SILENT (\\Deleted Later)'), [
    '* FLAGS (\\Seen \\Flagged \\Answered \\Draft $Forwarded $Junk $NotJunk $Phishing $MDNSent \\Deleted later)',
    '* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Answered \\Draft $Forwarded $Junk $NotJunk $Phishing $MDNSent \\Deleted later \\*)] Flags that stay.',
    'OK Done.',
  ]);
  for (const [criteria, found] of [
    ['KEYWORD later', '1'],
    ['UNSEEN', '1'],
    ['NOT DELETED', '2'],
    ['FROM "dia, r"', '1'],
    ['BODY ladder', '1'],
    ['HEADER Message-ID ""', '1 2'],
    ['SENTON 23-Nov-2026 SINCE 22-Nov-2026', '1 2'],
    ['OR SUBJECT second UID 99', '2'],
    ['SUBJECT nothing', ''],
    ['LARGER 20 2', '2'],
  ] as const)
    assert.deepEqual(
      await client.run(`SEARCH ${criteria}`),
      [`* SEARCH${found && ` ${found}`}`, 'OK That is all.'],
      criteria,
    );
  const [counted = ''] = await client.run('SEARCH RETURN (SAVE COUNT) SEEN');
  assert.match(counted, /^\* ESEARCH \(TAG "a\d+"\) COUNT 1$/);
  const copied = last(await client.run('COPY $ Archive'));
  assert.match(copied, /^OK \[COPYUID \d+ 2 1\]/);
  const moved = await client.run('UID MOVE 2 Trash');
  assert.match(moved[0] ?? '', /^\* OK \[COPYUID \d+ 2 1\]/);
  assert.deepEqual(moved.slice(1), ['* 2 EXPUNGE', 'OK Done.']);
  assert.deepEqual(await client.run('EXPUNGE'), ['* 1 EXPUNGE', 'OK Removed.']);
  assert.match(last(await client.run('COPY 1 Nowhere')), /^NO \[TRYCREATE\]/);
  assert.ok(uid > 0);
  client.close();
});

test('a session hears of what others do, when it may', async () => {
  const [one, two] = [await as('dia'), await as('dia')];
  await one.run('CREATE Desk');
  for (const subject of ['one', 'two', 'three']) await put(one, 'Desk', mail(subject));
  await one.run('SELECT Desk');
  await two.run('SELECT Desk');
  await two.run('STORE 1 +FLAGS (\\Deleted)');
  await two.run('STORE 3 +FLAGS (\\Answered)');
  await two.run('EXPUNGE');
  await put(two, 'Desk', mail('four'));
  // Not while numbers are in use: the message that is gone keeps its own.
  const early = await one.run('FETCH 2 FLAGS');
  assert.ok(
    early.includes('* 2 FETCH (FLAGS (\\Recent))') && !early.some((line) => line.endsWith('EXPUNGE')),
    early.join('\n'),
  );
  assert.match(last(await one.run('FETCH 1 FLAGS')), /^(?:NO \[EXPUNGEISSUED\]|OK)/);
  const told = [...early, ...(await one.run('NOOP'))];
  assert.ok(told.includes('* 1 EXPUNGE'), told.join('\n'));
  assert.ok(
    told.some((line) => line.endsWith('EXISTS')) &&
      told.some((line) => line.includes('UID 3 FLAGS (\\Answered \\Recent)')),
  );
  one.write('i IDLE\r\n');
  assert.equal(await one.line(), '+ idling');
  await two.run('STORE 2 +FLAGS (\\Flagged)');
  assert.equal(await one.line(), '* 2 FETCH (UID 3 FLAGS (\\Flagged \\Answered \\Recent))');
  await two.run('STORE 1 +FLAGS.SILENT (\\Deleted)');
  assert.equal(await one.line(), '* 1 FETCH (UID 2 FLAGS (\\Deleted \\Recent))');
  await two.run('UID EXPUNGE 1:4');
  assert.equal(await one.line(), '* 1 EXPUNGE');
  one.write('DONE\r\n');
  assert.match(await one.line(), /^i OK/);
  one.close();
  two.close();
});

test('mail that comes in is heard of; imapflow reads and sorts it', async () => {
  const flow = new ImapFlow({
    host: '127.0.0.1',
    port: imaps,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: 'ben@pigeon.test', pass: 'homing' },
    logger: false,
  });
  await flow.connect();
  const lock = await flow.getMailboxLock('INBOX');
  try {
    const before = (flow.mailbox as { exists: number }).exists;
    const heard = new Promise<{ count: number }>((resolve) => flow.once('exists', resolve));
    void flow.idle();
    const ana = await submitter(homing.ports, 'ana@pigeon.test');
    await ana.send('ana@pigeon.test', ['ben@pigeon.test'], mail('Flow'));
    ana.close();
    assert.equal((await heard).count, before + 1);
    const [found] = await flow.fetchAll('*', { envelope: true, flags: true, bodyStructure: true, source: true });
    assert.equal(found?.envelope?.subject, 'Flow');
    assert.match(found?.source?.toString() ?? '', /Text of Flow\./);
    assert.ok(await flow.messageFlagsAdd('*', ['\\Seen', 'Done']));
    const moved = await flow.messageMove('*', 'Archive');
    assert.equal((moved as { uidMap: Map<number, number> }).uidMap.size, 1);
    assert.deepEqual(await flow.search({ subject: 'Flow' }), []);
    const status = await flow.status('Archive', { messages: true, uidNext: true });
    assert.equal(status && status.messages, 1);
  } finally {
    lock.release();
    await flow.logout();
  }
});

test('QRESYNC: a client that was away is told what went and what changed', async () => {
  const client = await as('eli');
  await client.run('CREATE Away');
  for (const subject of ['one', 'two', 'three', 'four']) await put(client, 'Away', mail(subject));
  await client.run('ENABLE QRESYNC');
  const opened = await client.run('SELECT Away');
  const number = (name: string): number => Number(new RegExp(`\\[${name} (\\d+)\\]`).exec(opened.join('\n'))?.[1]);
  const [validity, modseq] = [number('UIDVALIDITY'), number('HIGHESTMODSEQ')];
  const other = await as('eli');
  await other.run('SELECT Away');
  await other.run('STORE 2 +FLAGS.SILENT (\\Deleted)');
  await other.run('EXPUNGE');
  await other.run('STORE 3 +FLAGS (\\Seen)');
  const told = await client.run('NOOP');
  assert.equal(told[0], '* VANISHED 2');
  assert.match(told[1] ?? '', /^\* 3 FETCH \(UID 4 FLAGS \(\\Seen \\Recent\) MODSEQ \(\d+\)\)$/);
  await client.run('UNSELECT');
  const again = await client.run(`SELECT Away (QRESYNC (${validity} ${modseq}))`);
  assert.ok(again.includes('* VANISHED (EARLIER) 2'), again.join('\n'));
  assert.ok(again.some((line) => line.startsWith('* 3 FETCH (UID 4 FLAGS (\\Seen) MODSEQ')));
  const changed = await client.run(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq} VANISHED)`);
  assert.equal(changed[0], '* VANISHED (EARLIER) 2');
  assert.equal(changed.length, 3);
  const unchanged = await client.run(`UID STORE 4,1 (UNCHANGEDSINCE ${modseq}) +FLAGS (\\Flagged)`);
  assert.match(last(unchanged), /^OK \[MODIFIED 4\]/);
  client.close();
  other.close();
});

test('a binary message is shown as text, and as the octets that came', async () => {
  const client = await as('eli');
  const message = 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\r\n';
  const told = last(await client.run(`APPEND Drafts ~{${message.length}+}\r\n${message}`));
  const uid = /APPENDUID \d+ (\d+)/.exec(told)?.[1];
  await client.run('SELECT Drafts');
  const [body = ''] = await client.run(`UID FETCH ${uid} BODY.PEEK[1]`);
  assert.match(body, /BODY\[1\] \{8\}\r\nYQBiDQo=\)$/);
  const [binary = ''] = await client.run(`UID FETCH ${uid} (BINARY.SIZE[1] BINARY.PEEK[1])`);
  assert.ok(binary.endsWith('BINARY.SIZE[1] 5 BINARY[1] ~{5}\r\na\0b\r\n)'), JSON.stringify(binary));
  client.close();
});

test('headers are the same whether they are kept beside the message or read from its bytes', async () => {
  const client = await as('dia');
  await client.run('CREATE Headers');
  const messages = [
    'From: dia@pigeon.test\r\nSubject: plain "quoted" \\ {3}\r\nTo: a,\r\n\tb\r\nX-A: 1\r\n\r\nBody\r\n',
    'Subject: caf\u00e9 \u2603\r\nTo: ben\r\n\r\nBody',
    'no header at all',
    'To: ends with its header\r\n',
    `X-Long: ${'long '.repeat(20_000)}\r\nTo: cho\r\n\r\nBody`,
  ];
  for (const message of messages) await put(client, 'Headers', message);
  const kept = await homing.sql<{ header: string | null }>(
    `SELECT header FROM message WHERE tenant_id = 1 ORDER BY id DESC LIMIT 5`,
  );
  assert.deepEqual(
    kept.map(({ header }) => header?.length ?? null),
    [null, 26, 0, 31, 76],
  );
  await client.run('SELECT Headers');
  const items = [
    'BODY.PEEK[HEADER]',
    'BODY.PEEK[HEADER.FIELDS (to subject)]',
    'BODY.PEEK[HEADER.FIELDS.NOT (To)]<3.40>',
    'BODY.PEEK[HEADER.FIELDS (X-None)]',
    'BODY.PEEK[HEADER]<5.9>',
    'RFC822.HEADER',
    '(BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (To)])',
  ];
  const read = async (): Promise<string[][]> => {
    const told: string[][] = [];
    for (const item of items) told.push(await client.run(`FETCH 1:* ${item}`));
    return told;
  };
  const beside = await read();
  const [snow = ''] = messages.slice(1);
  assert.ok(beside[0]?.join('\n').includes(Buffer.from(snow.split('\r\n')[0] ?? '').toString('latin1')));
  await homing.sql(`UPDATE message SET header = NULL WHERE tenant_id = 1`);
  assert.deepEqual(await read(), beside);
  client.close();
});

test('a large message goes in and out as it is', async () => {
  const client = await as('eli');
  const message = mail('Large', { body: 'All work and no play.\r\n'.repeat(120_000) });
  const uid = await put(client, 'Archive', message);
  await client.run('SELECT Archive');
  const [line = ''] = await client.run(`UID FETCH ${uid} BODY.PEEK[]`);
  assert.ok(line.endsWith(`{${message.length}}\r\n${message})`));
  client.write('b APPEND Archive {60000000}\r\n');
  assert.match(await client.line(), /^b NO \[TOOBIG\]/);
  client.close();
});

test('bad input gets an answer, and the session goes on', async () => {
  const client = await as('eli');
  for (const line of [
    'NONSENSE',
    'FETCH',
    'SELECT',
    'FETCH 1 FLAGS',
    'STORE 1 +FLAGS',
    'SELECT "a',
    'IDLE x',
    'X'.repeat(300_000),
  ])
    assert.match(last(await client.run(line)), /^BAD/, line.slice(0, 20));
  assert.match(last(await client.run('NOOP')), /^OK/);
  assert.deepEqual((await client.run('LOGOUT')).length, 2);
  assert.equal(await client.line(), '');
});

test('groups stand in ENVELOPE and SORT under their names, routes in ENVELOPE', async () => {
  const client = await as('eli');
  await client.run('CREATE Groups');
  const to = ['"Mia, R." <m@x.test>', '=?utf-8?Q?Z=C3=BCge?=: a@x.test, b@x.test;', 'empty:;', '<@r1,@r2:a@x.test>'];
  for (const value of to) await put(client, 'Groups', `Subject: x\r\nTo: ${value}\r\n\r\ny\r\n`);
  await client.run('SELECT Groups');
  for (const [keys, order] of [
    ['TO', '4 3 1 2'],
    ['DISPLAYTO', '4 3 1 2'],
    ['REVERSE TO', '2 1 3 4'],
  ] as const)
    assert.deepEqual(await client.run(`SORT (${keys}) UTF-8 ALL`), [`* SORT ${order}`, 'OK That is all.'], keys);
  const [group = '', empty = '', routed = ''] = await client.run('FETCH 2:4 ENVELOPE');
  assert.ok(group.includes('((NIL NIL "=?utf-8?B?WsO8Z2U=?=" NIL)(NIL NIL "a" "x.test")'), group);
  assert.ok(empty.includes('((NIL NIL "empty" NIL)(NIL NIL NIL NIL))'), empty);
  assert.ok(routed.includes('((NIL "@r1,@r2" "a" "x.test"))'), routed);
  await put(client, 'Groups', 'Content-Type: message/rfc822\r\n\r\nSubject: x\r\nTo: empty:;\r\n\r\ny\r\n');
  await client.run('NOOP');
  const [within = ''] = await client.run('FETCH 5 BODYSTRUCTURE');
  assert.ok(within.includes('(NIL "x" NIL NIL NIL ((NIL NIL "empty" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL)'), within);
  client.close();
});

test('BODY and TEXT: beginnings of words in the body and in any header field; where nothing has it, their middles', async () => {
  const client = await as('eli');
  await client.run('CREATE Words');
  const part = (headers: string[], body: string): string => ['--b', ...headers, '', body].join('\r\n');
  const parts = [
    part(['Content-Type: text/plain'], 'Ein Mietvertrag, unterschrieben.'),
    part(['Content-Disposition: attachment; filename="Grundriss.bin"', 'Content-Type: application/octet-stream'], 'x'),
  ];
  await put(
    client,
    'Words',
    `List-Id: <ladders.example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('\r\n')}\r\n--b--\r\n`,
  );
  await put(client, 'Words', mail('Versicherung', { body: 'Die Haftpflichtversicherung ist bezahlt.' }));
  await put(client, 'Words', mail('Ladders', { body: 'Bring two.' }));
  await client.run('SELECT Words');
  for (const [criteria, found] of [
    ['TEXT ladders', '1 3'],
    ['TEXT ladders.example', '1'],
    ['BODY ladders', ''],
    ['TEXT grundriss', '1'],
    ['BODY grundriss', ''],
    ['BODY vertrag', '1'],
    ['TEXT sicherung', '2'],
    ['BODY versicherung', '2'],
    ['BODY "vertrag, unterschr"', '1'],
    ['BODY "vertrag. bezahlt"', ''],
    ['BODY "rung ist"', '2'],
    ['BODY "rung i"', '2'],
    ['BODY "rung bezahlt"', ''],
    ['TEXT adders', '1 3'],
    ['TEXT "adders.exam"', '1'],
    ['NOT BODY vertrag', '2 3'],
    ['OR BODY adder BODY wo', '3'],
  ] as const)
    assert.deepEqual(
      await client.run(`SEARCH ${criteria}`),
      [`* SEARCH${found && ` ${found}`}`, 'OK That is all.'],
      criteria,
    );
  assert.deepEqual(await client.run('SORT (SIZE) UTF-8 TEXT adders'), ['* SORT 3 1', 'OK That is all.']);
  client.close();
});

test('a part of the results, and results that are kept up with', async () => {
  const [client, other] = [await as('dia'), await as('dia')];
  await client.run('CREATE Kept');
  for (const subject of ['delta', 'alpha', 'charlie', 'bravo']) await put(client, 'Kept', mail(subject));
  await client.run('SELECT Kept');
  await other.run('SELECT Kept');
  const first = async (command: string): Promise<string> => (await client.run(command))[0] ?? '';
  assert.match(await first('SEARCH RETURN (PARTIAL 2:3 COUNT) ALL'), /\) COUNT 4 PARTIAL \(2:3 2:3\)$/);
  assert.match(await first('UID SEARCH RETURN (PARTIAL -1:-3) NOT 3'), /\) UID PARTIAL \(-1:-3 1:2,4\)$/);
  assert.match(await first('SEARCH RETURN (PARTIAL 5:9) ALL'), /\) PARTIAL \(5:9 NIL\)$/);
  assert.match(await first('SORT RETURN (PARTIAL 2:4) (SUBJECT) UTF-8 ALL'), /\) PARTIAL \(2:4 4,3,1\)$/);
  await client.run('SEARCH RETURN (SAVE PARTIAL -2:-1 MIN) ALL');
  assert.equal(await first('SEARCH $'), '* SEARCH 1 3 4');
  assert.deepEqual(
    (await client.run('UID FETCH 1:3 FLAGS (PARTIAL -1:-2)')).map((line) => line.slice(0, 9)),
    ['* 2 FETCH', '* 3 FETCH', 'OK That i'],
  );
  // The tags of the two searches.
  const tagOf = (line: string): string => /TAG "(\w+)"/.exec(line)?.[1] ?? '';
  const unread = tagOf(await first('SEARCH RETURN (UPDATE COUNT) 2:4 UNSEEN'));
  const sorted = tagOf(await first('UID SORT RETURN (UPDATE) (SUBJECT) UTF-8 UNDELETED'));
  const news = async (): Promise<string[]> =>
    (await client.run('NOOP')).filter((line) => /ESEARCH|EXISTS|EXPUNGE/.test(line));
  await other.run('STORE 1,3 +FLAGS (\\Seen)');
  assert.deepEqual(await news(), [`* ESEARCH (TAG "${unread}") REMOVEFROM (0 3)`]);
  await other.run('STORE 2,3 FLAGS (\\Deleted)');
  assert.deepEqual(await news(), [
    `* ESEARCH (TAG "${sorted}") UID REMOVEFROM (3 3 1 2)`,
    `* ESEARCH (TAG "${unread}") ADDTO (0 3)`,
  ]);
  await other.run('STORE 2 -FLAGS (\\Deleted)');
  assert.deepEqual(await news(), [`* ESEARCH (TAG "${sorted}") UID ADDTO (1 2)`]);
  await other.run('EXPUNGE');
  await put(other, 'Kept', mail('abc'));
  assert.deepEqual(await news(), [
    `* ESEARCH (TAG "${unread}") REMOVEFROM (0 3)`,
    '* 3 EXPUNGE',
    '* 4 EXISTS',
    `* ESEARCH (TAG "${sorted}") UID ADDTO (1 5)`,
  ]);
  assert.match(last(await client.run(`CANCELUPDATE "${sorted}" "${unread}"`)), /^OK/);
  await other.run('STORE 1:* FLAGS (\\Seen \\Deleted)');
  assert.deepEqual(await news(), []);
  for (let i = 0; i < 10; i++) await client.run('SEARCH RETURN (UPDATE) ALL');
  const refused = await client.run('SEARCH RETURN (UPDATE COUNT) ALL');
  assert.match(refused.join('\n'), /COUNT 4\n\* NO \[NOUPDATE "\w+"\] .*\nOK/);
  client.close();
  other.close();
});

test('SAVEDATE: when a message came into the mailbox that it is in', async () => {
  const client = await as('eli');
  await client.run('CREATE Saved');
  const message = mail('Saved');
  const literal = `{${message.length}+}\r\n${message}`;
  await client.run(`APPEND Saved "01-Jan-2020 10:00:00 +0000" ${literal}`);
  await client.run('SELECT Saved');
  const both = async (): Promise<string> => (await client.run('FETCH * (INTERNALDATE SAVEDATE)'))[0] ?? '';
  const old = 'INTERNALDATE " 1-Jan-2020 10:00:00 +0000"';
  assert.equal(await both(), `* 1 FETCH (${old} SAVEDATE "23-Nov-2026 12:00:00 +0000")`);
  homing.advance(24 * 3600_000);
  await client.run('COPY 1 Saved');
  await client.run('NOOP');
  assert.equal(await both(), `* 2 FETCH (${old} SAVEDATE "24-Nov-2026 12:00:00 +0000")`);
  homing.advance(24 * 3600_000);
  await client.run('MOVE 1 Saved');
  assert.equal(await both(), `* 2 FETCH (${old} SAVEDATE "25-Nov-2026 12:00:00 +0000")`);
  for (const [criteria, found] of [
    ['SAVEDATESUPPORTED', '1 2'],
    ['SAVEDBEFORE 25-Nov-2026', '1'],
    ['SAVEDON 25-Nov-2026', '2'],
    ['SAVEDSINCE 24-Nov-2026', '1 2'],
    ['SAVEDSINCE 26-Nov-2026', ''],
    ['SINCE 2-Jan-2020', ''],
  ] as const)
    assert.deepEqual(
      await client.run(`SEARCH ${criteria}`),
      [`* SEARCH${found && ` ${found}`}`, 'OK That is all.'],
      criteria,
    );
  client.close();
});

test('sorted and threaded', async () => {
  const client = await as('eli');
  await client.run('CREATE Sorted');
  const letter = (subject: string, from: string, id: string, references = ''): string =>
    [
      `From: ${from}`,
      `Subject: ${subject}`,
      'Date: Mon, 23 Nov 2026 12:00:00 +0000',
      `Message-ID: <${id}>`,
      ...(references === '' ? [] : [`References: ${references}`]),
      '',
      'x'.repeat(subject.length * 10),
      '',
    ].join('\r\n');
  await put(client, 'Sorted', letter('Zebra', 'Ann <zoe@pigeon.test>', 'z1@x'));
  await put(client, 'Sorted', letter('re: apple', 'bea@pigeon.test', 'a2@x', '<a1@x>'));
  await put(client, 'Sorted', letter('Apple', 'Cyd <abe@pigeon.test>', 'a1@x'));
  await put(client, 'Sorted', letter('Re: Zebra', 'dan@pigeon.test', 'z2@x', '<z1@x>'));
  await put(client, 'Sorted', letter('Re: Zebra', 'dan@pigeon.test', 'z3@x', '<z1@x>'));
  await client.run('SELECT Sorted');
  for (const [keys, order] of [
    ['SUBJECT REVERSE ARRIVAL', '2 3 1 4 5'],
    ['REVERSE FROM', '1 4 5 2 3'],
    ['DISPLAYFROM', '1 2 3 4 5'],
    ['SIZE', '1 3 2 4 5'],
  ] as const)
    assert.deepEqual(await client.run(`SORT (${keys}) UTF-8 ALL`), [`* SORT ${order}`, 'OK That is all.'], keys);
  assert.deepEqual(
    await client.run('UID SORT RETURN (MIN MAX) (SUBJECT) UTF-8 3:5').then(([line]) => line?.replace(/"a\d+"/, '')),
    '* ESEARCH (TAG ) UID MIN 3 MAX 5',
  );
  assert.equal((await client.run('THREAD REFERENCES UTF-8 ALL'))[0], '* THREAD (1 (4)(5))(3 2)');
  assert.equal((await client.run('THREAD ORDEREDSUBJECT UTF-8 ALL'))[0], '* THREAD (1 (4)(5))(2 3)');
  client.close();
});

test('whatever enables CONDSTORE tells the newest modseq of the selected mailbox, once', async () => {
  const commands = [
    'ENABLE CONDSTORE',
    'ENABLE QRESYNC',
    'STATUS Drafts (HIGHESTMODSEQ)',
    'LIST "" Drafts RETURN (STATUS (HIGHESTMODSEQ))',
    'SEARCH MODSEQ 1',
    'UID FETCH 1:* UID (CHANGEDSINCE 9223372036854775807)',
    'UID STORE 1 (UNCHANGEDSINCE 9223372036854775807) +FLAGS.SILENT (\\Draft)',
  ];
  for (const command of commands) {
    const client = await as('cho');
    const opened = (await client.run('SELECT INBOX')).find((line) => line.startsWith('* OK [HIGHESTMODSEQ'));
    const told = await client.run(command);
    assert.match(last(told), /^OK/);
    assert.deepEqual(
      told.filter((line) => line.startsWith('* OK [HIGHESTMODSEQ')),
      [opened],
      command,
    );
    assert.doesNotMatch((await client.run(command)).join('\n'), /\[HIGHESTMODSEQ/);
    client.close();
  }
  const client = await as('cho');
  await client.run('SELECT INBOX');
  assert.match(last(await client.run('UID FETCH 1:* UID (CHANGEDSINCE 1 VANISHED)')), /^BAD/);
  assert.match(last(await client.run('UID FETCH 1:* UID (CHANGEDSINCE 9223372036854775808)')), /^BAD/);
  client.close();
});

test('a name is the same mailbox in any normal form; who knows of it is told what it has become', async () => {
  const client = await as('cho');
  // é as two characters, and as one; and as they come back.
  const [two, one] = ['Cafe\u0301', 'Caf\u00e9'];
  const [sentTwo, sentOne] = [two, one].map((name) => Buffer.from(name).toString('latin1'));
  assert.match(last(await client.run(`CREATE "${two}"`)), /^OK/);
  assert.deepEqual((await client.run(`LIST "" "${two}"`)).slice(0, -1), ['* LIST (\\HasNoChildren) "/" Caf&AOk-']);
  await put(client, `"${two}"`, mail('kept'));
  assert.equal((await client.run(`STATUS "${one}" (MESSAGES)`))[0], '* STATUS Caf&AOk- (MESSAGES 1)');
  assert.match(last(await client.run(`RENAME "${two}" "${two}s"`)), /^OK/);
  await client.run('ENABLE IMAP4rev2');
  const old = `("OLDNAME" ("${sentTwo}s"))`;
  assert.ok((await client.run(`SELECT "${two}s"`)).includes(`* LIST () "/" "${sentOne}s" ${old}`));
  assert.ok((await client.run(`SELECT "${one}s"`)).includes(`* LIST () "/" "${sentOne}s"`));
  await client.run('UNSELECT');
  assert.equal((await client.run(`RENAME "${two}s" There`))[0], `* LIST () "/" There ${old}`);
  const created = await client.run(`CREATE "${two}/"`);
  assert.equal(created[0], `* LIST () "/" "${sentOne}" ("OLDNAME" ("${sentTwo}"))`);
  const deleted = await client.run(`DELETE "${two}"`);
  assert.equal(deleted[0], `* LIST (\\NonExistent) "/" "${sentOne}" ("OLDNAME" ("${sentTwo}"))`);
  assert.match(last(await client.run('DELETE There')), /^OK/);
  client.close();
});

test('small print: what is below a name that is gone, what deleted messages take up, what NO leaves saved', async () => {
  const client = await as('cho');
  for (const command of ['CREATE a/b', 'SUBSCRIBE a/b', 'DELETE a/b', 'DELETE a'])
    assert.match(last(await client.run(command)), /^OK/, command);
  assert.deepEqual((await client.run('LIST (SUBSCRIBED RECURSIVEMATCH) "" a')).slice(0, -1), [
    '* LIST (\\NonExistent) "/" a ("CHILDINFO" ("SUBSCRIBED"))',
  ]);
  await client.run('UNSUBSCRIBE a/b');

  await client.run('CREATE small');
  const [message, other] = [mail('one'), mail('another')];
  await put(client, 'small', message, '\\Deleted');
  await put(client, 'small', other);
  const sizes = `DELETED 1 DELETED-STORAGE ${message.length} SIZE ${message.length + other.length}`;
  assert.equal((await client.run('STATUS small (DELETED DELETED-STORAGE SIZE)'))[0], `* STATUS small (${sizes})`);

  await client.run('SELECT small');
  assert.equal((await client.run('FETCH 1 BINARY.SIZE[7]'))[0], '* 1 FETCH (BINARY.SIZE[7] 0)');
  await client.run('SEARCH RETURN (SAVE) ALL');
  assert.match(last(await client.run('SEARCH RETURN (SAVE) NO-KEY 1')), /^BAD/);
  assert.equal((await client.run('SEARCH $'))[0], '* SEARCH 1 2');
  assert.match(last(await client.run('SEARCH RETURN (SAVE) CHARSET KOI8-R ALL')), /^NO \[BADCHARSET/);
  assert.equal((await client.run('SEARCH $'))[0], '* SEARCH');
  await client.run('CLOSE');
  await client.run('DELETE small');
  client.close();
});

test('a mailbox that JMAP has named as the place of others is opened as any', async () => {
  const [ana, client] = [await homing.client('ana@pigeon.test'), await as('ana')];
  await ana.call('Mailbox/set', { create: { own: { name: 'Other Users' } } });
  const listed = await client.run('LIST "" "Other Users"');
  assert.deepEqual(listed.slice(0, -1), ['* LIST (\\HasChildren) "/" "Other Users"']);
  assert.match(last(await client.run('SELECT "Other Users"')), /^OK/);
  assert.match(last(await client.run('SELECT "Other Users/office@pigeon.test/INBOX"')), /^OK/);
  assert.match(last(await client.run('CREATE "Other Users/nobody"')), /^NO \[NOPERM\]/);
  assert.match(last(await client.run('DELETE "Other Users"')), /^OK/);
  assert.match(last(await client.run('SELECT "Other Users"')), /^NO \[NONEXISTENT\]/);
  client.close();
});

test('EMAILID is of the content: it goes with COPY and MOVE, to the mailboxes of others too', async () => {
  const client = await as('ana');
  const office = '"Other Users/office@pigeon.test/Archive"';
  const ids = async (set: string): Promise<string[]> =>
    (await client.run(`UID FETCH ${set} (EMAILID THREADID)`)).flatMap(
      (line) => /EMAILID.*(?=\))/.exec(line)?.[0] ?? [],
    );
  await client.run('CREATE Ids');
  const uids = [await put(client, 'Ids', mail('first')), await put(client, 'Ids', mail('second'))];
  await client.run('SELECT Ids');
  const were = await ids(uids.join());
  assert.equal(new Set(were).size, 2);
  assert.match(last(await client.run(`UID COPY ${uids.join()} Ids`)), /^OK/);
  assert.deepEqual(await ids('1:*'), [...were, ...were]);
  const [, emailId = ''] = /EMAILID \((\S+)\)/.exec(were[1] ?? '') ?? [];
  assert.equal((await client.run(`SEARCH EMAILID ${emailId}`))[0], '* SEARCH 2 4');
  assert.match((await client.run(`UID MOVE ${uids.join()} ${office}`))[0] ?? '', /COPYUID/);
  await client.run(`SELECT ${office}`);
  assert.deepEqual((await ids('1:*')).slice(-2), were);
  // Another message of that account has an id of its own, which a number within the account would not be.
  await put(client, office, mail('third'));
  await client.run('NOOP');
  assert.ok(!were.includes((await ids('*'))[0] ?? ''));
  client.close();
});

test('compressed, everything goes as before', async () => {
  const flow = new ImapFlow({
    host: '127.0.0.1',
    port: imaps,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: 'eli@pigeon.test', pass: 'homing' },
    logger: false,
  });
  await flow.connect();
  assert.equal(
    (flow as unknown as { _deflate?: unknown })._deflate !== undefined,
    true,
    'imapflow compresses where it can',
  );
  const message = mail('Pressed', { body: 'All work and no play.\r\n'.repeat(20_000) });
  const { uid } = (await flow.append('Archive', message)) as { uid: number };
  await flow.mailboxOpen('Archive');
  const found = await flow.fetchOne(String(uid), { source: true }, { uid: true });
  assert.ok(found && found.source?.toString() === message);
  await flow.logout();
});

test('compressed, the last words are heard too', async () => {
  const socket = connect({ host: '127.0.0.1', port: imaps, rejectUnauthorized: false });
  let said = '';
  socket.on('data', (bytes: Buffer) => (said += bytes.toString('latin1')));
  socket.write('a LOGIN eli@pigeon.test homing\r\nb COMPRESS DEFLATE\r\n');
  while (!said.includes('b OK')) await once(socket, 'data');
  socket.removeAllListeners('data');
  const plain = socket.pipe(createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH }));
  socket.write(deflateRawSync('c LOGOUT\r\n', { finishFlush: constants.Z_SYNC_FLUSH }));
  assert.match(await text(plain), /^\* BYE .*\r\nc OK .*\r\n$/);
});

test('a password that is changed, or an application password that is removed, ends the sessions begun with it', async () => {
  const eli = await homing.client('eli@pigeon.test');
  const made = (await eli.call('AppPassword/set', { create: { k: { name: 'a phone that is lost' } } }))['created'] as {
    k: { id: string; password: string };
  };
  const [phone, desk] = [await rawImap(imaps, { user: 'eli@pigeon.test', password: made.k.password }), await as('eli')];
  phone.write('i IDLE\r\n');
  assert.equal(await phone.line(), '+ idling');
  await eli.call('AppPassword/set', { destroy: [made.k.id] });
  assert.match(await phone.line(), /^\* BYE /);
  assert.equal(await phone.line(), '');
  assert.match(last(await desk.run('NOOP')), /^OK/);
  await homing.admin.setAccount('eli@pigeon.test', { name: 'Eli' });
  assert.match(last(await desk.run('NOOP')), /^OK/, 'another change');
  await homing.admin.setAccount('eli@pigeon.test', { password: 'changed' });
  assert.match(await desk.line(), /^\* BYE /);
  assert.equal(await desk.line(), '');
  await homing.admin.setAccount('eli@pigeon.test', { password: 'homing', name: 'Eli Novak' });
});

test('who may no longer use a shared mailbox is put out of it; others stay', async () => {
  const [ana, ben] = [await as('ana'), await as('ben')];
  for (const client of [ana, ben])
    assert.match(last(await client.run('SELECT "Other Users/office@pigeon.test/INBOX"')), /^OK/);
  await homing.sql(
    `DELETE FROM delegation WHERE tenant_id = $1 AND delegate_id = (SELECT account_id FROM address WHERE address = 'ben@pigeon.test')`,
    [homing.tenant],
  );
  await homing.services.store.notifier.publishDirectory();
  assert.match(await ben.line(), /^\* BYE /);
  assert.equal(await ben.line(), '');
  assert.match(last(await ana.run('NOOP')), /^OK/);
  assert.match(last(await (await as('ben')).run('SELECT "Other Users/office@pigeon.test/INBOX"')), /^NO/);
  ana.close();
});
