import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments, Usage, verbOf, wordOf, yesOrNo } from './arguments.ts';

const OPTIONS = { name: { type: 'string', short: 'n' }, json: { type: 'boolean' } } as const;

function sentence(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Usage, String(error));
    return error.message;
  }
  return assert.fail('not refused');
}

test('reads options and words', () => {
  const { values, positionals } = readArguments(['add', '--name', 'Ana', 'x', '--json'], OPTIONS);
  assert.deepEqual([{ ...values }, positionals], [{ name: 'Ana', json: true }, ['add', 'x']]);
});

test('says in a sentence what is wrong', () => {
  assert.equal(
    sentence(() => readArguments(['--colour', 'red'], OPTIONS)),
    'There is no option --colour; --help lists them.',
  );
  assert.equal(
    sentence(() => readArguments(['-x'], OPTIONS)),
    'There is no option -x; --help lists them.',
  );
  assert.equal(
    sentence(() => readArguments(['--name'], OPTIONS)),
    '--name needs a value.',
  );
  assert.equal(
    sentence(() => readArguments(['--name', '--json'], OPTIONS)),
    '--name needs a value.',
  );
  assert.equal(
    sentence(() => readArguments(['--json=yes'], OPTIONS)),
    '--json takes no value.',
  );
  assert.match(
    sentence(() => verbOf('group', 'ad', ['add', 'list'])),
    /^There is no "homing group ad"\. Say homing group add \| list;/,
  );
  assert.match(
    sentence(() => verbOf('group', undefined, ['add', 'list'])),
    /^Say homing group add \| list;/,
  );
  assert.equal(
    sentence(() => wordOf('--kind', 'robot', ['person', 'shared'])),
    '--kind takes person, shared, not "robot".',
  );
  assert.equal(
    sentence(() => yesOrNo('--accepts-recalls', 'true')),
    '--accepts-recalls takes yes, no, not "true".',
  );
});

test('words', () => {
  assert.deepEqual([yesOrNo('--a', 'yes'), yesOrNo('--a', 'no'), yesOrNo('--a', undefined)], [true, false, undefined]);
});
