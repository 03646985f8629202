// Messages: immutable, once per tenant, parsed once. What they are found by follows (indexing.ts).

import { hash } from 'node:crypto';
import type { EmailAddress, Envelope, ParsedMessage, Part } from '../mail/message.ts';
import { clean } from '../mail/mime/headers.ts';
import { baseSubject } from '../mail/mime/subject.ts';
import { jsonbArray, textArray } from './binary.ts';
import type { Blobs } from './blobs.ts';
import type { Ids } from './ids.ts';
import type { Reader, Transaction, Writer } from './postgres.ts';
import type { Spooled } from './spool.ts';
import { together } from './together.ts';
import { takeUpload } from './uploads.ts';

export interface NewMessage {
  id: number;
  bytes: Uint8Array;
  parsed: ParsedMessage;
  /** Its bytes are there already, and are taken over; `bytes` is no more than its beginning, the header whole. */
  stored?: Pick<Spooled, 'blob' | 'size' | 'upload'>;
}

export interface StoredMessage {
  id: number;
  threadId: number;
}

/** Inserts messages with their bytes; answers their threads. No row that exists is locked. */
export async function insertMessages(
  tx: Transaction,
  blobs: Blobs,
  tenant: number,
  messages: NewMessage[],
  now: Date,
): Promise<StoredMessage[]> {
  if (messages.length === 0) return [];
  const threads = await findThreads(tx, tenant, messages);
  await writeMessages(tx, blobs, tenant, messages, threads, now);
  return messages.map(({ id }, i) => ({ id, threadId: threads.ids[i] ?? id }));
}

/** What findThreads has found out for the same messages, bytes and all, into the store. `writer`: tx.last, or now. */
export async function writeMessages(
  tx: Transaction,
  blobs: Blobs,
  tenant: number,
  messages: NewMessage[],
  threads: Threads,
  now: Date,
  writer: Writer = tx,
): Promise<void> {
  const coming = messages.filter(({ stored }) => !stored);
  const reserved = await blobs.reserve(tx, coming.length);
  const put = coming.map(({ bytes }, i) => ({ id: reserved[i] ?? 0, bytes }));
  const blobIds = messages.map(({ stored }) => stored?.blob ?? reserved.shift() ?? 0);
  await together(
    insertReferences(writer, tenant, threads),
    blobs.putMany(writer, tenant, put),
    insertRows(writer, tenant, messages, blobIds, threads.ids, now),
  );
  for (const { stored } of messages) if (stored) await takeUpload(tx, stored.upload);
}

async function insertRows(
  writer: Writer,
  tenant: number,
  messages: NewMessage[],
  blobIds: number[],
  threads: number[],
  now: Date,
): Promise<void> {
  const types = { ...MESSAGE, thread_id: 'bigint' };
  await writer.run(
    `${insertMessage(2)} FROM unnest(${arrays(Object.values(types), 3)}) AS m (${Object.keys(types).join(', ')})`,
    [tenant, now, ...valuesOf(messages, blobIds), threads],
  );
}

/** What a message is told by, but for its thread and when it was stored: columns and their types. */
export const MESSAGE = {
  id: 'bigint',
  blob_id: 'bigint',
  size: 'int',
  message_id_header: 'text',
  sent_at: 'timestamptz',
  has_attachment: 'boolean',
  subject: 'text',
  base_subject: 'text',
  from_text: 'text',
  to_text: 'text',
  preview: 'text',
  envelope: 'jsonb',
  structure: 'jsonb',
  imap_envelope: 'text',
  imap_structure: 'text',
  header_size: 'int',
  header: 'text',
} as const;

/** SQL: parameters from `$first` on, an array of each type. */
export function arrays(types: string[], first: number): string {
  return types.map((type, i) => `$${first + i}::${type}[]`).join(', ');
}

/** SQL: inserts those of `m`, which has MESSAGE's columns and thread_id; `$1` is the tenant, `$now` when it is. To be followed by FROM. */
export function insertMessage(now: number): string {
  const columns = Object.keys(MESSAGE);
  return `INSERT INTO message (tenant_id, created_at, thread_id, ${columns.join(', ')})
    SELECT $1, $${now}, m.thread_id, ${columns.map((name) => `m.${name}`).join(', ')}`;
}

/** An array for each of MESSAGE's columns. */
export function valuesOf(messages: NewMessage[], blobIds: number[]): unknown[] {
  const envelopes = messages.map(({ parsed }) => parsed.envelope);
  const texts = (list: (string | null)[]): Buffer => textArray(list.map((text) => text && clean(text)));
  const values: Record<keyof typeof MESSAGE, unknown> = {
    id: messages.map((message) => message.id),
    blob_id: blobIds,
    size: messages.map(({ bytes, stored }) => stored?.size ?? bytes.length),
    message_id_header: texts(messages.map(({ parsed }) => messageIdOf(parsed))),
    sent_at: envelopes.map((envelope) => envelope.sentAt),
    has_attachment: messages.map(({ parsed }) => parsed.hasAttachment),
    subject: texts(envelopes.map((envelope) => envelope.subject)),
    base_subject: texts(envelopes.map((envelope) => sortSubject(envelope.subject))),
    from_text: texts(envelopes.map((envelope) => sortText(envelope.from))),
    to_text: texts(envelopes.map((envelope) => sortText(envelope.to))),
    preview: texts(messages.map(({ parsed }) => parsed.preview)),
    envelope: jsonbArray(envelopes.map((envelope) => toJson(envelope))),
    structure: jsonbArray(messages.map(({ parsed }) => toJson(parsed.root))),
    imap_envelope: texts(messages.map(({ parsed }) => parsed.imap.envelope)),
    imap_structure: texts(messages.map(({ parsed }) => parsed.imap.structure)),
    header_size: messages.map(({ parsed }) => parsed.root.header[1]),
    header: textArray(messages.map(({ bytes, parsed }) => headerText(bytes, parsed.root.header[1]))),
  };
  return (Object.keys(MESSAGE) as (keyof typeof MESSAGE)[]).map((name) => values[name]);
}

/** Octets of a header that is kept beside what was parsed of it, as in migrations/0016-header.sql. */
const MAX_HEADER = 64 << 10;

/** One character an octet. Null: too long, or it has a NUL, which PostgreSQL's text has not; it is read from the bytes then. */
function headerText(bytes: Uint8Array, size: number): string | null {
  if (size > MAX_HEADER) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, size).toString('latin1');
  return text.includes('\0') ? null : text;
}

/** Octets of a Message-ID that are kept: more is none (RFC 5322 §2.1.1), and an index takes no more than 2,700. */
const MAX_MESSAGE_ID = 998;

/** First Message-ID, without angle brackets: what a submission is found by. */
export function messageIdOf({ envelope }: ParsedMessage): string | null {
  const id = envelope.messageId?.[0] ?? null;
  return id === null ? null : clip(id, MAX_MESSAGE_ID);
}

/** JSON with no escape in it that jsonb refuses, whatever a header held. */
function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  return /\\u(?:0000|d[89a-f])/i.test(json) ? JSON.stringify(cleanDeep(value)) : json;
}

function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [clean(key), cleanDeep(of)]));
}

function clip(text: string, octets: number): string {
  const whole = clean(text);
  if (whole.length * 3 <= octets || Buffer.byteLength(whole) <= octets) return whole;
  return new TextDecoder().decode(Buffer.from(whole).subarray(0, octets), { stream: true });
}

/** One message that is nobody's submission: a notice. */
export async function storeMessage(
  tx: Transaction,
  deps: { blobs: Blobs; ids: Ids },
  tenant: number,
  message: { bytes: Uint8Array; parsed: ParsedMessage },
  now: Date,
): Promise<StoredMessage> {
  const [id = 0] = await deps.ids.take('message_id', 1, tx);
  const [stored] = await insertMessages(tx, deps.blobs, tenant, [{ id, ...message }], now);
  return stored ?? { id, threadId: id };
}

/** What RFC 8621 §4.4.2 sorts by where it is not the subject itself. */
function sortSubject(subject: string | null): string | null {
  const base = baseSubject(subject ?? '');
  return base === (subject ?? '') ? null : base;
}

/** What RFC 8621 §4.4.2 sorts from and to by: the first name, else the first address. */
function sortText(addresses: EmailAddress[] | null): string | null {
  const [first] = addresses ?? [];
  return first ? first.name || first.email : null;
}

/** Threads of some messages, in their order, and the references that are new. */
export interface Threads {
  ids: number[];
  added: Map<string, number>;
}

/**
 * RFC 8621 §3: messages with a reference in common and the same base subject are a thread. The first known thread of
 * any reference; else a new one, numbered as the message.
 */
export async function findThreads(
  reader: Reader,
  tenant: number,
  messages: Pick<NewMessage, 'id' | 'parsed'>[],
): Promise<Threads> {
  const keys = messages.map(({ parsed }) => references(parsed));
  const rows = await reader.rows<{ reference: string; thread_id: number }>(
    `SELECT reference::text AS reference, thread_id FROM thread_reference WHERE tenant_id = $1 AND reference = ANY ($2::bigint[])`,
    [tenant, keys.flat()],
  );
  const known = new Map(rows.map((row) => [row.reference, row.thread_id]));
  const added = new Map<string, number>();
  const ids = messages.map((message, i) => {
    const own = keys[i] ?? [];
    const thread = own.map((key) => known.get(key)).find((id) => id !== undefined) ?? message.id;
    for (const key of own) {
      if (known.has(key)) continue;
      known.set(key, thread);
      added.set(key, thread);
    }
    return thread;
  });
  return { ids, added };
}

async function insertReferences(writer: Writer, tenant: number, { added }: Threads): Promise<void> {
  if (added.size === 0) return;
  // Sorted, so that two transactions never wait for each other in a circle.
  const sorted = [...added].toSorted(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1));
  await writer.run(
    `INSERT INTO thread_reference SELECT $1, * FROM unnest($2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING`,
    [tenant, sorted.map(([key]) => key), sorted.map(([, thread]) => thread)],
  );
}

/** References looked at: the first and the last ones of a long chain say enough. */
const MAX_REFERENCES = 40;

/** By which a message finds its thread: keys of thread_reference, which are numbers too large for JavaScript's. */
export function references({ envelope, baseSubject }: ParsedMessage): string[] {
  const all = [...(envelope.references ?? []), ...(envelope.inReplyTo ?? []), ...(envelope.messageId ?? [])];
  const some =
    all.length <= MAX_REFERENCES ? all : [...all.slice(0, MAX_REFERENCES / 2), ...all.slice(-MAX_REFERENCES / 2)];
  return [
    ...new Set(
      some.map((id) => hash('sha256', `${id}\0${baseSubject.toLowerCase()}`, 'buffer').readBigInt64BE().toString()),
    ),
  ];
}

export interface MessageRow {
  id: number;
  blob_id: number;
  size: number;
  thread_id: number;
  envelope: Envelope;
  structure: Part;
}

/** By number, whoever asks: a face gets here only through a copy that it may see. */
export async function messageById(reader: Reader, tenant: number, id: number): Promise<MessageRow | undefined> {
  return reader.row(
    `SELECT id, blob_id, size, thread_id, envelope, structure FROM message WHERE tenant_id = $1 AND id = $2`,
    [tenant, id],
  );
}
