// Building messages (RFC 5322, RFC 2045–2047, RFC 2231): everything is encoded only where it must be.

import { randomUUID } from 'node:crypto';
import type { EmailAddress } from '../message.ts';
import {
  base64Pieces,
  encodeBase64,
  encodeParameters,
  encodePhrase,
  encodeQuotedPrintable,
  encodeText,
  fold,
  HARD_LIMIT,
  oneLine,
  safeRaw,
} from './encode.ts';
import { mailDate, prepend, removeHeaders } from './trace.ts';

export { encodeText } from './encode.ts';

export interface ComposePart {
  type: string;
  /** Of `bytes`; text is UTF-8. */
  charset?: string | null;
  name?: string | null;
  disposition?: string | null;
  cid?: string | null;
  language?: string[] | null;
  location?: string | null;
  /** Further parameters of Content-Type. */
  params?: Record<string, string>;
  /** Further fields of this part. Content-Type and Content-Transfer-Encoding are written from what is above. */
  headers?: ComposeHeader[];
  /**
   * `bytes` go in base64, messages as they are; `asIs`: these do too. Text goes in what suits it. `pieces`: bytes that are read
   * when they are wanted, and whether any of them is above 127.
   */
  body:
    | { text: string }
    | { bytes: Uint8Array; asIs?: boolean }
    | { pieces: () => AsyncIterable<Uint8Array>; eightBit: boolean }
    | { parts: ComposePart[] };
}

export interface ComposeHeader {
  name: string;
  /** Unencoded text; or `raw`: as it is to stand, folded or not. */
  value: string;
  raw?: boolean;
}

export interface ComposeInput {
  /** In the order they are to stand. Date, Message-ID and MIME-Version are added where absent. */
  headers: ComposeHeader[];
  root: ComposePart;
  date: Date;
  /** Without angle brackets. */
  messageId: string;
}

type Piece = Buffer | (() => AsyncIterable<Uint8Array>);

/** Of parts that are at hand, all of them. */
export function compose(input: ComposeInput): Buffer {
  return Buffer.concat(
    composed(input).map((piece) => {
      if (typeof piece === 'function') throw new Error('a part comes in pieces');
      return piece;
    }),
  );
}

/** The same, octet for octet, as it comes. */
export async function* composePieces(input: ComposeInput): AsyncGenerator<Uint8Array, void> {
  for (const piece of composed(input)) {
    if (typeof piece === 'function') yield* piece();
    else yield piece;
  }
}

function composed(input: ComposeInput): Piece[] {
  const has = (name: string): boolean => input.headers.some((header) => header.name.toLowerCase() === name);
  const lines = [
    ...headerLines(input.headers),
    ...(has('date') ? [] : [`Date: ${mailDate(input.date)}`]),
    ...(has('message-id') ? [] : [`Message-ID: <${oneLine(input.messageId)}>`]),
    ...(has('mime-version') ? [] : ['MIME-Version: 1.0']),
  ];
  return [Buffer.from(lines.map((line) => `${line}\r\n`).join('')), ...build(input.root).pieces];
}

/** Fields that hold addresses are left out if they hold none: RFC 5322 §3.6 has no empty ones. */
const ADDRESSES = /^(?:resent-)?(?:from|sender|reply-to|to|cc|bcc)$/i;

function headerLines(headers: ComposeHeader[]): string[] {
  return headers.flatMap(({ name: given, value, raw }) => {
    const name = given.replace(/[^\x21-\x39\x3b-\x7e]/g, '').slice(0, 76);
    const text = raw ? safeRaw(value) : encodeText(value);
    if (name === '' || (text.trim() === '' && ADDRESSES.test(name))) return [];
    return [fold(`${name}:${/^[ \t\r]/.test(text) ? '' : ' '}${text}`, raw ? HARD_LIMIT : undefined)];
  });
}

/** RFC 5322 §3.6.2: who sends it, where that is not who it is from; in place of what was said before. */
export function withSender(bytes: Buffer, sender: EmailAddress): Buffer {
  return prepend(removeHeaders(bytes, ['sender']), `Sender: ${encodeAddressList([sender])}\r\n`);
}

/** "Ana Silva <ana@pigeon.test>, …" as a field's raw value. */
export function encodeAddressList(addresses: EmailAddress[]): string {
  return addresses.map(encodeAddress).join(',\r\n ');
}

function encodeAddress({ name, email }: EmailAddress): string {
  const line = oneLine(email);
  const isQuoted = /^"(?:[^"\\]|\\.)*"@[^\s"<>(),:;\\@]+$/.test(line);
  const address = isQuoted ? line : line.replace(line.includes('@') ? /[<>\s]/g : /[<>]/g, '');
  if (name?.trim()) return fold(`${encodePhrase(name)} <${address}>`);
  // What a bare address cannot have would be read as something else.
  return isQuoted || (address !== '' && !/["(),:;\\\s]/.test(address)) ? address : `<${address}>`;
}

interface Built {
  /** The part's fields, an empty line and its body. */
  pieces: Piece[];
  /** Its body has octets above 127. */
  eightBit: boolean;
}

function build(part: ComposePart): Built {
  const { body } = part;
  if ('parts' in body) return buildMultipart(part, body.parts.length > 0 ? body.parts : [EMPTY]);
  const type = mediaType(part.type);
  const isText = 'text' in body;
  const charset = isText ? 'utf-8' : part.charset;
  const { encoding, bytes } = isText ? encodeTextBody(body.text) : encodeBytes(type, body);
  const params = { ...(charset && type.startsWith('text/') ? { charset } : {}), ...part.params };
  const head = [...partLines(part, type, params), ...(encoding === '7bit' && !isText ? [] : [`${CTE}: ${encoding}`])];
  return { pieces: [Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes], eightBit: encoding === '8bit' };
}

const EMPTY: ComposePart = { type: 'text/plain', body: { text: '' } };
const CTE = 'Content-Transfer-Encoding';

function buildMultipart(part: ComposePart, parts: ComposePart[]): Built {
  const type = part.type.startsWith('multipart/') ? mediaType(part.type) : 'multipart/mixed';
  const boundary = `=_${randomUUID().replaceAll('-', '')}`;
  const children = parts.map(build);
  const eightBit = children.some((child) => child.eightBit);
  const [first] = parts;
  // RFC 2387 §3.1: multipart/related names the type of its root.
  const related: Record<string, string> = type === 'multipart/related' && first ? { type: mediaType(first.type) } : {};
  const head = [
    ...partLines(part, type, { ...related, ...part.params, boundary }),
    ...(eightBit ? [`${CTE}: 8bit`] : []), // RFC 2045 §6.4
  ];
  return {
    pieces: [
      Buffer.from(`${head.join('\r\n')}\r\n\r\n`),
      ...children.flatMap(({ pieces }) => [Buffer.from(`--${boundary}\r\n`), ...pieces, Buffer.from('\r\n')]),
      Buffer.from(`--${boundary}--\r\n`),
    ],
    eightBit,
  };
}

/** Every field of the part but Content-Transfer-Encoding. */
function partLines(part: ComposePart, type: string, params: Record<string, string>): string[] {
  const { name, disposition, cid, language, location } = part;
  const lines = [
    `Content-Type: ${encodeParameters(type, { ...params, ...(name ? { name } : {}) })}`,
    ...(disposition
      ? [`Content-Disposition: ${encodeParameters(token(disposition), name ? { filename: name } : {})}`]
      : []),
    ...(cid ? [`Content-ID: <${oneLine(cid).replace(/[<>\s]/g, '')}>`] : []),
    ...(language?.length ? [`Content-Language: ${oneLine(language.join(', '))}`] : []),
    ...(location ? [`Content-Location: ${encodeText(location)}`] : []),
  ].map(fold);
  const written = new Set([...lines, CTE].map((line) => (line.split(':', 1)[0] ?? '').toLowerCase()));
  return [...headerLines((part.headers ?? []).filter((header) => !written.has(header.name.toLowerCase()))), ...lines];
}

function mediaType(type: string): string {
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type) ? type : 'application/octet-stream';
}

function token(disposition: string): string {
  return /^[\w!#$&^.+-]+$/.test(disposition) ? disposition : 'attachment';
}

interface Encoded {
  encoding: '7bit' | '8bit' | 'base64' | 'quoted-printable';
  bytes: Piece;
}

/** Plain where it can go as it is, else quoted-printable, else base64. */
function encodeTextBody(text: string): Encoded {
  const crlf = text.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n');
  if (/^[\t\r\n\x20-\x7e]*$/.test(crlf) && crlf.split('\r\n').every((line) => line.length <= HARD_LIMIT))
    return { encoding: '7bit', bytes: Buffer.from(crlf) };
  const bytes = Buffer.from(crlf);
  let high = 0;
  for (const octet of bytes) if (octet > 126) high++;
  return high * 3 > bytes.length
    ? { encoding: 'base64', bytes: encodeBase64(bytes) }
    : { encoding: 'quoted-printable', bytes: encodeQuotedPrintable(crlf) };
}

/** RFC 2046 §5.2.1: a message inside goes as it is. */
function encodeBytes(
  type: string,
  given: Exclude<ComposePart['body'], { text: string } | { parts: unknown }>,
): Encoded {
  const isWhole = 'bytes' in given;
  if (!isMessage(type) && !(isWhole && given.asIs === true))
    return { encoding: 'base64', bytes: isWhole ? encodeBase64(given.bytes) : () => base64Pieces(given.pieces()) };
  if (!isWhole) return { encoding: given.eightBit ? '8bit' : '7bit', bytes: given.pieces };
  const bytes = Buffer.from(given.bytes.buffer, given.bytes.byteOffset, given.bytes.byteLength);
  return { encoding: isEightBit(bytes) ? '8bit' : '7bit', bytes };
}

/** Whether a part of this type goes as it is. */
export function isMessage(type: string): boolean {
  return type === 'message/rfc822' || type === 'message/global';
}

export function isEightBit(bytes: Uint8Array): boolean {
  return bytes.some((octet) => octet > 127);
}

export interface SimpleMessage {
  from: EmailAddress;
  to: EmailAddress[];
  cc?: EmailAddress[];
  subject: string;
  date: Date;
  /** Without angle brackets. */
  messageId: string;
  text: string;
  html?: string;
  headers?: ComposeHeader[];
  attachments?: { name: string; type: string; bytes: Uint8Array }[];
}

/** Notices, reports, seeds. */
export function simpleMessage(message: SimpleMessage): Buffer {
  const { text, html, attachments = [], date, messageId } = message;
  const plain: ComposePart = { type: 'text/plain', body: { text } };
  const content: ComposePart =
    html === undefined
      ? plain
      : { type: 'multipart/alternative', body: { parts: [plain, { type: 'text/html', body: { text: html } }] } };
  const files = attachments.map(({ name, type, bytes }): ComposePart => ({
    type,
    name,
    disposition: 'attachment',
    body: { bytes },
  }));
  return compose({
    headers: headersOf(message),
    root: files.length === 0 ? content : { type: 'multipart/mixed', body: { parts: [content, ...files] } },
    date,
    messageId,
  });
}

export interface ReportMessage extends Omit<SimpleMessage, 'html' | 'attachments'> {
  /** "delivery-status", "disposition-notification". */
  reportType: string;
  /** Machine-readable: each is put in as it is, so it has lines as RFC 5322 has them. */
  parts: { type: string; body: string | Uint8Array }[];
}

/** multipart/report (RFC 6522): a readable part, then machine-readable ones (RFC 3464 §2: those are never base64). */
export function reportMessage(message: ReportMessage): Buffer {
  const { text, reportType, parts, date, messageId } = message;
  const machine = parts.map(({ type, body }): ComposePart => ({
    type,
    body: { bytes: Buffer.from(body), asIs: true },
  }));
  return compose({
    headers: headersOf(message),
    root: {
      type: 'multipart/report',
      params: { 'report-type': reportType },
      body: { parts: [{ type: 'text/plain', body: { text } }, ...machine] },
    },
    date,
    messageId,
  });
}

function headersOf({ from, to, cc = [], subject, headers = [] }: Omit<SimpleMessage, 'text'>): ComposeHeader[] {
  return [
    { name: 'From', value: encodeAddressList([from]), raw: true },
    { name: 'To', value: to.length === 0 ? 'undisclosed-recipients:;' : encodeAddressList(to), raw: true },
    { name: 'Cc', value: encodeAddressList(cc), raw: true },
    { name: 'Subject', value: subject },
    ...headers,
  ];
}
