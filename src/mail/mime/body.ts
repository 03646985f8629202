// Bodies: transfer decoding, text, and which part is what (RFC 8621 §4.1.4).

import type { Part } from '../message.ts';
import { clean, decodeCharset } from './headers.ts';
import { decodeQuotedPrintable } from './structure.ts';

/** The part's content, transfer encoding undone; tolerant of what is wrong in it. */
export function decodeBody(bytes: Uint8Array, part: Part): Uint8Array {
  const body = bytes.subarray(part.body[0], part.body[1]);
  if (part.encoding === 'base64')
    return Buffer.from(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength)
        .toString('latin1')
        .replace(/[^A-Za-z0-9+/]/g, ''),
      'base64',
    );
  if (part.encoding === 'quoted-printable') return decodeQuotedPrintable(body);
  return body;
}

export interface BodyText {
  value: string;
  isEncodingProblem: boolean;
  isTruncated: boolean;
}

const KNOWN_ENCODINGS = ['7bit', '8bit', 'binary', 'base64', 'quoted-printable'];

/** RFC 8621 §4.1.4 EmailBodyValue; `maxBytes` octets of UTF-8 at most, 0: all. */
export function bodyText(bytes: Uint8Array, part: Part, maxBytes = 0): BodyText {
  const { text, problem } = decodeCharset(decodeBody(bytes, part), part.params['charset'] ?? 'us-ascii');
  const value = clean(text).replaceAll('\r\n', '\n');
  const isEncodingProblem = problem || !KNOWN_ENCODINGS.includes(part.encoding);
  if (maxBytes === 0 || Buffer.byteLength(value) <= maxBytes) return { value, isEncodingProblem, isTruncated: false };
  return { value: truncate(value, maxBytes, part.type === 'text/html'), isEncodingProblem, isTruncated: true };
}

/** Never inside a code point; in HTML never inside a tag or an entity. */
function truncate(value: string, maxBytes: number, html: boolean): string {
  let cut = Buffer.from(value).subarray(0, maxBytes).toString('utf8');
  while (cut.endsWith('\uFFFD') && !value.startsWith(cut)) cut = cut.slice(0, -1);
  if (!html) return cut;
  const open = cut.lastIndexOf('<');
  if (open > cut.lastIndexOf('>')) cut = cut.slice(0, open);
  return cut.replace(/&[#\w]{0,10}$/, '');
}

export interface BodyParts {
  textBody: Part[];
  htmlBody: Part[];
  attachments: Part[];
}

const isInlineMedia = (type: string): boolean => /^(?:image|audio|video)\//.test(type);

/** The algorithm of RFC 8621 §4.1.4, as it stands there. */
export function bodyParts(root: Part): BodyParts {
  const found: BodyParts = { textBody: [], htmlBody: [], attachments: [] };
  walk([root], 'mixed', false, found.htmlBody, found.textBody, found.attachments);
  return found;
}

function walk(
  parts: Part[],
  multipart: string,
  inAlternative: boolean,
  html: Part[] | null,
  text: Part[] | null,
  attachments: Part[],
): void {
  const textLength = text ? text.length : -1;
  const htmlLength = html ? html.length : -1;
  for (const [i, part] of parts.entries()) {
    const inline =
      part.disposition !== 'attachment' &&
      (part.type === 'text/plain' || part.type === 'text/html' || isInlineMedia(part.type)) &&
      (i === 0 || (multipart !== 'related' && (isInlineMedia(part.type) || !part.name)));
    if (part.parts) {
      const sub = part.type.slice('multipart/'.length);
      walk(part.parts, sub, inAlternative || sub === 'alternative', html, text, attachments);
    } else if (!inline) {
      attachments.push(part);
    } else if (multipart === 'alternative') {
      if (part.type === 'text/plain') text?.push(part);
      else if (part.type === 'text/html') html?.push(part);
      else attachments.push(part);
    } else {
      let [intoText, intoHtml] = [text, html];
      if (inAlternative) {
        if (part.type === 'text/plain') intoHtml = null;
        if (part.type === 'text/html') intoText = null;
      }
      intoText?.push(part);
      intoHtml?.push(part);
      if ((!intoText || !intoHtml) && isInlineMedia(part.type)) attachments.push(part);
    }
  }
  if (multipart === 'alternative' && text && html) {
    // Only one of the two was found: it serves for both.
    if (textLength === text.length && htmlLength !== html.length) text.push(...html.slice(htmlLength));
    if (htmlLength === html.length && textLength !== text.length) html.push(...text.slice(textLength));
  }
}
