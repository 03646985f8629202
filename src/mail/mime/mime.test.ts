import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bodyParts, bodyText, decodeBody } from './body.ts';
import { compose, encodeAddressList, reportMessage, simpleMessage } from './compose.ts';
import { asAddresses, asDate, asGroupedAddresses, asMessageIds, asText, parseParameters } from './headers.ts';
import { baseSubject, htmlToText, parseMessage } from './parse.ts';
import { scan } from './structure.ts';
import { addMissing, hasHeader, removeHeaders } from './trace.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));

const NESTED = crlf(`From: Ana <ana@pigeon.test>
Subject: =?utf-8?B?R3LDvMOfZQ==?=
Content-Type: multipart/mixed; boundary=a

preamble
--ab
not ours
--a
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--b
Content-Type: text/html

<p>Gr&uuml;&szlig;e</p>
--b--
--a
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''%E2%82%AC%20rates.pdf
Content-Transfer-Encoding: base64

aGVsbG8=
--a
Content-Type: message/rfc822

Subject: inner

body
--a--
epilogue
`);

test('a nested message: part numbers, ranges, names', () => {
  const { root } = scan(NESTED);
  assert.deepEqual(
    root.parts?.map((part) => [part.partId, part.type]),
    [
      ['1', 'multipart/alternative'],
      ['2', 'application/pdf'],
      ['3', 'message/rfc822'],
    ],
  );
  assert.deepEqual(
    root.parts?.[0]?.parts?.map((part) => part.partId),
    ['1.1', '1.2'],
  );
  const [, pdf, inner] = root.parts ?? [];
  assert.equal(pdf?.name, '€ rates.pdf');
  assert.equal(pdf && Buffer.from(decodeBody(NESTED, pdf)).toString(), 'hello');
  assert.equal(pdf?.decodedSize, 5);
  assert.equal(inner?.message?.envelope.subject, 'inner');
  assert.equal(inner?.message?.root.partId, '3.1');
  const text = root.parts?.[0]?.parts?.[0];
  assert.deepEqual(text && bodyText(NESTED, text), { value: 'Grüße', isEncodingProblem: false, isTruncated: false });
});

test('what is stored of it', () => {
  const parsed = parseMessage(NESTED);
  assert.equal(parsed.envelope.subject, 'Grüße');
  assert.equal(parsed.preview, 'Grüße');
  assert.equal(parsed.hasAttachment, true);
  const { textBody, htmlBody, attachments } = bodyParts(parsed.root);
  assert.deepEqual(
    [textBody, htmlBody, attachments].map((list) => list.map((part) => part.partId)),
    [['1.1'], ['1.2'], ['2', '3']],
  );
});

test('header forms', () => {
  assert.equal(asText(' =?utf-8?Q?a?=\r\n =?utf-8?Q?b?='), 'ab');
  assert.deepEqual(asAddresses('Ana <ana@x.test>, team: b@x.test, "C, D" <c@x.test>;, e@x.test'), [
    { name: 'Ana', email: 'ana@x.test' },
    { name: null, email: 'b@x.test' },
    { name: 'C, D', email: 'c@x.test' },
    { name: null, email: 'e@x.test' },
  ]);
  assert.deepEqual(asGroupedAddresses('team: b@x.test;')[0]?.name, 'team');
  assert.deepEqual(asMessageIds('<a@b> (comment <x@y>) <c@d>'), ['a@b', 'c@d']);
  assert.equal(asDate('Mon, 23 Nov 2026 14:02:00 +0100 (CET)'), '2026-11-23T14:02:00+01:00');
  assert.equal(asDate('1 Jan 99 1:02 EST'), '1999-01-01T01:02:00-05:00');
  assert.equal(asDate('31 Feb 2026 10:00 +0000'), null);
  assert.deepEqual(parseParameters(`text/plain; name*0*=utf-8''a%20; name*1=b; charset="x\\"y"`), {
    value: 'text/plain',
    params: { charset: 'x"y', name: 'a b' },
  });
  assert.equal(baseSubject('Re: Fwd: [list] Re[2]: Hi (fwd)'), 'Hi');
  assert.equal(htmlToText('<style>x</style>a<script>alert(1)</SCRIPT>b &amp; c<!-- d -->'), 'ab & c');
});

test('edits touch nothing else', () => {
  const message = crlf('From: a@x.test\nBcc: b@x.test,\n c@x.test\nSubject: s\n\nBcc: in the body\n');
  assert.equal(removeHeaders(message, ['bcc']).toString(), 'From: a@x.test\r\nSubject: s\r\n\r\nBcc: in the body\r\n');
  const added = addMissing(message, { date: new Date(0), messageId: 'x@y' });
  assert.ok(hasHeader(added, 'date') && hasHeader(added, 'message-id'));
  assert.ok(added.toString().endsWith('\r\n\r\nBcc: in the body\r\n'));
  assert.equal(addMissing(added, { date: new Date(1), messageId: 'other' }), added);
});

test('what is composed reads back', () => {
  const bytes = simpleMessage({
    from: { name: 'Ana "the boss" Silva', email: 'ana@pigeon.test' },
    to: [{ name: 'Bén', email: 'ben@pigeon.test' }],
    subject: 'Überraschung für alle, die so lange Betreffzeilen mögen wie diese hier',
    date: new Date(0),
    messageId: 'm@pigeon.test',
    text: 'Grüße\n.\nEnde ',
    html: '<b>x</b>',
    attachments: [{ name: 'zahlen €.csv', type: 'text/csv', bytes: Buffer.from('1;2') }],
  });
  const parsed = parseMessage(bytes);
  assert.equal(parsed.envelope.subject, 'Überraschung für alle, die so lange Betreffzeilen mögen wie diese hier');
  assert.deepEqual(parsed.envelope.to, [{ name: 'Bén', email: 'ben@pigeon.test' }]);
  assert.deepEqual(parsed.envelope.from, [{ name: 'Ana "the boss" Silva', email: 'ana@pigeon.test' }]);
  const { textBody, attachments } = bodyParts(parsed.root);
  assert.equal(textBody[0] && bodyText(bytes, textBody[0]).value, 'Grüße\n.\nEnde ');
  assert.equal(attachments[0]?.name, 'zahlen €.csv');
  assert.ok(
    bytes
      .toString('latin1')
      .split('\r\n')
      .every((line) => line.length < 999),
  );
});

test('nothing is injected through a value', () => {
  const bytes = compose({
    headers: [
      { name: 'Subject', value: 'a\r\nBcc: evil@x.test' },
      { name: 'To', value: encodeAddressList([{ name: 'x\r\nCc: e', email: 'a@b\r\nBcc: c' }]), raw: true },
    ],
    root: { type: 'text/plain', name: 'a\r\nX: y', body: { text: '' } },
    date: new Date(0),
    messageId: 'x@y',
  });
  for (const name of ['bcc', 'cc', 'x']) assert.ok(!hasHeader(bytes, name), name);
});

test('a delivery status report has its three parts', () => {
  const bytes = reportMessage({
    from: { name: null, email: 'postmaster@x.test' },
    to: [{ name: null, email: 'a@x.test' }],
    subject: 's',
    date: new Date(0),
    messageId: 'd@x.test',
    text: 'It failed.',
    reportType: 'delivery-status',
    parts: [
      { type: 'message/delivery-status', body: 'Reporting-MTA: dns; x\r\n' },
      { type: 'text/rfc822-headers', body: 'Subject: s\r\n' },
    ],
  });
  const { root } = scan(bytes);
  assert.deepEqual(
    root.parts?.map((part) => part.type),
    ['text/plain', 'message/delivery-status', 'text/rfc822-headers'],
  );
  assert.equal(root.params['report-type'], 'delivery-status');
});

test('any bytes are read without an exception, and every range lies inside', () => {
  const mutated = fc
    .tuple(fc.nat(NESTED.length), fc.nat(60), fc.uint8Array({ maxLength: 40 }))
    .map(([at, drop, put]) =>
      Buffer.concat([NESTED.subarray(0, at), put, NESTED.subarray(Math.min(NESTED.length, at + drop))]),
    );
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      const { root, preview } = parseMessage(bytes);
      assert.ok(!preview.includes('\0'));
      const check = (part: typeof root): void => {
        assert.ok(part.header[0] <= part.header[1] && part.body[0] <= part.body[1] && part.body[1] <= bytes.length);
        part.parts?.forEach(check);
      };
      check(root);
    }),
    { numRuns: 500 },
  );
});
