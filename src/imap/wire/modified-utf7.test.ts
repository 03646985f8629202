import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.ts';

test('the examples of RFC 3501 §5.1.3, and others', () => {
  const cases: Record<string, string> = {
    '~peter/mail/台北/日本語': '~peter/mail/&U,BTFw-/&ZeVnLIqe-',
    'a & b': 'a &- b',
    Entwürfe: 'Entw&APw-rfe',
    '😀': '&2D3eAA-',
  };
  for (const [name, encoded] of Object.entries(cases)) {
    assert.equal(encodeModifiedUtf7(name), encoded);
    assert.equal(decodeModifiedUtf7(encoded), name);
  }
});

test('what is none, or another way to write a name', () => {
  for (const encoded of ['&', '&U,BTFw', 'ü', '&AGE-', '&U,BTFw-&ZeVnLIqe-', '&2D0-', '&A-', '&AOR-', '&A/c-'])
    assert.equal(decodeModifiedUtf7(encoded), undefined, encoded);
});

test('there and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      assert.equal(decodeModifiedUtf7(encodeModifiedUtf7(name)), name);
    }),
  );
});
