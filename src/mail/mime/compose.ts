// Building messages: fields, parameters (RFC 2231) and words (RFC 2047) encoded only where they must be.

import type { EmailAddress } from '../message.ts';
import { mailDate } from './trace.ts';

export interface ComposePart {
  type: string;
  charset?: string | null;
  name?: string | null;
  disposition?: string | null;
  cid?: string | null;
  language?: string[] | null;
  location?: string | null;
  /** Further fields of this part. */
  headers?: ComposeHeader[];
  body: { text: string } | { bytes: Uint8Array } | { parts: ComposePart[] };
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

/** A value that could begin another field. RFC 5322 §2.2. */
function oneLine(value: string): string {
  return value.replace(/[\r\n]+(?![ \t])/g, ' ').replaceAll('\0', '');
}

export function compose(input: ComposeInput): Buffer {
  const node = buildNode(input.root);
  const has = (name: string): boolean => input.headers.some((header) => header.name.toLowerCase() === name);
  const own = [
    ...input.headers.map(headerLine),
    ...(has('date') ? [] : [`Date: ${mailDate(input.date)}`]),
    ...(has('message-id') ? [] : [`Message-ID: <${input.messageId}>`]),
    ...(has('mime-version') ? [] : ['MIME-Version: 1.0']),
  ];
  return Buffer.concat([Buffer.from(`${own.join('\r\n')}\r\n`), node]);
}

function headerLine(header: ComposeHeader): string {
  const name = header.name.replace(/[^\x21-\x39\x3b-\x7e]/g, '');
  if (header.raw) return `${name}: ${oneLine(header.value).trim()}`;
  return fold(`${name}: ${encodeText(oneLine(header.value))}`);
}

/** RFC 5322 §2.2.3: lines of at most 78 where there is room to break. */
function fold(line: string): string {
  if (line.length <= 76) return line;
  const words = line.split(' ');
  const lines: string[] = [];
  let current = '';
  for (const word of words) {
    if (current !== '' && current.length + 1 + word.length > 76 && current.trim() !== '' && !/^[^ ]+:$/.test(current)) {
      lines.push(current);
      current = ` ${word}`;
    } else current = current === '' && lines.length === 0 && line.startsWith(word) ? word : `${current} ${word}`;
  }
  return [...lines, current].join('\r\n');
}

/** RFC 2047, only where it is needed. */
export function encodeText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text;
  const words: string[] = [];
  let chunk = '';
  for (const character of text) {
    if (Buffer.byteLength(chunk + character) > 42) {
      words.push(chunk);
      chunk = '';
    }
    chunk += character;
  }
  return [...words, chunk].map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

/** "Ana Silva <ana@pigeon.test>, …" as a field's raw value. */
export function encodeAddressList(addresses: EmailAddress[]): string {
  return addresses.map(encodeAddress).join(',\r\n ');
}

function encodeAddress({ name, email }: EmailAddress): string {
  const address = oneLine(email).replace(/[<>\s]/g, '');
  if (!name) return address;
  const plain = /^[\x20-\x7e]*$/.test(name) && !name.includes('=?');
  if (!plain) return `${encodeText(oneLine(name))} <${address}>`;
  return /^[\w !#$%&'*+\-/=?^`{|}~]+$/.test(name)
    ? `${name} <${address}>`
    : `"${oneLine(name).replace(/["\\]/g, '\\$&')}" <${address}>`;
}

/** The part's fields, an empty line and its body. */
function buildNode(part: ComposePart): Buffer {
  const multipart = 'parts' in part.body;
  const charset = multipart ? undefined : 'text' in part.body ? 'utf-8' : (part.charset ?? undefined);
  const lines: string[] = (part.headers ?? []).map(headerLine);
  const boundary = multipart ? `=_${crypto.randomUUID().replaceAll('-', '')}` : undefined;
  lines.push(
    fold(
      `Content-Type: ${buildParameters(part.type, {
        ...(charset !== undefined && part.type.startsWith('text/') ? { charset } : {}),
        ...(part.name ? { name: part.name } : {}),
        ...(boundary ? { boundary } : {}),
      })}`,
    ),
  );
  if (part.disposition || part.name) {
    lines.push(
      fold(
        `Content-Disposition: ${buildParameters(part.disposition ?? 'attachment', part.name ? { filename: part.name } : {})}`,
      ),
    );
  }
  if (part.cid) lines.push(`Content-ID: <${oneLine(part.cid)}>`);
  if (part.language?.length) lines.push(`Content-Language: ${oneLine(part.language.join(', '))}`);
  if (part.location) lines.push(`Content-Location: ${oneLine(part.location)}`);
  if ('parts' in part.body) {
    const parts = part.body.parts.flatMap((child) => [
      Buffer.from(`--${boundary}\r\n`),
      buildNode(child),
      Buffer.from('\r\n'),
    ]);
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...parts, Buffer.from(`--${boundary}--\r\n`)]);
  }
  const { encoding, bytes } =
    'text' in part.body ? encodeTextBody(part.body.text) : encodeBytes(part.type, part.body.bytes);
  lines.push(`Content-Transfer-Encoding: ${encoding}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

/** RFC 2231 where a value is not ASCII. */
function buildParameters(value: string, params: Record<string, string>): string {
  const parts = Object.entries(params).map(([name, text]) => {
    const line = oneLine(text);
    if (/^[\w.+-]+$/.test(line)) return `${name}=${line}`;
    if (/^[\x20-\x7e]*$/.test(line)) return `${name}="${line.replace(/["\\]/g, '\\$&')}"`;
    return `${name}*=utf-8''${encodeURIComponent(line).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;
  });
  return [oneLine(value), ...parts].join('; ');
}

/** Plain where it can go as it is, else quoted-printable, else base64. */
function encodeTextBody(text: string): { encoding: string; bytes: Buffer } {
  const crlf = text.replace(/\r\n|\r|\n/g, '\r\n');
  if (/^[\t\r\n\x20-\x7e]*$/.test(crlf) && !/[^\r\n]{990}/.test(crlf))
    return { encoding: '7bit', bytes: Buffer.from(crlf) };
  const bytes = Buffer.from(crlf);
  const high = bytes.reduce((count, byte) => (byte > 126 ? count + 1 : count), 0);
  if (high * 3 > bytes.length) return { encoding: 'base64', bytes: base64Lines(bytes) };
  return { encoding: 'quoted-printable', bytes: Buffer.from(quotedPrintable(bytes)) };
}

function encodeBytes(type: string, bytes: Uint8Array): { encoding: string; bytes: Buffer } {
  // RFC 2046 §5.2.1: a message inside goes as it is.
  if (type === 'message/rfc822') return { encoding: '8bit', bytes: Buffer.from(bytes) };
  return { encoding: 'base64', bytes: base64Lines(bytes) };
}

function base64Lines(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return Buffer.from(text.replace(/.{76}/g, '$&\r\n'));
}

/** RFC 2045 §6.7. */
function quotedPrintable(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (const line of Buffer.from(bytes).toString('latin1').split('\r\n')) {
    let current = '';
    for (let i = 0; i < line.length; i++) {
      const c = line.charCodeAt(i);
      const last = i === line.length - 1;
      const plain = (c >= 33 && c <= 126 && c !== 61) || ((c === 32 || c === 9) && !last);
      const piece = plain ? line.charAt(i) : `=${c.toString(16).toUpperCase().padStart(2, '0')}`;
      if (current.length + piece.length > 75) {
        lines.push(`${current}=`);
        current = '';
      }
      current += piece;
    }
    lines.push(current);
  }
  return lines.join('\r\n');
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
  const text: ComposePart = { type: 'text/plain', body: { text: message.text } };
  const content: ComposePart =
    message.html === undefined
      ? text
      : { type: 'multipart/alternative', body: { parts: [text, { type: 'text/html', body: { text: message.html } }] } };
  const attached = (message.attachments ?? []).map((file): ComposePart => ({
    type: file.type,
    name: file.name,
    disposition: 'attachment',
    body: { bytes: file.bytes },
  }));
  return compose({
    headers: headersOf(message),
    root: attached.length === 0 ? content : { type: 'multipart/mixed', body: { parts: [content, ...attached] } },
    date: message.date,
    messageId: message.messageId,
  });
}

function headersOf(message: Omit<SimpleMessage, 'text'>): ComposeHeader[] {
  return [
    { name: 'From', value: encodeAddressList([message.from]), raw: true },
    {
      name: 'To',
      value: message.to.length === 0 ? 'undisclosed-recipients:;' : encodeAddressList(message.to),
      raw: true,
    },
    ...(message.cc?.length ? [{ name: 'Cc', value: encodeAddressList(message.cc), raw: true }] : []),
    { name: 'Subject', value: message.subject },
    ...(message.headers ?? []),
  ];
}

/** multipart/report (RFC 6522): a readable part, then machine-readable ones. */
export function reportMessage(
  message: Omit<SimpleMessage, 'html' | 'attachments'> & {
    reportType: string;
    parts: { type: string; body: string | Uint8Array }[];
  },
): Buffer {
  const parts: ComposePart[] = [
    { type: 'text/plain', body: { text: message.text } },
    ...message.parts.map((part): ComposePart => ({ type: part.type, body: { bytes: Buffer.from(part.body) } })),
  ];
  const boundary = `=_${crypto.randomUUID().replaceAll('-', '')}`;
  const lines = [
    ...headersOf(message).map(headerLine),
    `Date: ${mailDate(message.date)}`,
    `Message-ID: <${message.messageId}>`,
    'MIME-Version: 1.0',
  ];
  lines.push(`Content-Type: multipart/report; report-type=${message.reportType}; boundary="${boundary}"`);
  const bodies = parts.flatMap((part, i) => {
    // RFC 3464 §2.1: the machine-readable part is 7bit text, and so it is never base64. What is returned may have 8 bits.
    const eightBit = 'bytes' in part.body && part.body.bytes.some((octet) => octet > 127);
    const fields = `Content-Type: ${part.type}\r\n${eightBit ? 'Content-Transfer-Encoding: 8bit\r\n' : ''}\r\n`;
    const machine =
      i > 0 && 'bytes' in part.body
        ? Buffer.concat([Buffer.from(fields), Buffer.from(part.body.bytes)])
        : buildNode(part);
    return [Buffer.from(`--${boundary}\r\n`), machine, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...bodies, Buffer.from(`--${boundary}--\r\n`)]);
}
