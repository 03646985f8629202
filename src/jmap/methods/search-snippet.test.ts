import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testJmap } from '../../../test/support/jmap.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { markedPreview, markedSubject, snippetTerms } from '../email/snippet.ts';
import { searchSnippetGet } from './search-snippet.ts';

const t = await testJmap();
after(() => t.close());
const ben = await t.newUser('ben');

const word = (text: string, phrase = false): { text: string; phrase: boolean }[] => [{ text, phrase }];

test('marks', () => {
  assert.equal(markedSubject('The Foosball & <you>', word('foo')), 'The <mark>Foo</mark>sball &amp; &lt;you&gt;');
  assert.equal(markedSubject('Other', word('foo')), null);
  assert.equal(markedSubject(null, word('foo')), null);
  assert.equal(markedSubject('a+b (c)', word('a+b')), '<mark>a+b</mark> (c)');
  assert.equal(
    markedPreview('barefoot foot', word('foo')),
    'barefoot <mark>foo</mark>t',
    'as the search: by the beginning of a word',
  );
  assert.equal(
    markedPreview('the conference\n  room', word('conference room', true)),
    'the <mark>conference room</mark>',
  );
  assert.equal(markedPreview('nothing', word('&')), null);
  const long = markedPreview(`${'lorem ipsum '.repeat(50)}needle ${'<&> ä😀 '.repeat(100)}`, word('needle')) ?? '';
  assert.ok(Buffer.byteLength(long) <= 255 && Buffer.byteLength(long) > 230, long);
  assert.match(long, /<mark>needle<\/mark>/);
  assert.ok(long.isWellFormed());
});

test('marks what the search finds: without regard to case and diacritics, and within what has no spaces', () => {
  assert.equal(markedSubject('Grüße, Müller', word('MULL')), 'Grüße, <mark>Müll</mark>er');
  assert.equal(markedSubject('Stra\u00dfe 5', word('strasse')), '<mark>Straße</mark> 5');
  assert.equal(markedSubject('Mu\u0308ller', word('muller')), '<mark>Mu\u0308ller</mark>');
  assert.equal(markedSubject('明天在北京大学开会', word('北京大学')), '明天在<mark>北京大学</mark>开会');
  assert.equal(markedSubject('Ёлка', word('елка')), '<mark>Ёлка</mark>');
});

test('terms are those that are looked for', () => {
  const of = snippetTerms({
    kind: 'and',
    of: [
      { kind: 'text', text: 'a' },
      { kind: 'subject', text: 'b' },
      { kind: 'or', of: [{ kind: 'body', text: 'c' }] },
      { kind: 'not', of: [{ kind: 'text', text: 'd' }] },
      { kind: 'from', text: 'e' },
    ],
  });
  assert.deepEqual(
    [of.subject.map((term) => term.text), of.body.map((term) => term.text)],
    [
      ['a', 'b'],
      ['a', 'c'],
    ],
  );
});

test('snippets; one of a body is a download', async () => {
  const { emailIds, messageId } = await t.deliver([ben.account], mail('Concert', { body: 'Bring the xylophone.' }));
  const other = await t.deliver([ben.account], mail('Xylophone'));
  const third = await t.append(ben.account, 1, mail('Nothing'));
  const asked = [`m${emailIds[0]}`, `m${other.emailIds[0]}`, `m${third}`];
  const result = await ben.call(searchSnippetGet, {
    filter: { text: 'xylophone' },
    emailIds: [...asked, 'nonexistent-email-xyz'],
  });
  const list = (result['list'] as { emailId: string; subject: string | null; preview: string | null }[]).toSorted(
    (a, b) => asked.indexOf(a.emailId) - asked.indexOf(b.emailId),
  );
  assert.deepEqual(list, [
    { emailId: asked[0], subject: null, preview: 'Bring the <mark>xylophone</mark>.' },
    { emailId: asked[1], subject: '<mark>Xylophone</mark>', preview: 'Text of <mark>Xylophone</mark>.' },
    { emailId: asked[2], subject: null, preview: null },
  ]);
  assert.deepEqual(result['notFound'], ['nonexistent-email-xyz']);
  const [row] = await t.sql<{ downloaded_by: string }>(
    `SELECT downloaded_by FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
    [t.tenant, ben.account, emailIds[0]],
  );
  assert.equal(row?.downloaded_by, 'Test Mail');
  await t.gate(messageId);
  const gated = await ben.call(searchSnippetGet, { filter: { text: 'xylophone' }, emailIds: asked.slice(0, 1) });
  assert.deepEqual([gated['list'], gated['notFound']], [[], [asked[0]]]);
  assert.equal((await ben.call(searchSnippetGet, { filter: null, emailIds: [asked[2]] }))['notFound'], null);
});
