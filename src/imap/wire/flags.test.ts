import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEYWORD_BITS } from '../../mail/keywords.ts';
import { flagOf, keywordOf } from './flags.ts';

test('every keyword that has a bit has one flag, and comes back from it', () => {
  for (const keyword of [...KEYWORD_BITS.keys(), '\\deleted', 'own', 'constructor', '__proto__'])
    assert.equal(keywordOf(flagOf(keyword)), keyword);
  assert.deepEqual(['$seen', '\\deleted', '$mdnsent', 'own'].map(flagOf), ['\\Seen', '\\Deleted', '$MDNSent', 'own']);
});

test('flags that are the server’s own, or none', () => {
  assert.equal(keywordOf('\\sEEN'), '$seen');
  for (const flag of ['\\Recent', '\\Own', '\\*']) assert.equal(keywordOf(flag), undefined);
});
