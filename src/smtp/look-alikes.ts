// What some server or other takes for the end of a message though it is none: a dot alone between line ends that are not
// both CRLF, or that have NULs about them (CVE-2023-51764 to -51766 and what was found since). A message with such a thing
// in it is refused, as Postfix does that refuses bare line feeds. A bare CR or LF elsewhere is text: programs on one's own
// machine write it, it is kept to the octet, and it leaves as CRLF.

const [NUL, LF, CR, DOT] = [0, 10, 13, 46];

type LineEnd = 'CRLF' | 'CR' | 'LF';

export interface EndWatch {
  /** The message as it comes, in whatever pieces, stuffed dots taken away. */
  see(chunk: Buffer): void;
  /** The first look-alike, in words: `<LF>.<CR><LF>`. */
  readonly found: string | null;
}

/** Looks through one message. RFC 5321 §2.3.8, §4.1.1.4: nothing but CRLF makes a line, nothing but CRLF.CRLF an end. */
export function createEndWatch(): EndWatch {
  let found: string | null = null;
  /** What the line began after; null: something is on it already. A message begins as if after a CRLF. */
  let before: LineEnd | null = 'CRLF';
  /** The line is a dot so far. */
  let dotted = false;
  /** A CR was read, of which nothing can be said before the next octet. */
  let cr = false;
  /** A NUL was read since that CR; at the beginning of the line, or after its dot: who drops NULs reads on without. */
  let [nulInEnd, nul] = [false, false];

  const endLine = (end: LineEnd): void => {
    const strange = before !== 'CRLF' || end !== 'CRLF';
    if (dotted && before && (strange || nul || nulInEnd))
      found ??= `${WORDS[before]}.${WORDS[end]}${strange ? '' : ' with NUL'}`;
    before = end;
    dotted = cr = false;
    nul = nulInEnd;
    nulInEnd = false;
  };
  const see = (chunk: Buffer): void => {
    if (found !== null) return;
    for (const octet of chunk) {
      if (octet === NUL) {
        if (cr) nulInEnd = true;
        else nul = before !== null;
        continue;
      }
      if (cr) {
        endLine(octet === LF ? 'CRLF' : 'CR');
        if (octet === LF) continue;
      }
      if (octet === CR) cr = true;
      else if (octet === LF) endLine('LF');
      else if (octet === DOT && before && !dotted) dotted = true;
      else {
        before = null;
        dotted = nul = false;
      }
    }
  };
  return {
    see,
    get found() {
      return found;
    },
  };
}

const WORDS: Record<LineEnd, string> = { CRLF: '<CR><LF>', CR: '<CR>', LF: '<LF>' };
