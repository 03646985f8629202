import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { carriedFiles, forwardedIds, isMarkedForward, isSameSubject } from './carried.ts';
import { parseMessage } from './parse.ts';

const bytesOf = (lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const INNER = [
  'From: eve@outside.test',
  'Message-ID: <inner@outside.test>',
  'Subject: Invoice',
  'Content-Type: multipart/mixed; boundary=in',
  '',
  '--in',
  '',
  'Pay now.',
  '--in',
  'Content-Type: application/pdf; name="invoice.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('not really a PDF').toString('base64'),
  '--in--',
];

const OUTER = bytesOf([
  'From: ana@pigeon.test',
  'Message-ID: <outer@pigeon.test>',
  'Subject: Look at this',
  'Content-Type: multipart/mixed; boundary=out',
  '',
  '--out',
  '',
  'See below.',
  '--out',
  'Content-Type: text/plain',
  'Content-Disposition: attachment; filename=notes.txt',
  '',
  'Notes',
  '--out',
  'Content-Type: message/rfc822',
  '',
  ...INNER,
  '--out--',
]);

test('files and messages, with what is in those, by the digest of what they hold', () => {
  const files = carriedFiles(OUTER, parseMessage(OUTER).root);
  assert.deepEqual(
    files.map(({ partId, name }) => [partId, name]),
    [
      ['2', 'notes.txt'],
      ['3', null],
      ['3.2', 'invoice.pdf'],
    ],
  );
  assert.equal(files[0]?.sha256, sha256('Notes'));
  assert.equal(files[1]?.sha256, sha256(INNER.join('\r\n')));
  assert.equal(files[2]?.sha256, sha256('not really a PDF'));
  const plain = bytesOf(['Subject: x', '', 'Text']);
  assert.deepEqual(carriedFiles(plain, parseMessage(plain).root), []);
});

test('which messages one forwards: those it carries, those it names, the one it answers to as a forward', () => {
  const of = (bytes: Buffer): unknown => forwardedIds(bytes, parseMessage(bytes));
  assert.deepEqual(of(OUTER), { whole: ['inner@outside.test'], answered: null });
  const named = bytesOf(['Subject: Fwd: x', 'X-Forwarded-Message-Id: <a@b.test> <c@d.test>', '', 'Text']);
  assert.deepEqual(of(named), { whole: ['a@b.test', 'c@d.test'], answered: null });
  const answers = (subject: string): unknown =>
    of(bytesOf([`Subject: ${subject}`, 'In-Reply-To: <b@b.test>', 'References: <a@b.test> <b@b.test>', '', 'Text']));
  assert.deepEqual(answers('Fwd: x'), { whole: [], answered: 'b@b.test' });
  assert.deepEqual(answers('Re: x'), { whole: [], answered: null });
  assert.deepEqual(answers('Re: Fwd: x'), { whole: [], answered: null });
});

test('a forward is marked as one, and its subject is otherwise the same', () => {
  for (const subject of ['Fwd: a', 'FW: a', ' [EXT] WG: a', '[Fwd: a]', 'Fwd[2]: a'])
    assert.ok(isMarkedForward(subject));
  for (const subject of ['a', 'Re: Fwd: a', 'Forwarding: a', 'AW: a', ''])
    assert.ok(!isMarkedForward(subject), subject);
  assert.ok(isSameSubject('Fwd: Salaries', 'Re: salaries'));
  assert.ok(!isSameSubject('Fwd: Salaries', 'Salaries 2'));
});
