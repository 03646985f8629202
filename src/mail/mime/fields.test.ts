import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldRanges, fieldSelector } from './fields.ts';

const HEADER =
  'From: ana\r\nTo: ben,\r\n\tcho\r\nno field\r\nSubject : caf\xe9\r\nX-Mailer: a\r\nto: dia\nFrom-Not: b\r\n\r\n';

test('named fields of a header block, each with its folds, and those that are not named', () => {
  assert.equal(fieldSelector(['TO', 'Subject'], true)(HEADER), 'To: ben,\r\n\tcho\r\nSubject : caf\xe9\r\nto: dia\n');
  assert.equal(fieldSelector(['to', 'subject', 'From'], false)(HEADER), 'X-Mailer: a\r\nFrom-Not: b\r\n');
  assert.equal(fieldSelector([], true)(HEADER), '');
  assert.equal(fieldSelector(['X-.*', 'From: ana', '', 'no field', 'caf\xe9'], true)(HEADER), '');
  assert.equal(fieldSelector(['subject'], true)('Subject: no line break'), 'Subject: no line break');
});

test('a field is the same field by its name as in the list of all', () => {
  const piece = fc.constantFrom('To', 'tO', 'X', ':', ' ', '\t', '\r\n', '\n', '\r', 'a', '\xff', '\0', '-');
  const name = fc.constantFrom('to', 'TO', 'x', 'a-', 'To:', '.', '(', '\xff', 'toX');
  fc.assert(
    fc.property(fc.array(piece), fc.array(name), fc.boolean(), (pieces, names, wanted) => {
      const block = pieces.join('');
      const lower = new Set(names.map((one) => one.toLowerCase()));
      let expected = '';
      for (const field of fieldRanges(block))
        if (lower.has(field.name.toLowerCase()) === wanted) expected += block.slice(field.start, field.end);
      assert.equal(fieldSelector(names, wanted)(block), expected);
    }),
    { numRuns: 2000 },
  );
});
