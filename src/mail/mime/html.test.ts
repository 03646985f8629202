import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlToText, wholeTags } from './html.ts';

test('words, without what is not shown', () => {
  const cases: Record<string, string> = {
    '<style>x</style>a<script>alert("</p>")</SCRIPT >b &amp; c<!-- d --> e': 'ab & c e',
    '<head><title>t</title></head><body>b</body>': 'b',
    '<header>h</header>': 'h',
    '<p>a</p><p>b<br>c<div><div>d': 'a\nb\nc\nd',
    'a\r\n  b<b> c </b>\n d': 'a b c d',
    'so<b>me</b>thing': 'something',
    '<a title="a > b" href=\'x>y\'>link</a>': 'link',
    '<a title="never closed>link</a>': 'link',
    'it <is "quoted">a</is> b': 'it a b',
    '1 < 2 <3 <': '1 < 2 <3 <',
    'a <b': 'a',
    '<script>never closed': 'never closed',
    '<!-- never closed <p>a': 'a',
    '&uuml;&Uuml;&szlig;&euro;&nbsp;&#8364;&#x20ac;&lt;p&gt;': 'üÜß€\u00a0€€<p>',
    '&unknown; &amp &#0;-&#xD800;-&#1114112;-&#150; &ampx;': '&unknown; &amp  - - -  &ampx;',
  };
  for (const [html, expected] of Object.entries(cases)) assert.equal(htmlToText(html), expected, html);
});

test('a cut is never in a tag, a comment or a character reference', () => {
  const html = '<p title="a > b">a &amp; b</p><!-- > -->c < d <b>';
  for (let end = 0; end <= html.length; end++) {
    const cut = wholeTags(html, end);
    assert.ok(html.startsWith(cut) && cut.length <= end);
    assert.ok(!/<[a-z/!][^>]*$/.test(cut.replace('"a > b"', '').replace('<!-- > -->', '')), cut);
    assert.ok(!/&[a-z]*$/.test(cut), cut);
  }
  assert.equal(wholeTags('a < b', 4), 'a < ');
  assert.equal(wholeTags('a & b', 3), 'a &');
  assert.equal(wholeTags('a<b', 2), 'a');
  assert.equal(wholeTags('abc', 3), 'abc');
});

test('any text is read', () => {
  const html = fc.string({
    unit: fc.constantFrom('<', '>', '"', "'", '=', '&', ';', '#', '!--', '-->', '/', 'a', ' ', 'script', '\n'),
  });
  fc.assert(
    fc.property(html, fc.nat(60), (text, end) => {
      assert.ok(htmlToText(text).length <= text.length + 60);
      assert.ok(text.startsWith(wholeTags(text, Math.min(end, text.length))));
    }),
  );
});
