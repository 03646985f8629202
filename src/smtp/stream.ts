import type { SMTPServerDataStream } from 'smtp-server';
import { isHeaderWhole } from '../mail/mime/structure.ts';
import { IN_MEMORY } from '../store/spool.ts';
import { createEndWatch } from './look-alikes.ts';
import { reply } from './replies.ts';

/** A message that has come in, or of which the beginning has, with all of its header. */
export interface Incoming {
  bytes: Buffer;
  /** What of a large one is still to come; read once, or not at all. Throws as readMessage does. */
  rest?: AsyncIterable<Buffer>;
}

/**
 * Gathers a message as it comes, to its end or as far as it is kept in memory; the dot-stuffing is undone, and smtp-server
 * watches the size. Throws if it is cut short, and the reply to one that has something in it that another server may take for
 * its end, or that is too large. What has not been read then, or of `rest`, is to be let go: see letGo.
 */
export async function readMessage(stream: SMTPServerDataStream, limit: number): Promise<Incoming> {
  const chunks: Buffer[] = [];
  let size = 0;
  const ends = createEndWatch();
  const take = (chunk: Buffer): void => {
    if (stream.sizeExceeded) throw reply(552, '5.3.4', `A message may have ${limit} octets.`);
    ends.see(chunk);
    if (ends.found !== null)
      throw reply(554, '5.6.0', `The message has ${ends.found} in it, which other servers may take for its end.`);
  };
  const whole = await new Promise<boolean>((resolve, reject) => {
    const more = (chunk: Buffer): void => {
      if (stream.sizeExceeded) return; // past the size the rest is read and let go
      chunks.push(chunk);
      size += chunk.length;
      if (size <= IN_MEMORY) return;
      stream.pause().off('data', more);
      resolve(false);
    };
    stream.on('data', more);
    stream.on('end', () => resolve(true));
    stream.on('error', reject);
  });
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  chunks.length = 0;
  take(bytes);
  if (whole) return { bytes };
  if (!isHeaderWhole(bytes)) throw reply(552, '5.3.4', `The header of a message may have ${IN_MEMORY} octets.`);
  async function* rest(): AsyncGenerator<Buffer, void> {
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      take(chunk);
      yield chunk;
    }
  }
  return { bytes, rest: rest() };
}

/** Reads what is left of a message to its end, which is where the reply to it is waited for, and lets it go. */
export async function letGo(stream: SMTPServerDataStream): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream
      .on('end', resolve)
      .on('close', resolve)
      .on('data', () => undefined);
    stream.resume();
  });
}
