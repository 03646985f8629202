// Octets of messages for FETCH: what is small is read for many at once, what is large goes through in pieces.

import type { ByteRange, Part } from '../mail/message.ts';
import { decodeBody, decodePieces, within } from '../mail/mime/body.ts';
import { fieldSelector } from '../mail/mime/fields.ts';
import { KNOWN_ENCODINGS } from '../mail/mime/transfer.ts';
import type { Blobs } from '../store/blobs.ts';
import type { FetchedRow } from '../store/mailbox-read.ts';
import { isHeader, type Plan } from './fetch-plan.ts';
import type { Output } from './output.ts';
import { no } from './replies.ts';
import type { FetchItem } from './wire/command.ts';
import { octets } from './wire/response.ts';
import { cut, findPart, sectionName, sectionRange, type Outline } from './wire/section.ts';

type ContentItem = Extract<FetchItem, { item: 'SECTION' | 'BINARY' | 'BINARY.SIZE' }>;

export interface Bodies {
  /** Throws UNKNOWN-CTE; to be asked before anything of the message is written. */
  check(item: FetchItem, row: FetchedRow): void;
  /** `BODY[TEXT]<0> ` and what follows it. A promise where there is something to wait for. */
  write(out: Output, item: ContentItem, row: FetchedRow): Promise<void> | undefined;
}

/** Octets of one message, and of many together, that are read ahead. */
const AHEAD = 256 << 10;
const AHEAD_TOGETHER = 4 << 20;

export async function createBodies(blobs: Blobs, tenant: number, plan: Plan, rows: FetchedRow[]): Promise<Bodies> {
  const heads = await readAhead(blobs, tenant, plan, rows);
  const names = new Map<ContentItem, { text: string; ascii: boolean }>();
  const selectors = new Map<ContentItem, (header: string) => string>();
  const selectorOf = (item: Extract<ContentItem, { item: 'SECTION' }>): ((header: string) => string) => {
    let selector = selectors.get(item);
    if (!selector) {
      const { what, fields } = item.section;
      selectors.set(item, (selector = what === 'HEADER' ? (header) => header : ofFields(fields, what === 'FIELDS')));
    }
    return selector;
  };
  const writeName = (out: Output, item: ContentItem): void => {
    let name = names.get(item);
    if (!name) {
      const text = nameOf(item);
      names.set(item, (name = { text, ascii: /^[\0-\x7f]*$/.test(text) }));
    }
    if (name.ascii) out.ascii(name.text);
    else out.write(name.text);
  };
  const read = async (row: FetchedRow, [start, end]: ByteRange): Promise<Buffer> => {
    const head = heads.get(row.blob_id);
    return head && end <= head.length ? head.subarray(start, end) : blobs.read(tenant, row.blob_id, [start, end]);
  };

  const writeRange = async (out: Output, row: FetchedRow, [start, end]: ByteRange): Promise<void> => {
    out.ascii(octets(end - start));
    if (end <= start) return;
    const head = heads.get(row.blob_id);
    if (head && end <= head.length) return out.write(head.subarray(start, end));
    for await (const piece of blobs.stream(tenant, row.blob_id, [start, end])) {
      out.write(piece);
      await out.more();
    }
  };

  /** One character an octet. */
  const writeHeader = (out: Output, item: Extract<ContentItem, { item: 'SECTION' }>, header: string): void => {
    const text = selectorOf(item)(header);
    const [start, end] = cut(text.length, item.partial);
    out.ascii(octets(end - start));
    out.latin1(item.partial ? text.slice(start, end) : text);
  };

  const writeSection = async (
    out: Output,
    item: Extract<ContentItem, { item: 'SECTION' }>,
    row: FetchedRow,
  ): Promise<void> => {
    const { section, partial } = item;
    const range = sectionRange(outlineOf(row), section);
    if (!range) return out.ascii('NIL');
    if (section.what !== 'FIELDS' && section.what !== 'FIELDS.NOT') {
      const [start, end] = cut(range[1] - range[0], partial);
      return writeRange(out, row, [range[0] + start, range[0] + end]);
    }
    writeHeader(out, item, (await read(row, range)).toString('latin1'));
  };

  /** Read twice where its beginning has no NUL: it is said before it whether there is one. */
  const writeLargeBinary = async (
    out: Output,
    item: Extract<ContentItem, { item: 'BINARY' }>,
    row: FetchedRow,
    part: Pick<Part, 'body' | 'encoding' | 'parts' | 'decodedSize'>,
  ): Promise<void> => {
    const { body, parts, decodedSize } = part;
    const [start, end] = cut(parts ? body[1] - body[0] : decodedSize, item.partial);
    const pieces = (): AsyncIterable<Uint8Array> =>
      within(decodePieces(blobs.stream(tenant, row.blob_id, body), part), [start, end]);
    let hasNul = false;
    for await (const piece of pieces()) {
      hasNul = piece.includes(0);
      if (hasNul) break;
    }
    out.ascii(octets(end - start, hasNul));
    let left = end - start;
    for await (const piece of pieces()) {
      left -= piece.length;
      out.write(piece);
      await out.more();
    }
    // Whatever came next would be taken for the rest of it.
    if (left !== 0)
      throw new Error(`part ${item.part} of message ${row.message_id} is not of the size that it is said to be`);
  };

  /** RFC 9051 §6.4.5: decoded, and `~{n}` where it holds NUL (RFC 3516 §4.2). */
  const writeBinary = async (
    out: Output,
    item: Extract<ContentItem, { item: 'BINARY' }>,
    row: FetchedRow,
  ): Promise<void> => {
    const part = partOf(row, item.part);
    if (part === undefined) return out.ascii('NIL');
    if (part && part.body[1] - part.body[0] > AHEAD) return writeLargeBinary(out, item, row, part);
    if (!part && row.size > AHEAD) return writeLargeBinary(out, item, row, wholeOf(row));
    const bytes = await read(row, part?.body ?? [0, row.size]);
    const decoded = part ? decodeBody(bytes, { ...part, body: [0, bytes.length] }) : bytes;
    const [start, end] = cut(decoded.length, item.partial);
    const some = decoded.subarray(start, end);
    out.ascii(octets(some.length, some.includes(0)));
    out.write(some);
  };

  return {
    check(item, row) {
      if (item.item !== 'BINARY' && item.item !== 'BINARY.SIZE') return;
      checkEncoding(partOf(row, item.part));
    },
    write(out, item, row) {
      writeName(out, item);
      if (item.item === 'BINARY') return writeBinary(out, item, row);
      if (item.item === 'SECTION') {
        if (typeof row.header !== 'string' || !isHeader(item.section)) return writeSection(out, item, row);
        writeHeader(out, item, row.header);
        return undefined;
      }
      const part = partOf(row, item.part);
      // RFC 9051 §9 has no NIL here: of a part that there is not, there are no octets.
      out.ascii(String(part ? part.decodedSize : part === null ? row.size : 0));
      return undefined;
    },
  };
}

function wholeOf({ size }: FetchedRow): Pick<Part, 'body' | 'encoding' | 'parts' | 'decodedSize'> {
  return { body: [0, size], encoding: 'binary', decodedSize: size };
}

function nameOf(item: ContentItem): string {
  if (item.item === 'BINARY.SIZE') return `BINARY.SIZE[${item.part}] `;
  if (item.item === 'BINARY') return `BINARY[${item.part}]${item.partial ? `<${item.partial.offset}>` : ''} `;
  return `${item.as === 'BODY' ? sectionName(item.section, item.partial) : item.as} `;
}

/** RFC 9051 §6.4.5: with an empty line after them. A header without a body may end without a line break. */
function ofFields(names: readonly string[], wanted: boolean): (header: string) => string {
  const select = fieldSelector(names, wanted);
  return (header) => {
    const fields = select(header);
    return fields === '' || fields.endsWith('\n') ? `${fields}\r\n` : `${fields}\r\n\r\n`;
  };
}

/** RFC 9051 §7.1 UNKNOWN-CTE. */
function checkEncoding(part: Part | null | undefined): void {
  if (part && !part.parts && !KNOWN_ENCODINGS.has(part.encoding))
    throw no('UNKNOWN-CTE', `The encoding of part ${part.partId} is not known.`);
}

/** Where only the header was asked for, its end is all there is of the structure. */
function outlineOf({ structure, header_size, size }: FetchedRow): Outline {
  return { root: structure ?? null, header: structure?.header ?? [0, header_size ?? 0], size };
}

function partOf({ structure }: FetchedRow, number: string): Part | null | undefined {
  if (number === '') return null;
  return structure ? findPart(structure, number) : undefined;
}

async function readAhead(
  blobs: Blobs,
  tenant: number,
  { items }: Plan,
  rows: FetchedRow[],
): Promise<Map<number, Buffer>> {
  const content = items.filter((item) => item.item === 'SECTION' || item.item === 'BINARY');
  if (content.length === 0) return new Map();
  const headers = content.every((item) => item.item === 'SECTION' && isHeader(item.section));
  const wanted = new Map<number, number>();
  let together = 0;
  for (const row of rows) {
    if (headers && typeof row.header === 'string') continue;
    const need = headers ? (row.header_size ?? row.structure?.header[1] ?? 0) : row.size;
    if (need > AHEAD || together + need > AHEAD_TOGETHER) continue;
    together += need;
    wanted.set(row.blob_id, need);
  }
  if (wanted.size === 0) return new Map();
  return blobs.readHeads(
    tenant,
    [...wanted].map(([id, size]) => ({ id, octets: size })),
  );
}
