// A message of 48 MB goes in by APPEND and out by FETCH, and the server never has it in memory whole.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { after, test } from 'node:test';
import { startHoming } from '../../bench/support/server.ts';

const homing = await startHoming();
after(() => homing.stop());

const LINES = 650_000;
const LINE = `${'QUJD'.repeat(19)}\r\n`;
const HEAD =
  'Subject: Large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nA word.\r\n--b\r\n' +
  'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n';
const TAIL = '--b--\r\n';
const SIZE = HEAD.length + LINES * LINE.length + TAIL.length;

/** MB that the process has resident now, and at most since the last time that this was asked. */
function memory(): { now: number; most: number } {
  const status = readFileSync(`/proc/${homing.pid}/status`, 'utf8');
  const of = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  writeFileSync(`/proc/${homing.pid}/clear_refs`, '5');
  return { now: of('VmRSS'), most: of('VmHWM') };
}

test('48 MB in and out', async (context) => {
  const socket = connect({ host: '127.0.0.1', port: homing.ports.imaps, rejectUnauthorized: false });
  let tail = '';
  let octets = 0;
  let hash = createHash('sha256');
  let heard = Promise.withResolvers<void>();
  socket.on('data', (bytes: Buffer) => {
    octets += bytes.length;
    hash.update(bytes);
    tail = (tail + bytes.toString('latin1')).slice(-500);
    heard.resolve();
  });
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(tail)) {
      await heard.promise;
      heard = Promise.withResolvers();
    }
    const said = tail;
    tail = '';
    return said;
  };
  const write = async (text: string): Promise<void> => {
    if (!socket.write(text)) await once(socket, 'drain');
  };
  await write('a LOGIN ana@pigeon.test homing\r\nb SELECT Archive\r\n');
  await until(/^b OK/m);
  // What the first one of its kind takes for good is not the message's.
  const small = HEAD + LINE.repeat(100_000) + TAIL;
  await write(
    `s APPEND Junk {${small.length}+}\r\n${small}\r\nt EXAMINE Junk\r\nu FETCH * BODY.PEEK[]\r\nv SELECT Archive\r\n`,
  );
  await until(/^v OK/m);
  memory();
  const before = memory();
  await write(`c APPEND Archive {${SIZE}}\r\n`);
  await until(/^\+ /m);
  await write(HEAD);
  for (let i = 0; i < LINES; i += 1000) await write(LINE.repeat(1000));
  await write(`${TAIL}\r\n`);
  assert.match(await until(/^c .*\r\n/m), /^c OK \[APPENDUID/m);
  const appended = memory();

  await write('d FETCH * (RFC822.SIZE BODYSTRUCTURE BODY.PEEK[1])\r\n');
  const structure = await until(/^d OK/m);
  assert.match(structure, new RegExp(`RFC822\\.SIZE ${SIZE} `));
  assert.match(structure, new RegExp(` "base64" ${LINES * LINE.length - 2} `, 'i'));
  assert.match(structure, /A word\./);
  octets = 0;
  hash = createHash('sha256');
  const expected = createHash('sha256');
  await write('e FETCH * BODY.PEEK[]\r\n');
  await until(/^e OK .*\r\n/m);
  const fetched = memory();
  const number = 1;
  expected.update(`* ${number} FETCH (BODY[] {${SIZE}}\r\n${HEAD}`);
  for (let i = 0; i < LINES; i += 1000) expected.update(LINE.repeat(1000));
  expected.update(`${TAIL})\r\ne OK That is all.\r\n`);
  assert.equal(hash.digest('hex'), expected.digest('hex'));
  socket.destroy();
  context.diagnostic(JSON.stringify({ before: before.now, appended: appended.most, fetched: fetched.most }));
  // What was read and written and is not collected yet. Whole, it would be there three times over: its bytes, and the text
  // that the database's protocol makes of them.
  const whole = SIZE / 2 ** 20;
  assert.ok(appended.most - before.now < 2 * whole, `APPEND took ${appended.most - before.now} MB`);
  assert.ok(fetched.most - appended.now < whole, `FETCH took ${fetched.most - appended.now} MB`);
});
