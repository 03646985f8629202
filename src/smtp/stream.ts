import type { SMTPServerDataStream } from 'smtp-server';

/** Gathers a message as it comes; smtp-server has undone the dot-stuffing and watches the size. Throws if it is cut short. */
export async function readMessage(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      if (!stream.sizeExceeded) chunks.push(chunk); // past the size the rest is read and let go
    });
    stream.on('end', resolve);
    stream.on('error', reject);
  });
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}
