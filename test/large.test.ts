// Large messages through every face: none is in memory whole. What is kept is measured while the message is there and its
// acceptance waits for a lock of ours; or, of one that goes out, while its reader takes its time. Whole, a message would be
// there three or four times over on its way in by SMTP, and once elsewhere: the limits are between that and what it takes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { after, test } from 'node:test';
import pg from 'pg';
import { createOutgoing } from '../src/delivery/worker.ts';
import { startTestHoming } from './support/homing.ts';
import type { Client, Json } from './support/http.ts';
import { keptSince, largeMessage, retained } from './support/large.ts';
import { rawSmtp, submitter, type RawSmtp } from './support/smtp.ts';

const homing = await startTestHoming({ policy: { maxMessageSize: 18_000_000 } });
after(() => homing.close());
const { ports, sql } = homing;
const [ana, ben] = [await homing.client('ana@pigeon.test'), await homing.client('ben@pigeon.test')];

const FROM = 'From: Ana <ana@pigeon.test>\r\nTo: ben@pigeon.test\r\n';
const MB = 16;

/** Whatever is done meanwhile waits when it comes to change Ben's mailbox; then it is asked how much is kept. */
async function keptWhile<T>(
  account: number,
  most: number,
  run: () => Promise<T>,
): Promise<{ kept: number; answer: T }> {
  const client = new pg.Client(homing.owner);
  await client.connect();
  const before = await retained();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM account_state WHERE account_id = $1 FOR UPDATE', [account]);
    const running = run();
    const early = running.then(() => assert.fail('it waited for nothing'));
    while (!(await Promise.race([early, isWaiting()])));
    const kept = await keptSince(before, most);
    early.catch(() => undefined);
    await client.query('ROLLBACK');
    return { kept, answer: await running };
  } finally {
    await client.end();
  }
}

async function isWaiting(): Promise<boolean> {
  const rows = await sql(
    `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND datname = current_database()`,
  );
  return rows.length > 0;
}

async function send(client: RawSmtp, to: string[], pieces: Iterable<string>): Promise<string> {
  for (const line of ['MAIL FROM:<ana@pigeon.test>', ...to.map((one) => `RCPT TO:<${one}>`), 'DATA'])
    assert.match(await client.say(line), /^[23]/);
  await client.pour(pieces);
  client.write('.\r\n');
  return client.reply();
}

async function newest(client: Client, properties: string[]): Promise<Json> {
  const { ids } = await client.call('Email/query', { sort: [{ property: 'receivedAt', isAscending: false }] });
  const [id] = (ids as string[]).toSorted((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  const { list } = await client.call('Email/get', { ids: [id], properties });
  return (list as Json[])[0] ?? {};
}

async function source(client: Client, blobId: unknown): Promise<Buffer> {
  const response = await client.fetch(`/jmap/download/${client.accountId}/${String(blobId)}/x`);
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** How many uploads, blobs and messages there are. */
async function counts(): Promise<object> {
  const [row] = await sql<object>(
    `SELECT (SELECT count(*) FROM upload)::int AS uploads, (SELECT count(*) FROM blob)::int AS blobs, (SELECT count(*) FROM message)::int AS messages`,
  );
  return row ?? {};
}

async function untilCounts(expected: object): Promise<void> {
  while (JSON.stringify(await counts()) !== JSON.stringify(expected))
    await new Promise((resolve) => setTimeout(resolve, 20));
}

test('submission: the recipient’s form and the sender’s with its Bcc', async (t) => {
  const large = largeMessage(`${FROM}Bcc: cho@pigeon.test\r\nSubject: Submitted\r\n`, MB);
  const client = await submitter(ports, 'ana@pigeon.test');
  const to = ['ben@pigeon.test', 'cho@pigeon.test'];
  const { kept, answer } = await keptWhile(ben.account, 2 * large.size, () => send(client, to, large.pieces()));
  client.close();
  assert.match(answer, /^250/);
  t.diagnostic(`${kept} of ${large.size}`);
  assert.ok(kept < 2 * large.size, `${kept} octets are kept`);
  const { blobId, bcc, size, attachments } = await newest(ben, ['blobId', 'bcc', 'size', 'attachments']);
  assert.equal(bcc, null);
  const [file] = attachments as Json[];
  assert.equal(file?.['size'], large.file.size);
  const received = await source(ben, blobId);
  assert.equal(received.length, size);
  const withoutBcc = received.toString('latin1').slice(received.indexOf('From: Ana'));
  const sent = await source(ana, (await newest(ana, ['blobId']))['blobId']);
  const added = /^(?:Date|Message-ID): .*\r\n/gm;
  assert.equal(digest(Buffer.from(sent.toString('latin1').replace(added, ''), 'latin1')), large.sha256);
  assert.equal(withoutBcc, sent.toString('latin1').replace(/^Bcc: .*\r\n/m, ''));
  const hashes = await sql<{ sha256: string }>(`SELECT DISTINCT encode(sha256, 'hex') AS sha256 FROM attachment`);
  assert.deepEqual(hashes, [{ sha256: large.file.sha256 }]);
});

test('mail from outside, dots and all', async (t) => {
  const lines = ['.\r\n', '..\r\n', '.a\r\n', 'b\r\n'];
  function* pieces(dot: string): Generator<string, void> {
    yield `${FROM}Subject: Dots\r\n\r\n`;
    for (let i = 0; i < MB * 100; i++) yield `${lines[i % 4]?.replace(/^\./, dot)}${'x'.repeat(9990)}\r\n`;
  }
  const client = await rawSmtp(ports.smtp);
  const { kept, answer } = await keptWhile(ben.account, 1.5 * MB * 1e6, () =>
    send(client, ['ben@pigeon.test'], pieces('..')),
  );
  client.close();
  assert.match(answer, /^250/);
  t.diagnostic(`${kept} of ${MB}000000`);
  assert.ok(kept < 1.5 * MB * 1e6, `${kept} octets are kept`);
  const bytes = await source(ben, (await newest(ben, ['blobId']))['blobId']);
  const whole = Buffer.from([...pieces('.')].join(''));
  assert.match(bytes.subarray(0, -whole.length).toString(), /^Return-Path: .*\r\nReceived: (?:.*\r\n\t)*.*\r\n$/);
  assert.ok(bytes.subarray(-whole.length).equals(whole));
});

test('LMTP, for two organisations, and for one who is gone', async (t) => {
  const large = largeMessage(`${FROM}Subject: LMTP\r\n`, MB);
  const client = await rawSmtp(ports.lmtp, { greet: 'LHLO' });
  await homing.admin.addAccount({ address: 'gone@pigeon.test' });
  const zoe = await homing.client('zoe@other.test');
  const { kept, answer } = await keptWhile(ben.account, 2 * large.size, async () => {
    for (const line of [
      'MAIL FROM:<a@b.test>',
      ...['gone@pigeon', 'ben@pigeon', 'zoe@other'].map((one) => `RCPT TO:<${one}.test>`),
    ])
      assert.match(await client.say(line), /^250/);
    await homing.admin.removeAccount('gone@pigeon.test');
    assert.match(await client.say('DATA'), /^354/);
    await client.pour(large.pieces());
    client.write('.\r\n');
    return client.replies(3);
  });
  client.close();
  assert.deepEqual(
    answer.map((one) => one.slice(0, 9)),
    ['550 5.1.1', '250 2.0.0', '250 2.0.0'],
  );
  t.diagnostic(`${kept} of ${large.size}`);
  // Two are read side by side.
  assert.ok(kept < 2 * large.size, `${kept} octets are kept`);
  for (const who of [ben, zoe]) {
    const bytes = await source(who, (await newest(who, ['blobId']))['blobId']);
    assert.equal(digest(bytes.subarray(-large.size)), large.sha256);
  }
});

test('what is refused or breaks off leaves nothing, and the connection goes on', async () => {
  const before = await counts();
  const client = await submitter(ports, 'ana@pigeon.test');
  const lookAlike = [...largeMessage(FROM, 5).pieces(), 'a\n.\r\nb\r\n', ...largeMessage('', 5).pieces()];
  assert.match(await send(client, ['ben@pigeon.test'], lookAlike), /^554 5\.6\.0/);
  assert.match(await send(client, ['ben@pigeon.test'], largeMessage(FROM, 19).pieces()), /^552 5\.3\.4/);
  const foreign = largeMessage('From: dia@pigeon.test\r\n', 5);
  assert.match(await send(client, ['ben@pigeon.test'], foreign.pieces()), /^550 5\.7\.1/);
  const endless = Array.from({ length: 200 }, (_, i) => `X-${i}: ${'y'.repeat(10_000)}\r\n`);
  assert.match(await send(client, ['ben@pigeon.test'], [...endless, '\r\nHello\r\n']), /^552 5\.3\.4/);
  assert.deepEqual(await counts(), before);
  assert.match(await client.say('NOOP'), /^250/);

  for (const line of ['MAIL FROM:<ana@pigeon.test>', 'RCPT TO:<ben@pigeon.test>', 'DATA']) await client.say(line);
  await client.pour(largeMessage(FROM, 5).pieces());
  while (((await counts()) as { uploads: number }).uploads === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  client.close();
  await untilCounts(before);
});

test('JMAP: uploaded, imported, sent inside and outside', async (t) => {
  const large = largeMessage(
    `${FROM}Subject: Uploaded\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <u@pigeon.test>\r\n`,
    MB,
  );
  const before = await retained();
  let most = 0;
  // fetch would keep what it has sent.
  const posting = request(`${homing.base}/jmap/upload/${ana.accountId}/`, {
    method: 'POST',
    headers: { authorization: ana.authorization, 'content-type': 'message/rfc822' },
  });
  const answered = once(posting, 'response') as Promise<[IncomingMessage]>;
  for (const piece of large.pieces()) {
    // Before the last of it: what came is in the store but for a piece or two.
    if (piece.startsWith('--b--')) {
      const stored = (): Promise<{ size: string }[]> => sql(`SELECT size FROM upload`);
      while (Number((await stored())[0]?.size ?? 0) < large.size - 2_500_000)
        await new Promise((resolve) => setTimeout(resolve, 20));
      most = await keptSince(before, 0.75 * large.size);
    }
    if (!posting.write(piece)) await once(posting, 'drain');
  }
  posting.end();
  const [response] = await answered;
  const { blobId, size } = JSON.parse(Buffer.concat(await response.toArray()).toString()) as {
    blobId: string;
    size: number;
  };
  assert.equal(size, large.size);
  t.diagnostic(`upload: ${most} of ${large.size}`);
  assert.ok(most < 0.75 * large.size, `${most} octets are kept`);
  const digests = await ana.call('Blob/get', { ids: [blobId], properties: ['digest:sha-256'] });
  assert.deepEqual(digests['list'], [
    { id: blobId, 'digest:sha-256': Buffer.from(large.sha256, 'hex').toString('base64') },
  ]);
  const { parsed } = await ana.call('Email/parse', { blobIds: [blobId], properties: ['subject', 'attachments'] });
  const { subject, attachments } = (parsed as Record<string, Json>)[blobId] ?? {};
  assert.equal(subject, 'Uploaded');
  const [part] = attachments as { blobId: string; size: number }[];
  assert.deepEqual([part?.size, digest(await source(ana, part?.blobId))], [large.file.size, large.file.sha256]);

  const emails = { k: { blobId, mailboxIds: { f2: true }, keywords: { $draft: true } } };
  const imported = await keptWhile(ana.account, 0.75 * large.size, () => ana.call('Email/import', { emails }));
  t.diagnostic(`import: ${imported.kept}`);
  assert.ok(imported.kept < 0.75 * large.size, `${imported.kept} octets are kept`);
  const emailId = (imported.answer['created'] as Record<string, { id: string }> | null)?.['k']?.id;
  const { list } = await ana.call('Identity/get', {});
  const identityId = (list as { id: string }[])[0]?.id;
  const envelope = {
    mailFrom: { email: 'ana@pigeon.test' },
    rcptTo: [{ email: 'ben@pigeon.test' }, { email: 'far@away.test' }],
  };
  const sent = await keptWhile(ben.account, 0.75 * large.size, () =>
    ana.call('EmailSubmission/set', { create: { k: { identityId, emailId, envelope } } }),
  );
  assert.equal(sent.answer['notCreated'], null);
  t.diagnostic(`submission: ${sent.kept}`);
  assert.ok(sent.kept < 0.75 * large.size, `${sent.kept} octets are kept`);
  assert.equal(digest(await source(ben, (await newest(ben, ['blobId']))['blobId'])), large.sha256);

  // What is deferred goes to a next server of the test's own, which stops reading in the middle.
  homing.advance(3_600_000);
  const half = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const next = await nextServer(large.size / 2, half.resolve, goOn.promise);
  t.after(() => (goOn.resolve(), next.close()));
  const outgoing = createOutgoing({
    ...homing.services,
    hostname: 'mail.pigeon.test',
    nextHop: { host: '127.0.0.1', port: next.port },
    timeouts: { connect: 5000, greeting: 5000, reply: 60_000 },
    graceMs: 0,
  });
  const start = await retained();
  const run = outgoing.run();
  await half.promise;
  const kept = await keptSince(start, 0.75 * large.size);
  goOn.resolve();
  await run;
  t.diagnostic(`outgoing: ${kept}`);
  assert.ok(kept < 0.75 * large.size, `${kept} octets are kept`);
  assert.equal(next.digest(), large.sha256);
});

test('JMAP: a draft with a large file and a large message, and more than is made in one call', async (t) => {
  const [{ list }, before] = [
    await ana.call('Email/get', {
      ids: [(await newest(ana, ['id']))['id']],
      properties: ['blobId', 'attachments', 'size'],
    }),
    await counts(),
  ];
  const [{ blobId, attachments, size }] = list as [
    { blobId: string; size: number; attachments: { blobId: string; size: number }[] },
  ];
  const [file] = attachments;
  const piece = await ana.call('Blob/upload', {
    create: { k: { data: [{ blobId: file?.blobId, offset: 0, length: 1_000_000 }] } },
  });
  const small = (piece['created'] as Record<string, { id: string }>)['k']?.id;
  const make = (blob: unknown, type: string): Json => ({
    mailboxIds: { f2: true },
    attachments: [{ blobId: blob, type }],
    bodyValues: { t: { value: 'See this' } },
    textBody: [{ partId: 't' }],
  });
  const create = {
    file: make(file?.blobId, 'a/b'),
    message: make(blobId, 'message/rfc822'),
    small: make(small, 'a/b'),
  };
  // Nothing that is too large, or not there, is kept.
  const refused = await ana.call('Email/set', {
    create: {
      twice: { ...make(file?.blobId, 'a/b'), attachments: [0, 1].map(() => ({ blobId: file?.blobId, type: 'a/b' })) },
      none: make('u1', 'a/b'),
      nowhere: { ...make(file?.blobId, 'a/b'), mailboxIds: { f99: true } },
    },
  });
  const why = Object.values(refused['notCreated'] as Record<string, { type: string }>).map(({ type }) => type);
  assert.deepEqual(why.toSorted(), ['blobNotFound', 'invalidProperties', 'tooLarge']);
  const nowhere = { ...make(small, 'a/b'), mailboxIds: { f99: true } };
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, nowhere]));
  const tooMany = await ana.call('Email/set', { create: many });
  const last = (tooMany['notCreated'] as Record<string, { type: string }>)['k59'];
  assert.equal(last?.type, 'rateLimit');
  const { uploads } = (await counts()) as { uploads: number };
  assert.equal(uploads, (before as { uploads: number }).uploads + 1);

  const { kept, answer } = await keptWhile(ana.account, size, () => ana.call('Email/set', { create }));
  assert.equal(answer['notCreated'], null);
  t.diagnostic(`drafts: ${kept} of ${2 * size}`);
  assert.ok(kept < size, `${kept} octets are kept`);
  const made = answer['created'] as Record<string, { id: string }>;
  const parts = async (key: string): Promise<Buffer[]> => {
    const shown = await ana.call('Email/get', { ids: [made[key]?.id], properties: ['attachments'] });
    const [{ attachments: all }] = shown['list'] as [{ attachments: { blobId: string }[] }];
    return Promise.all(all.map((one) => source(ana, one.blobId)));
  };
  const whole = (await parts('file'))[0] ?? assert.fail();
  assert.equal(digest(whole), digest(await source(ana, file?.blobId)));
  assert.equal(digest((await parts('message'))[0] ?? assert.fail()), digest(await source(ana, blobId)));
  assert.ok((await parts('small'))[0]?.equals(whole.subarray(0, 1_000_000)));
  assert.equal(((await counts()) as { uploads: number }).uploads, uploads);
});

/** A server that is given one message: stops reading it after so many octets, until it may go on. */
async function nextServer(
  octets: number,
  stopped: () => void,
  goOn: Promise<void>,
): Promise<{ port: number; digest: () => string; close: () => void }> {
  const hash = createHash('sha256');
  const server = createServer((socket) => {
    let read = -1;
    let rest = Buffer.alloc(0);
    socket.write('220 next.test\r\n');
    socket
      .on('error', () => undefined)
      .on('data', (bytes: Buffer) => {
        if (read < 0) {
          for (const line of bytes.toString('latin1').split('\r\n').slice(0, -1)) {
            if (line === 'DATA') read = 0;
            socket.write(line === 'DATA' ? '354 Go on\r\n' : '250 Well\r\n');
          }
          return;
        }
        const before = read;
        read += bytes.length;
        if (before < octets && read >= octets) {
          socket.pause();
          stopped();
          void goOn.then(() => socket.resume());
        }
        const all = Buffer.concat([rest, bytes]);
        const isOver = all.subarray(-5).equals(Buffer.from('\r\n.\r\n'));
        hash.update(all.subarray(0, isOver ? -3 : Math.max(0, all.length - 5)));
        rest = isOver ? Buffer.alloc(0) : all.subarray(Math.max(0, all.length - 5));
        if (isOver) {
          read = -1;
          socket.write('250 Taken\r\n');
        }
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    digest: () => hash.digest('hex'),
    close: () => void server.close(),
  };
}

test('a part is downloaded, and fetched as BINARY, by one who takes their time', async (t) => {
  const file = largeMessage('', MB).file;
  const { attachments } = await newest(ben, ['attachments']);
  const [part] = attachments as { blobId: string }[];
  let before = await retained();
  const asking = request(`${homing.base}/jmap/download/${ben.accountId}/${part?.blobId}/x`, {
    headers: { authorization: ben.authorization },
  });
  asking.end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const hash = createHash('sha256');
  let read = 0;
  let kept = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    read += chunk.length;
    hash.update(chunk);
    if (kept === 0 && read > file.size / 2) kept = await keptSince(before, 0.75 * file.size);
  }
  assert.equal(hash.digest('hex'), file.sha256);
  t.diagnostic(`download: ${kept} of ${file.size}`);
  assert.ok(kept < 0.75 * file.size, `${kept} octets are kept`);

  const socket = connect({ host: '127.0.0.1', port: ports.imaps, rejectUnauthorized: false });
  t.after(() => socket.destroy());
  const told = createHash('sha256');
  let [octets, tail] = [0, ''];
  const fetched = async (until: () => boolean): Promise<void> => {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (!chunk) {
        await once(socket, 'readable');
        continue;
      }
      octets += chunk.length;
      told.update(chunk);
      tail = (tail + chunk.toString('latin1')).slice(-300);
      if (until()) return;
    }
  };
  socket.write('a LOGIN ben@pigeon.test homing\r\nb SELECT INBOX\r\n');
  await fetched(() => /^b OK.*\r\n/m.test(tail));
  before = await retained();
  [octets, tail] = [0, ''];
  socket.write('c FETCH * (BINARY.SIZE[2] BINARY.PEEK[2])\r\n');
  await fetched(() => octets > file.size / 2);
  kept = await keptSince(before, 0.75 * file.size);
  t.diagnostic(`BINARY: ${kept} of ${file.size}`);
  assert.ok(kept < 0.75 * file.size, `${kept} octets are kept`);
  await fetched(() => /\)\r\nc OK.*\r\n$/.test(tail));
  assert.ok(octets > file.size && octets < file.size + 300);
  socket.write('d FETCH * (BINARY.PEEK[2]<1000000.10> BINARY.PEEK[2]<999990.600000>)\r\n');
  await fetched(() => /^d OK.*\r\n$/m.test(tail));
  assert.match(tail, /ABC/);
});
