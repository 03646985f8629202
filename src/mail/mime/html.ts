// HTML read for its words (preview, search) and for where it may be cut. Never shown as HTML. Linear in its length.

const DROPPED = /<(script|style|head|title|template|svg|math)(?=[\s/>])/iy;
const BLOCK =
  /<\/?(?:address|article|aside|blockquote|body|br|center|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|hr|img|li|main|nav|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)(?=[\s/>])/iy;
const TAG = /<[a-z/!?]/iy;

/** Words of an HTML text, blocks on lines of their own. */
export function htmlToText(html: string): string {
  const ends = tagEnds(html);
  const closing = new Map<string, boolean>();
  let text = '';
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) break;
    text += collapsed(html.slice(at, open));
    if (!matches(TAG, html, open)) {
      text += '<';
      at = open + 1;
      continue;
    }
    if (matches(BLOCK, html, open)) text += '\n';
    at = ends(open);
    DROPPED.lastIndex = open;
    const name = DROPPED.exec(html)?.[1]?.toLowerCase();
    if (name === undefined || closing.get(name) === false) continue;
    const close = indexOfClosing(html, name, at);
    // One that is never closed is not dropped: with it would go all the rest.
    closing.set(name, close >= 0);
    if (close >= 0) at = ends(close);
  }
  text += collapsed(html.slice(at));
  return decodeEntities(
    text
      .replace(/ {2,}/g, ' ')
      .replace(/ ?\n[ \n]*/g, '\n')
      .trim(),
  );
}

function collapsed(text: string): string {
  return text.replace(/[ \t\r\n\f]+/g, ' ');
}

/** The longest beginning of `html[0, end)` that ends neither in a tag nor in a comment nor in a character reference. */
export function wholeTags(html: string, end: number): string {
  const ends = tagEnds(html);
  let at = 0;
  while (at < end) {
    const open = html.indexOf('<', at);
    if (open < 0 || open >= end) break;
    if (!matches(TAG, html, open)) {
      at = open + 1;
      continue;
    }
    at = ends(open);
    if (at > end) return html.slice(0, open);
  }
  const cut = html.slice(0, end);
  const reference = /&(?:#?\w{0,31})$/.exec(cut);
  return reference && /^[\w#;]/.test(html.slice(end)) ? cut.slice(0, reference.index) : cut;
}

/**
 * Offset after the tag or comment that begins at an offset. A quoted attribute value may hold ">"; a quote that is never
 * closed is none.
 */
function tagEnds(html: string): (open: number) => number {
  const endless = new Set<string>();
  const find = (what: string, from: number): number => {
    const at = endless.has(what) ? -1 : html.indexOf(what, from);
    if (at < 0) endless.add(what);
    return at;
  };
  return (open) => {
    if (html.startsWith('<!--', open)) {
      const end = find('-->', open + 4);
      if (end >= 0) return end + 3;
    }
    VALUE.lastIndex = open;
    let at = open + 1;
    for (;;) {
      VALUE.lastIndex = at;
      const match = VALUE.exec(html);
      if (!match) return html.length;
      if (match[0] === '>') return match.index + 1;
      const from = match.index + match[0].length;
      const close = find(match[0].slice(-1), from);
      at = close < 0 ? from : close + 1;
    }
  };
}

/** The end of a tag, or the beginning of a quoted value in it. */
const VALUE = />|=\s*["']/g;

function indexOfClosing(html: string, name: string, from: number): number {
  const pattern = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
  pattern.lastIndex = from;
  return pattern.exec(html)?.index ?? -1;
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** U+00A0 to U+00FF, in order. */
const LATIN = (
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml'
).split(' ');

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...LATIN.map((name, i): [string, string] => [name, String.fromCharCode(0xa0 + i)]),
  ...Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    ndash: '–',
    mdash: '—',
    lsquo: '‘',
    rsquo: '’',
    sbquo: '‚',
    ldquo: '“',
    rdquo: '”',
    bdquo: '„',
    lsaquo: '‹',
    rsaquo: '›',
    hellip: '…',
    bull: '•',
    euro: '€',
    trade: '™',
    oelig: 'œ',
    OElig: 'Œ',
    scaron: 'š',
    Scaron: 'Š',
    zwnj: '\u200C',
    zwj: '\u200D',
    ensp: '\u2002',
    emsp: '\u2003',
    thinsp: '\u2009',
    rarr: '→',
    larr: '←',
  }),
]);

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]\w{1,7}));?/gi,
    (all, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return (all.endsWith(';') ? ENTITIES.get(name) : undefined) ?? all;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      // 0x80 to 0x9f are windows-1252 to a browser: punctuation, all of it.
      return code < 32 || (code >= 0x7f && code < 0xa0) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)
        ? ' '
        : String.fromCodePoint(code);
    },
  );
}
