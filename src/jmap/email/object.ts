// The Email object (RFC 8621 §4.1): which properties a client asks for, what must be read for them, and their values.

import { utcDate } from '../dates.ts';
import { fromKeywords } from '../../mail/keywords.ts';
import type { Envelope, Part } from '../../mail/message.ts';
import { bodyParts } from '../../mail/mime/body.ts';
import type { HeaderField } from '../../mail/mime/headers.ts';
import {
  allFields,
  bodyPart,
  DEFAULT_BODY_PROPERTIES,
  leaves,
  parseBodyProperties,
  type BodyProperties,
} from './body-part.ts';
import type { MessageBytes } from './bytes.ts';
import { CONVENIENCE, headerValue, parseHeaderProperty, type HeaderProperty } from './header-property.ts';
import { emailIdOf, mailboxIdOf, recallIdOf, threadIdOf } from './ids.ts';

/** Of the copy, not of what the message says: handing these out is no exposure. */
const OWN = ['id', 'blobId', 'threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'recallNotice'];
const ENVELOPE = [...CONVENIENCE.keys(), 'hasAttachment', 'preview'];
const BODIES = ['bodyStructure', 'textBody', 'htmlBody', 'attachments', 'bodyValues'];
const KNOWN: ReadonlySet<string> = new Set([...OWN, ...ENVELOPE, 'headers', ...BODIES]);

/** RFC 8621 §4.2; `recallNotice` is Homing's (docs: jmap-recall) and comes only when asked for. */
export const DEFAULT_PROPERTIES = (
  'id blobId threadId mailboxIds keywords size receivedAt messageId inReplyTo references sender ' +
  'from to cc bcc replyTo subject sentAt hasAttachment preview bodyValues textBody htmlBody attachments'
).split(' ');

/** RFC 8621 §4.9. */
export const PARSE_PROPERTIES = DEFAULT_PROPERTIES.slice(DEFAULT_PROPERTIES.indexOf('messageId'));

export interface BodyArguments {
  properties?: string[] | null;
  bodyProperties?: string[] | null;
  fetchTextBodyValues?: boolean | null;
  fetchHTMLBodyValues?: boolean | null;
  fetchAllBodyValues?: boolean | null;
  maxBodyValueBytes?: number | null;
}

export interface Wanted {
  names: string[];
  headers: HeaderProperty[];
  body: BodyProperties;
  values: { text: boolean; html: boolean; all: boolean; maxBytes: number };
  /** What has to be read. */
  depth: 'copy' | 'envelope' | 'structure';
  /** What is given away by it (recall.md, Exposure). */
  exposure: null | 'listed' | 'downloaded';
}

/** A string: what is wrong with the arguments. */
export function parseWanted(args: BodyArguments, defaults: string[]): Wanted | string {
  const names: string[] = [];
  const headers: HeaderProperty[] = [];
  for (const property of new Set(args.properties ?? defaults)) {
    const header = property.startsWith('header:') ? parseHeaderProperty(property) : null;
    if (header) headers.push(header);
    else if (KNOWN.has(property)) names.push(property);
    else return `properties: "${property.slice(0, 100)}" is no property of an Email`;
  }
  const body = parseBodyProperties(args.bodyProperties ?? DEFAULT_BODY_PROPERTIES);
  if (!body) return 'bodyProperties: not all of them are properties of an EmailBodyPart';
  const bodyValues = names.includes('bodyValues');
  const values = {
    text: bodyValues && args.fetchTextBodyValues === true,
    html: bodyValues && args.fetchHTMLBodyValues === true,
    all: bodyValues && args.fetchAllBodyValues === true,
    maxBytes: args.maxBodyValueBytes ?? 0,
  };
  const fetches = values.text || values.html || values.all;
  const raw = names.includes('headers') || headers.some((header) => !inEnvelope(header));
  const structure = raw || fetches || names.some((name) => BODIES.includes(name) && name !== 'bodyValues');
  const envelope = headers.length > 0 || names.some((name) => !OWN.includes(name));
  return {
    names,
    headers,
    body,
    values,
    depth: structure ? 'structure' : envelope ? 'envelope' : 'copy',
    exposure: fetches ? 'downloaded' : envelope ? 'listed' : null,
  };
}

/** The stored envelope has this form of this field, of its last instance. */
function inEnvelope(header: HeaderProperty): string | undefined {
  if (header.all) return undefined;
  for (const [property, { name, form }] of CONVENIENCE)
    if (form === header.form && name.toLowerCase() === header.name) return property;
  return undefined;
}

/** A copy's own. */
export interface OwnFacts {
  email_id: number;
  thread_id: number;
  mailbox_id: number;
  flags: number;
  keywords: string[] | null;
  received_at: Date;
  notice_of: number | null;
}

export interface MessageFacts {
  blobId: string;
  size: number;
  /** Null: it is in no mailbox (Email/parse). */
  own: OwnFacts | null;
  envelope?: Envelope;
  has_attachment?: boolean;
  preview?: string;
  structure?: Part;
  bytes: MessageBytes;
}

/** The properties asked for; what they need must have been read. */
export async function emailObject(wanted: Wanted, of: MessageFacts): Promise<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  const raw = wanted.names.includes('headers') || wanted.headers.some((header) => !inEnvelope(header));
  const fields = raw && of.structure ? await of.bytes.fields(of.structure) : [];
  const lists = of.structure && bodyParts(of.structure);
  for (const name of wanted.names) {
    if (OWN.includes(name)) shown[name] = ownProperty(name, of);
    else if (BODIES.includes(name)) shown[name] = await bodyProperty(name, wanted, of, lists);
    else shown[name] = contentProperty(name, of, fields);
  }
  for (const header of wanted.headers) {
    const property = inEnvelope(header);
    shown[header.property] = property ? contentProperty(property, of, fields) : headerValue(header, fields);
  }
  return shown;
}

function ownProperty(name: string, { own, blobId, size }: MessageFacts): unknown {
  if (name === 'blobId') return blobId;
  if (name === 'size') return size;
  if (own === null) return null;
  switch (name) {
    case 'id':
      return emailIdOf(own.email_id);
    case 'threadId':
      return threadIdOf(own.thread_id);
    case 'mailboxIds':
      return { [mailboxIdOf(own.mailbox_id)]: true };
    case 'keywords':
      return fromKeywords({ flags: own.flags, others: own.keywords });
    case 'receivedAt':
      return utcDate(own.received_at);
    default:
      return own.notice_of === null ? null : recallIdOf(own.notice_of);
  }
}

function contentProperty(name: string, of: MessageFacts, fields: HeaderField[]): unknown {
  if (name === 'hasAttachment') return of.has_attachment ?? false;
  if (name === 'preview') return of.preview ?? '';
  if (name === 'headers') return allFields(fields);
  return of.envelope?.[name as keyof Envelope] ?? null;
}

async function bodyProperty(
  name: string,
  wanted: Wanted,
  of: MessageFacts,
  lists: ReturnType<typeof bodyParts> | undefined,
): Promise<unknown> {
  const { structure, bytes, blobId } = of;
  if (name === 'bodyValues') return structure && lists ? bodyValues(wanted, structure, lists, bytes) : {};
  if (!structure || !lists) return null;
  const show = (part: Part): Promise<Record<string, unknown>> => bodyPart(part, wanted.body, blobId, bytes);
  if (name === 'bodyStructure') return show(structure);
  return Promise.all(lists[name as 'textBody' | 'htmlBody' | 'attachments'].map(show));
}

async function bodyValues(
  { values }: Wanted,
  structure: Part,
  lists: ReturnType<typeof bodyParts>,
  bytes: MessageBytes,
): Promise<Record<string, unknown>> {
  const parts = new Set([
    ...(values.text ? lists.textBody : []),
    ...(values.html ? lists.htmlBody : []),
    ...(values.all ? leaves(structure) : []),
  ]);
  const shown: Record<string, unknown> = {};
  for (const part of parts)
    if (part.type.startsWith('text/')) shown[part.partId] = await bytes.text(part, values.maxBytes);
  return shown;
}
