/** Gathers a message as it comes; smtp-server has undone the dot-stuffing and watches the size. */
export async function readMessage(stream: NodeJS.ReadableStream & { sizeExceeded?: boolean }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    if (!stream.sizeExceeded) chunks.push(chunk as Buffer); // past the size the rest is read and let go
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}
