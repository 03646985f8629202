// Large messages, made as they are sent, and what is kept in memory of them.

import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LINE = `${'QUJD'.repeat(19)}\r\n`;
const MANY = 1000;

export interface Large {
  /** Octets. */
  size: number;
  /** SHA-256 in hexadecimal. */
  sha256: string;
  /** Of the attachment, its encoding undone. */
  file: { size: number; sha256: string };
  pieces(): Iterable<string>;
}

/** A word of text and a file of so many MB; `headers`: complete lines. */
export function largeMessage(headers: string, megabytes: number): Large {
  const times = Math.round((megabytes * 1e6) / (LINE.length * MANY));
  const head =
    `${headers}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nA word.\r\n--b\r\n` +
    'Content-Type: application/octet-stream; name=large.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n';
  function* pieces(): Generator<string, void> {
    yield head;
    for (let i = 0; i < times; i++) yield LINE.repeat(MANY);
    yield '--b--\r\n';
  }
  const [whole, file] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  for (const piece of pieces()) {
    whole.update(piece);
    size += piece.length;
  }
  const decoded = Buffer.from(LINE.repeat(MANY), 'base64');
  for (let i = 0; i < times; i++) file.update(decoded);
  return {
    size,
    sha256: whole.digest('hex'),
    file: { size: decoded.length * times, sha256: file.digest('hex') },
    pieces,
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** So many rounds without a change: buffers are let go of by another thread, a moment after they were collected. */
const ROUNDS = 5;

/** Octets that this process needs: what can be collected is collected first. */
export async function retained(): Promise<number> {
  let least = Infinity;
  for (let same = 0; same < ROUNDS; same++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external < least - 100_000) same = 0;
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** So long may buffers take to be let go of that nobody needs any more. */
const PATIENCE_MS = 10_000;

/** Octets that are needed now, and were not when it was `before`: asked again as long as they are more than `most`. */
export async function keptSince(before: number, most: number): Promise<number> {
  for (const deadline = performance.now() + PATIENCE_MS; ;) {
    const kept = (await retained()) - before;
    if (kept < most || performance.now() > deadline) return kept;
  }
}
