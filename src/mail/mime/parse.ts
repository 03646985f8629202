// A message read once: all that is stored beside its bytes.

import { isAscii } from 'node:buffer';
import type { ParsedMessage, Part } from '../message.ts';
import { bodyParts, bodyText, type BodyParts } from './body.ts';
import { envelopeOf } from './envelope.ts';
import { asText, headerFields, type HeaderField } from './headers.ts';
import { htmlToText } from './html.ts';
import { bodyStructure, envelopeOfFields } from './imap.ts';
import { LIMITS } from './limits.ts';
import { createSieve, putBack, type Cut, type Sieve } from './sieve.ts';
import { scanMessage } from './structure.ts';
import { threadSubject } from './subject.ts';

/**
 * Takes any bytes; never throws. No string in what it gives has a NUL or a lone surrogate. `cuts`: of what a sieve has left
 * out of them; what it gives is of the whole message then.
 */
export function parseMessage(bytes: Uint8Array, cuts: readonly Cut[] = []): ParsedMessage {
  const { root, fields } = scanMessage(bytes);
  const envelope = envelopeOf(fields);
  const bodies = bodyParts(root);
  const textOf = createReader(bytes);
  const preview = previewAtOnce(bytes, bodies) ?? previewOf(beginningOf(textOf, bodies));
  let readAll = (): string => readText(textOf, bodies);
  let readHeader = (): string => readHeaders(bytes, root, fields);
  if (cuts.length > 0) {
    // The places of what is here are to be had only now.
    const [all, header] = [readAll(), readHeader()];
    readAll = () => all;
    readHeader = () => header;
    putBack(root, bytes, cuts);
  }
  return new Parsed(
    {
      envelope,
      root,
      imap: { envelope: envelopeOfFields(fields), structure: bodyStructure(root, true) },
      preview,
      hasAttachment: bodies.attachments.some((part) => isOffered(part, bodies)),
      baseSubject: threadSubject(envelope.subject ?? ''),
    },
    readAll,
    readHeader,
  );
}

/**
 * Whoever only stores a message does not ask for what is read of all of it. A class, since an accessor in a literal costs as
 * much as reading a short text.
 */
class Parsed implements ParsedMessage {
  readonly envelope: ParsedMessage['envelope'];
  readonly root: ParsedMessage['root'];
  readonly imap: ParsedMessage['imap'];
  readonly preview: string;
  readonly hasAttachment: boolean;
  readonly baseSubject: string;
  readonly #readAll: () => string;
  readonly #readHeader: () => string;
  #searchText: string | undefined;
  #headerText: string | undefined;

  constructor(of: Omit<ParsedMessage, 'searchText' | 'headerText'>, readAll: () => string, readHeader: () => string) {
    this.envelope = of.envelope;
    this.root = of.root;
    this.imap = of.imap;
    this.preview = of.preview;
    this.hasAttachment = of.hasAttachment;
    this.baseSubject = of.baseSubject;
    this.#readAll = readAll;
    this.#readHeader = readHeader;
  }

  get searchText(): string {
    return (this.#searchText ??= this.#readAll());
  }

  get headerText(): string {
    return (this.#headerText ??= this.#readHeader());
  }
}

/** As parseMessage, of one that comes in pieces: it is never in memory whole. */
export async function parsePieces(pieces: AsyncIterable<Uint8Array>): Promise<ParsedMessage> {
  const [bytes, cuts] = await sift(pieces);
  return parseMessage(bytes, cuts);
}

async function sift(pieces: AsyncIterable<Uint8Array>): Promise<[bytes: Uint8Array, cuts: Cut[]]> {
  let first: Uint8Array = new Uint8Array(0);
  let sieve: Sieve | undefined;
  for await (const piece of pieces) {
    if (!sieve && first.length > 0) (sieve = createSieve()).push(first);
    if (sieve) sieve.push(piece);
    else first = piece;
  }
  if (!sieve) return [first, []];
  const { kept, cuts } = sieve.end();
  return [kept, cuts];
}

/** Octets of plain text that may be no more than a word on where to read the HTML. */
const STUB = 400;

/** What is readable of the body, or more of it than a preview looks at. */
function beginningOf(textOf: TextOf, { textBody }: BodyParts): string {
  let text = '';
  for (const part of textBody) {
    if (text.length > PREVIEW_OF) break;
    if (part.type.startsWith('text/')) text += `${text && '\n'}${textOf(part)}`;
  }
  return text;
}

/** What is readable of the body and of the rest, for search. */
function readText(textOf: TextOf, bodies: BodyParts): string {
  const readable: string[] = [];
  const seen = new Set<Part>();
  let room: number = LIMITS.searchText;
  const read = (part: Part): void => {
    if (room <= 0 || seen.has(part)) return;
    seen.add(part);
    if (part.message) {
      const { envelope, root: inner } = part.message;
      if (envelope.subject !== null) add(envelope.subject);
      const { textBody, attachments } = bodyParts(inner);
      for (const each of [...textBody, ...attachments]) read(each);
    } else if (part.type.startsWith('text/')) add(textOf(part));
  };
  const add = (text: string): void => {
    const some = text.slice(0, room);
    room -= some.length + 1;
    readable.push(some);
  };
  const { textBody, htmlBody, attachments } = bodies;
  for (const part of textBody) read(part);
  if (textBody.reduce((size, part) => size + part.decodedSize, 0) < STUB) for (const part of htmlBody) read(part);
  for (const part of attachments) read(part);
  return readable.join('\n').slice(0, LIMITS.searchText).toWellFormed();
}

/** Those that are looked for as what they are, and signatures. */
const UNREAD_FIELDS = /^(?:subject|from|to|cc|bcc|(?:x-google-)?dkim-signature|arc-(?:seal|message-signature))$/i;

function readHeaders(bytes: Uint8Array, root: Part, fields: readonly HeaderField[]): string {
  const lines: string[] = [];
  let room: number = LIMITS.headerText;
  const add = (some: readonly HeaderField[]): void => {
    for (const { name, value } of some) {
      if (room <= 0 || UNREAD_FIELDS.test(name)) continue;
      const line = `${name}: ${asText(value.slice(0, room))}`.slice(0, room);
      room -= line.length + 1;
      lines.push(line);
    }
  };
  const look = (part: Part): void => {
    if (room <= 0) return;
    if (part !== root) add(headerFields(bytes.subarray(...part.header)));
    for (const one of part.parts ?? []) look(one);
  };
  add(fields);
  look(root);
  return lines.join('\n').slice(0, LIMITS.headerText).toWellFormed();
}

type TextOf = (part: Part) => string;

/** What is readable of parts; of each it is found out once. */
function createReader(bytes: Uint8Array): TextOf {
  const texts = new Map<Part, string>();
  return (part) => {
    const known = texts.get(part);
    if (known !== undefined) return known;
    const [start, end] = part.body;
    const some: Part = end - start > LIMITS.textPart ? { ...part, body: [start, start + LIMITS.textPart] } : part;
    const { value } = bodyText(bytes, some);
    const text = withoutInvisible(part.type === 'text/html' ? htmlToText(value) : value);
    texts.set(part, text);
    return text;
  };
}

const ASCII = /^[\0-\x7f]*$/;

/** What shows nothing: it splits words that are searched for, and senders fill up previews with it. */
function withoutInvisible(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(/(?:[\u00AD\u200B-\u200D\u2060-\u2064\uFEFF]|\u034F)+/g, (run: string, at: number) => {
    // Joiners are part of words, and of pictures made of several.
    const inWord = /[\u200C\u200D]/.test(run) && /\S\S/.test((text[at - 1] ?? ' ') + (text[at + run.length] ?? ' '));
    return inWord ? run.replace(/[^\u200C\u200D]+/g, '') : '';
  });
}

/** Characters of the body that a preview is made of. */
const PREVIEW_OF = 32 * LIMITS.preview;

/** "On Monday Ben wrote:" before what Ben wrote. */
const ATTRIBUTION = /^(?!>)[^\n]{0,200}:[ \t]*\n\n?(?=>)/gm;

/** Octets of plain text in which there mostly is all of a preview. */
const ENOUGH = 8 * LIMITS.preview;

/** Charsets in which ASCII is not always itself. */
const NOT_ASCII = /^(?:utf-?(?:7|16|32)|iso-2022|hz)/i;

/** As previewOf, of a plain beginning that quotes nothing: mostly it is not worth while to read all of a text. Null: it is. */
function previewAtOnce(bytes: Uint8Array, { textBody: [part] }: BodyParts): string | null {
  if (part?.type !== 'text/plain' || !/^(?:[78]bit|binary)$/.test(part.encoding)) return null;
  const some = bytes.subarray(part.body[0], Math.min(part.body[1], part.body[0] + ENOUGH));
  if (some.length < ENOUGH || !isAscii(some) || NOT_ASCII.test(part.params['charset'] ?? '')) return null;
  const text = Buffer.from(some.buffer, some.byteOffset, some.length).toString('latin1');
  if (/[>\0]/.test(text)) return null;
  const collapsed = collapse(text.slice(0, 4 * LIMITS.preview));
  return collapsed.length > LIMITS.preview ? collapsed.slice(0, LIMITS.preview) : null;
}

/** RFC 8621 §4.1.4: white space collapsed, and what is quoted from other messages left out if there is anything else. */
function previewOf(body: string): string {
  const beginning = body.slice(0, PREVIEW_OF);
  const own = beginning.includes('>') ? beginning.replace(ATTRIBUTION, '').replace(/^>.*$/gm, '') : beginning;
  return shorten(own) || shorten(beginning);
}

function shorten(text: string): string {
  // Mostly its beginning is enough.
  const some = collapse(text.slice(0, 4 * LIMITS.preview));
  const collapsed = some.length > LIMITS.preview ? some : collapse(text);
  const cut = collapsed.slice(0, LIMITS.preview);
  return (/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut).toWellFormed();
}

function collapse(text: string): string {
  return text.replace(/[\s\p{Cc}]{2,}|[^\S ]|\p{Cc}/gu, ' ').trim(); // a blank that stands alone stays
}

const FOR_PROGRAMS: ReadonlySet<string> = new Set([
  'application/pgp-signature',
  'application/pkcs7-signature',
  'application/x-pkcs7-signature',
  'message/delivery-status',
  'message/disposition-notification',
  'text/rfc822-headers',
]);

/**
 * RFC 8621 §4.1.4 hasAttachment: would somebody want to be told of it? Not of pictures that belong to the HTML, nor of
 * what is for programs; of a document shown in place, yes.
 */
function isOffered({ type, disposition, cid, name }: Part, { htmlBody }: BodyParts): boolean {
  if (disposition === 'attachment') return true;
  if (FOR_PROGRAMS.has(type)) return false;
  const isMedia = /^(?:image|audio|video)\//.test(type);
  if (disposition === 'inline') return !isMedia && name !== null;
  return !(isMedia && cid !== null && htmlBody.some((part) => part.type === 'text/html'));
}
