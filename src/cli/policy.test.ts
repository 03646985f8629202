import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { DEFAULT_POLICY } from '../directory/policy.ts';
import { refused, testCommand, testDirectory } from '../../test/support/directory.ts';
import { help, run } from './policy.ts';
import { run as tenant } from './tenant.ts';

const t = await testDirectory();
const command = await testCommand(t.connection, run);
after(async () => {
  await command.close();
  await t.close();
});

const homing = async (context: TestContext, ...args: string[]): Promise<string> =>
  (await command.homing(context, ...args)).out;

test('shows every setting, and which differ from the default', async (context) => {
  const shown = await homing(
    context,
    'set',
    '--tenant',
    'Pigeon',
    'rateLimit=0',
    'protectedRecipients=Ana@pigeon.test,ben@pigeon.test',
    'enabled=no',
  );
  assert.deepEqual(
    shown.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3)),
    [
      ['setting', 'value', 'meaning'],
      ['enabled', 'no', '*'],
      ['protectedRecipients', 'ana@pigeon.test ben@pigeon.test', '*'],
      ['rateLimit', '0', '*'],
      ['* not the default'],
    ],
  );
  const all = await homing(context, 'show', '--tenant', 'Pigeon');
  for (const setting of Object.keys(DEFAULT_POLICY)) assert.match(all, new RegExp(`^${setting} `, 'm'));
  assert.match(all, /^rateLimit +0 +\* /m);
  assert.doesNotMatch(all, /^notices +all +\*/m);
  for (const setting of Object.keys(DEFAULT_POLICY)) assert.match(help, new RegExp(`^ +${setting} `, 'm'));
});

test('for programs', async (context) => {
  const policy = JSON.parse(
    await homing(context, 'set', 'rateLimit=default', 'notices=none', '--tenant', 'Pigeon', '--json'),
  ) as object;
  assert.deepEqual(policy, {
    ...DEFAULT_POLICY,
    enabled: false,
    notices: 'none',
    protectedRecipients: ['ana@pigeon.test', 'ben@pigeon.test'],
  });
});

test('what was typed wrong', async () => {
  assert.match(await refused(run(['show']), 'usage'), /^Which tenant\? Say --tenant /);
  assert.match(await refused(run(['set', '--tenant', 'Pigeon']), 'usage'), /^Which setting/);
  assert.equal(
    await refused(run(['set', 'rateLimit', '--tenant', 'Pigeon']), 'usage'),
    'A change is SETTING=VALUE, not "rateLimit".',
  );
  await refused(run(['show', 'rateLimit']), 'usage');
  assert.match(
    await refused(run(['set', 'colour=red', '--tenant', 'Pigeon']), 'badPolicy'),
    /^There is no policy "colour"/,
  );
  assert.match(
    await refused(run(['set', 'rateLimit=often', '--tenant', 'Pigeon']), 'badPolicy'),
    /^rateLimit takes a number .* not "often"\.$/,
  );
  await refused(run(['frobnicate']), 'usage');
});

test('tenants', async (context) => {
  const { homing: homingTenant, close } = await testCommand(t.connection, tenant);
  context.after(close);
  const say = async (...args: string[]): Promise<string> => (await homingTenant(context, ...args)).out;
  assert.equal(await say('add', 'third.test'), 'Added third.test.');
  assert.equal(await say('set', 'third.test', '--add-domain', '3.test'), 'Changed third.test.');
  assert.equal(await say('add', 'Fourth', '--domain', 'four.test', '--domain', '4.test'), 'Added Fourth.');
  assert.match(await say('list'), /^name +domains +accounts\nFourth +4\.test four\.test +0\nOther +other\.test +1\n/);
  await refused(tenant(['add', 'third.test']), 'taken');
  await refused(tenant(['list', 'x']), 'usage');
  await refused(tenant(['set', 'Fifth', '--add-domain', '5.test']), 'usage');
});
