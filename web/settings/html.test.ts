import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlOf } from './html.ts';

test('a signature as HTML says what was typed, and nothing else', () => {
  assert.equal(
    htmlOf('Ana Silva\r\nPigeon & Sons <ana@pigeon.test>\n\n'),
    '<div>Ana Silva<br>Pigeon &amp; Sons &lt;ana@pigeon.test&gt;</div>',
  );
  assert.equal(htmlOf(''), '');
  assert.equal(htmlOf('\n\n'), '');
  assert.equal(htmlOf('<script>"x"</script>'), '<div>&lt;script&gt;&quot;x&quot;&lt;/script&gt;</div>');
});
