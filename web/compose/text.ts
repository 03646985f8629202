// A letter as plain text: the other half of multipart/alternative, for programs and people that want no HTML.

import type { Mark, Node } from 'prosemirror-model';

/** Ends with a line end. */
export function docToText(doc: Node): string {
  const lines = blocks(doc);
  while (lines.at(-1)?.trim() === '') lines.pop();
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function blocks(parent: Node): string[] {
  const lines: string[] = [];
  parent.forEach((node) => lines.push(...block(node)));
  return lines;
}

function block(node: Node): string[] {
  switch (node.type.name) {
    case 'blockquote':
      return blocks(node).map((line) => (line === '' || line.startsWith('>') ? `>${line}` : `> ${line}`));
    case 'bullet_list':
      return items(node, () => '- ');
    case 'ordered_list':
      return items(node, (i) => `${Number(node.attrs['order']) + i}. `);
    case 'horizontal_rule':
      return ['-'.repeat(40)];
    case 'signature':
      // RFC 3676 §4.3: "-- " parts a signature from the text, for programs that fold it away.
      return ['-- ', ...blocks(node)];
    default:
      return node.isTextblock ? inline(node).split('\n') : blocks(node);
  }
}

function items(list: Node, bullet: (index: number) => string): string[] {
  const lines: string[] = [];
  list.forEach((item, _, i) => {
    const mark = bullet(i);
    lines.push(...blocks(item).map((line, n) => (n === 0 ? mark : ' '.repeat(mark.length)) + line));
  });
  return lines;
}

function inline(node: Node): string {
  let text = '';
  let link: { href: string; from: number } | null = null;
  const close = (): void => {
    if (!link) return;
    const shown = text.slice(link.from);
    // Where the words are the target there is nothing to add.
    if (bare(link.href) !== bare(shown)) text += ` <${link.href}>`;
    link = null;
  };
  node.forEach((child) => {
    const href = hrefOf(child.marks);
    if (link && link.href !== href) close();
    if (href !== null && !link) link = { href, from: text.length };
    if (child.isText) text += child.text ?? '';
    else if (child.type.name === 'hard_break') text += '\n';
    else if (child.type.name === 'image') text += `[${(child.attrs['alt'] as string) || 'picture'}]`;
  });
  close();
  return text;
}

const hrefOf = (marks: readonly Mark[]): string | null =>
  (marks.find((mark) => mark.type.name === 'link')?.attrs['href'] as string | undefined) ?? null;

const bare = (text: string): string =>
  text
    .trim()
    .replace(/^(?:https?:\/\/|mailto:)/i, '')
    .replace(/\/$/, '')
    .toLowerCase();

/** Plain text as paragraphs of a letter: quoted lines become quotes, empty lines stay. */
export function textToBlocks(text: string): QuotedBlock[] {
  const lines = text.replaceAll('\r\n', '\n').replace(/\n+$/, '').split('\n');
  return gather(lines);
}

export type QuotedBlock = { kind: 'line'; text: string } | { kind: 'quote'; of: QuotedBlock[] };

/** Quotes within quotes beyond this are lines. */
const DEEPEST = 8;

function gather(lines: string[], depth = 0): QuotedBlock[] {
  const found: QuotedBlock[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (!line.startsWith('>') || depth >= DEEPEST) {
      found.push({ kind: 'line', text: line });
      continue;
    }
    const quoted: string[] = [];
    while (lines[i]?.startsWith('>')) quoted.push((lines[i++] ?? '').replace(/^> ?/, ''));
    i--;
    found.push({ kind: 'quote', of: gather(quoted, depth + 1) });
  }
  return found;
}
