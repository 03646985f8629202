import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailWords, exportLine } from './entry.ts';

test('details are said in words, without what is nothing', () => {
  assert.equal(
    detailWords({
      messageId: 'x@y',
      recipients: 12,
      to: null,
      roles: ['owner', 'auditor'],
      includeRead: false,
      none: [],
    }),
    'messageId: x@y · recipients: 12 · roles: owner, auditor · includeRead: no',
  );
  assert.equal(
    detailWords({ notices: { from: 'all', to: 'none' }, who: { from: [], to: ['a@b'] } }),
    'notices: all → none · who: none → a@b',
  );
  assert.equal(detailWords({ counts: { recalled: 3, outside: 1 } }), 'counts: recalled 3, outside 1');
  assert.equal(detailWords({ long: 'x'.repeat(300) }).length, 'long: '.length + 201);
});

test('a line of the file has all of an entry and nothing else', () => {
  const entry = {
    seq: 1,
    at: '2026-11-28T06:00:00.000Z',
    actor: 'a',
    action: 'b',
    subject: 'c\n',
    detail: {},
    hash: '00',
  };
  const line = exportLine({ id: 'u1', ...entry });
  assert.equal(line.indexOf('\n'), line.length - 1);
  assert.deepEqual(JSON.parse(line), entry);
});
