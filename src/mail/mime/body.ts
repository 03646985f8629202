// Bodies: transfer decoding, text, and which part is what (RFC 8621 §4.1.4).

import type { ByteRange, Part } from '../message.ts';
import { clean, decodeCharset } from './charset.ts';
import { wholeTags } from './html.ts';
import { createDecoder, decodeTransfer, KNOWN_ENCODINGS } from './transfer.ts';

/** The part's content, transfer encoding undone; tolerant of what is wrong in it. May be a view of `bytes`. */
export function decodeBody(bytes: Uint8Array, part: Part): Uint8Array {
  const body = bytes.subarray(part.body[0], part.body[1]);
  // RFC 2045 §6.4: what is made of parts is never encoded itself, whatever it says.
  return part.parts ? body : decodeTransfer(body, part.encoding);
}

/** As decodeBody, of a body that comes in pieces. */
export async function* decodePieces(
  body: AsyncIterable<Uint8Array>,
  { encoding, parts }: Pick<Part, 'encoding' | 'parts'>,
): AsyncGenerator<Uint8Array, void> {
  const decoder = createDecoder(parts ? 'binary' : encoding);
  for await (const piece of body) {
    const some = decoder.push(piece);
    if (some.length > 0) yield some;
  }
  const last = decoder.end();
  if (last.length > 0) yield last;
}

/** Of what comes in pieces, octets [start, end). */
export async function* within(
  pieces: AsyncIterable<Uint8Array>,
  [start, end]: ByteRange,
): AsyncGenerator<Uint8Array, void> {
  let at = 0;
  for await (const piece of pieces) {
    if (at >= end) return;
    const some = piece.subarray(Math.max(0, start - at), end - at);
    at += piece.length;
    if (some.length > 0) yield some;
  }
}

export interface BodyText {
  value: string;
  isEncodingProblem: boolean;
  isTruncated: boolean;
}

/** RFC 8621 §4.1.4 EmailBodyValue; `maxBytes` octets of UTF-8 at most, 0: all. */
export function bodyText(bytes: Uint8Array, part: Part, maxBytes = 0): BodyText {
  const { text, problem } = decodeCharset(decodeBody(bytes, part), part.params['charset'] ?? 'us-ascii');
  const value = clean(text).replaceAll('\r\n', '\n');
  const isEncodingProblem = problem || !KNOWN_ENCODINGS.has(part.encoding);
  // A UTF-16 unit is three octets at most.
  if (maxBytes === 0 || value.length * 3 <= maxBytes || Buffer.byteLength(value) <= maxBytes)
    return { value, isEncodingProblem, isTruncated: false };
  const length = unitsWithin(value, maxBytes);
  return {
    value: part.type === 'text/html' ? wholeTags(value, length) : value.slice(0, length),
    isEncodingProblem,
    isTruncated: true,
  };
}

/** How many units of a text make up no more than so many octets of UTF-8, no code point cut in two. */
function unitsWithin(text: string, maxBytes: number): number {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return read;
}

export interface BodyParts {
  textBody: Part[];
  htmlBody: Part[];
  attachments: Part[];
}

const isInlineMedia = (type: string): boolean => /^(?:image|audio|video)\//.test(type);

/** RFC 8621 §4.1.4: the bodies by the algorithm given there, the attachments by their definition. */
export function bodyParts(root: Part): BodyParts {
  const bodies: Bodies = { text: [], html: [] };
  walk([root], 'mixed', false, bodies);
  const [text, html] = [new Set(bodies.text), new Set(bodies.html)];
  const attachments = leaves(root).filter((part) =>
    isInlineMedia(part.type) ? !text.has(part) || !html.has(part) : !text.has(part) && !html.has(part),
  );
  return { textBody: bodies.text ?? [], htmlBody: bodies.html ?? [], attachments };
}

/** Every part that is not made of parts, in order. */
function leaves(part: Part): Part[] {
  return part.parts ? part.parts.flatMap(leaves) : [part];
}

/** null: what comes is not for that body, as it is an alternative to what is in it. */
interface Bodies {
  text: Part[] | null;
  html: Part[] | null;
}

function walk(parts: Part[], multipart: string, inAlternative: boolean, into: Bodies): void {
  let { text, html } = into;
  const [textLength, htmlLength] = [text?.length, html?.length];
  for (const [i, part] of parts.entries()) {
    const { type } = part;
    if (part.parts) {
      const kind = type.slice('multipart/'.length);
      walk(part.parts, kind, inAlternative || kind === 'alternative', { text, html });
    } else if (isBody(part, i, multipart)) {
      if (multipart === 'alternative') {
        if (type === 'text/plain') text?.push(part);
        if (type === 'text/html') html?.push(part);
        continue;
      }
      if (inAlternative && type === 'text/plain') html = null;
      if (inAlternative && type === 'text/html') text = null;
      text?.push(part);
      html?.push(part);
    }
  }
  if (multipart !== 'alternative' || !text || !html) return;
  // Only one of the two was found: it serves for both.
  const [texts, htmls] = [text.slice(textLength), html.slice(htmlLength)];
  if (texts.length === 0) text.push(...htmls);
  if (htmls.length === 0) html.push(...texts);
}

/** Is it part of the body, or attached to it? In multipart/related, what comes after the first is only referred to. */
function isBody({ type, disposition, name }: Part, index: number, multipart: string): boolean {
  const isMedia = isInlineMedia(type);
  if (disposition === 'attachment' || !(type === 'text/plain' || type === 'text/html' || isMedia)) return false;
  return index === 0 || (multipart !== 'related' && (isMedia || name === null));
}
