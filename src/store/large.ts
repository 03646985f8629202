// A large message on its way in: its beginning is at hand, the rest goes into the store as it comes.

import { Refusal } from '../mail/errors.ts';
import type { ByteRange, ParsedMessage } from '../mail/message.ts';
import { readCarriedFiles, type CarriedFile } from '../mail/mime/carried.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { isHeaderWhole } from '../mail/mime/structure.ts';
import { createSpool, IN_MEMORY, type SpoolDeps, type Spooled } from './spool.ts';

/** A message, and how it is stored. */
export interface Form {
  /** All of it; of a large one what parsing needs, the header whole. */
  bytes: Buffer;
  parsed: ParsedMessage;
  /** Octets. */
  size: number;
  /** A large one: where it is already, and the files in it. */
  stored?: Pick<Spooled, 'upload' | 'blob' | 'size'> & { files: CarriedFile[]; discard(): Promise<void> };
}

/**
 * Stores, for each of `heads`, a message that begins with it and goes on with `rest`, which is read once. Throws what that
 * throws, and Refusal `tooLarge` once `begun` octets and the rest are more than `limit`: then nothing is left of them.
 */
export async function takeIn(
  deps: SpoolDeps,
  tenant: number,
  heads: Buffer[],
  rest: AsyncIterable<Buffer>,
  { limit, begun }: { limit: number; begun: number },
): Promise<Form[]> {
  const spools = heads.map(() => createSpool(deps, tenant));
  try {
    for (const [i, spool] of spools.entries()) await spool.write(heads[i] ?? Buffer.alloc(0));
    let size = begun;
    for await (const piece of rest) {
      size += piece.length;
      if (size > limit) throw tooLarge(limit);
      for (const spool of spools) await spool.write(piece);
    }
    const forms: Form[] = [];
    for (const spool of spools) {
      await spool.end();
      const { upload, blob, size: octets, kept, cuts } = spool.result();
      const parsed = parseMessage(kept, cuts);
      const files = await readCarriedFiles((range) => deps.blobs.stream(tenant, blob, range), parsed.root);
      const stored = { upload, blob, size: octets, files, discard: () => spool.discard() };
      forms.push({ bytes: kept, parsed, size: octets, stored });
    }
    return forms;
  } catch (error) {
    for (const spool of spools) await spool.discard();
    throw error;
  }
}

/** What is stored, as accept takes it. */
export async function asGiven(of: {
  size: number;
  read(range?: ByteRange): Promise<Buffer>;
  stream(range?: ByteRange): AsyncIterable<Buffer>;
}): Promise<{ bytes: Buffer; rest?: AsyncIterable<Buffer> }> {
  if (of.size <= IN_MEMORY) return { bytes: await of.read() };
  const bytes = await of.read([0, IN_MEMORY]);
  if (!isHeaderWhole(bytes)) return { bytes: await of.read() };
  return { bytes, rest: { [Symbol.asyncIterator]: () => of.stream([IN_MEMORY, of.size])[Symbol.asyncIterator]() } };
}

export function tooLarge(limit: number): Refusal {
  return new Refusal('tooLarge', `A message may have ${limit} octets.`, { limit });
}
