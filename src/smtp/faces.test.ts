import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { mail } from '../../test/support/mailboxes.ts';
import { NO_RECALLS, testMailIn, type MailIn } from '../../test/support/mail-in.ts';
import { rawSmtp, submitter } from '../../test/support/smtp.ts';
import { loadCertificate } from '../config/certificate.ts';
import { createConnections } from '../directory/connections.ts';
import type { Accept } from '../delivery/accept.ts';
import { SILENT } from '../mail/log.ts';
import { startEmbedded } from '../store/embedded.ts';
import { migrate } from '../store/migrate.ts';
import { startSmtpFaces, type SmtpDeps, type SmtpFaces } from './faces.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'homing-smtp-'));
const tls = await loadCertificate({ dataDir, hostname: 'mail.pigeon.test', tlsKey: undefined, tlsCert: undefined });
const t = await testMailIn();
const running = new Set<SmtpFaces>();
after(async () => {
  await Promise.all([...running].map((faces) => faces.close()));
  await t.close();
  await rm(dataDir, { recursive: true });
});

async function faces(of: MailIn, more: Partial<SmtpDeps> = {}): Promise<SmtpFaces> {
  const ports = { http: 0, smtp: 0, submission: 0, submissions: 0, lmtp: 0, imap: 0, imaps: 0 };
  const config = { host: '127.0.0.1', hostname: 'mail.pigeon.test', ports };
  const { store, accept, directory, clock } = of;
  const connections = createConnections(null);
  const started = await startSmtpFaces({
    store,
    accept,
    directory,
    connections,
    recalls: NO_RECALLS,
    clock,
    config,
    tls,
    log: SILENT,
    ...more,
  });
  running.add(started);
  return started;
}

const { ports } = await faces(t);

/** Everything a socket says until it is closed. */
async function told(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

test('what is no handshake, and a handshake cut short, end their connection and nothing else', async () => {
  const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
  for (const bytes of ['EHLO plain.test\r\n', 'GET / HTTP/1.1\r\n\r\n', Buffer.alloc(2000, 0xff)])
    await told(ports.submissions, bytes);
  for (let i = 0; i < 10; i++) {
    const socket = connect({ host: '127.0.0.1', port: ports.submissions });
    await once(socket, 'connect');
    socket.write(hello);
    socket.resetAndDestroy();
    const plain = await rawSmtp(ports.submission);
    await plain.say('STARTTLS');
    plain.write('this is no handshake\r\n');
    assert.equal(await plain.reply(), '');
  }
  const old = connectTls({
    host: '127.0.0.1',
    port: ports.submissions,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
  });
  await once(old, 'error');
  const client = await submitter(ports, 'ana@pigeon.test');
  assert.match(await client.say('NOOP'), /^250/);
  client.close();
});

test('who speaks before the greeting, or HTTP, is shown out', async () => {
  assert.match(await told(ports.smtp, 'EHLO early.test\r\n'), /^421 .*too soon/);
  const client = await rawSmtp(ports.smtp, { greet: false });
  assert.match(await client.say('POST / HTTP/1.1'), /^421/);
  assert.equal(await client.reply(), '');
});

test('nothing of smtp-server’s that is not ours', async () => {
  for (const port of [ports.smtp, ports.submission]) {
    for (const command of ['WIZ please', 'SHELL ls', 'KILL mom', 'XCLIENT ADDR=10.0.0.1', 'BDAT 5', 'TURN']) {
      const client = await rawSmtp(port);
      assert.match(await client.say(command), /^50[02]/, command);
      client.close();
    }
  }
  const secure = await rawSmtp(ports.submissions, { tls: true, greet: false });
  assert.doesNotMatch(await secure.say('EHLO test.example'), /REQUIRETLS|CHUNKING|BINARYMIME/);
  secure.close();
});

test('the end: a message under way gets its reply, and everybody else 421', async () => {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow: Accept = async (input) => {
    reached.resolve();
    await go.promise;
    return t.accept(input);
  };
  const ending = await faces(t, { accept: slow });
  running.delete(ending);
  const busy = await submitter(ending.ports, 'ana@pigeon.test');
  const [idle, half, outside] = [
    await submitter(ending.ports, 'ben@pigeon.test'),
    await submitter(ending.ports, 'ben@pigeon.test'),
    await rawSmtp(ending.ports.lmtp, { greet: 'LHLO' }),
  ];
  assert.match(await half.say('MAIL FROM:<ben@pigeon.test>'), /^250/);
  const accepted = busy.send('ana@pigeon.test', ['ben@pigeon.test'], mail('At the last moment'));
  await reached.promise;
  let closed = false;
  const closing = ending.close().then(() => (closed = true));
  for (const client of [idle, half, outside]) {
    assert.match(await client.reply(), /^421 4\.3\.2/);
    assert.equal(await client.reply(), '');
  }
  assert.equal(closed, false);
  go.resolve();
  assert.match(await accepted, /^250 2\.0\.0 Accepted/);
  assert.match(await busy.reply(), /^421 4\.3\.2/);
  await closing;
  const refused = connect({ host: '127.0.0.1', port: ending.ports.smtp });
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
  assert.equal((await t.copies(t.ben)).filter((copy) => copy.subject === 'At the last moment').length, 1);
});

test('a port that is taken is named, and the others are given back', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as AddressInfo;
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port: smtp } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const config = {
    host: '127.0.0.1',
    hostname: 'x',
    ports: { http: 0, smtp, submission: 0, submissions: port, lmtp: 0, imap: 0, imaps: 0 },
  };
  const connections = createConnections(null);
  const deps = {
    store: t.store,
    recalls: NO_RECALLS,
    accept: t.accept,
    directory: t.directory,
    connections,
    clock: t.clock,
    config,
    tls,
    log: SILENT,
  };
  await assert.rejects(startSmtpFaces(deps), { code: 'EADDRINUSE', face: 'submissions', port });
  squatter.close();
  const started = await startSmtpFaces(deps);
  assert.deepEqual([started.ports.smtp, started.ports.submissions], [smtp, port]);
  await started.close();
});

test('a fault of ours puts a message off, and says nothing of its cause', async () => {
  const faulty = await faces(t, {
    accept: async () => {
      throw new Error('secret: the password is 12345');
    },
  });
  const client = await submitter(faulty.ports, 'ana@pigeon.test');
  const answer = await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail('Unlucky'));
  assert.match(answer, /^451 4\.3\.0 /);
  assert.doesNotMatch(answer, /secret/);
  assert.match(await client.say('NOOP'), /^250/);
  client.close();
});

test('the database goes, and comes back: 454 and 451 meanwhile, nothing lost, nothing twice', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'homing-outage-'));
  const settings = { fsync: 'off', shared_buffers: '32MB' };
  let database = await startEmbedded({ dataDir: directory, settings });
  await migrate(database.connection);
  const own = await testMailIn({ connection: database.connection });
  const face = await faces(own);
  try {
    const client = await submitter(face.ports, 'ana@pigeon.test');
    const incoming = await rawSmtp(face.ports.smtp);
    assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail('Before')), /^250/);
    await database.stop();
    assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail('During')), /^451 4\.3\.0/);
    assert.match(await incoming.send('x@y.test', ['ben@pigeon.test'], mail('During')), /^451 4\.3\.0/);
    const other = await rawSmtp(face.ports.submissions, { tls: true });
    assert.match(await other.signIn('ben@pigeon.test'), /^454 4\.7\.0/);
    other.close();
    database = await startEmbedded({ dataDir: directory, settings });
    assert.match(await client.send('ana@pigeon.test', ['ben@pigeon.test'], mail('After')), /^250/);
    assert.match(await incoming.send('x@y.test', ['ben@pigeon.test'], mail('After too')), /^250/);
    assert.deepEqual(
      (await own.copies(own.ben)).map((copy) => copy.subject),
      ['Before', 'After', 'After too'],
    );
    client.close();
    incoming.close();
  } finally {
    running.delete(face);
    await face.close();
    await own.close();
    await database.stop();
    await rm(directory, { recursive: true });
  }
});

test('LMTP answers each RCPT that it took, the same one twice too; the account has it once', async () => {
  const client = await rawSmtp(ports.lmtp, { greet: 'LHLO' });
  await client.say('MAIL FROM:<x@y.test>');
  for (const to of ['ben@pigeon.test', 'BEN@pigeon.test', 'b@pigeon.test', 'ben@pigeon.test']) {
    assert.match(await client.say(`RCPT TO:<${to}>`), /^250/);
  }
  assert.match(await client.say('DATA'), /^354/);
  client.write(`${mail('Four times')}\r\n.\r\n`);
  for (const answer of await client.replies(4)) assert.match(answer, /^250 2\.0\.0 Accepted/);
  assert.match(await client.say('NOOP'), /^250/, 'and no more than that');
  client.close();
  assert.equal((await t.copies(t.ben)).filter((copy) => copy.subject === 'Four times').length, 1);
});

test('a parameter that is not offered is refused rather than ignored', async () => {
  const submission = await submitter(ports, 'ana@pigeon.test');
  const incoming = await rawSmtp(ports.smtp);
  for (const [client, from] of [
    [submission, 'ana@pigeon.test'],
    [incoming, 'x@y.test'],
  ] as const) {
    const refused = ['REQUIRETLS', 'HOLDFOR=60', ...(client === incoming ? ['RET=HDRS', 'ENVID=1'] : [])];
    for (const parameter of refused) {
      const answer = await client.say(`MAIL FROM:<${from}> ${parameter}`);
      assert.match(answer, /^5(?:55 5\.5\.4|30 5\.7\.0) /, `${parameter}: ${answer}`);
    }
    assert.match(await client.say(`MAIL FROM:<${from}> SIZE=100 BODY=8BITMIME SMTPUTF8`), /^250/);
  }
  assert.match(await incoming.say('RCPT TO:<ben@pigeon.test> NOTIFY=NEVER'), /^555 5\.5\.4/);
  assert.match(await submission.say('RCPT TO:<ben@pigeon.test> NOTIFY=NEVER ORCPT=rfc822;b@x.test'), /^250/);
  submission.close();
  incoming.close();
});
