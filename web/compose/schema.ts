// What a letter may be made of. The same for what is written here and for what is quoted: mail from elsewhere is read into
// it, and whatever it has no word for (layout tables, scripts, style sheets) falls away.

import { Schema, type DOMOutputSpec, type MarkSpec, type NodeSpec } from 'prosemirror-model';

/** Letters of a mail, not of this client: they are read under other themes, so they are no tokens. */
export const COLOURS: readonly [name: string, value: string][] = [
  ['Red', '#b10e1c'],
  ['Orange', '#a4420e'],
  ['Green', '#0e700e'],
  ['Blue', '#0f548c'],
  ['Purple', '#5c2e91'],
  ['Grey', '#616161'],
];

export const SIZES: readonly [name: string, value: string][] = [
  ['Small', '12px'],
  ['Large', '18px'],
  ['Huge', '24px'],
];

/** The page's policy takes no style attributes, so what is read in has them under this name (read.ts). */
export const STYLE = 'data-style';

const nodes: Record<string, NodeSpec> = {
  doc: { content: 'block+' },
  paragraph: {
    content: 'inline*',
    group: 'block',
    parseDOM: [{ tag: 'p' }, { tag: 'div' }, { tag: 'td' }, { tag: 'th' }],
    toDOM: () => ['p', 0],
  },
  signature: {
    content: 'block+',
    group: 'block',
    defining: true,
    parseDOM: [{ tag: 'div.signature', priority: 60 }],
    toDOM: () => ['div', { class: 'signature' }, 0],
  },
  blockquote: {
    content: 'block+',
    group: 'block',
    defining: true,
    parseDOM: [{ tag: 'blockquote' }],
    toDOM: () => ['blockquote', { type: 'cite' }, 0],
  },
  heading: {
    attrs: { level: { default: 2 } },
    content: 'inline*',
    group: 'block',
    defining: true,
    parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level: Math.min(level, 3) } })),
    toDOM: (node): DOMOutputSpec => [`h${String(node.attrs['level'])}`, 0],
  },
  code_block: {
    content: 'text*',
    marks: '',
    group: 'block',
    code: true,
    defining: true,
    parseDOM: [{ tag: 'pre', preserveWhitespace: 'full' }],
    toDOM: () => ['pre', 0],
  },
  horizontal_rule: { group: 'block', parseDOM: [{ tag: 'hr' }], toDOM: () => ['hr'] },
  ordered_list: {
    attrs: { order: { default: 1 } },
    content: 'list_item+',
    group: 'block',
    parseDOM: [{ tag: 'ol', getAttrs: (dom) => ({ order: Number(dom.getAttribute('start') ?? 1) || 1 }) }],
    toDOM: (node): DOMOutputSpec => ['ol', node.attrs['order'] === 1 ? {} : { start: node.attrs['order'] }, 0],
  },
  bullet_list: { content: 'list_item+', group: 'block', parseDOM: [{ tag: 'ul' }], toDOM: () => ['ul', 0] },
  list_item: { content: 'paragraph block*', defining: true, parseDOM: [{ tag: 'li' }], toDOM: () => ['li', 0] },
  text: { group: 'inline' },
  image: {
    inline: true,
    group: 'inline',
    draggable: true,
    // cid: the part of the mail that it is; src: where this window shows it from.
    attrs: { cid: {}, src: { default: '' }, alt: { default: '' }, width: { default: null } },
    parseDOM: [{ tag: 'img[data-cid]', getAttrs: imageAttributes }],
    toDOM: ({ attrs }): DOMOutputSpec => [
      'img',
      {
        'data-cid': attrs['cid'],
        src: attrs['src'],
        alt: attrs['alt'],
        ...(attrs['width'] ? { width: attrs['width'] } : {}),
      },
    ],
  },
  hard_break: { inline: true, group: 'inline', selectable: false, parseDOM: [{ tag: 'br' }], toDOM: () => ['br'] },
};

/** Pictures of this letter only: read.ts has given them a place of this window's own. None is fetched from elsewhere. */
function imageAttributes(dom: HTMLElement): Record<string, unknown> | false {
  if (!dom.getAttribute('src')?.startsWith('blob:')) return false;
  return {
    cid: dom.getAttribute('data-cid'),
    src: dom.getAttribute('src') ?? '',
    alt: dom.getAttribute('alt') ?? '',
    width: /^\d{1,4}$/.exec(dom.getAttribute('width') ?? '')?.[0] ?? null,
  };
}

/** Schemes that a link in a letter may have. */
const LINK = /^(?:https?|mailto|tel):/i;
export const isLink = (href: string): boolean => LINK.test(href);

const marks: Record<string, MarkSpec> = {
  link: {
    attrs: { href: {} },
    inclusive: false,
    parseDOM: [
      {
        tag: 'a[href]',
        getAttrs(dom) {
          const href = dom.getAttribute('href') ?? '';
          return isLink(href) ? { href } : false;
        },
      },
    ],
    toDOM: (mark): DOMOutputSpec => ['a', { href: mark.attrs['href'] as string }, 0],
  },
  strong: {
    parseDOM: [
      { tag: 'strong' },
      { tag: 'b' },
      styled('font-weight', (value) => /^(?:bold(?:er)?|[6-9]\d\d)$/.test(value)),
    ],
    toDOM: () => ['strong', 0],
  },
  em: {
    parseDOM: [{ tag: 'em' }, { tag: 'i' }, styled('font-style', (value) => value === 'italic')],
    toDOM: () => ['em', 0],
  },
  underline: {
    parseDOM: [{ tag: 'u' }, styled('text-decoration', (value) => value.includes('underline'))],
    toDOM: () => ['u', 0],
  },
  strike: {
    parseDOM: [
      { tag: 's' },
      { tag: 'strike' },
      { tag: 'del' },
      styled('text-decoration', (value) => value.includes('line-through')),
    ],
    toDOM: () => ['s', 0],
  },
  code: { parseDOM: [{ tag: 'code' }, { tag: 'tt' }], toDOM: () => ['code', 0] },
  size: {
    attrs: { value: {} },
    parseDOM: [{ tag: 'span[data-size]', getAttrs: (dom) => known(SIZES, dom.getAttribute('data-size')) }],
    toDOM: (mark): DOMOutputSpec => [
      'span',
      { 'data-size': mark.attrs['value'] as string, style: `font-size: ${String(mark.attrs['value'])}` },
      0,
    ],
  },
  colour: {
    attrs: { value: {} },
    parseDOM: [{ tag: 'span[data-colour]', getAttrs: (dom) => known(COLOURS, dom.getAttribute('data-colour')) }],
    toDOM: (mark): DOMOutputSpec => [
      'span',
      { 'data-colour': mark.attrs['value'] as string, style: `color: ${String(mark.attrs['value'])}` },
      0,
    ],
  },
};

/** A rule for a declaration of a style attribute, wherever it stands. */
function styled(
  property: string,
  means: (value: string) => boolean,
): { tag: string; consuming: boolean; getAttrs(dom: HTMLElement): false | null } {
  return {
    tag: `[${STYLE}]`,
    consuming: false,
    getAttrs: (dom) => (means(declared(dom.getAttribute(STYLE) ?? '', property)) ? null : false),
  };
}

function declared(style: string, property: string): string {
  const found = style.split(';').findLast((each) => each.split(':')[0]?.trim().toLowerCase() === property);
  return (
    found
      ?.slice(found.indexOf(':') + 1)
      .trim()
      .toLowerCase() ?? ''
  );
}

function known(list: readonly [string, string][], value: string | null): { value: string } | false {
  return value !== null && list.some(([, one]) => one === value) ? { value } : false;
}

export const schema = new Schema({ nodes, marks });
