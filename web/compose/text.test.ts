import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from 'prosemirror-model';
import { schema } from './schema.ts';
import { docToText, textToBlocks } from './text.ts';

const { nodes, marks } = schema;
const p = (...content: (string | Node)[]): Node =>
  nodes['paragraph']!.create(
    null,
    content.map((one) => (typeof one === 'string' ? schema.text(one) : one)),
  );
const of = (name: string, ...content: Node[]): Node => nodes[name]!.create(null, content);
const text = (...content: Node[]): string => docToText(of('doc', ...content));

test('paragraphs are lines, and an empty one is an empty line', () => {
  assert.equal(text(p('One'), p(), p('Two', nodes['hard_break']!.create(), 'three'), p(), p()), 'One\n\nTwo\nthree\n');
  assert.equal(text(p()), '');
});

test('lists, quotes and quotes in quotes', () => {
  const list = of(
    'ordered_list',
    of('list_item', p('a'), of('bullet_list', of('list_item', p('b')))),
    of('list_item', p('c')),
  );
  assert.equal(text(list), '1. a\n   - b\n2. c\n');
  assert.equal(text(p('Yes'), of('blockquote', p('Who?'), p(), of('blockquote', p('Me')))), 'Yes\n> Who?\n>\n>> Me\n');
});

test('a link says where it leads, but not twice', () => {
  const link = (shown: string, href: string): Node => schema.text(shown, [marks['link']!.create({ href })]);
  assert.equal(text(p('See ', link('this', 'https://a.test/x'), '.')), 'See this <https://a.test/x>.\n');
  assert.equal(text(p(link('a.test', 'https://a.test/'))), 'a.test\n');
  assert.equal(text(p(link('ana@pigeon.test', 'mailto:ana@pigeon.test'))), 'ana@pigeon.test\n');
});

test('a picture is named, a signature parted', () => {
  const image = nodes['image']!.create({ cid: 'x', alt: 'roof.png' });
  assert.equal(text(p('Look: ', image), of('signature', p('Ana'))), 'Look: [roof.png]\n-- \nAna\n');
});

test('plain text into blocks', () => {
  const line = (one: string): object => ({ kind: 'line', text: one });
  assert.deepEqual(textToBlocks('Hi\r\n\r\n> a\r\n>> b\r\n>c\r\nend\r\n\r\n'), [
    line('Hi'),
    line(''),
    { kind: 'quote', of: [line('a'), { kind: 'quote', of: [line('b')] }, line('c')] },
    line('end'),
  ]);
  const deep = textToBlocks(`${'>'.repeat(500)} x`);
  assert.equal(JSON.stringify(deep).split('quote').length - 1, 8);
});
