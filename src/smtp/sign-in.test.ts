import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { NO_RECALLS, testMailIn } from '../../test/support/mail-in.ts';
import { rawSmtp } from '../../test/support/smtp.ts';
import { loadCertificate } from '../config/certificate.ts';
import { createAppPasswords } from '../directory/app-passwords.ts';
import { createConnections } from '../directory/connections.ts';
import { createDirectory } from '../directory/directory.ts';
import { SILENT } from '../mail/log.ts';
import { startSmtpFaces } from './faces.ts';

const dataDir = await mkdtemp(join(tmpdir(), 'homing-tls-'));
const tls = await loadCertificate({ dataDir, hostname: 'mail.pigeon.test', tlsKey: undefined, tlsCert: undefined });
const t = await testMailIn();
const limits = { address: { free: 100, most: 60 }, account: { free: 2, most: 60 } };
const directory = createDirectory({ store: t.store, clock: t.clock, limits });
const faces = await startSmtpFaces({
  store: t.store,
  accept: t.accept,
  directory,
  recalls: NO_RECALLS,
  connections: createConnections({ perPlace: 100, perAccount: 2 }),
  clock: t.clock,
  config: {
    host: '127.0.0.1',
    hostname: 'mail.pigeon.test',
    ports: { http: 0, smtp: 0, submission: 0, submissions: 0, lmtp: 0, imap: 0, imaps: 0 },
  },
  tls,
  log: SILENT,
});
after(async () => {
  await faces.close();
  directory.close();
  await t.close();
  await rm(dataDir, { recursive: true });
});

const open = () => rawSmtp(faces.ports.submissions, { tls: true });

test('an application password signs in, and says that it did', async () => {
  const passwords = createAppPasswords({ store: t.store, clock: t.clock, actor: 'test' });
  const ana = (await directory.account(t.tenant, t.ana)) ?? assert.fail();
  const { password, id } = await passwords.add(ana, 'Telephone');
  const client = await open();
  assert.match(await client.signIn('ana@pigeon.test', password), /^235/);
  const [row] = await passwords.list(ana);
  assert.deepEqual([row?.id, row?.last_used_by], [id, 'smtp 127.0.0.1']);
  client.close();
  const other = await open();
  assert.match(await other.signIn('ben@pigeon.test', password), /^535 5\.7\.8/, 'it is Ana’s');
  other.close();
});

test('one that is removed sends nothing more, on a connection that stays either', async () => {
  const passwords = createAppPasswords({ store: t.store, clock: t.clock, actor: 'test' });
  const ana = (await directory.account(t.tenant, t.ana)) ?? assert.fail();
  const { password, id } = await passwords.add(ana, 'Lost telephone');
  const client = await open();
  assert.match(await client.signIn('ana@pigeon.test', password), /^235/);
  assert.match(await client.say('MAIL FROM:<ana@pigeon.test>'), /^250/);
  assert.match(await client.say('RSET'), /^250/);
  await passwords.remove(ana, id);
  assert.match(await client.say('MAIL FROM:<ana@pigeon.test>'), /^530 5\.7\.0/);
  client.close();
});

test('who guesses has to wait', async () => {
  const replies: string[] = [];
  for (let i = 0; i < 4; i++) {
    const client = await open();
    replies.push((await client.signIn('cho@pigeon.test', `guess ${i}`)).slice(0, 9));
    client.close();
  }
  assert.deepEqual(replies, ['535 5.7.8', '535 5.7.8', '535 5.7.8', '454 4.7.0']);
});

test('an account has so many connections, until one ends', async () => {
  const clients = [await open(), await open(), await open()];
  const said = async (i: number): Promise<string> => (await clients[i]?.signIn('ana@pigeon.test'))?.slice(0, 3) ?? '';
  assert.deepEqual([await said(0), await said(1), await said(2)], ['235', '235', '454']);
  assert.match((await clients[0]?.say('QUIT')) ?? '', /^221/);
  const next = await open();
  let told = await next.signIn('ana@pigeon.test');
  while (told.startsWith('454')) told = await next.signIn('ana@pigeon.test'); // its end may be heard a moment later
  assert.match(told, /^235/);
  for (const client of [...clients, next]) client.close();
});
