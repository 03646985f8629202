// HTML from elsewhere into a letter, and a letter into HTML. Nothing that is read here is ever put into the page as it came.

import DOMPurify from 'dompurify';
import { DOMParser, DOMSerializer, type Node } from 'prosemirror-model';
import { schema, STYLE } from './schema.ts';
import { textToBlocks, type QuotedBlock } from './text.ts';

const FORBIDDEN = ['style', 'form', 'input', 'button', 'textarea', 'select', 'video', 'audio', 'picture', 'source'];

/** The page's policy would speak up about each style attribute and sheet, even in a document that nobody sees. */
export function withoutStyles(html: string): string {
  return html
    .replaceAll(/<style\b[\s\S]*?(?:<\/style\s*>|$)/gi, '')
    .replaceAll(/<[a-z][^>]*>/gi, (tag) => tag.replaceAll(/\sstyle(\s*=)/gi, ` ${STYLE}$1`));
}

/** `pictures`: where this window shows the parts of the mail, by Content-ID. */
export function htmlToDoc(html: string, pictures: ReadonlyMap<string, string> = new Map()): Node {
  const clean = DOMPurify.sanitize(withoutStyles(html), {
    USE_PROFILES: { html: true },
    FORBID_TAGS: FORBIDDEN,
    FORBID_ATTR: ['style', 'data-cid', 'srcset'],
    RETURN_DOM_FRAGMENT: true,
    ALLOW_UNKNOWN_PROTOCOLS: true,
  });
  for (const image of clean.querySelectorAll('img')) {
    const cid = /^cid:(.+)$/i.exec(image.getAttribute('src') ?? '')?.[1];
    const src = cid === undefined ? undefined : pictures.get(cid);
    if (cid === undefined || src === undefined) image.remove();
    else {
      image.setAttribute('data-cid', cid);
      image.setAttribute('src', src);
    }
  }
  return DOMParser.fromSchema(schema).parse(clean);
}

export function textToDoc(text: string): Node {
  return schema.node('doc', null, fromBlocks(textToBlocks(text)));
}

function fromBlocks(blocks: QuotedBlock[]): Node[] {
  const nodes = blocks.map((block) =>
    block.kind === 'line' ? paragraph(block.text) : schema.node('blockquote', null, fromBlocks(block.of)),
  );
  return nodes.length > 0 ? nodes : [paragraph()];
}

export const paragraph = (text = ''): Node => schema.node('paragraph', null, text === '' ? [] : [schema.text(text)]);

const MARGINS: Record<string, string> = {
  P: 'margin: 0',
  BLOCKQUOTE: 'margin: 0 0 0 4px; padding-left: 12px; border-left: 2px solid #c7c7c7',
};

/** The HTML that is sent: pictures by Content-ID, paragraphs as they looked. */
export function docToHtml(doc: Node): string {
  // A document that fetches nothing.
  const inert = document.implementation.createHTMLDocument('');
  inert.body.append(DOMSerializer.fromSchema(schema).serializeFragment(doc.content, { document: inert }));
  for (const element of inert.body.querySelectorAll<HTMLElement>('p, blockquote')) {
    element.style.cssText = MARGINS[element.tagName] ?? '';
    if (element.tagName === 'P' && element.childNodes.length === 0) element.append(inert.createElement('br'));
  }
  for (const image of inert.body.querySelectorAll('img')) {
    image.setAttribute('src', `cid:${image.getAttribute('data-cid') ?? ''}`);
    image.removeAttribute('data-cid');
  }
  return `<!DOCTYPE html><html><body>${inert.body.innerHTML}</body></html>`;
}

/** Content-IDs of the pictures that stand in the letter. */
export function picturesIn(doc: Node): Set<string> {
  const found = new Set<string>();
  doc.descendants((node) => {
    if (node.type.name === 'image') found.add(node.attrs['cid'] as string);
  });
  return found;
}
