// From an Email object that a client wants created to a message (RFC 8621 §4.6). Says all that is wrong at once.

import {
  isEightBit,
  isMessage,
  type ComposeHeader,
  type ComposeInput,
  type ComposePart,
} from '../../mail/mime/compose.ts';
import { parseParameters } from '../../mail/mime/headers.ts';
import { Faults, fieldsOf, isStrings } from './draft-fields.ts';
import { CONVENIENCE, parseHeaderProperty } from './header-property.ts';

type Json = Record<string, unknown>;

/** Properties about the mail store, not of the message: read elsewhere. */
const STORE = ['mailboxIds', 'keywords', 'receivedAt'];
const BODY = ['bodyStructure', 'textBody', 'htmlBody', 'attachments', 'bodyValues'];
const PART = [
  'partId',
  'blobId',
  'size',
  'name',
  'type',
  'charset',
  'disposition',
  'cid',
  'language',
  'location',
  'subParts',
];

/** Depth of nested parts that a client may build. */
const MAX_DEPTH = 20;

export interface Draft {
  headers: ComposeHeader[];
  root: DraftPart;
  /** Blobs that its parts refer to. */
  blobIds: string[];
}

/** A part whose blob is not yet read. */
export type DraftPart = Omit<ComposePart, 'body'> & {
  body: { text: string } | { blobId: string } | { parts: DraftPart[] };
};

export type Understood = { draft: Draft } | { invalid: string[]; description: string };

export function understandDraft(email: Json): Understood {
  const faults = new Faults();
  const headers = emailHeaders(email, faults);
  const blobIds: string[] = [];
  const root = bodyOf(email, faults, blobIds, new Set(headers.map((header) => header.name.toLowerCase())));
  if (faults.properties.size > 0)
    return { invalid: [...faults.properties], description: faults.reasons.slice(0, 5).join('; ') };
  return { draft: { headers, root, blobIds } };
}

/** A blob that a part refers to. */
export interface DraftBlob {
  /** Octets. */
  size: number;
  read(): Promise<Buffer>;
  stream(): AsyncIterable<Uint8Array>;
}

/** What the message is composed of; `blobs` holds every blob of the draft. `inPieces`: none of them is read before it is wanted. */
export async function fillDraft(
  { headers, root }: Draft,
  of: { date: Date; messageId: string },
  blobs: ReadonlyMap<string, DraftBlob>,
  inPieces: boolean,
): Promise<ComposeInput> {
  const bodyOf = async (blobId: string, type: string): Promise<ComposePart['body']> => {
    const blob = blobs.get(blobId);
    if (!blob) throw new Error(`blob ${blobId} was not opened`);
    if (!inPieces) return { bytes: await blob.read() };
    let eightBit = false;
    if (isMessage(type)) for await (const piece of blob.stream()) eightBit ||= isEightBit(piece);
    return { pieces: () => blob.stream(), eightBit };
  };
  const filled = async ({ body, ...rest }: DraftPart): Promise<ComposePart> => {
    if ('text' in body) return { ...rest, body };
    if ('blobId' in body) return { ...rest, body: await bodyOf(body.blobId, rest.type) };
    const parts: ComposePart[] = [];
    for (const part of body.parts) parts.push(await filled(part));
    return { ...rest, body: { parts } };
  };
  return { headers, root: await filled(root), ...of };
}

/** Top-level fields, in the order the client gave them. */
function emailHeaders(email: Json, faults: Faults): ComposeHeader[] {
  const headers: ComposeHeader[] = [];
  const given = new Map<string, string>();
  for (const [property, value] of Object.entries(email)) {
    const convenience = CONVENIENCE.get(property);
    const header = property.startsWith('header:') ? parseHeaderProperty(property) : null;
    if (!convenience && !header) {
      if (!STORE.includes(property) && !BODY.includes(property)) faults.add(property, 'may not be given');
      continue;
    }
    const name = convenience?.name ?? header?.asWritten ?? '';
    const lower = name.toLowerCase();
    const earlier = given.get(lower);
    if (earlier !== undefined) {
      faults.add(earlier, 'the same field is given twice');
      faults.add(property, 'the same field is given twice');
    }
    given.set(lower, property);
    if (lower.startsWith('content-')) {
      faults.add(property, 'belongs on a part');
      continue;
    }
    headers.push(
      ...fieldsOf(property, name, convenience?.form ?? header?.form ?? 'Raw', header?.all ?? false, value, faults),
    );
  }
  return headers;
}

function bodyOf(email: Json, faults: Faults, blobIds: string[], taken: ReadonlySet<string>): DraftPart {
  const values = bodyValuesOf(email['bodyValues'], faults);
  const read = (value: unknown, path: string, fallback: string, depth = 0): DraftPart =>
    partOf(value, { path, fallback, depth, values, faults, blobIds });
  const { bodyStructure = null, textBody = null, htmlBody = null, attachments = null } = email;
  if (bodyStructure !== null) {
    for (const property of ['textBody', 'htmlBody', 'attachments']) {
      if ((email[property] ?? null) !== null) faults.add(property, 'is not for one with a bodyStructure');
    }
    const root = read(bodyStructure, 'bodyStructure', 'text/plain');
    for (const { name } of root.headers ?? [])
      if (taken.has(name.toLowerCase())) faults.add('bodyStructure', `${name} is a field of the Email already`);
    return root;
  }
  const text = single(textBody, 'textBody', 'text/plain', faults, read);
  const html = single(htmlBody, 'htmlBody', 'text/html', faults, read);
  const files =
    attachments === null
      ? []
      : Array.isArray(attachments)
        ? attachments.map((each, i) => read(each, `attachments/${i}`, 'application/octet-stream'))
        : null;
  if (files === null) faults.add('attachments', 'is not an array');
  return assemble(
    text,
    html,
    (files ?? []).map((file) => ({ ...file, disposition: file.disposition ?? 'attachment' })),
  );
}

function single(
  value: unknown,
  property: string,
  type: string,
  faults: Faults,
  read: (value: unknown, path: string, fallback: string) => DraftPart,
): DraftPart | null {
  if (value === null) return null;
  if (!Array.isArray(value) || value.length !== 1) {
    faults.add(property, 'has exactly one part');
    return null;
  }
  const part = read(value[0], `${property}/0`, type);
  if (part.type !== type) faults.add(property, `is of type ${type}`);
  return part;
}

/** What belongs to the HTML goes beside it, what is another form of the text beside that, files after all. */
function assemble(text: DraftPart | null, html: DraftPart | null, files: DraftPart[]): DraftPart {
  const multipart = (kind: string, parts: DraftPart[]): DraftPart => ({ type: `multipart/${kind}`, body: { parts } });
  const isEmbedded = (file: DraftPart): boolean => html !== null && file.disposition === 'inline' && Boolean(file.cid);
  const embedded = files.filter(isEmbedded);
  const attached = files.filter((file) => !isEmbedded(file));
  const related = html !== null && embedded.length > 0 ? multipart('related', [html, ...embedded]) : html;
  const content = text && related ? multipart('alternative', [text, related]) : (text ?? related);
  if (attached.length === 0) return content ?? { type: 'text/plain', body: { text: '' } };
  return multipart('mixed', content ? [content, ...attached] : attached);
}

function bodyValuesOf(value: unknown, faults: Faults): Map<string, string> {
  const values = new Map<string, string>();
  if (value === null || value === undefined) return values;
  if (typeof value !== 'object' || Array.isArray(value)) {
    faults.add('bodyValues', 'is not an object');
    return values;
  }
  for (const [partId, each] of Object.entries(value)) {
    const { value: text, isEncodingProblem = false, isTruncated = false } = (each ?? {}) as Json;
    if (typeof text !== 'string' || isEncodingProblem !== false || isTruncated !== false)
      faults.add(`bodyValues/${partId}`, 'is no whole text');
    else values.set(partId, text);
  }
  return values;
}

interface PartContext {
  path: string;
  /** Type where none is given. */
  fallback: string;
  depth: number;
  values: ReadonlyMap<string, string>;
  faults: Faults;
  blobIds: string[];
}

function partOf(value: unknown, context: PartContext): DraftPart {
  const { path, faults, depth } = context;
  const empty: DraftPart = { type: 'text/plain', body: { text: '' } };
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > MAX_DEPTH) {
    faults.add(path, 'is no part');
    return empty;
  }
  const part = value as Json;
  const { headers, replaced } = partHeaders(part, path, faults);
  const text = (property: string): string | null => {
    const given = part[property] ?? null;
    if (given === null || typeof given === 'string') return given;
    faults.add(`${path}/${property}`, 'is not a string');
    return null;
  };
  const { partId = null, blobId = null, subParts = null } = part;
  const type = (
    text('type') ??
    replaced.type ??
    (subParts === null ? context.fallback : 'multipart/mixed')
  ).toLowerCase();
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type)) faults.add(`${path}/type`, 'is no media type');
  const language = part['language'] ?? null;
  if (language !== null && !isStrings(language)) faults.add(`${path}/language`, 'is not a list of strings');
  const shaped: DraftPart = {
    type,
    charset: text('charset') ?? replaced.charset ?? null,
    name: text('name') ?? replaced.name ?? null,
    disposition: text('disposition') ?? replaced.disposition ?? null,
    cid: text('cid'),
    language: isStrings(language) ? language : null,
    location: text('location'),
    headers,
    body: { text: '' },
  };
  if (type.startsWith('multipart/')) {
    if (partId !== null || blobId !== null || !Array.isArray(subParts) || subParts.length === 0)
      faults.add(path, 'a multipart has subParts and nothing else');
    else
      shaped.body = {
        parts: subParts.map((each, i) =>
          partOf(each, { ...context, path: `${path}/subParts/${i}`, fallback: 'text/plain', depth: depth + 1 }),
        ),
      };
    return shaped;
  }
  if (subParts !== null && !(Array.isArray(subParts) && subParts.length === 0))
    faults.add(`${path}/subParts`, 'is for a multipart');
  leafOf(part, shaped, context);
  return shaped;
}

/** Either a partId, with its text in bodyValues, or a blobId. */
function leafOf(part: Json, shaped: DraftPart, { path, faults, values, blobIds }: PartContext): void {
  const { partId = null, blobId = null } = part;
  if (partId !== null && blobId !== null) faults.add(`${path}/blobId`, 'is not for a part with a partId');
  if (typeof partId === 'string') {
    const value = values.get(partId);
    if (value === undefined) faults.add(`${path}/partId`, 'is not in bodyValues');
    if ((part['charset'] ?? null) !== null) faults.add(`${path}/charset`, 'is not for a part with a partId');
    if ((part['size'] ?? null) !== null) faults.add(`${path}/size`, 'is not for a part with a partId');
    if (!shaped.type.startsWith('text/')) faults.add(`${path}/type`, 'a part with a partId is text');
    shaped.body = { text: value ?? '' };
  } else if (typeof blobId === 'string') {
    blobIds.push(blobId);
    shaped.body = { blobId };
  } else faults.add(path, 'has neither a partId nor a blobId');
}

interface Replaced {
  type?: string;
  charset?: string;
  name?: string;
  disposition?: string;
}

/** Fields of a part; Content-Type and Content-Disposition are written from what they say. */
function partHeaders(part: Json, path: string, faults: Faults): { headers: ComposeHeader[]; replaced: Replaced } {
  const headers: ComposeHeader[] = [];
  const replaced: Replaced = {};
  const given = new Set<string>();
  const stands: [string, string[]][] = [
    ['content-type', ['type', 'charset']],
    ['content-disposition', ['disposition']],
    ['content-id', ['cid']],
    ['content-language', ['language']],
    ['content-location', ['location']],
  ];
  for (const [name, properties] of stands)
    if (properties.some((property) => (part[property] ?? null) !== null)) given.add(name);
  for (const [property, value] of Object.entries(part)) {
    if (PART.includes(property)) continue;
    const header = property.startsWith('header:') ? parseHeaderProperty(property) : null;
    const at = `${path}/${property}`;
    if (!header || header.name === 'content-transfer-encoding') faults.add(at, 'may not be given');
    else if (given.has(header.name)) faults.add(at, 'the same field is given twice');
    else {
      given.add(header.name);
      const fields = fieldsOf(at, header.asWritten, header.form, header.all, value, faults);
      const only = fields[0];
      if (only && (header.name === 'content-type' || header.name === 'content-disposition')) {
        const { value: main, params } = parseParameters(only.value);
        if (header.name === 'content-type')
          Object.assign(replaced, { type: main, charset: params['charset'], name: replaced.name ?? params['name'] });
        else Object.assign(replaced, { disposition: main, name: params['filename'] ?? replaced.name });
      } else headers.push(...fields);
    }
  }
  return { headers, replaced };
}
