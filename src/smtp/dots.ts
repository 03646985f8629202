// The end of a message, and dots at the beginnings of its lines (RFC 5321 §4.5.2). A line ends with CRLF and with nothing
// else (§2.3.8): a dot after a bare LF is the message's own, neither stuffed nor an end.

const CRLF_DOT = Buffer.from('\r\n.');
const [CR, LF, DOT] = [13, 10, 46];

export interface Piece {
  /** The message's own octets, to be put one after the other. */
  content: Buffer[];
  /** What came after the final dot; null: the message goes on. */
  rest: Buffer | null;
}

/** Reads one message as it comes, in whatever pieces. */
export function createDotReader(): (chunk: Buffer) => Piece {
  // A message begins at the beginning of a line: as if after a CRLF, which is not the message's own.
  let held = Buffer.from('\r\n');
  let borrowed = held.length;

  return (chunk) => {
    const data = Buffer.concat([held, chunk]);
    const content: Buffer[] = [];
    let from = borrowed;
    const take = (to: number): void => {
      if (to > from) content.push(data.subarray(from, to));
      from = Math.max(from, to);
    };
    /** Nothing can be said of it before more has come. */
    const hold = (at: number): Piece => {
      take(at);
      held = data.subarray(at);
      borrowed = Math.max(0, borrowed - at);
      return { content, rest: null };
    };
    for (let at = 0; ; at += CRLF_DOT.length) {
      at = data.indexOf(CRLF_DOT, at);
      if (at < 0) return hold(data.length - undecided(data));
      const [next, then] = [data[at + 3], data[at + 4]];
      if (next === undefined || (next === CR && then === undefined)) return hold(at);
      if (next === CR && then === LF) {
        take(at + 2);
        return { content, rest: data.subarray(at + 5) };
      }
      if (next !== DOT) continue; // a client that does not know of stuffing: nothing is lost for it
      take(at + 2);
      from = at + 3;
    }
  };
}

/** Octets at the end that may be the beginning of CRLF and a dot. */
function undecided(data: Buffer): number {
  const last = data.at(-1);
  if (last === CR) return 1;
  return last === LF && data.at(-2) === CR ? 2 : 0;
}
