import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddressList } from './addresses.ts';
import { encodeAddressList } from './compose.ts';
import { asAddresses, asGroupedAddresses } from './headers.ts';
import { LIMITS } from './limits.ts';

/** `name<email>` of each, names of groups before a colon. */
const shown = (value: string): string[] =>
  parseAddressList(value).flatMap((group) => [
    ...(group.name === null ? [] : [`${group.name}:`]),
    ...group.addresses.map(({ name, email }) => `${name ?? ''}<${email}>`),
  ]);

test('the example of RFC 8621 §4.1.2.3 and §4.1.2.4', () => {
  const value =
    ' "  James Smythe" <james@example.com>, Friends:\r\n jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\r\n <john@example.com>;';
  assert.deepEqual(asAddresses(value), [
    { name: 'James Smythe', email: 'james@example.com' },
    { name: null, email: 'jane@example.com' },
    { name: 'John Smîth', email: 'john@example.com' },
  ]);
  assert.deepEqual(asGroupedAddresses(value), [
    { name: null, addresses: [{ name: 'James Smythe', email: 'james@example.com' }] },
    {
      name: 'Friends',
      addresses: [
        { name: null, email: 'jane@example.com' },
        { name: 'John Smîth', email: 'john@example.com' },
      ],
    },
  ]);
});

test('the forms of RFC 5322', () => {
  const cases: Record<string, string[]> = {
    // Appendix A.1.2
    '"Joe Q. Public" <john.q.public@example.com>': ['Joe Q. Public<john.q.public@example.com>'],
    'Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>': [
      'Mary Smith<mary@x.test>',
      '<jdoe@example.org>',
      'Who?<one@y.test>',
    ],
    '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>': [
      '<boss@nil.test>',
      'Giant; "Big" Box<sysservices@example.net>',
    ],
    // A.1.3
    'A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;': [
      'A Group:',
      'Ed Jones<c@a.test>',
      '<joe@where.test>',
      'John<jdoe@one.test>',
    ],
    'Undisclosed recipients:;': ['Undisclosed recipients:'],
    // A.5
    'Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>': ['Pete<pete@silly.test>'],
    "A Group(Some people)\r\n :Chris Jones <c@(Chris's host.)public.example>,\r\n joe@example.org;": [
      'A Group:',
      'Chris Jones<c@public.example>',
      '<joe@example.org>',
    ],
    // A.6.1
    'Joe Q. Public <john.q.public@example.com>': ['Joe Q. Public<john.q.public@example.com>'],
    'Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example': [
      'Mary Smith<mary@example.net>',
      '<jdoe@test.example>',
    ],
  };
  for (const [value, expected] of Object.entries(cases)) assert.deepEqual(shown(value), expected, value);
});

test('what is wrong with one address does not spoil the next', () => {
  const cases: Record<string, string[]> = {
    'ben@x.test (Ben (B.) Jones)': ['Ben (B.) Jones<ben@x.test>'],
    'Ben ben@x.test': ['Ben<ben@x.test>'],
    '<ben@x.test': ['<ben@x.test>'],
    '<a@x.test, Ben <ben@x.test>': ['<a@x.test>', 'Ben<ben@x.test>'],
    '<<ben@x.test>>': ['<ben@x.test>'],
    '"Ben <ben@x.test>, c@x.test': ['Ben<ben@x.test>', '<c@x.test>'],
    'Ben (never closed <ben@x.test>': ['Ben never closed<ben@x.test>'],
    'a@x.test; b@x.test': ['<a@x.test>', '<b@x.test>'],
    'team: a@x.test, sub: b@x.test;, c@x.test': ['team:', '<a@x.test>', '<b@x.test>', '<c@x.test>'],
    'team: a@x.test': ['team:', '<a@x.test>'],
    '"a b"@x.test, a"b c"d@x.test': ['<"a b"@x.test>', '<a"b c"d@x.test>'],
    'a@[IPv6:2001:db8::1], b@[127.0.0.1]': ['<a@[IPv6:2001:db8::1]>', '<b@[127.0.0.1]>'],
    'ana, Ana Silva, "quoted"': ['<ana>', 'Ana Silva<>', 'quoted<>'],
    'Ana <>, <>, ,': ['Ana<>'],
    'Ana <Ana Silva>': ['Ana<Ana Silva>'],
    ' < ana @ x.test > ': ['<ana@x.test>'],
    'ana@x.test <ana@x.test>': ['ana@x.test<ana@x.test>'],
    '高橋 <高橋@例え.test>': ['高橋<高橋@例え.test>'],
    '': [],
    ' \r\n\t': [],
  };
  for (const [value, expected] of Object.entries(cases)) assert.deepEqual(shown(value), expected, value);
});

test('encoded words in names, and only there', () => {
  const cases: Record<string, string[]> = {
    '=?utf-8?Q?Silva,_Ana?= <ana@x.test>': ['Silva, Ana<ana@x.test>'],
    '=?utf-8?Q?a?= =?utf-8?Q?b?= c <ana@x.test>': ['ab c<ana@x.test>'],
    '"=?utf-8?Q?Ana?=" <ana@x.test>': ['Ana<ana@x.test>'],
    '"x =?utf-8?Q?Ana?=" <ana@x.test>': ['x =?utf-8?Q?Ana?=<ana@x.test>'],
    'ana@x.test (=?utf-8?Q?Ana?=)': ['Ana<ana@x.test>'],
    '=?utf-8?Q?team?=: ana@x.test;': ['team:', '<ana@x.test>'],
    // What a word decodes to is never an address, nor the end of one.
    '=?utf-8?Q?boss=40x.test?=': ['boss@x.test<>'],
    '=?utf-8?Q?Boss_=3Cboss=40x.test=3E=2C?= <ana@x.test>': ['Boss <boss@x.test>,<ana@x.test>'],
    '<=?utf-8?Q?ana?=@x.test>': ['<=?utf-8?Q?ana?=@x.test>'],
  };
  for (const [value, expected] of Object.entries(cases)) assert.deepEqual(shown(value), expected, value);
});

test('every address that another program might take out of a field is taken out', () => {
  for (const value of [
    'ana@x.test boss@x.test',
    'Ana <ana@x.test> <boss@x.test>',
    'Ana <ana@x.test> boss@x.test',
    'ana@x.test : boss@x.test;',
    '=?utf-8?Q?,boss@x.test,?= <ana@x.test>',
  ]) {
    const emails = asAddresses(value).map(({ email }) => email);
    assert.ok(emails.includes('boss@x.test') && emails.includes('ana@x.test'), `${value}: ${emails.join()}`);
  }
});

test('a field has no more addresses than a bound', () => {
  const { length } = asAddresses('a@x.test,'.repeat(LIMITS.addresses + 50));
  assert.ok(length >= LIMITS.addresses && length < LIMITS.addresses + 2);
});

test('what is written is read again', () => {
  const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 120 });
  const local = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}$/);
  const domain = fc.stringMatching(/^[a-z0-9]{1,10}\.test$/);
  const address = fc.record({ name: fc.option(word), email: fc.tuple(local, domain).map((both) => both.join('@')) });
  fc.assert(
    fc.property(fc.array(address, { maxLength: 5 }), (addresses) => {
      const readable = (name: string | null): string | null =>
        name
          ?.replace(/[\r\n]+[ \t]*/g, ' ')
          .replaceAll('\0', '')
          .toWellFormed()
          .trim()
          .normalize('NFC') || null;
      const expected = addresses.map(({ name, email }) => ({ name: readable(name), email }));
      // Control characters are dropped from what is encoded (RFC 8621 §4.1.2.2).
      fc.pre(expected.every(({ name }) => name === null || !/\p{Cc}|=\?/u.test(name)));
      assert.deepEqual(asAddresses(encodeAddressList(addresses)), expected);
    }),
  );
});
