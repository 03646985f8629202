import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsBeforeItBegins, fieldsOf, vacationOf } from './replies.ts';

const FIELDS = {
  isTimed: true,
  from: '2026-12-24T08:05',
  to: '2027-01-07T18:00',
  subject: ' Away ',
  text: 'Back soon.\n',
};

test('what the form says is what is kept, and comes back to it', () => {
  const vacation = vacationOf(FIELDS);
  assert.deepEqual(vacation, {
    isEnabled: true,
    fromDate: new Date(2026, 11, 24, 8, 5).toISOString().replace('.000', ''),
    toDate: new Date(2027, 0, 7, 18).toISOString().replace('.000', ''),
    subject: 'Away',
    textBody: 'Back soon.\n',
    htmlBody: null,
  });
  assert.deepEqual(fieldsOf(vacation), { ...FIELDS, subject: 'Away' });
});

test('what is empty is left to the server; without "only for a time" no time is kept', () => {
  const { fromDate, toDate, subject, textBody } = vacationOf({ ...FIELDS, isTimed: false, subject: ' ', text: '\n' });
  assert.deepEqual([fromDate, toDate, subject, textBody], [null, null, null, null]);
  assert.equal(vacationOf({ ...FIELDS, to: '' }).toDate, null);
});

test('an end before its beginning is seen', () => {
  assert.ok(!endsBeforeItBegins(FIELDS));
  assert.ok(endsBeforeItBegins({ ...FIELDS, to: FIELDS.from }));
  assert.ok(!endsBeforeItBegins({ ...FIELDS, from: '' }));
  assert.ok(!endsBeforeItBegins({ ...FIELDS, isTimed: false, to: '2020-01-01T00:00' }));
});
