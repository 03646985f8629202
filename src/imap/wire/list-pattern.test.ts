import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesPattern } from './list-pattern.ts';

test('wildcards: "*" is anything, "%" anything within a level', () => {
  for (const [pattern, name] of [
    ['*', 'a/b'],
    ['%', 'a'],
    ['%/%', 'a/b'],
    ['a*', 'a'],
    ['*b', 'a/b'],
    ['a%c', 'abc'],
    ['%*', 'a/b'],
    ['inbox', 'INBOX'],
    ['', ''],
    ['.+(', '.+('],
    ['ü*', 'üö'],
  ] as const)
    assert.ok(matchesPattern(pattern, name), `${pattern} ${name}`);
  for (const [pattern, name] of [
    ['%', 'a/b'],
    ['a%b', 'a/b'],
    ['a', 'ab'],
    ['a', 'A'],
    ['', 'a'],
    ['.', 'a'],
    ['%%', 'a/b'],
  ] as const)
    assert.ok(!matchesPattern(pattern, name), `${pattern} ${name}`);
});

test('as a regular expression has it', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '%'), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
  fc.assert(
    fc.property(text, name, (pattern, of) => {
      const source = pattern.replaceAll(/[*%]/g, (one) => (one === '*' ? '.*' : '[^/]*'));
      assert.equal(matchesPattern(pattern, of), new RegExp(`^${source}$`, 's').test(of));
    }),
  );
});

test('many wildcards cost no more than few', () => {
  // As an expression that tries all ways it has a hundred over ten of them to try.
  assert.ok(!matchesPattern(`${'*a'.repeat(10)}*b`, 'a'.repeat(100)));
  assert.ok(matchesPattern(`${'*a%'.repeat(100)}*`, 'a'.repeat(100)));
});
