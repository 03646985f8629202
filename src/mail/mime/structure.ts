// The MIME tree of a message with byte ranges, so that every part can be cut out of the stored bytes without parsing
// again. One pass, linear, total: any bytes give a tree.

import type { ByteRange, Envelope, Part } from '../message.ts';
import { envelopeOf } from './envelope.ts';
import { asMessageIds, asText, headerFields, parseParameters, type HeaderField } from './headers.ts';
import { LIMITS } from './limits.ts';

const LF = 10;
const CR = 13;
const DASH = 45;

interface Scan {
  bytes: Uint8Array;
  parts: number;
}

/** RFC 2045–2049, RFC 9051 §6.4.5.1 part numbers. */
export function scan(bytes: Uint8Array): { root: Part; fields: HeaderField[] } {
  const state: Scan = { bytes, parts: 0 };
  return scanEntity(state, [0, bytes.length], '', 0, 'text/plain');
}

/** End of the header block, its empty line included. */
export function headerEnd(bytes: Uint8Array, [start, end]: ByteRange): number {
  let at = start;
  while (at < end) {
    const lf = bytes.indexOf(LF, at);
    if (lf < 0 || lf >= end) return end;
    const empty = lf === at || (lf === at + 1 && bytes[at] === CR);
    at = lf + 1;
    if (empty) return at;
  }
  return end;
}

function scanEntity(
  state: Scan,
  range: ByteRange,
  number: string,
  depth: number,
  fallback: string,
): { root: Part; fields: HeaderField[] } {
  const { bytes } = state;
  state.parts++;
  const bodyStart = headerEnd(bytes, range);
  const header: ByteRange = [range[0], bodyStart];
  const body: ByteRange = [bodyStart, range[1]];
  const fields = headerFields(bytes.subarray(header[0], header[1]));
  const first = (name: string): string | undefined => fields.find((field) => field.name.toLowerCase() === name)?.value;

  const contentType = parseParameters(first('content-type') ?? fallback);
  const type = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(contentType.value) ? contentType.value : 'text/plain';
  const dispositionField = first('content-disposition');
  const disposition = dispositionField === undefined ? undefined : parseParameters(dispositionField);
  const encoding =
    (first('content-transfer-encoding') ?? '7bit')
      .replace(/\([^()]*\)/g, '')
      .trim()
      .toLowerCase() || '7bit';
  const text = (name: string): string | null => {
    const value = first(name);
    return value === undefined ? null : asText(value) || null;
  };
  const language = text('content-language');
  const root: Part = {
    partId: number || '1',
    type,
    params: contentType.value === type ? contentType.params : {},
    disposition: disposition ? disposition.value || null : null,
    dispositionParams: disposition?.params ?? {},
    name: disposition?.params['filename'] ?? contentType.params['name'] ?? null,
    encoding,
    cid: asMessageIds(first('content-id') ?? '')?.[0] ?? null,
    description: text('content-description'),
    language: language === null ? null : language.split(/\s*,\s*/).filter(Boolean),
    location: text('content-location')?.replace(/\s+/g, '') ?? null,
    md5: text('content-md5'),
    header,
    body,
    lines: 0,
    decodedSize: 0,
  };

  const boundary = contentType.params['boundary'];
  const room = depth < LIMITS.depth && state.parts < LIMITS.parts;
  if (type.startsWith('multipart/') && boundary && room) {
    root.partId = number;
    const childDefault = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    const ranges = splitMultipart(bytes, body, boundary);
    root.parts = [];
    for (const [i, part] of ranges.entries()) {
      if (state.parts >= LIMITS.parts) break;
      root.parts.push(
        scanEntity(state, part, number === '' ? String(i + 1) : `${number}.${i + 1}`, depth + 1, childDefault).root,
      );
    }
    if (root.parts.length > 0) return { root, fields };
    // A multipart without a single part is shown as the text it is.
    delete root.parts;
    root.partId = number || '1';
    root.type = 'text/plain';
    root.params = {};
  } else if (type.startsWith('multipart/')) {
    root.type = 'text/plain';
    root.params = {};
  }
  root.lines = countLines(bytes, body);
  root.decodedSize = decodedSize(bytes, body, encoding);
  if (type === 'message/rfc822' && room && !['base64', 'quoted-printable'].includes(encoding)) {
    const inner = scanEntity(state, body, root.partId, depth + 1, 'text/plain');
    renumberSingle(inner.root, root.partId);
    root.message = { envelope: envelopeOf(inner.fields) satisfies Envelope, root: inner.root };
  }
  return { root, fields };
}

/** A single part inside a message/rfc822 "2" is "2.1" (RFC 9051 §6.4.5.1). */
function renumberSingle(root: Part, within: string): void {
  if (!root.parts) root.partId = `${within}.1`;
}

/** Ranges of the parts between the delimiter lines (RFC 2046 §5.1.1); a missing close delimiter ends at the end. */
function splitMultipart(bytes: Uint8Array, [start, end]: ByteRange, boundary: string): ByteRange[] {
  const delimiter = Buffer.from(`--${boundary}`, 'utf8');
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ranges: ByteRange[] = [];
  let open = -1;
  let at = start;
  while (at < end) {
    const found = view.indexOf(delimiter, at);
    if (found < 0 || found >= end) break;
    at = found + delimiter.length;
    if (found !== start && bytes[found - 1] !== LF) continue;
    const lf = bytes.indexOf(LF, at);
    const lineEnd = lf < 0 || lf >= end ? end : lf;
    const closes = bytes[at] === DASH && bytes[at + 1] === DASH;
    if (!isBlank(bytes, closes ? at + 2 : at, lineEnd)) continue; // a longer boundary that begins alike
    if (open >= 0) {
      let last = found - 1;
      if (last > open && bytes[last - 1] === CR) last--;
      ranges.push([open, Math.max(open, last)]);
    }
    open = closes ? -1 : Math.min(end, lineEnd + 1);
    at = lineEnd;
    if (closes) break;
  }
  if (open >= 0 && open <= end) ranges.push([open, end]);
  return ranges;
}

/** Nothing but spaces, tabs and a CR (RFC 2046 §5.1.1 transport padding). */
function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 32 && bytes[i] !== 9 && bytes[i] !== CR) return false;
  return true;
}

function countLines(bytes: Uint8Array, [start, end]: ByteRange): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF, start); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) lines++;
  return end > start && bytes[end - 1] !== LF ? lines + 1 : lines;
}

function decodedSize(bytes: Uint8Array, [start, end]: ByteRange, encoding: string): number {
  if (encoding === 'base64') {
    let digits = 0;
    for (let i = start; i < end; i++) {
      const c = bytes[i] ?? 0;
      if ((c >= 65 && c <= 90) || (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 43 || c === 47) digits++;
    }
    return Math.floor((digits * 3) / 4);
  }
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(bytes.subarray(start, end)).length;
  return end - start;
}

/** RFC 2045 §6.7, tolerant: a wrong escape is kept as it stands. */
export function decodeQuotedPrintable(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(61)) return bytes;
  const out = new Uint8Array(bytes.length);
  let n = 0;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i] ?? 0;
    if (c !== 61) {
      out[n++] = c;
      continue;
    }
    let j = i + 1;
    while (bytes[j] === 32 || bytes[j] === 9) j++;
    if (j >= bytes.length) break;
    if (bytes[j] === LF || (bytes[j] === CR && bytes[j + 1] === LF)) {
      i = bytes[j] === LF ? j : j + 1; // soft line break
      continue;
    }
    const value = (hex(bytes[i + 1]) << 4) | hex(bytes[i + 2]);
    if (value >= 0) {
      out[n++] = value;
      i += 2;
    } else out[n++] = c;
  }
  return out.subarray(0, n);
}

/** Value of a hexadecimal digit; a negative number so large that it stays one, if it is none. */
function hex(c: number | undefined): number {
  if (c === undefined) return -4096;
  if (c >= 48 && c <= 57) return c - 48;
  if (c >= 65 && c <= 70) return c - 55;
  if (c >= 97 && c <= 102) return c - 87;
  return -4096;
}
