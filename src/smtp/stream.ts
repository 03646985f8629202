import type { SMTPServerDataStream } from 'smtp-server';
import { createEndWatch } from './look-alikes.ts';
import { reply } from './replies.ts';

/**
 * Gathers a message as it comes, to its end; the dot-stuffing is undone, and smtp-server watches the size. Throws if it is
 * cut short, and the reply to one that has something in it that another server may take for its end.
 */
export async function readMessage(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const ends = createEndWatch();
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      if (stream.sizeExceeded) return; // past the size the rest is read and let go
      chunks.push(chunk);
      ends.see(chunk);
    });
    stream.on('end', resolve);
    stream.on('error', reject);
  });
  if (ends.found !== null && !stream.sizeExceeded)
    throw reply(554, '5.6.0', `The message has ${ends.found} in it, which other servers may take for its end.`);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}
