import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { imapMail } from '../../test/support/imap-mail.ts';
import { rawImap } from '../../test/support/imap.ts';

let most = 1;
let open = 0;
let changed = Promise.withResolvers<void>();
const count = (by: number): void => {
  open += by;
  changed.resolve();
  changed = Promise.withResolvers();
};
const until = async (wanted: number): Promise<void> => {
  while (open !== wanted) await changed.promise;
};
const t = await imapMail({
  connections: {
    open: () => {
      if (open >= most) return null;
      count(1);
      return () => count(-1);
    },
  },
});
after(() => t.close());
const { imap, imaps } = t.ports;

test('a connection is counted from its first octet to its end, in TLS too', async () => {
  for (const [port, tls] of [
    [imap, false],
    [imaps, true],
  ] as const) {
    const client = await rawImap(port, { tls });
    assert.equal(open, 1);
    client.close();
    await until(0);
  }
  const silent = connect(imaps, '127.0.0.1');
  await until(1);
  silent.destroy();
  await until(0);
});

test('one that never begins its handshake keeps no server from ending', async () => {
  const other = await imapMail();
  const silent = connect(other.ports.imaps, '127.0.0.1').resume();
  const gone = new Promise((resolve) => silent.once('close', resolve));
  // Once one that came later is there, it is too.
  const client = await rawImap(other.ports.imaps);
  await other.close();
  assert.match(await client.line(), /^\* BYE /);
  await gone;
});

test('one too many is told so where it can be, and closed; that it breaks off meanwhile harms nobody', async () => {
  most = 0;
  const plain = await rawImap(imap, { tls: false, greet: true });
  assert.equal(await plain.line(), '* BYE Too many connections from where you are.');
  assert.equal(await plain.line(), '');
  assert.equal(await (await rawImap(imaps, { greet: true })).line(), '');
  // It is turned away once it is there, so that all of these are.
  const gone = Array.from({ length: 20 }, async () => {
    const socket = connect(imap, '127.0.0.1');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
  });
  await Promise.all(gone);
  most = 1;
  const client = await rawImap(imap, { tls: false });
  assert.match((await client.run('NOOP')).join(), /^OK/);
  client.close();
});
