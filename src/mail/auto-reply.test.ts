import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNamed, mayAnswer } from './auto-reply.ts';
import { parseMessage } from './mime/parse.ts';

const message = (...fields: string[]): Buffer =>
  Buffer.from([...fields, 'To: Ben <Ben@Pigeon.test>', 'Subject: Figures', '', 'Text.', ''].join('\r\n'));

const may = (from: string, ...fields: string[]): boolean => mayAnswer(message(...fields), from);

test('a person may be answered', () => {
  assert.ok(may('ana@pigeon.test'));
  assert.ok(may('ana@pigeon.test', 'Auto-Submitted: no'));
  assert.ok(may('owner@pigeon.test'), 'an owner is a person');
});

test('no program is: RFC 3834 §2, RFC 5230 §4.6', () => {
  for (const from of [
    '',
    'MAILER-DAEMON@pigeon.test',
    'owner-list@pigeon.test',
    'list-request@pigeon.test',
    'list-bounces+ben=pigeon.test@lists.test',
    'no-reply@shop.test',
    'donotreply@shop.test',
    'not an address',
  ])
    assert.equal(may(from), false, from);
});

test('no list, no robot, nothing automatic', () => {
  for (const field of [
    'Auto-Submitted: auto-replied',
    'Auto-Submitted: auto-generated (vacation)',
    'Precedence: bulk',
    'Precedence: List',
    'List-Id: <birds.pigeon.test>',
    'List-Unsubscribe: <https://x.test>',
    'X-Auto-Response-Suppress: DR, OOF, AutoReply',
    'X-Spam-Flag: YES',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
  ])
    assert.equal(may('ana@pigeon.test', field), false, field);
});

test('only who is named in To or Cc answers', () => {
  const parsed = parseMessage(message('Cc: cho@pigeon.test'));
  assert.ok(isNamed(parsed, 'ben@pigeon.test'));
  assert.ok(isNamed(parsed, 'cho@pigeon.test'));
  assert.equal(isNamed(parsed, 'everyone@pigeon.test'), false);
});
