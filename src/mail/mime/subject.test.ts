import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { baseSubject, threadSubject } from './subject.ts';

test('RFC 5256 §2.1', () => {
  const cases: Record<string, string> = {
    Hi: 'Hi',
    'Re: Hi': 'Hi',
    ' rE :\tFW: Fwd:Hi  there ': 'Hi there',
    'Re[2]: Hi': 'Hi',
    'Re [2] : Hi': 'Hi',
    '[list] Re: [other] Hi': 'Hi',
    '[a][b] Re: Hi': 'Hi',
    '[a] [b]': '[b]',
    '[list]': '[list]',
    '[list] ': '[list]',
    'Re: [list]': '[list]',
    'Hi (fwd)': 'Hi',
    'Hi (FWD) (fwd)  ': 'Hi',
    '[fwd: Re: Hi]': 'Hi',
    '[FWD: [fwd: Hi (fwd)] (fwd)]': 'Hi',
    '[fwd: Hi] there': 'there',
    'Re: ': '',
    '(fwd)': '',
    '': '',
    'Regarding: Hi': 'Regarding: Hi',
    'Re Hi': 'Re Hi',
    'AW: Hi': 'AW: Hi',
    '[a[b] Hi': '[a[b] Hi',
  };
  for (const [subject, expected] of Object.entries(cases)) assert.equal(baseSubject(subject), expected, subject);
});

test('for threads, other languages too', () => {
  assert.equal(threadSubject('AW: Re: WG: [list] SV: Hi (fwd)'), 'Hi');
  assert.equal(threadSubject('回复：Hi'), 'Hi');
  assert.equal(threadSubject('Awkward: Hi'), 'Awkward: Hi');
});

test('a base has none of it left', () => {
  const subject = fc.string({
    unit: fc.constantFrom('re', 'fwd', ':', '[', ']', '(fwd)', '[fwd:', ' ', 'x', '\t'),
    maxLength: 60,
  });
  fc.assert(fc.property(subject, (text) => assert.equal(baseSubject(baseSubject(text)), baseSubject(text))));
});
