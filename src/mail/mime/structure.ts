// The MIME tree of a message with byte ranges, so that every part can be cut out of the stored bytes without parsing
// again. One pass over the bytes, whatever the nesting; any bytes give a tree.

import type { Part } from '../message.ts';
import { boundarySet, type BoundarySet, type Delimiter } from './boundaries.ts';
import { envelopeOf } from './envelope.ts';
import { CR, headerBlock, LF } from './fields.ts';
import { headerFields, type HeaderField } from './headers.ts';
import { envelopeOfFields } from './imap.ts';
import { LIMITS } from './limits.ts';
import { describe } from './part.ts';
import { decodedLength } from './transfer.ts';

export { headerEnd, isHeaderWhole } from './fields.ts';

interface Scan {
  bytes: Uint8Array;
  boundaries: BoundarySet;
  parts: number;
  /** Line breaks before an offset. Offsets come in ascending order. */
  breaksBefore(offset: number): number;
}

interface Entity {
  part: Part;
  fields: HeaderField[];
  /** The delimiter of an outer multipart that ended it; null: the message did. */
  ended: Delimiter | null;
}

/** RFC 2045–2049; part numbers as in RFC 9051 §6.4.5.1. */
export function scan(bytes: Uint8Array): Part {
  return scanMessage(bytes).root;
}

/** The tree, and the fields of the message's own header. */
export function scanMessage(bytes: Uint8Array): { root: Part; fields: HeaderField[] } {
  const state: Scan = { bytes, boundaries: boundarySet(bytes), parts: 0, breaksBefore: lineBreakCounter(bytes) };
  const { part, fields } = scanEntity(state, 0, { number: '', within: '', depth: 0, type: 'text/plain' });
  return { root: part, fields };
}

interface Place {
  /** Part number; '' for the content of a message, whose number is `within`. */
  number: string;
  within: string;
  depth: number;
  /** Where no Content-Type is given. */
  type: string;
}

function scanEntity(state: Scan, start: number, place: Place): Entity {
  const { bytes, boundaries } = state;
  state.parts++;
  const block = headerBlock(bytes, [start, bytes.length], LIMITS.headerBlock, (line) => boundaries.at(line) !== null);
  const fields = headerFields(bytes.subarray(start, block.end));
  const { part, boundary } = describe(fields, place.type);
  part.header = [start, block.end];
  const breaks = state.breaksBefore(block.end);
  // RFC 9051 §6.4.5.1: the only part of a message "2" is "2.1", of the message itself "1"; a multipart there has the
  // message's own number.
  part.partId = place.number || (place.within === '' ? '1' : `${place.within}.1`);
  const room = place.depth < LIMITS.depth && state.parts < LIMITS.parts;
  let ended: Delimiter | null = null;
  /** Nothing before it is a line break of what ended the part. */
  let floor = block.end;
  if (part.type.startsWith('multipart/')) {
    if (boundary !== null && room) ended = scanMultipart(state, part, boundary, block.end, place);
    else ended = boundaries.next(block.end);
    floor = part.parts?.at(-1)?.body[1] ?? floor;
    if (!part.parts) asOpaque(part, boundary !== null && !room);
  } else if (isMessage(part) && room) {
    const inner = scanEntity(state, block.end, {
      number: '',
      within: part.partId,
      depth: place.depth + 1,
      type: 'text/plain',
    });
    part.message = { envelope: envelopeOf(inner.fields), imap: envelopeOfFields(inner.fields), root: inner.part };
    ended = inner.ended;
    floor = inner.part.body[1];
  } else ended = boundaries.next(block.end);

  const end = ended ? beforeBreak(bytes, ended.start, floor) : bytes.length;
  part.body = [block.end, end];
  part.lines = state.breaksBefore(end) - breaks + (end > block.end && bytes[end - 1] !== LF ? 1 : 0);
  part.decodedSize =
    part.parts || part.message ? end - block.end : decodedLength(bytes.subarray(block.end, end), part.encoding);
  return { part, fields, ended };
}

/** Fills in the parts, if there is one. The delimiter of an outer multipart that ends it (RFC 2046 §5.1.2). */
function scanMultipart(state: Scan, part: Part, boundary: string, from: number, place: Place): Delimiter | null {
  const { boundaries, bytes } = state;
  const own = boundaries.open(boundary);
  const number = place.number || place.within;
  const type = part.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'; // RFC 2046 §5.1.5
  const parts: Part[] = [];
  let delimiter = boundaries.next(from);
  while (delimiter?.level === own && !delimiter.closes) {
    if (state.parts >= LIMITS.parts || delimiter.end >= bytes.length) break;
    const child = scanEntity(state, delimiter.end, {
      number: number === '' ? String(parts.length + 1) : `${number}.${parts.length + 1}`,
      within: '',
      depth: place.depth + 1,
      type,
    });
    parts.push(child.part);
    delimiter = child.ended;
  }
  boundaries.close(own);
  if (parts.length > 0) {
    part.parts = parts;
    part.partId = number;
  }
  // What follows is the epilogue, up to where something outside goes on.
  return delimiter?.level === own ? boundaries.next(delimiter.end) : delimiter;
}

/** RFC 2046 §5.2.1: not encoded. In one that is, all the same, there are no bytes of the message to point at. */
function isMessage({ type, encoding }: Part): boolean {
  return (
    (type === 'message/rfc822' || type === 'message/global') && encoding !== 'base64' && encoding !== 'quoted-printable'
  );
}

/** A multipart without a single part is the text that it is (RFC 2045 §5.2); one that is not looked into is bytes. */
function asOpaque(part: Part, unseen: boolean): void {
  part.type = unseen ? 'application/octet-stream' : 'text/plain';
  part.params = unseen ? {} : { charset: 'us-ascii' };
}

/** The line break before a delimiter belongs to it (RFC 2046 §5.1.1). */
function beforeBreak(bytes: Uint8Array, delimiter: number, from: number): number {
  let end = delimiter;
  if (end > from && bytes[end - 1] === LF) end--;
  if (end > from && end < delimiter && bytes[end - 1] === CR) end--;
  return end;
}

function lineBreakCounter(bytes: Uint8Array): (offset: number) => number {
  let at = 0;
  let count = 0;
  return (offset) => {
    for (; at < offset; at++) if (bytes[at] === LF) count++;
    return count;
  };
}
