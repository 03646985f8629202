// A client that asks and does not read: what it is answered does not pile up here.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { imapMail } from '../support/imap-mail.ts';

const t = await imapMail();
after(() => t.close());

/** Far more than what the system itself keeps of a connection. */
const PIECES = 800;

test('who reads no answers is not read any more; who goes on reading has the rest of them', async () => {
  const piece = Buffer.from(`${'t'.repeat(120)} NOOP\r\n`.repeat(500));
  const socket = connect({ host: '127.0.0.1', port: t.ports.imap });
  try {
    await once(socket, 'data');
    socket.pause();
    let taken = 0;
    let written = Promise.resolve();
    for (let waits = false; taken < PIECES && !waits;) {
      written = new Promise((resolve) => socket.write(piece, () => resolve()));
      waits = await Promise.race([
        written.then(() => false),
        new Promise<true>((resolve) => setTimeout(resolve, 1000, true)),
      ]);
      if (!waits) taken++;
    }
    assert.ok(taken < PIECES, `all ${PIECES * piece.length} octets were taken`);
    socket.resume();
    await written;
  } finally {
    socket.destroy();
  }
});
