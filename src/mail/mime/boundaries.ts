// Delimiter lines of the multiparts that are open at some point of a message (RFC 2046 §5.1.1).

import { CR, DASH, isBlank, latin1, LF, nextLine } from './fields.ts';

export interface Delimiter {
  /** What open() gave for its boundary. */
  level: number;
  closes: boolean;
  /** The line's own range, line break included. */
  start: number;
  end: number;
}

export interface BoundarySet {
  /** A multipart begins. One that is open already under the same boundary is not heard of until this one is closed. */
  open(boundary: string): number;
  /** It and all that were opened after it are over. */
  close(level: number): void;
  /** The delimiter that the line beginning at an offset is. */
  at(line: number): Delimiter | null;
  /** The first delimiter line at or after the beginning of a line. */
  next(line: number): Delimiter | null;
}

/** A line is looked at once, however many boundaries are open: only if its length is that of some delimiter. */
export function boundarySet(bytes: Uint8Array): BoundarySet {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open: string[] = [];
  const levels = new Map<string, number[]>();
  const lengths = new Map<number, number>();

  const count = (boundary: string, by: number): void => {
    for (const length of [boundary.length + 2, boundary.length + 4])
      lengths.set(length, (lengths.get(length) ?? 0) + by);
  };

  function at(line: number): Delimiter | null {
    if (open.length === 0 || bytes[line] !== DASH || bytes[line + 1] !== DASH) return null;
    const end = nextLine(bytes, line, bytes.length);
    let last = end;
    // RFC 2046 §5.1.1: white space that transport may have added.
    while (last > line && isLineSpace(bytes[last - 1])) last--;
    if (!lengths.get(last - line)) return null;
    const text = latin1(bytes, line + 2, last);
    const opens = levels.get(text)?.at(-1) ?? -1;
    const closes = text.endsWith('--') ? (levels.get(text.slice(0, -2))?.at(-1) ?? -1) : -1;
    if (opens < 0 && closes < 0) return null;
    return { level: Math.max(opens, closes), closes: closes > opens, start: line, end };
  }

  return {
    open(boundary) {
      const text = Buffer.from(boundary.trimEnd()).toString('latin1');
      const level = open.push(text) - 1;
      const same = levels.get(text);
      if (same) same.push(level);
      else levels.set(text, [level]);
      count(text, 1);
      return level;
    },
    close(level) {
      for (const text of open.splice(level)) {
        levels.get(text)?.pop();
        count(text, -1);
      }
    },
    at,
    next(line) {
      if (open.length === 0) return null;
      let from = line;
      for (;;) {
        const found = at(from);
        if (found) return found;
        const before = view.indexOf('\n--', from, 'latin1');
        if (before < 0) return null;
        from = before + 1;
      }
    },
  };
}

function isLineSpace(c: number | undefined): boolean {
  return isBlank(c) || c === CR || c === LF;
}
