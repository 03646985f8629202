import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, test, type TestContext } from 'node:test';
import { refused, testCommand, testDirectory } from '../../test/support/directory.ts';
import { run } from './account.ts';

const t = await testDirectory({ listen: true });
await t.store.notifier.ready;
const command = await testCommand(t.connection, run);
after(async () => {
  await command.close();
  await t.close();
});

const homing = async (context: TestContext, ...args: string[]): Promise<string> =>
  (await command.homing(context, ...args)).out;

async function json<T = Record<string, unknown>>(context: TestContext, ...args: string[]): Promise<T> {
  return JSON.parse(await homing(context, ...args, '--json')) as T;
}

test('adds an account that can sign in', async (context) => {
  assert.equal(
    await homing(
      context,
      'add',
      'Dia@pigeon.test',
      '--name',
      'Dia Rahman',
      '--password',
      'a word',
      '--alias',
      'd@dove.test',
    ),
    'Added dia@pigeon.test (Dia Rahman).',
  );
  assert.equal((await t.directory.authenticate('d@dove.test', 'a word'))?.name, 'Dia Rahman');
  assert.equal((await t.audited(t.pigeon))?.actor, 'command line');
  const eli = await json(context, 'add', 'eli@pigeon.test', '--kind', 'service');
  assert.deepEqual([eli['kind'], eli['name'], eli['canSignIn'], eli['tenant']], ['service', 'eli', false, 'Pigeon']);
});

test('shows one', async (context) => {
  await t.admin.addGroup({ address: 'all@pigeon.test', everybody: true });
  await t.admin.addGroup({ address: 'team@pigeon.test', members: ['d@dove.test'] });
  await t.admin.delegate('dia@pigeon.test', 'ana@pigeon.test', ['full', 'send-as']);
  const { id, createdAt, ...dia } = await json(context, 'show', 'd@dove.test');
  assert.deepEqual(dia, {
    tenant: 'Pigeon',
    address: 'dia@pigeon.test',
    name: 'Dia Rahman',
    kind: 'person',
    canSignIn: true,
    roles: ['user'],
    aliases: ['d@dove.test'],
    acceptsRecalls: true,
    legalHold: false,
    quota: null,
    groups: ['all@pigeon.test', 'team@pigeon.test'],
    delegates: [{ address: 'ana@pigeon.test', rights: ['full', 'send-as'] }],
    delegatedTo: [],
  });
  assert.equal(typeof id, 'number');
  assert.ok(!Number.isNaN(Date.parse(String(createdAt))));
  assert.match(await homing(context, 'show', 'ana@pigeon.test'), /^delegatedTo +dia@pigeon\.test \(full, send-as\)$/m);
  await refused(run(['show', 'nobody@pigeon.test']), 'notFound');
});

test('lists them, all or of one tenant', async (context) => {
  const addresses = (await json<{ address: string }[]>(context, 'list')).map((row) => row.address);
  assert.deepEqual(addresses, [
    'ana@pigeon.test',
    'ben@pigeon.test',
    'cho@pigeon.test',
    'dia@pigeon.test',
    'eli@pigeon.test',
    'zoe@other.test',
  ]);
  assert.match(
    await homing(context, 'list', '--tenant', 'Other'),
    /^address +name +kind +canSignIn +roles +aliases\nzoe@other\.test +zoe +person +no +user$/,
  );
  await t.admin.addAccounts(
    t.other,
    Array.from({ length: 2000 }, (_, i) => ({ address: `n${i}@other.test`, name: '', passwordHash: null })),
  );
  assert.equal((await json<object[]>(context, 'list', '--tenant', 'Other')).length, 2001);
  assert.equal((await homing(context, 'list')).split('\n').length, 2007);
});

test('changes one', async (context) => {
  const ben = await json(
    context,
    'set',
    'ben@pigeon.test',
    '--name',
    'Ben Okafor',
    '--password',
    'new word',
    '--accepts-recalls',
    'no',
    '--add-alias',
    'b@dove.test',
    '--remove-alias',
    'benjamin@dove.test',
    '--grant',
    'full,recall=ana@pigeon.test',
    '--grant',
    'send-as=cho@pigeon.test',
  );
  assert.deepEqual([ben['name'], ben['acceptsRecalls'], ben['aliases']], ['Ben Okafor', false, ['b@dove.test']]);
  assert.deepEqual(ben['delegates'], [
    { address: 'ana@pigeon.test', rights: ['full', 'recall'] },
    { address: 'cho@pigeon.test', rights: ['send-as'] },
  ]);
  assert.ok(await t.directory.authenticate('ben@pigeon.test', 'new word'));
  const after_ = await json(context, 'set', 'ben@pigeon.test', '--no-password', '--revoke', 'ana@pigeon.test');
  assert.deepEqual([after_['canSignIn'], after_['name']], [false, 'Ben Okafor']);
  assert.deepEqual((after_['delegates'] as unknown[]).length, 1);
});

test('gives and takes roles, to persons only', async (context) => {
  const rolesOf = async (...args: string[]): Promise<unknown> => (await json(context, ...args))['roles'];
  assert.deepEqual(await rolesOf('set', 'cho@pigeon.test', '--add-role', 'recall-admin,auditor'), [
    'user',
    'auditor',
    'recall-admin',
  ]);
  assert.deepEqual((await t.audited(t.pigeon))?.detail, {
    addRoles: ['recall-admin', 'auditor'],
    removeRoles: [],
    addAliases: [],
    grant: {},
  });
  assert.deepEqual(await rolesOf('set', 'cho@pigeon.test', '--remove-role', 'auditor'), ['user', 'recall-admin']);
  assert.deepEqual(
    (await t.directory.account(t.pigeon, (await json<{ id: number }>(context, 'show', 'cho@pigeon.test')).id))?.roles,
    ['recall-admin'],
  );
  assert.deepEqual(await rolesOf('add', 'own@pigeon.test', '--role', 'owner'), ['user', 'owner']);
  await refused(run(['add', 'robot@pigeon.test', '--kind', 'service', '--role', 'owner']), 'badRole');
  assert.match(
    await refused(run(['set', 'cho@pigeon.test', '--add-role', 'king']), 'usage'),
    /^There is no role "king"/,
  );
  assert.deepEqual(await rolesOf('set', 'cho@pigeon.test', '--remove-role', 'recall-admin'), ['user']);
  await homing(context, 'remove', 'own@pigeon.test');
});

test('puts somebody under legal hold: then the account stays', async (context) => {
  const held = await json(context, 'set', 'cho@pigeon.test', '--legal-hold', 'yes');
  assert.equal(held['legalHold'], true);
  await refused(run(['remove', 'cho@pigeon.test']), 'legalHold');
  assert.equal((await json(context, 'set', 'cho@pigeon.test', '--legal-hold', 'no'))['legalHold'], false);
  await refused(run(['set', 'cho@pigeon.test', '--legal-hold', 'maybe']), 'usage');
});

test('takes a password from standard input', async (context) => {
  const stdin = Readable.from(['from the pipe\nsecond line\n']);
  const real = Object.getOwnPropertyDescriptor(process, 'stdin') ?? {};
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  context.after(() => Object.defineProperty(process, 'stdin', real));
  await homing(context, 'set', 'cho@pigeon.test', '--password', '-');
  assert.ok(await t.directory.authenticate('cho@pigeon.test', 'from the pipe'));
});

test('removes some', async (context) => {
  assert.deepEqual(await json(context, 'remove', 'eli@pigeon.test', 'd@dove.test'), {
    removed: ['eli@pigeon.test', 'd@dove.test'],
  });
  assert.equal((await t.directory.resolve('dia@pigeon.test')).kind, 'unknown');
});

test('what was typed wrong', async () => {
  const usage = async (...args: string[]): Promise<string> => refused(run(args), 'usage');
  assert.match(await usage(), /^Say homing account add \| list/);
  assert.match(await usage('frobnicate', 'x'), /^There is no "homing account frobnicate"/);
  assert.equal(await usage('add'), 'Say homing account add ADDRESS; --help says more.');
  assert.equal(await usage('show', 'a@b.test', 'c@b.test'), 'Say homing account show ADDRESS; --help says more.');
  assert.equal(await usage('import'), 'Say homing account import FILE.csv; --help says more.');
  assert.equal(await usage('remove'), 'Say homing account remove ADDRESS…; --help says more.');
  assert.match(await usage('add', 'x@pigeon.test', '--kind', 'robot'), /^--kind takes person, shared, service/);
  assert.match(await usage('set', 'ana@pigeon.test', '--grant', 'full'), /^--grant takes RIGHT=DELEGATE/);
  assert.match(await usage('set', 'ana@pigeon.test', '--grant', 'all=ben@pigeon.test'), /^There is no right "all"/);
  assert.match(await usage('set', 'ana@pigeon.test', '--password', 'x', '--no-password'), /^Either/);
  assert.match(
    await usage('list', '--tenant', 'Nobody'),
    /^There is no tenant "Nobody"\. Say --tenant Other \| Pigeon|Pigeon \| Other/,
  );
});

test('limits what messages may take up', async (context) => {
  const quotaOf = async (given: string): Promise<unknown> =>
    (await json(context, 'set', 'ana@pigeon.test', '--quota', given))['quota'];
  assert.equal(await quotaOf('5G'), 5 * 2 ** 30);
  assert.equal((await t.audited(t.pigeon))?.detail['quota'], 5 * 2 ** 30);
  assert.equal(await quotaOf('0'), 0);
  assert.equal(await quotaOf('none'), null);
  for (const wrong of ['much', '-1', '1.5G', '99999999T'])
    await refused(run(['set', 'ana@pigeon.test', `--quota=${wrong}`]), 'usage');
});
