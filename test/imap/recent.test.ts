// \Recent (RFC 3501 §2.3.2): each message is recent in one session that may write, and in no other.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startImapFaces } from '../../src/imap/faces.ts';
import { loadCertificate } from '../../src/config/certificate.ts';
import { startTestHoming } from '../support/homing.ts';
import { rawImap, type RawImap } from '../support/imap.ts';
import { mail } from '../support/mailboxes.ts';

const homing = await startTestHoming();
after(() => homing.close());

const as = (user: string, port = homing.ports.imaps): Promise<RawImap> =>
  rawImap(port, { user: `${user}@pigeon.test` });

async function put(client: RawImap, mailbox: string, ...subjects: string[]): Promise<void> {
  for (const subject of subjects) {
    const message = mail(subject);
    assert.match((await client.run(`APPEND ${mailbox} {${message.length}+}\r\n${message}`)).at(-1) ?? '', /^OK/);
  }
}

const recentOf = (lines: string[]): string | undefined => lines.find((line) => line.endsWith(' RECENT'));

test('what nobody was told of is recent, for the first who may write', async () => {
  const [one, two] = [await as('ana'), await as('ana')];
  await one.run('CREATE Post');
  await put(one, 'Post', 'first', 'second');
  assert.equal(recentOf(await one.run('EXAMINE Post')), '* 2 RECENT');
  assert.deepEqual(await two.run('STATUS Post (RECENT)'), ['* STATUS Post (RECENT 2)', 'OK That is all.']);
  assert.equal(recentOf(await one.run('SELECT Post')), '* 2 RECENT');
  assert.deepEqual(await two.run('STATUS Post (RECENT)'), ['* STATUS Post (RECENT 0)', 'OK That is all.']);
  assert.equal(recentOf(await two.run('SELECT Post')), '* 0 RECENT');
  assert.deepEqual(await one.run('STORE 1 FLAGS (\\Seen)'), ['* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))', 'OK Done.']);
  assert.equal((await two.run('FETCH 1 FLAGS'))[0], '* 1 FETCH (FLAGS (\\Seen))');
  assert.deepEqual(await one.run('SEARCH NEW'), ['* SEARCH 2', 'OK That is all.']);
  assert.deepEqual(await one.run('SEARCH RECENT'), ['* SEARCH 1 2', 'OK That is all.']);
  assert.deepEqual(await one.run('SEARCH OLD'), ['* SEARCH', 'OK That is all.']);
  assert.deepEqual(await two.run('SEARCH OLD'), ['* SEARCH 1 2', 'OK That is all.']);
  one.close();
  two.close();
});

test('of sessions that hear of a message at once, one has it as recent', async () => {
  const all = await Promise.all(Array.from({ length: 3 }, () => as('ben')));
  const [one] = all as [RawImap];
  await one.run('CREATE Post');
  const reader = await as('ben');
  for (const client of all) await client.run('SELECT Post');
  await reader.run('EXAMINE Post');
  for (const client of all) client.write('i IDLE\r\n');
  for (const client of all) assert.equal(await client.line(), '+ idling');
  await put(reader, 'Post', 'here');
  for (const client of all) assert.equal(await client.line(), '* 1 EXISTS');
  const counts: string[] = [];
  for (const client of all) {
    counts.push(await client.line());
    client.write('DONE\r\n');
    assert.match(await client.line(), /^i OK/);
  }
  assert.deepEqual(counts.toSorted(), [...Array.from({ length: 2 }, () => '* 0 RECENT'), '* 1 RECENT']);
  const shown = await Promise.all(all.map((client) => client.run('FETCH 1 FLAGS')));
  assert.deepEqual(
    shown.map(([line = '']) => (line.includes('\\Recent') ? '* 1 RECENT' : '* 0 RECENT')),
    counts,
  );
  for (const client of [...all, reader]) client.close();
});

test('IMAP4rev2 has none, and takes none away', async () => {
  const [later, old] = [await as('cho'), await as('cho')];
  await later.run('CREATE Post');
  await put(later, 'Post', 'once');
  await later.run('ENABLE IMAP4rev2');
  assert.equal(recentOf(await later.run('SELECT Post')), undefined);
  assert.deepEqual(await later.run('FETCH 1 FLAGS'), ['* 1 FETCH (FLAGS ())', 'OK That is all.']);
  assert.equal(recentOf(await old.run('SELECT Post')), '* 1 RECENT');
  later.close();
  old.close();
});

test('another server knows it too, once it is written', async () => {
  const { services } = homing;
  const tls = await loadCertificate({ ...services.config, tlsKey: undefined, tlsCert: undefined });
  const first = await startImapFaces({ ...services, tls });
  const one = await as('dia', first.ports.imaps);
  await one.run('CREATE Post');
  await put(one, 'Post', 'once', 'twice');
  assert.equal(recentOf(await one.run('SELECT Post')), '* 2 RECENT');
  await first.close();
  one.close();
  const two = await as('dia');
  assert.equal(recentOf(await two.run('SELECT Post')), '* 0 RECENT');
  two.close();
});
