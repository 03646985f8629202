import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEndWatch } from './look-alikes.ts';

/** In one piece, and octet by octet: both say the same. */
function look(text: string): string | null {
  const bytes = Buffer.from(text, 'latin1');
  const [whole, slow] = [createEndWatch(), createEndWatch()];
  whole.see(bytes);
  for (let at = 0; at < bytes.length; at++) slow.see(bytes.subarray(at, at + 1));
  assert.equal(slow.found, whole.found, JSON.stringify(text));
  return whole.found;
}

const ENDS = { '\r\n': '<CR><LF>', '\r': '<CR>', '\n': '<LF>' };

for (const [before, beforeWords] of Object.entries(ENDS))
  for (const [after, afterWords] of Object.entries(ENDS)) {
    const form = `${beforeWords}.${afterWords}`;
    test(`${form} is ${before === after && after === '\r\n' ? 'the text of who stuffs dots' : 'found'}`, () => {
      const found = form === '<CR><LF>.<CR><LF>' ? null : form;
      assert.equal(look(`a${before}.${after}b\r\n`), found);
      assert.equal(look(`a\r\n\r\n${'x'.repeat(100)}${before}${before}.${after}${after}\r\n`), found);
      // A line begins where the message does.
      if (before === '\r\n') assert.equal(look(`.${after}b\r\n`), found);
    });
  }

test('NULs about them change nothing for who drops them', () => {
  for (const end of ['\r\n\0.\r\n', '\r\n.\0\r\n', '\r\0\n.\r\n', '\r\n.\r\0\n', '\r\n\0\0.\0\r\n', '\0.\r\n'])
    assert.match(
      look(end.startsWith('\0') ? `${end}b\r\n` : `a${end}b\r\n`) ?? '',
      /NUL|<CR>\.|\.<CR>/,
      JSON.stringify(end),
    );
  assert.equal(look('a\n\0.\0\n\r\n'), '<LF>.<LF>');
});

test('all else is text', () => {
  for (const text of [
    'one\ntwo\n\nthree\rfour\r\r\n',
    'a\n..\nb\r..\rc\n.a\n. \nb.\nc\r\n',
    '..\r\n.\r\n...\r\n',
    'a\0\r\n.\r\n\0\r\n.\r\n\0b.\n',
    '\x85.\x85\r\n',
    '\r\n. \r\n',
    '\r\r\n.\r\n',
    '.',
    '',
  ])
    assert.equal(look(text), null, JSON.stringify(text));
});
