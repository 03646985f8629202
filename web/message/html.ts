// Mail as HTML, made harmless: no script, nothing that is fetched, nothing that leaves its frame.
//
// The page's Content-Security-Policy takes no inline style, and a frame made here inherits it. So styles never go through
// the parser: they are set aside as text, and put on through the style objects (CSSOM) once the frame is there.

import DOMPurify, { type Config } from 'dompurify';

export interface CleanMail {
  fragment: DocumentFragment;
  /** Of all <style> elements together. */
  css: string;
  /** Pictures from elsewhere that are not fetched. */
  remote: number;
}

/** Where a style attribute's text waits. */
export const STYLE = 'data-style';
/** Where a picture's Content-ID waits. */
export const CID = 'data-cid';

const CONFIG = {
  RETURN_DOM_FRAGMENT: true,
  FORBID_TAGS: [
    'audio',
    'base',
    'button',
    'canvas',
    'dialog',
    'embed',
    'fieldset',
    'form',
    'frame',
    'frameset',
    'iframe',
    'input',
    'link',
    'map',
    'math',
    'meta',
    'noscript',
    'object',
    'option',
    'picture',
    'portal',
    'select',
    'slot',
    'source',
    'style',
    'svg',
    'template',
    'textarea',
    'title',
    'track',
    'video',
  ],
  FORBID_ATTR: [
    'action',
    'autofocus',
    'background',
    'contenteditable',
    'data',
    'form',
    'formaction',
    'href-lang',
    'id',
    'is',
    'name',
    'ping',
    'poster',
    'popover',
    'slot',
    'srcset',
    'style',
    'tabindex',
    'usemap',
    'xmlns',
  ],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  ADD_ATTR: [STYLE, CID, 'target', 'bgcolor'],
  ADD_URI_SAFE_ATTR: [STYLE, CID],
  // Every value is held against it, addresses or not: what looks like a scheme has to be one of these.
  ALLOWED_URI_REGEXP:
    /^(?:(?:https?|mailto|tel|cid):|data:image\/(?:png|gif|jpe?g|webp);base64,|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
} satisfies Config;

/** Needs a browser. Text in, elements out that no document has yet. */
export function cleanHtml(html: string): CleanMail {
  const { text, css } = setAside(html);
  let remote = 0;
  const purify = DOMPurify(window);
  purify.addHook('afterSanitizeAttributes', (element) => {
    if (element.tagName === 'A') honest(element);
    if (element.tagName === 'IMG') {
      const source = element.getAttribute('src') ?? '';
      if (/^cid:/i.test(source)) {
        element.setAttribute(CID, decode(source.slice(4)));
        element.removeAttribute('src');
      } else if (!/^data:image\/(?:png|gif|jpe?g|webp);base64,/i.test(source)) {
        if (source !== '') remote++;
        element.removeAttribute('src');
      }
      element.setAttribute('loading', 'eager');
    } else element.removeAttribute('src');
  });
  const fragment = purify.sanitize(text, CONFIG);
  return { fragment, css: cleanCss(css), remote };
}

function honest(link: Element): void {
  const href = link.getAttribute('href') ?? '';
  if (!/^(?:https?|mailto|tel):/i.test(href)) return link.removeAttribute('href');
  link.setAttribute('target', '_blank');
  link.setAttribute('rel', 'noopener noreferrer');
  link.setAttribute('title', href);
}

/**
 * Takes styles out of the text before anything parses it, and what a parser acts on even in a document that nobody sees:
 * a base, a track (Chromium fetches it), handlers (the page's policy speaks of each). The sanitizer would remove them
 * later; what is missed here, it removes. One pass, however it is written: a mail must not keep its reader waiting.
 */
export function setAside(html: string): { text: string; css: string } {
  const sheets: string[] = [];
  let text = '';
  let at = 0;
  const opening = /<(?=[a-z])/gi;
  for (let found = opening.exec(html); found; found = opening.exec(html)) {
    text += html.slice(at, found.index);
    const tag = readTag(html, found.index);
    at = tag.end;
    if (/^<style\b/i.test(tag.text)) {
      const closing = /<\/style\s*>/gi;
      closing.lastIndex = tag.end;
      const close = closing.exec(html);
      sheets.push(html.slice(tag.end, close?.index ?? html.length).replaceAll(/<!--|-->/g, ''));
      at = close ? closing.lastIndex : html.length;
    } else text += tag.text;
    opening.lastIndex = at;
  }
  return { text: text + html.slice(at), css: sheets.join('\n') };
}

const NAME = /[^\s/>]*/y;
const SPACE = /[\s/]*/y;
const ATTRIBUTE = /[^\s/>][^\s/>=]*/y;
const EQUALS = /\s*=\s*/y;
const VALUE = /"[^"]*"|'[^']*'|[^\s>]*/y;

/** The tag that begins at `from`, as HTML §13.2.5 divides it, with its attributes' names changed; `end` is behind it. */
function readTag(html: string, from: number): { text: string; end: number } {
  let end = from + 1;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = end;
    const found = pattern.exec(html)?.[0] ?? '';
    end += found.length;
    return found;
  };
  let text = `<${take(NAME).replace(/^(?=(?:base|track)$)/i, 'x-')}`;
  while (end < html.length) {
    text += take(SPACE);
    if (html[end] === '>') return { text: `${text}>`, end: end + 1 };
    const name = take(ATTRIBUTE);
    text += /^style$/i.test(name) ? STYLE : /^on[a-z]/i.test(name) ? 'x-on' : name;
    const equals = take(EQUALS);
    if (equals !== '') text += equals + take(VALUE);
  }
  return { text, end };
}

/** Without anything that is fetched: pictures and fonts by url(), other sheets by @import. */
export function cleanCss(css: string): string {
  return css
    .replaceAll(/\/\*[\s\S]*?(?:\*\/|$)/g, '')
    .replaceAll(/\\(?:([0-9a-f]{1,6})\s?|(.?))/gi, (_, code: string | undefined, sign = '') => unescaped(code, sign))
    .replaceAll(/@(?:import|charset|namespace)\b[^;{}]*;?/gi, '')
    .replaceAll(/@font-face\s*\{[^}]*\}/gi, '')
    .replaceAll(
      /(?:url|image-set|image|src|cross-fade|element|paint)\s*\((?!\s*["']?data:image\/(?:png|gif|jpe?g|webp)[;,])[^)]*\)?/gi,
      'none',
    )
    .replaceAll(/expression\s*\(|-moz-binding|behavior\s*:/gi, '');
}

/** CSS Syntax §4.3.7: an escape is the sign it names; a sign that would break out of what it stands in is none. */
function unescaped(code: string | undefined, sign: string): string {
  const point = code === undefined ? sign.codePointAt(0) : Number.parseInt(code, 16);
  const text = point === undefined || point > 0x10ffff ? '' : String.fromCodePoint(point);
  return /["'\\{};]/.test(text) ? '' : text;
}

/** Does a link say that it goes somewhere else than it does? The host that it shows, or null. Pure. */
export function pretendedHost(text: string, href: string): string | null {
  const shown = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?::\d+)?(?:[/?#]\S*)?\s*$/iu.exec(text)?.[1];
  if (shown === undefined || !/^https?:/i.test(href) || !URL.canParse(href)) return null;
  const bare = (host: string): string => host.toLowerCase().replace(/^www\./, '');
  const real = bare(new URL(href).hostname);
  const claimed = URL.canParse(`http://${shown}`) ? bare(new URL(`http://${shown}`).hostname) : bare(shown);
  return real === claimed || real.endsWith(`.${claimed}`) ? null : shown;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
