import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMissing, countHeader, hasHeader, mailDate, prepend, removeHeaders } from './trace.ts';

const BLIND = ['Bcc', 'Resent-Bcc'];
const removed = (text: string): string => removeHeaders(Buffer.from(text), BLIND).toString();

test('fields are found by their name, in the header only', () => {
  const bytes = Buffer.from('Received: a\r\n b\r\nRECEIVED : c\r\nX-Received: d\r\n\r\nReceived: e\r\n');
  assert.equal(countHeader(bytes, 'received'), 2);
  assert.ok(hasHeader(bytes, 'X-RECEIVED') && !hasHeader(bytes, 'b'));
});

test('every instance is removed, folds included, and nothing else', () => {
  const cases: Record<string, string> = {
    'From: a@x\r\nBcc: b@x,\r\n c@x\r\nSubject: s\r\n\r\nBcc: in the body\r\n':
      'From: a@x\r\nSubject: s\r\n\r\nBcc: in the body\r\n',
    'bCC:b@x\nA: b\nResent-Bcc : c@x\n\t \n d@x\nBcc:\n\nbody': 'A: b\n\nbody',
    'Bcc: b@x\r\n\r\nbody': '\r\nbody',
    'A: b\r\nBcc: never ends': 'A: b\r\n',
    'A: b\r\njunk\r\nBcc: b@x\r\n\r\n': 'A: b\r\njunk\r\n\r\n',
    'A: b\r\nX-Bcc: b@x\r\n\r\n': 'A: b\r\nX-Bcc: b@x\r\n\r\n',
    Bcc: 'Bcc',
    '': '',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(removed(text), expected, text);
  const none = Buffer.from('A: b\r\n\r\n');
  assert.equal(removeHeaders(none, BLIND), none);
});

test('one that stands beyond what is read as a header is removed too', () => {
  const long = `A: b\r\n${' x\r\n'.repeat(400_000)}`;
  assert.equal(removed(`${long}Bcc: b@x\r\n\r\nbody`), `${long}\r\nbody`);
});

test('Date and Message-ID, where they are missing', () => {
  const D = 'Date: Thu, 01 Jan 1970 00:00:00 +0000';
  const M = 'Message-ID: <m@x>';
  const cases: Record<string, string> = {
    'A: b\r\n\r\nbody': `A: b\r\n${D}\r\n${M}\r\n\r\nbody`,
    'A: b\n c\n\nbody\n': `A: b\n c\n${D}\r\n${M}\r\n\nbody\n`,
    'date : x\r\n\r\n': `date : x\r\n${M}\r\n\r\n`,
    'Message-Id: <a@b>\r\n\r\nDate: x': `Message-Id: <a@b>\r\n${D}\r\n\r\nDate: x`,
    'A: b': `A: b\r\n${D}\r\n${M}\r\n`,
    'A: b\r\n': `A: b\r\n${D}\r\n${M}\r\n`,
    '': `${D}\r\n${M}\r\n\r\n`,
    '\r\nbody': `${D}\r\n${M}\r\n\r\nbody`,
    '\nbody\n': `${D}\r\n${M}\r\n\nbody\n`,
    'no header': `${D}\r\n${M}\r\n\r\nno header`,
    'A: b\r\nno empty line': `A: b\r\n${D}\r\n${M}\r\n\r\nno empty line`,
    // Others might take what follows for fields: the empty line is put in.
    'Date: x\r\nMessage-ID: y\r\njunk\r\nFrom: z': 'Date: x\r\nMessage-ID: y\r\n\r\njunk\r\nFrom: z',
  };
  for (const [text, expected] of Object.entries(cases))
    assert.equal(addMissing(Buffer.from(text), { date: new Date(0), messageId: 'm@x' }).toString(), expected, text);
  const whole = Buffer.from('Date: x\r\nMessage-ID: y\r\n\r\nbody');
  assert.equal(addMissing(whole, { date: new Date(0), messageId: 'm@x' }), whole);
});

test('what is put before a message without a header stays apart from it', () => {
  const put = (text: string): string => prepend(Buffer.from(text), 'R: x\r\n').toString();
  assert.equal(put('A: b\r\n\r\n'), 'R: x\r\nA: b\r\n\r\n');
  assert.equal(put('no header\r\n'), 'R: x\r\n\r\nno header\r\n');
  assert.equal(put('\r\nbody'), 'R: x\r\n\r\nbody');
  assert.equal(put(''), 'R: x\r\n\r\n');
});

test('dates as RFC 5322 has them', () => {
  assert.equal(mailDate(new Date('2026-11-03T04:05:06Z')), 'Tue, 03 Nov 2026 04:05:06 +0000');
});
