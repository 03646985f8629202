import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanCss, pretendedHost, setAside } from './html.ts';

test('styles are set aside before anything parses them', () => {
  const { text, css } = setAside(
    '<style type="a">p{color:red}</style><p STYLE = "x">style="y"</p><b class="z"style=\'a\'>',
  );
  assert.equal(css, 'p{color:red}');
  assert.equal(text, '<p data-style = "x">style="y"</p><b class="z"data-style=\'a\'>');
});

test('so are handlers, bases and tracks; words in quotes and in the text stay', () => {
  const { text } = setAside(
    '<img src=x onerror=a()><p/onclick title="once =">on and on =</p><base href=b><track src=c>',
  );
  assert.equal(text, '<img src=x x-on=a()><p/x-on title="once =">on and on =</p><x-base href=b><x-track src=c>');
});

test('however long and however broken, it is read once', () => {
  for (const part of ['<a', '<a "', "<a b='", '<style', '<a b=c ', '<style>a']) {
    const html = part.repeat(1_000_000 / part.length);
    const began = process.cpuUsage();
    setAside(html);
    // Once is some milliseconds; once for each tag would be minutes.
    assert.ok(process.cpuUsage(began).user < 20_000_000, part);
  }
});

test('a sheet that never ends takes the rest with it', () => {
  assert.deepEqual(setAside('a<style>p{}'), { text: 'a', css: 'p{}' });
});

for (const css of [
  'p{background:url(https://x.test/a.png)}',
  'p{background:u\\72l(https://x.test/a)}',
  'p{background:u/**/rl(https://x.test/a)}',
  '@import "https://x.test/a.css";',
  '@import url(https://x.test/a.css) screen;p{}',
  '@font-face{font-family:a;src:url(https://x.test/a)}',
  'p{background:image-set("https://x.test/a" 1x)}',
  'p{background:url(data:text/html,https://x.test)}',
  'p{background:URL( "https://x.test/a"',
]) {
  test(`nothing is fetched by ${css}`, () => {
    assert.doesNotMatch(cleanCss(css), /x\.test/);
  });
}

test('a picture within the sheet stays', () => {
  const css = 'p{background:url("data:image/png;base64,AAAA")}';
  assert.equal(cleanCss(css), css);
});

test('a link that shows another host than it goes to is found', () => {
  assert.equal(pretendedHost('www.bank.test', 'https://evil.test/'), 'www.bank.test');
  assert.equal(pretendedHost('https://bank.test/login', 'https://bank.test.evil.test/login'), 'bank.test');
  assert.equal(pretendedHost('bank.test', 'https://evil.test/bank.test'), 'bank.test');
  for (const [text, href] of [
    ['bank.test', 'https://www.bank.test/x'],
    ['www.bank.test', 'https://login.bank.test/x'],
    ['Read more', 'https://evil.test/'],
    ['see bank.test for more', 'https://evil.test/'],
    ['bank.test', 'mailto:a@evil.test'],
  ] as const)
    assert.equal(pretendedHost(text, href), null, text);
});
