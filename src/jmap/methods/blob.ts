// Blob/upload, Blob/get, Blob/lookup (RFC 9404). What a blobId resolves to, and what is recorded of it, is in ../blob.ts.

import { createHash } from 'node:crypto';
import { readEmails } from '../../store/emails.ts';
import type { ByteRange } from '../../mail/message.ts';
import { openBlob, uploadPieces, type BlobUser, type OpenBlob } from '../blob.ts';
import { leaves } from '../email/body-part.ts';
import { emailIdOf, mailboxIdOf, parseBlobId, threadIdOf } from '../email/ids.ts';
import { invalidArguments, invalidProperties, MethodError, SetFault, type SetError } from '../errors.ts';
import { BLOB_CAPABILITY, LIMITS } from '../limits.ts';
import {
  accountOf,
  attempt,
  idMap,
  isObject,
  onlyArguments,
  optionalInteger,
  orNull,
  resolveId,
  type Args,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['digest:sha', 'sha1'],
  ['digest:sha-256', 'sha256'],
  ['digest:sha-512', 'sha512'],
]);

const PROPERTIES = ['id', 'size', 'data', 'data:asText', 'data:asBase64', ...DIGESTS.keys()];

function userOf(args: Args, context: MethodContext): BlobUser {
  const account = accountOf(args, context);
  return { tenant: account.tenant, account: account.id, actor: context.user.id, program: context.program };
}

/** RFC 9404 §4.1. */
export const blobUpload: Method = async (args, context) => {
  const user = userOf(args, context);
  onlyArguments(args, ['accountId', 'create']);
  const { create } = args;
  if (!isObject(create) || !Object.values(create).every(isObject))
    throw invalidArguments('"create" is a map of objects.');
  if (Object.keys(create).length > LIMITS.maxObjectsInSet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInSet} blobs.`);
  const created = idMap<Record<string, unknown>>();
  const notCreated = idMap<SetError>();
  // In their order: one may be made of those before it.
  for (const [key, upload] of Object.entries(create as Record<string, Args>)) {
    await attempt(key, notCreated, async () => {
      const unknown = Object.keys(upload).filter((name) => name !== 'data' && name !== 'type');
      if (unknown.length > 0) throw invalidProperties(unknown);
      const { data, type = null } = upload;
      if (type !== null && (typeof type !== 'string' || type.length > 255 || /\p{Cc}/u.test(type)))
        throw invalidProperties(['type']);
      if (!Array.isArray(data) || !data.every(isObject)) throw invalidProperties(['data']);
      if (data.length > BLOB_CAPABILITY.maxDataSources)
        throw invalidProperties(['data'], `At most ${BLOB_CAPABILITY.maxDataSources} sources.`);
      const pieces = concatenated(data, user, context);
      const { blobId, size } = await uploadPieces(context, user, pieces, type ?? 'application/octet-stream');
      created[key] = { id: blobId, type, size };
      context.createdIds.set(key, blobId);
    });
  }
  return { accountId: args['accountId'], created: orNull(created), notCreated: orNull(notCreated) };
};

async function* concatenated(sources: Args[], user: BlobUser, context: MethodContext): AsyncGenerator<Buffer, void> {
  let size = 0;
  for (const source of sources) {
    const { octets, pieces } = await openSource(source, user, context);
    size += octets;
    if (size > BLOB_CAPABILITY.maxSizeBlobSet)
      throw new SetFault('tooLarge', undefined, { maxSize: BLOB_CAPABILITY.maxSizeBlobSet });
    yield* pieces;
  }
}

interface Source {
  octets: number;
  pieces: AsyncIterable<Buffer> | Buffer[];
}

/** A DataSourceObject: text, base64, or octets of another blob. */
async function openSource(source: Args, user: BlobUser, context: MethodContext): Promise<Source> {
  const kinds = ['data:asText', 'data:asBase64', 'blobId'].filter((kind) => (source[kind] ?? null) !== null);
  const [kind] = kinds;
  const of = kind === 'blobId' ? ['offset', 'length'] : [];
  const unknown = Object.keys(source).filter((name) => name !== kind && !of.includes(name) && source[name] !== null);
  if (kind === undefined || kinds.length > 1 || unknown.length > 0)
    throw invalidProperties(['data'], 'A source is a text, base64, or a blobId with an offset and a length.');
  const value = source[kind];
  if (typeof value !== 'string') throw invalidProperties(['data'], `"${kind}" is a string.`);
  if (kind === 'data:asText') {
    if (!value.isWellFormed()) throw invalidProperties(['data'], 'A text has whole characters.');
    return atHand(Buffer.from(value));
  }
  if (kind === 'data:asBase64') {
    if (!isBase64(value)) throw invalidProperties(['data'], 'That is no base64.');
    return atHand(Buffer.from(value, 'base64'));
  }
  const blobId = resolveId(value, context);
  const blob = await openBlob(context, user, blobId);
  if (!blob) throw new SetFault('blobNotFound', 'There is no such blob.', { notFound: [value] });
  const { start, end, past } = rangeOf(source, blob.size, () => invalidProperties(['data']));
  if (past) throw invalidProperties(['data'], 'The blob has no such octets.');
  return { octets: end - start, pieces: blob.stream([start, end]) };
}

/** RFC 4648 §4; what fills it up to groups of four may be missing. An expression for all of it has no room for millions. */
function isBase64(text: string): boolean {
  const body = text.replace(/={1,2}$/, '');
  const isWhole = body.length === text.length ? body.length % 4 !== 1 : text.length % 4 === 0;
  return isWhole && !/[^A-Za-z0-9+/]/.test(body);
}

function atHand(bytes: Buffer): Source {
  return { octets: bytes.length, pieces: [bytes] };
}

/** `past`: more was asked for than there is. */
function rangeOf(asked: Args, size: number, wrong: () => Error): { start: number; end: number; past: boolean } {
  const { offset, length } = asked;
  const number = (value: unknown, fallback: number): number => {
    if (value === null || value === undefined) return fallback;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong();
    return value;
  };
  const from = number(offset, 0);
  const to = from + number(length, Math.max(0, size - from));
  return { start: Math.min(from, size), end: Math.min(to, size), past: from > size || to > size };
}

/** Octets that one Blob/get hands out. */
const MOST_DATA = LIMITS.maxSizeUpload;

/** RFC 9404 §4.2. Blobs have no state: they never change. */
export const blobGet: Method = async (args, context) => {
  const user = userOf(args, context);
  onlyArguments(args, ['accountId', 'ids', 'properties', 'offset', 'length']);
  const { ids } = args;
  if (!Array.isArray(ids) || !ids.every((id): id is string => typeof id === 'string'))
    throw invalidArguments('"ids" is a list of ids: nobody can list all blobs.');
  if (ids.length > LIMITS.maxObjectsInGet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInGet} ids.`);
  const properties = args['properties'] ?? ['data', 'size'];
  if (!Array.isArray(properties) || !properties.every((one) => typeof one === 'string'))
    throw invalidArguments('"properties" is a list of names or null.');
  const unknown = properties.find((one) => !PROPERTIES.includes(one));
  if (unknown !== undefined) throw invalidArguments(`There is no property "${unknown}".`);
  const wanted = new Set<string>(properties);
  for (const name of ['offset', 'length']) optionalInteger(args, name, 0);
  const list: Record<string, unknown>[] = [];
  const notFound: string[] = [];
  let given = 0;
  // One after the other: each may be 50 MB.
  for (const id of new Set(ids.map((one) => resolveId(one, context)))) {
    const blob = await openBlob(context, user, id);
    if (!blob) {
      notFound.push(id);
      continue;
    }
    const { start, end, past } = rangeOf(args, blob.size, () => invalidArguments('"offset" and "length" are numbers.'));
    if ([...wanted].some((name) => name.startsWith('data'))) given += end - start;
    if (given > MOST_DATA) throw new MethodError('requestTooLarge', `At most ${MOST_DATA} octets of data.`);
    list.push({
      id,
      ...(await shown(wanted, blob, [start, end])),
      ...(wanted.has('size') ? { size: blob.size } : {}),
      ...(past ? { isTruncated: true } : {}),
    });
  }
  return { accountId: args['accountId'], list, notFound };
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

async function shown(wanted: ReadonlySet<string>, blob: OpenBlob, range: ByteRange): Promise<Record<string, unknown>> {
  const object: Record<string, unknown> = {};
  const digests = [...DIGESTS].filter(([name]) => wanted.has(name));
  if ([...wanted].some((name) => name.startsWith('data'))) return withData(object, wanted, await blob.read(range));
  if (digests.length === 0) return object;
  const hashes = digests.map(([name, algorithm]) => ({ name, hash: createHash(algorithm) }));
  for await (const piece of blob.stream(range)) for (const { hash } of hashes) hash.update(piece);
  for (const { name, hash } of hashes) object[name] = hash.digest('base64');
  return object;
}

function withData(object: Record<string, unknown>, wanted: ReadonlySet<string>, data: Buffer): Record<string, unknown> {
  if (wanted.has('data') || wanted.has('data:asText')) {
    let text: string | null = null;
    try {
      text = utf8.decode(data);
    } catch {
      object['isEncodingProblem'] = true;
    }
    if (wanted.has('data:asText') || text !== null) object['data:asText'] = text;
    else object['data:asBase64'] = data.toString('base64');
  }
  if (wanted.has('data:asBase64')) object['data:asBase64'] = data.toString('base64');
  for (const [name, algorithm] of DIGESTS)
    if (wanted.has(name)) object[name] = createHash(algorithm).update(data).digest('base64');
  return object;
}

/** RFC 9404 §4.3. Of what cannot be seen it says what it says of what is not there. */
export const blobLookup: Method = async (args, context) => {
  const { tenant, account } = userOf(args, context);
  onlyArguments(args, ['accountId', 'typeNames', 'ids']);
  const { typeNames, ids } = args;
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((one) => typeof one === 'string');
  if (!isList(typeNames) || !isList(ids)) throw invalidArguments('"typeNames" and "ids" are lists.');
  if (ids.length > LIMITS.maxObjectsInGet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInGet} ids.`);
  const unknown = typeNames.find((name) => !BLOB_CAPABILITY.supportedTypeNames.includes(name));
  if (unknown !== undefined) throw new MethodError('unknownDataType', `Nothing of type "${unknown}" refers to blobs.`);
  const names = new Map(ids.map((one) => resolveId(one, context)).map((id) => [id, parseBlobId(id)]));
  const emails = [...names.values()].flatMap((name) => (name?.of.kind === 'email' ? [name.of.emailId] : []));
  // Where it is, and nothing of what it holds: that is no exposure.
  const { rows } = await readEmails(context.store, { tenant, account }, emails, 'structure', null);
  const found = new Map(rows.map((row) => [row.email_id, row]));
  const list = [...names].map(([id, name]) => {
    // An upload is copied into what is made of it: nothing refers to it.
    const copy = name?.of.kind === 'email' ? found.get(name.of.emailId) : undefined;
    const [part] = name?.parts ?? [];
    const is =
      copy && (part === undefined || leaves(copy.structure).some(({ partId }) => partId === part)) ? copy : undefined;
    const matched: Record<string, string> = is
      ? { Mailbox: mailboxIdOf(is.mailbox_id), Thread: threadIdOf(is.thread_id), Email: emailIdOf(is.email_id) }
      : {};
    return {
      id,
      matchedIds: Object.fromEntries(
        typeNames.map((type) => [type, matched[type] === undefined ? [] : [matched[type]]]),
      ),
    };
  });
  return { accountId: args['accountId'], list };
};
