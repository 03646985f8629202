import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ago,
  countFamilies,
  downloadOf,
  duration,
  expectation,
  FAMILY_OF,
  headlineOf,
  isHatched,
  labelOf,
  markOf,
  OUTCOMES,
  outcomesOf,
  FAMILIES,
  refusalSentence,
  sentenceOf,
  shortTime,
  clockTime,
  unreachedOutcomes,
  type Decided,
  type Exposure,
  type Outcome,
  type Progress,
} from './words.ts';

const row = (outcome: Outcome, exposure: Exposure | null = 'none', more: Partial<Decided> = {}): Decided => ({
  outcome,
  exposure,
  reason: '',
  remote: null,
  ...more,
});
const said = (of: Decided): string => `${labelOf(of.outcome)}: ${sentenceOf(of)}`;

test('every outcome has its label and sentence, as the design page has them', () => {
  const at = '2026-11-24T14:02:10Z';
  const remote = { host: 'mx.example.com', at };
  const sentences: [Decided, string][] = [
    [row('recalled', 'none'), 'Taken back: no program had shown it.'],
    [row('recalled', 'listed'), 'Taken back: subject or first words may have been seen.'],
    [row('recalled', 'downloaded'), 'Taken back: not opened, but a device had downloaded it.'],
    [row('recalled', 'opened'), 'Taken back: it had been read.'],
    [row('intercepted'), 'Never left: stopped before delivery.'],
    [row('not-delivered', 'none', { remote }), 'Never arrived: mx.example.com refused it.'],
    [row('already-deleted', 'listed'), 'Already deleted: unopened.'],
    [row('already-deleted', 'opened'), 'Already deleted: after reading.'],
    [row('no-mailbox'), 'No mailbox: the account is gone.'],
    [row('kept-read', 'opened'), 'Still there: opened before you recalled it.'],
    [row('kept-declined'), 'Still there: this person does not allow recalls.'],
    [row('kept-protected'), 'Still there: protected mailbox.'],
    [row('kept-processed'), 'Still there: already filed.'],
    [row('cancelled'), 'Still there: you cancelled first.'],
    [row('outside', 'none', { remote }), `Outside: mx.example.com took it at ${clockTime(at)}.`],
    [
      row('outside-unknown', 'none', { remote }),
      'Not certain: the connection to mx.example.com broke; it may have arrived.',
    ],
    [
      row('failed', 'none', { reason: 'Not certain: the disk is full. Assume it was not taken back.' }),
      'Not certain: the disk is full. Assume it was not taken back.',
    ],
  ];
  for (const [of, sentence] of sentences) assert.equal(said(of), sentence);
  assert.deepEqual(new Set(sentences.map(([of]) => of.outcome)), new Set(OUTCOMES));
});

test('where policy does not show exposure, nothing is said of it', () => {
  assert.equal(sentenceOf(row('recalled', null)), '');
  assert.equal(sentenceOf(row('already-deleted', null)), '');
  assert.equal(isHatched(row('recalled', null)), false);
});

test('hatched: taken back, but a device had it or a person had read it', () => {
  assert.deepEqual(
    (['none', 'listed', 'downloaded', 'opened'] as const).map((exposure) => isHatched(row('recalled', exposure))),
    [false, false, true, true],
  );
  assert.equal(isHatched(row('kept-read', 'opened')), false);
});

test('the program that had downloaded it, and whether it was told', () => {
  const [downloadedAt, toldAt] = ['2026-11-24T14:01:00Z', '2026-11-24T14:02:00Z'];
  const of = { outcome: 'recalled', downloadedBy: 'Pocket Mail 3', downloadedAt, toldAt } as const;
  const [had, told] = [downloadedAt, toldAt].map((at) => shortTime(at));
  assert.equal(downloadOf(of), `Pocket Mail 3 had it at ${had}, and was told at ${told}`);
  assert.equal(downloadOf({ ...of, toldAt: null }), `Pocket Mail 3 had it at ${had}, and was not told since`);
  assert.equal(downloadOf({ ...of, outcome: 'kept-read', downloadedAt: null }), 'Pocket Mail 3 had it');
});

test('every outcome is in one family', () => {
  assert.deepEqual(FAMILIES.flatMap(outcomesOf).toSorted(), [...OUTCOMES].toSorted());
  assert.equal(FAMILY_OF['outside-unknown'], 'uncertain');
  assert.deepEqual(countFamilies({ recalled: 3, intercepted: 1, 'kept-read': 2, failed: 1 }), {
    back: 4,
    nothing: 0,
    still: 2,
    outside: 0,
    uncertain: 1,
  });
});

const ended: Progress = {
  status: 'done',
  total: 433,
  counts: { recalled: 409, intercepted: 3, 'kept-read': 14, 'already-deleted': 5, outside: 2 },
  createdAt: '2026-11-24T14:02:00.000Z',
  doneAt: '2026-11-24T14:02:00.038Z',
  cancelRequested: false,
};

test('the headline is the truth', () => {
  assert.deepEqual(headlineOf(ended), {
    headline: 'Taken back from 412 of 433',
    beside: 'in 38 ms · 14 had read it · 2 are outside',
  });
  assert.deepEqual(headlineOf({ ...ended, total: 1, counts: { 'outside-unknown': 1 } }), {
    headline: 'Taken back from 0 of 1',
    beside: 'in 38 ms · 1 is not certain',
  });
  const more = { ...ended, counts: { recalled: 430, 'kept-protected': 2, outside: 1 } };
  assert.equal(headlineOf(more).beside, 'in 38 ms · 2 still have it · 1 is outside');
});

test('while it runs', () => {
  const running: Progress = {
    ...ended,
    status: 'sweeping',
    total: 100_000,
    counts: { recalled: 12_400 },
    doneAt: null,
  };
  assert.deepEqual(headlineOf(running), {
    headline: 'Taking back… 12,400 of 100,000',
    beside: '87,600 are still to be decided',
  });
  assert.equal(headlineOf({ ...running, cancelRequested: true }).beside.startsWith('Stopping where it is · '), true);
  assert.equal(markOf(running), 'Taking back… 12,400 of 100,000');
});

test('few counts are no counts where policy shows counts alone', () => {
  assert.equal(headlineOf({ ...ended, total: 3, counts: {} }).headline, 'The recall has ended');
  assert.equal(markOf({ ...ended, total: 3, counts: {} }), 'Recalled');
});

test('cancelled and restored are said', () => {
  assert.equal(headlineOf({ ...ended, status: 'cancelled' }).beside.startsWith('You cancelled it · in 38 ms'), true);
  const restored = { ...ended, restoreRequestedAt: '2026-11-24T14:30:00Z' };
  assert.equal(headlineOf(restored).headline, 'Taken back from 412 of 433, then restored');
  assert.equal(headlineOf(restored).beside.startsWith('Restored at '), true);
  assert.equal(markOf(restored), '412 of 433 taken back, then restored');
  assert.equal(markOf(ended), '412 of 433 taken back');
});

test('what can be expected', () => {
  assert.equal(
    expectation({ inside: 428, held: 2, queued: 1, outside: 2 }),
    '428 copies inside can be taken back if unread. 3 have not left. 2 are outside and cannot be.',
  );
  assert.equal(
    expectation({ inside: 1, held: 1, queued: 0, outside: 1 }),
    '1 copy inside can be taken back if unread. 1 has not left. 1 is outside and cannot be.',
  );
  assert.equal(expectation({ inside: 0, held: 0, queued: 0, outside: 0 }), '');
  assert.equal(
    expectation({ inside: 2, held: 0, queued: 0, outside: 0 }, true),
    '2 copies inside can be taken back, read or not.',
  );
});

test('durations and times', () => {
  assert.deepEqual([38.4, 1200, 45_000, 180_000, 3 * 3_600_000].map(duration), [
    '38 ms',
    '1.2 s',
    '45 s',
    '3 min',
    '3 h',
  ]);
  assert.deepEqual([0, 40_000, 125_000, 7_200_000, 86_400_000, 41 * 86_400_000].map(ago), [
    'just now',
    '40 s ago',
    '2 min ago',
    '2 h ago',
    '1 day ago',
    '41 days ago',
  ]);
  const now = new Date('2026-11-24T14:30:00Z');
  assert.match(shortTime('2026-11-24T14:02:00Z', now), /^\d\d:\d\d$/);
  assert.match(shortTime('2026-11-03T14:02:00Z', now), /^3 Nov,? \d\d:\d\d$/);
});

test('refusals', () => {
  const of = (reason: string, description: string): string => refusalSentence({ reason, description }, 'Ana Silva');
  assert.equal(of('notSender', 'Only its sender can.'), 'Only Ana Silva can recall this.');
  const tooOld = 'Sent 41 days ago; your organisation allows 30.';
  assert.equal(of('tooOld', tooOld), tooOld);
  const today = new Date('2026-11-24T13:00:00Z');
  const limit = { reason: 'rateLimit', description: '20 recalls this hour; the next at 14:20 UTC.' };
  const local = clockTime('2026-11-24T14:20:00Z');
  assert.equal(refusalSentence(limit, null, today), `20 recalls this hour; the next at ${local}.`);
});

test('to whom one writes afterwards', () => {
  assert.deepEqual(unreachedOutcomes('delete'), ['outside', 'outside-unknown']);
  assert.equal(unreachedOutcomes('replace').includes('not-delivered'), true);
});
