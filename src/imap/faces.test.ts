import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { imapMail } from '../../test/support/imap-mail.ts';
import { rawImap } from '../../test/support/imap.ts';

let open = true;
const t = await imapMail({ connections: { open: () => (open ? () => undefined : null) } });
after(() => t.close());

test('one connection too many is told so and closed; that it breaks off meanwhile harms nobody', async () => {
  open = false;
  for (const [port, tls] of [
    [t.ports.imap, false],
    [t.ports.imaps, true],
  ] as const) {
    const client = await rawImap(port, { tls, greet: true });
    assert.equal(await client.line(), '* BYE Too many connections from where you are.');
    assert.equal(await client.line(), '');
  }
  // It is counted once it is there, so that all of these are.
  const gone = Array.from({ length: 20 }, async () => {
    const socket = connect(t.ports.imap, '127.0.0.1');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.resetAndDestroy();
  });
  await Promise.all(gone);
  open = true;
  const client = await rawImap(t.ports.imap, { tls: false });
  assert.match((await client.run('NOOP')).join(), /^OK/);
  client.close();
});
