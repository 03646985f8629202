// What a client has compressed takes no more room here than what it has not.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { constants, createInflateRaw, deflateRawSync } from 'node:zlib';
import { connect } from 'node:tls';
import { imapMail } from '../support/imap-mail.ts';
import { mail } from '../support/mailboxes.ts';

const t = await imapMail();
after(() => t.close());

const deflate = (text: string | Buffer): Buffer => deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });

test('64 kB that are 64 MB wait until they are read', async () => {
  const ana = await t.newAccount('ana');
  await t.deliver([ana], mail('Hello'));
  const socket = connect({ host: '127.0.0.1', port: t.ports.imaps, rejectUnauthorized: false });
  let said = '';
  let heard = Promise.withResolvers<void>();
  const hear = (bytes: Buffer): void => {
    said += bytes.toString('latin1');
    heard.resolve();
  };
  const until = async (text: string): Promise<void> => {
    while (!said.includes(text)) {
      await heard.promise;
      heard = Promise.withResolvers();
    }
  };
  socket.on('data', hear);
  socket.write('a LOGIN ana@pigeon.test x\r\nb SELECT INBOX\r\nc COMPRESS DEFLATE\r\n');
  await until('c OK');
  socket.off('data', hear).pipe(createInflateRaw()).on('data', hear);

  const looked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  t.pauseAt(async (point) => {
    if (point !== 'looked') return;
    looked.resolve();
    await goOn.promise;
  });
  socket.write(deflate('d FETCH 1 ENVELOPE\r\ne NOOP '));
  await looked.promise;
  const before = process.memoryUsage().arrayBuffers;
  const million = deflate(Buffer.alloc(1 << 20, 'x'));
  const bomb = Buffer.concat([...Array.from({ length: 64 }, () => million), deflate('\r\nf NOOP\r\n')]);
  assert.ok(bomb.length < 128 << 10, `${bomb.length} octets`);
  socket.write(bomb);
  // Until it has begun to come, and then until no more of it comes.
  let most = 0;
  for (let still = 0; still < 20 && most < 16 << 20;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const waits = process.memoryUsage().arrayBuffers - before;
    still = waits > most || most < 1 << 20 ? 0 : still + 1;
    most = Math.max(most, waits);
  }
  assert.ok(most < 16 << 20, `${most} octets wait`);
  t.pauseAt(undefined);
  goOn.resolve();
  await until('f OK');
  assert.match(said, /^\* 1 FETCH \(ENVELOPE .*\r\nd OK .*\r\ne BAD \[TOOBIG\] .*\r\nf OK/m);
  socket.destroy();
});
