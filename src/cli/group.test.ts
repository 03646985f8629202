import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { refused, testCommand, testDirectory } from '../../test/support/directory.ts';
import { run } from './group.ts';

const t = await testDirectory();
const command = await testCommand(t.connection, run);
after(async () => {
  await command.close();
  await t.close();
});

const homing = async (context: TestContext, ...args: string[]): Promise<string> =>
  (await command.homing(context, ...args)).out;
const json = async (context: TestContext, ...args: string[]): Promise<unknown> =>
  JSON.parse(await homing(context, ...args, '--json'));

test('adds, shows and lists', async (context) => {
  const all = await json(context, 'add', 'all@pigeon.test', '--name', 'Everybody', '--everybody');
  assert.deepEqual(all, {
    tenant: 'Pigeon',
    address: 'all@pigeon.test',
    name: 'Everybody',
    everybody: true,
    membersVisibleTo: 'everyone',
    members: [],
  });
  const members = ['all@pigeon.test', 'ana@pigeon.test', 'x@outside.test'];
  assert.equal(
    await homing(context, 'add', 'team@pigeon.test', '--members-visible-to', 'members', ...members),
    'Added team@pigeon.test.',
  );
  assert.deepEqual(((await json(context, 'show', 'Team@pigeon.test')) as { members: string[] }).members, members);
  assert.match(
    await homing(context, 'show', 'team@pigeon.test'),
    /\nmembers\n  all@pigeon\.test\n  ana@pigeon\.test\n  x@outside\.test$/,
  );
  await t.admin.addGroup({ address: 'else@other.test' });
  assert.deepEqual(await json(context, 'list', '--tenant', 'Pigeon'), [
    {
      tenant: 'Pigeon',
      address: 'all@pigeon.test',
      name: 'Everybody',
      everybody: true,
      membersVisibleTo: 'everyone',
      members: 0,
    },
    {
      tenant: 'Pigeon',
      address: 'team@pigeon.test',
      name: 'team',
      everybody: false,
      membersVisibleTo: 'members',
      members: 3,
    },
  ]);
  assert.equal((await homing(context, 'list')).split('\n').length, 4);
});

test('changes and removes', async (context) => {
  const team = await json(
    context,
    'set',
    'team@pigeon.test',
    '--name',
    'Team',
    '--everybody',
    '--add',
    'ben@pigeon.test',
    '--remove',
    'ana@pigeon.test',
    '--members-visible-to',
    'administrators',
  );
  assert.deepEqual(team, {
    tenant: 'Pigeon',
    address: 'team@pigeon.test',
    name: 'Team',
    everybody: true,
    membersVisibleTo: 'administrators',
    members: ['all@pigeon.test', 'ben@pigeon.test', 'x@outside.test'],
  });
  assert.equal(
    ((await json(context, 'set', 'team@pigeon.test', '--no-everybody')) as { everybody: boolean }).everybody,
    false,
  );
  assert.equal(
    await homing(context, 'remove', 'team@pigeon.test', 'all@pigeon.test'),
    'Removed team@pigeon.test.\nRemoved all@pigeon.test.',
  );
  await refused(run(['show', 'team@pigeon.test']), 'notFound');
});

test('more members than a page', async (context) => {
  await t.admin.addGroup({
    address: 'long@pigeon.test',
    members: Array.from({ length: 10_001 }, (_, i) => `n${i}@outside.test`),
  });
  assert.equal(((await json(context, 'show', 'long@pigeon.test')) as { members: string[] }).members.length, 10_001);
});

test('what was typed wrong', async () => {
  const usage = async (...args: string[]): Promise<string> => refused(run(args), 'usage');
  assert.match(await usage('ad', 'x@pigeon.test'), /^There is no "homing group ad"/);
  assert.equal(await usage('show'), 'Say homing group show ADDRESS; --help says more.');
  assert.match(await usage('set', 'a@pigeon.test', 'b@pigeon.test'), /^Say homing group set/);
  assert.match(await usage('set', 'a@pigeon.test', '--everybody', '--no-everybody'), /^Either/);
  assert.match(
    await usage('set', 'a@pigeon.test', '--members-visible-to', 'me'),
    /^--members-visible-to takes everyone, members, administrators/,
  );
});
