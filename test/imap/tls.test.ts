// TLS on both ports: however the hello comes, and counted until it has ended.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { rawImap, type RawImap } from '../support/imap.ts';
import { imapMail } from '../support/imap-mail.ts';

/** Connections that are counted now, and who waits for there to be none. */
let open = 0;
let none: (() => void) | undefined;

const t = await imapMail({
  connections: {
    open() {
      open++;
      return () => {
        if (--open === 0) none?.();
      };
    },
  },
});
after(() => t.close());
await t.newAccount('ana');

const allGone = (): Promise<void> => new Promise((resolve) => (open === 0 ? resolve() : (none = resolve)));

interface Relay {
  port: number;
  /** Says something between what its client does. */
  say(text: string): void;
  close(): void;
}

/** What a client sends through it comes in pieces of one octet. */
async function slowly(port: number): Promise<Relay> {
  let say: Relay['say'] = () => undefined;
  const relay = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    say = (text) => void far.write(text);
    far.on('error', () => near.destroy()).pipe(near);
    near
      .on('data', (bytes: Buffer) => bytes.forEach((octet) => void far.write(Buffer.of(octet))))
      .on('error', () => far.destroy())
      .on('close', () => far.destroy());
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    say: (text) => say(text),
    close: () => void relay.close(),
  };
}

async function startTls(port: number): Promise<RawImap> {
  const client = await rawImap(port, { tls: false });
  assert.equal((await client.run('STARTTLS')).at(-1), 'OK Begin TLS now.');
  client.secure();
  return client;
}

const LONG = `ID ("name" "${'x'.repeat(1000)}" "version" "${'y'.repeat(1000)}")`;

test('a hello and a command in pieces of an octet', async () => {
  const [imap, imaps] = [await slowly(t.ports.imap), await slowly(t.ports.imaps)];
  for (const client of [await startTls(imap.port), await rawImap(imaps.port)]) {
    assert.match((await client.run(LONG)).at(-1) ?? '', /^OK/);
    assert.match((await client.run('LOGIN ana@pigeon.test x')).at(-1) ?? '', /^OK/);
    client.close();
  }
  imap.close();
  imaps.close();
  await allGone();
});

test('a connection counts until it ends, with STARTTLS too', async () => {
  const clients = [await startTls(t.ports.imap), await rawImap(t.ports.imaps)];
  for (const client of clients) assert.match((await client.run('NOOP')).at(-1) ?? '', /^OK/);
  assert.equal(open, 2);
  for (const client of clients) client.close();
  await allGone();
});

test('what is no TLS is hung up on', async () => {
  const client = await rawImap(t.ports.imap, { tls: false });
  assert.equal((await client.run('STARTTLS')).at(-1), 'OK Begin TLS now.');
  client.write('a2 NOOP\r\n'.repeat(300));
  while ((await client.line()) !== '');
  const socket = connect(t.ports.imaps, '127.0.0.1');
  socket.write('a2 NOOP\r\n');
  await once(socket.resume(), 'close');
  await allGone();
  const next = await rawImap(t.ports.imaps, { user: 'ana@pigeon.test' });
  next.close();
  await allGone();
});

test('what is no TLS after the handshake is hung up on', async () => {
  const [imap, imaps] = [await slowly(t.ports.imap), await slowly(t.ports.imaps)];
  for (const [relay, begin] of [[imap, startTls] as const, [imaps, rawImap] as const]) {
    const client = await begin(relay.port);
    assert.match((await client.run('NOOP')).at(-1) ?? '', /^OK/);
    relay.say('a3 NOOP\r\n'.repeat(10));
    while ((await client.line()) !== '');
    await allGone();
    relay.close();
  }
});

test('who comes again goes on with the session it had', async () => {
  const local = { port: t.ports.imaps, host: '127.0.0.1', rejectUnauthorized: false };
  const first = connectTls(local);
  first.on('data', () => undefined);
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  const second = connectTls({ ...local, session });
  await once(second, 'data');
  assert.equal(second.isSessionReused(), true);
  second.destroy();
  await allGone();
});
