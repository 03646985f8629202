import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wantedWords, wordsOf } from './words.ts';

const words = (text: string): string => [...wordsOf(text)].join(' ');
const wanted = (text: string, whole = false): string =>
  wantedWords(text, { whole })
    .map((word) => `${word.text}${word.prefix ? '*' : ''}`)
    .join(' ');

test('words of what has spaces: in any case, width and with or without marks', () => {
  assert.equal(words('The Financial REPORT, Q3/2026!'), 'the financial report q3 2026');
  assert.equal(words('Jürgen Müller, Straße'), 'jurgen muller strasse');
  assert.equal(words('ＡＢＣ ﬁne ½'), 'abc fine 1 2');
  assert.equal(words('Ærø Łódź Đorđe İstanbul ılık'), 'aero lodz dorde istanbul ilik');
  assert.equal(words('ΟΔΥΣΣΕΎΣ Όδυσσεύς'), 'οδυσσευσ οδυσσευσ');
  assert.equal(words('Ёлка ёлка'), 'елка елка');
  assert.equal(words('مُدَرِّسَة أحمد ـهـ'), 'مدرسه احمد ه');
  assert.equal(words('שָׁלוֹם'), 'שלום');
  assert.equal(words('हिन्दी भाषा'), 'हिन्दी भाषा', 'vowels of these are letters of the word');
});

test('an address in its parts', () => {
  assert.equal(words('ana.silva+news@mail.pigeon.test'), 'ana silva news mail pigeon test');
});

test('pairs of what has none', () => {
  assert.equal(words('北京大学'), '北京 京大 大学 学');
  assert.equal(words('東京タワーへ'), '東京 京タ タワ ワー ーへ へ');
  assert.equal(words('iPhone手机 4'), 'iphone 手机 机 4');
  assert.equal(words('학교에서'), '학교 교에 에서 서');
  assert.equal(
    words('ภาษาไทย'),
    Array.from('ภาษาไทย')
      .map((c, i, all) => c + (all[i + 1] ?? ''))
      .join(' '),
  );
  assert.equal(words('ｶﾞｲﾄﾞ'), 'ガイ イド ド', 'half width, too');
  assert.equal(words('𠮷野家'), '𠮷野 野家 家', 'whole characters');
});

test('what is looked for: the last word by its beginning, unless it has ended', () => {
  assert.equal(wanted('Finan'), 'finan*');
  assert.equal(wanted('example.net'), 'example net*');
  assert.equal(wanted('second@'), 'second');
  assert.equal(wanted('Q_'), 'q');
  assert.equal(wanted('conference room', true), 'conference room');
  assert.equal(wanted('大'), '大*');
  assert.equal(wanted('大学'), '大学');
  assert.equal(wanted('北京大学'), '北京 京大 大学');
  assert.equal(wanted('手机x'), '手机 x*');
  assert.equal(wanted('<-> & !'), '');
  assert.equal(wanted('a'.repeat(200)), `${'a'.repeat(64)}*`);
});
