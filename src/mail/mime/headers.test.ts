import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asContentId,
  asDate,
  asMessageIds,
  asRaw,
  asText,
  asURLs,
  decodeCharset,
  headerFields,
  parseParameters,
} from './headers.ts';

const fields = (text: string): string[] => headerFields(Buffer.from(text)).map(({ name, value }) => `${name}|${value}`);

test('fields, raw', () => {
  assert.deepEqual(fields('From: a\r\nsubject:b\r\n\tc\r\n \r\nX :  d \r\n\r\nBody: e'), [
    'From| a',
    'subject|b\r\n\tc\r\n ',
    'X|  d ',
  ]);
  assert.deepEqual(fields('A: b\n c\n\nD: e'), ['A| b\n c']);
  assert.deepEqual(fields('A: b'), ['A| b']);
  assert.deepEqual(fields('A:\r\n\r\n'), ['A|']);
  assert.deepEqual(fields('\r\nA: b'), []);
  assert.deepEqual(fields(''), []);
});

test('lines that are no field', () => {
  assert.deepEqual(fields('no header\r\nA: b\r\n\r\n'), []);
  assert.deepEqual(fields('From ana@x Mon Nov 23 15:02:00 2026\r\nA: b\r\n\r\n'), ['A| b']);
  assert.deepEqual(fields('A: b\r\njunk\r\n of two lines\r\nC: d\r\n\r\n'), ['A| b', 'C| d']);
  assert.deepEqual(fields('A: b\r\njunk\r\nC: d\r\n'), ['A| b']);
  assert.deepEqual(fields('A: b\r\n: c\r\nÄ: d\r\nE\0: f\r\n\r\n'), ['A| b']);
});

test('bytes of each field: UTF-8 where it is, else Latin-1; never NUL', () => {
  const block = Buffer.concat([
    Buffer.from('A: é\r\nB: '),
    Buffer.from([0xe9, 0x80, 0]),
    Buffer.from('x\r\nC: plain\r\n\r\n'),
  ]);
  assert.deepEqual(
    headerFields(block).map(({ value }) => value),
    [' é', ' é€x', ' plain'],
  );
  assert.equal(asRaw('a\0b\ud800'), 'ab\ufffd');
});

test('as text: unfolded, leading white space gone, NFC', () => {
  assert.equal(asText(' \r\n a\r\n\tb  c '), 'a\tb  c ');
  assert.equal(asText(' Cafe\u0301'), 'Café');
  assert.equal(asText(' a\rb'), 'a b');
});

test('encoded words of RFC 2047 §8', () => {
  const cases: Record<string, string> = {
    '=?ISO-8859-1?Q?a?=': 'a',
    '=?ISO-8859-1?Q?a?= b': 'a b',
    '=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=': 'ab',
    '=?ISO-8859-1?Q?a?=    \r\n   =?ISO-8859-1?Q?b?=': 'ab',
    '=?ISO-8859-1?Q?a_b?=': 'a b',
    '=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=': 'a b',
    '=?iso-8859-1?b?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=':
      'If you can read this you understand the example.',
    // A character in two words; the same charset by another spelling of its case.
    '=?utf-8?B?4oI=?= =?UTF-8?Q?=AC?=': '€',
    '=?utf-8*de?Q?a?=': 'a',
    // RFC 8621 §4.1.2.2: what is encoded but is a control character is dropped.
    '=?utf-8?Q?a=0D=0ABcc:=00_b=7F?=': 'aBcc: b',
    // Known charsets only, right words only, and where they may stand only.
    '=?x-none?Q?a?= =?utf-8?Q?b?=': '=?x-none?Q?a?= b',
    '=?utf-8?X?a?=': '=?utf-8?X?a?=',
    '=?utf-8?Q?a b?=': '=?utf-8?Q?a b?=',
    'x=?utf-8?Q?a?=': 'x=?utf-8?Q?a?=',
    '=?utf-8?Q?a?=x': '=?utf-8?Q?a?=x',
    '=?utf-8?Q?a?==?utf-8?Q?b?=': '=?utf-8?Q?a?==?utf-8?Q?b?=',
    '(=?utf-8?Q?a?=)': '(=?utf-8?Q?a?=)',
    // Broken content: as much of it as there is.
    '=?utf-8?Q?a=FFb=z?=': 'a\ufffdb=z',
    '=?utf-8?B?YWI?=': 'ab',
    '=?utf-8?Q??=': '',
  };
  for (const [value, expected] of Object.entries(cases)) assert.equal(asText(value), expected, value);
});

test('message ids', () => {
  const cases: Record<string, string[] | null> = {
    ' <a@b>\r\n <c@d>': ['a@b', 'c@d'],
    '(comment <x@y>) <a@b> (another)': ['a@b'],
    '"a phrase with <no@id> in it" <a@b>': ['a@b'],
    '<a (b)c@d>': ['a(b)c@d'],
    '<a@\r\n b>': ['a@b'],
    'a@b': ['a@b'],
    'Your message of Monday': null,
    '<>': null,
    '<a@b': null,
    '<a@b <c@d>': ['c@d'],
    '(unclosed <a@b>': ['a@b'],
    '': null,
  };
  for (const [value, expected] of Object.entries(cases)) assert.deepEqual(asMessageIds(value), expected, value);
  assert.equal(asMessageIds(`<${'x'.repeat(2000)}@y>`)?.[0]?.length, 998);
  assert.equal(asMessageIds('<a@b>'.repeat(5000))?.length, 1000);
});

test('content ids, with and without angle brackets', () => {
  assert.equal(asContentId(' <a@b>'), 'a@b');
  assert.equal(asContentId(' image001 (the first)'), 'image001');
  assert.equal(asContentId(' <>'), null);
});

test('dates', () => {
  const cases: Record<string, string | null> = {
    // RFC 5322 appendix A, and obsolete forms
    'Fri, 21 Nov 1997 09:55:06 -0600': '1997-11-21T09:55:06-06:00',
    'Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland Time)': '1969-02-13T23:32:00-03:30',
    '21 Nov 97 09:55:06 GMT': '1997-11-21T09:55:06Z',
    'Fri, 21 Nov 1997 09(comment):   55  :  06 -0600': '1997-11-21T09:55:06-06:00',
    '1 Jan 49 1:02 EST': '2049-01-01T01:02:00-05:00',
    '1 Jan 126 01:02 Z': '2026-01-01T01:02:00Z',
    'Tue, 1 Jul 2003 10:52:37 -0000': '2003-07-01T10:52:37Z',
    'Sat, 29 Feb 2028 23:59:60 +0000': '2028-02-29T23:59:59Z',
    // seen in mail
    'Mon,23 Nov 2026 14:02:00 +01:00': '2026-11-23T14:02:00+01:00',
    'Mon, 23 November 2026 14:02:00 GMT+0100': '2026-11-23T14:02:00+01:00',
    'Mon, 23-Nov-2026 14:02:00': '2026-11-23T14:02:00Z',
    'Mon, 23 Nov 2026 14:02:00 XYZ': '2026-11-23T14:02:00Z',
    // offsets that are none (and that PostgreSQL would refuse)
    'Mon, 23 Nov 2026 14:02:00 +9959': '2026-11-23T14:02:00Z',
    'Mon, 23 Nov 2026 14:02:00 +1600': '2026-11-23T14:02:00Z',
    'Mon, 23 Nov 2026 14:02:00 -1559': '2026-11-23T14:02:00-15:59',
    // no dates
    '31 Feb 2026 10:00 +0000': null,
    '29 Feb 2026 10:00 +0000': null,
    '0 Jan 2026 10:00 +0000': null,
    '1 Foo 2026 10:00 +0000': null,
    '1 Jan 2026 24:00 +0000': null,
    '1 Jan 2026 10:60 +0000': null,
    '1 Jan 12026 10:00 +0000': null,
    '1 Jan 2026': null,
    yesterday: null,
    '': null,
  };
  for (const [value, expected] of Object.entries(cases)) {
    assert.equal(asDate(value), expected, value);
    if (expected) assert.ok(!Number.isNaN(Date.parse(expected)), expected);
  }
});

test('URLs (RFC 2369)', () => {
  assert.deepEqual(asURLs(' <ftp://x.test/a(b),c>,\r\n <mailto:l@x.test?subject=\r\n help> (by mail)'), [
    'ftp://x.test/a(b),c',
    'mailto:l@x.test?subject=help',
  ]);
  assert.equal(asURLs(' NO (no posting <here>)'), null);
});

test('parameters, RFC 2045 and what is seen of them', () => {
  const cases: Record<string, [string, Record<string, string>]> = {
    ' Text/HTML; Charset="UTF-8"': ['text/html', { charset: 'UTF-8' }],
    'text/plain; charset=us-ascii (Plain text)': ['text/plain', { charset: 'us-ascii' }],
    'text/plain (a;b); charset=x': ['text/plain', { charset: 'x' }],
    'text / plain': ['text/plain', {}],
    'text/plain charset=x': ['text/plain', { charset: 'x' }],
    'text/plain;;charset = x ; format=flowed;': ['text/plain', { charset: 'x', format: 'flowed' }],
    'a/b; x="y" z=w': ['a/b', { x: 'y', z: 'w' }],
    'a/b; x="a\\"b;c\\\\"': ['a/b', { x: 'a"b;c\\' }],
    'a/b; x="never closed': ['a/b', { x: 'never closed' }],
    'a/b; name=a file (1).txt; x=y': ['a/b', { name: 'a file (1).txt', x: 'y' }],
    'a/b; name==?utf-8?Q?=C3=A4?=; boundary="=?utf-8?Q?=C3=A4?="': [
      'a/b',
      { name: 'ä', boundary: '=?utf-8?Q?=C3=A4?=' },
    ],
    'a/b; name="=?utf-8?Q?a_b?==?utf-8?Q?c?= d"': ['a/b', { name: 'a bc d' }],
    'a/b; x=1; x=2; X=3': ['a/b', { x: '1' }],
    'a/b; junk; x=1': ['a/b', { x: '1' }],
    'charset=x': ['', { charset: 'x' }],
    '': ['', {}],
  };
  for (const [value, [main, params]] of Object.entries(cases))
    assert.deepEqual(parseParameters(value), { value: main, params }, value);
});

test('parameters of RFC 2231', () => {
  const cases: Record<string, Record<string, string>> = {
    [`x/y; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A`]: { title: 'This is ***fun***' },
    [`x/y; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2="isn't it!"`]: {
      title: "This is even more ***fun*** isn't it!",
    },
    'x/y; url*1="cs.test"; url*0="ftp://"': { url: 'ftp://cs.test' },
    [`x/y; name*=iso-8859-1''%E9; name=e`]: { name: 'é' },
    // A character in two sections; no charset; a wrong one; no end
    [`x/y; name*0*=utf-8''%E2%82; name*1*=%AC`]: { name: '€' },
    'x/y; name*=%e2%82%ac%': { name: '€%' },
    [`x/y; name*=x-none''%E2%82%AC`]: { name: '€' },
    [`x/y; name*=utf-8''a%0D%0A%00b`]: { name: 'ab' },
  };
  for (const [value, params] of Object.entries(cases)) assert.deepEqual(parseParameters(value).params, params, value);
  assert.deepEqual(Object.keys(parseParameters('x/y; __proto__=a; constructor=b').params), [
    '__proto__',
    'constructor',
  ]);
});

test('charsets', () => {
  const cases: [string, number[], string, boolean][] = [
    ['utf-8', [0xef, 0xbb, 0xbf, 0x61], 'a', false],
    ['UTF8', [0xc3, 0xa9, 0xff], 'é\ufffd', true],
    ['us-ascii', [0xc3, 0xa9], 'é', false],
    ['', [0xe9, 0x80], 'é€', true],
    ['ISO-8859-1', [0xe9, 0x80], 'é€', false],
    ['iso8859_15', [0xa4], '€', false],
    ['cp932', [0x83, 0x6e], 'ハ', false],
    ['"gb2312"', [0xc4, 0xe3], '你', false],
    ['ks_c_5601-1987', [0xb0, 0xa1], '가', false],
    ['iso-2022-jp', [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x1b, 0x24, 0x42, 0x24, 0x24], 'あい', false],
    ['utf-16', [0, 0x61], 'a', false],
    ['utf-16', [0xff, 0xfe, 0x61, 0], 'a', false],
    ['x-none', [0xc3, 0xa9], 'é', true],
    ['__proto__', [0x61], 'a', true],
  ];
  for (const [charset, bytes, text, problem] of cases)
    assert.deepEqual(decodeCharset(Uint8Array.from(bytes), charset), { text, problem }, charset);
});
