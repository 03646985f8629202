import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { refused, testCommand, testDirectory } from '../../test/support/directory.ts';
import { run } from './app-password.ts';

const t = await testDirectory({ listen: true });
await t.store.notifier.ready;
const command = await testCommand(t.connection, run);
after(async () => {
  await command.close();
  await t.close();
});

const json = async <T>(context: TestContext, ...args: string[]): Promise<T> =>
  JSON.parse((await command.homing(context, ...args, '--json')).out) as T;
const ip = '192.0.2.7';

test('one is made, works, is listed with its last use, and is void once it is removed', async (context) => {
  const { out: password } = await command.homing(context, 'add', 'ben@pigeon.test', 'Telephone');
  assert.match(password, /^hp-\d+-\d+-\d+-[a-z0-9]{26}$/);
  assert.equal((await t.audited(t.pigeon))?.actor, 'command line');
  const signedIn = await t.directory.signIn('ben@pigeon.test', password, { face: 'imap', ip });
  assert.ok(signedIn && 'account' in signedIn);

  const [row, ...more] = await json<Record<string, unknown>[]>(context, 'list', 'ben@pigeon.test');
  assert.ok(row && more.length === 0);
  assert.deepEqual([row['name'], row['lastUsedBy'], 'password' in row], ['Telephone', `imap ${ip}`, false]);
  assert.match(
    (await command.homing(context, 'list', 'ben@pigeon.test')).out,
    /^id +name +createdAt .*\np\d+ +Telephone /,
  );

  const id = String(row['id']);
  await refused(run(['remove', 'ana@pigeon.test', id]), 'notFound');
  assert.equal((await command.homing(context, 'remove', 'ben@pigeon.test', id)).out, `Removed ${id}.`);
  assert.deepEqual(await json(context, 'list', 'ben@pigeon.test'), []);
  assert.equal(await t.directory.signIn('ben@pigeon.test', password, { face: 'imap', ip }), null);
});

test('what is said wrongly is told', async () => {
  await refused(run(['add', 'ben@pigeon.test']), 'usage');
  await refused(run(['add', 'ben@pigeon.test', ' ']), 'badName');
  await refused(run(['remove', 'ben@pigeon.test', '7']), 'usage');
  await refused(run(['list', 'nobody@pigeon.test']), 'notFound');
  await refused(run(['show', 'ben@pigeon.test']), 'usage');
});
