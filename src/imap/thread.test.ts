import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SortRow } from '../store/mailbox-search.ts';
import { formatThreads, orderedSubject, references } from './thread.ts';

function row(uid: number, of: Partial<SortRow> = {}): SortRow {
  return {
    uid,
    modseq: uid,
    received: uid,
    sent: uid,
    size: 1,
    subject: `s${uid}`,
    is_reply: false,
    from: null,
    to: null,
    cc: null,
    grouped: null,
    message_id: `${uid}`,
    refs: null,
    in_reply_to: null,
    ...of,
  };
}

const byUid = ({ uid }: SortRow): number => uid;

test('who answers whom; places of messages that there are not; one subject is one thread', () => {
  const rows = [
    row(1),
    row(2, { refs: ['1'] }),
    row(3, { in_reply_to: ['2'] }),
    row(4, { refs: ['1', '2'] }),
    // Answers to what nobody has stand together.
    row(5, { refs: ['gone'] }),
    row(6, { refs: ['gone'] }),
    row(7, { subject: 'one' }),
    row(8, { subject: 'one', is_reply: true }),
  ];
  assert.equal(formatThreads(references(rows), byUid), '(1 2 (3)(4))((5)(6))(7 8)');
  assert.equal(formatThreads(orderedSubject(rows.slice(6)), byUid), '(7 8)');
});

test('threads as deep as there are messages', () => {
  const depth = 20_000;
  const uids = Array.from({ length: depth }, (_, i) => i + 1);
  const chain = uids.map((uid) => row(uid, { refs: [`${uid - 1}`] }));
  assert.equal(formatThreads(references(chain), byUid), `(${uids.join(' ')})`);
  // Each but the last has two answers, one of which nobody answers.
  const ladder = uids.flatMap((uid) => [row(uid, { refs: [`${uid - 1}`] }), row(depth + uid, { refs: [`${uid}`] })]);
  const text = formatThreads(references(ladder), byUid);
  assert.ok(text.startsWith('(1 (2 (3 '), text.slice(0, 30));
  assert.equal(text.match(/\d+/g)?.length, 2 * depth);
  // Of messages that there are not, as long a chain holds the last.
  const gaps = uids.map((uid) => row(uid, { message_id: null, refs: [`a${uid}`, `a${uid + 1}`] }));
  assert.equal(formatThreads(references(gaps), byUid).match(/\d+/g)?.length, depth);
});
