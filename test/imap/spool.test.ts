// Large messages of an APPEND, which are in the store before the command is whole: they become messages or leave nothing.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { imapMail } from '../support/imap-mail.ts';

const t = await imapMail();
after(() => t.close());
await t.newAccount('ana');

const rows = async (table: 'upload' | 'blob' | 'message'): Promise<number> =>
  (await t.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n ?? 0;

/** Until the count is that. */
async function until(table: 'upload' | 'blob', count: number): Promise<void> {
  while ((await rows(table)) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
}

const LINES = 'All work and no play makes nobody a better programmer.\r\n'.repeat(60_000);
const letter = (name: string): string => `Subject: ${name}\r\nX-Name: ${name}\r\n\r\n${LINES}`;

test('two large ones and a small one in one command', async () => {
  const client = await t.signIn('ana');
  const messages = [letter('one'), 'Subject: small\r\n\r\nHello\r\n', letter('three')];
  const told = await client.run(`APPEND INBOX${messages.map((text) => ` {${text.length}+}\r\n${text}`).join('')}`);
  assert.match(told.at(-1) ?? '', /^OK \[APPENDUID \d+ 1:3\]/);
  assert.equal(await rows('upload'), 0);
  await client.run('SELECT INBOX');
  const shown = await client.run('FETCH 1:3 (RFC822.SIZE BODY.PEEK[HEADER.FIELDS (X-Name)] BODY.PEEK[])');
  for (const [i, text] of messages.entries())
    assert.ok(shown[i]?.includes(`BODY[] {${text.length}}\r\n${text}`), `${i}`);
  assert.match((await client.run('FETCH 3 BODYSTRUCTURE')).join(), / 3360000 60000 /);
  client.close();
});

test('with NULs in a binary part it is kept as text, as small ones are', async () => {
  const client = await t.signIn('ana');
  const text = `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b${LINES}`;
  assert.match((await client.run(`APPEND Archive ~{${text.length}+}\r\n${text}`)).at(-1) ?? '', /^OK \[APPENDUID/);
  await client.run('SELECT Archive');
  assert.match((await client.run('FETCH 1 BODYSTRUCTURE')).join(), /"base64"/i);
  assert.equal(await rows('upload'), 0);
  client.close();
});

test('one that is refused or breaks off leaves nothing', async () => {
  const before = { blob: await rows('blob'), message: await rows('message') };
  const client = await t.signIn('ana');
  const text = letter('nowhere');
  assert.match((await client.run(`APPEND Nowhere {${text.length}+}\r\n${text}`)).at(-1) ?? '', /^NO \[TRYCREATE\]/);
  assert.deepEqual({ blob: await rows('blob'), message: await rows('message') }, before);
  client.write(`x APPEND INBOX {${text.length}}\r\n${text.slice(0, 2_500_000)}`);
  await until('upload', 1);
  client.close();
  await until('upload', 0);
  assert.deepEqual({ blob: await rows('blob'), message: await rows('message') }, before);
});
