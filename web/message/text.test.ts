import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linksIn } from './text.ts';

test('addresses of pages become links, the sentence around them does not', () => {
  assert.deepEqual(linksIn('See https://pigeon.test/roof. Or www.pigeon.test, please'), [
    'See ',
    { text: 'https://pigeon.test/roof', href: 'https://pigeon.test/roof' },
    '. Or ',
    { text: 'www.pigeon.test', href: 'https://www.pigeon.test' },
    ', please',
  ]);
});

test('nothing else does', () => {
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'ftp://x.test', 'no address', 'http://'])
    assert.deepEqual(linksIn(text), [text]);
});
