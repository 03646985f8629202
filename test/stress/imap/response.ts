// Responses of an IMAP server, read (RFC 9051 §9): just enough to hold what it says against what it said before.

export type Value = string | null | Value[];

/** Atoms and strings as text, NIL null, lists as lists; brackets and what is in them belong to their atom. Throws on what is none of these. */
export function parseValues(text: string): Value[] {
  let at = 0;
  const list = (depth: number): Value[] => {
    const values: Value[] = [];
    while (at < text.length) {
      const c = text[at];
      if (c === ' ') at++;
      else if (c === '(') {
        at++;
        values.push(list(depth + 1));
      } else if (c === ')') {
        if (depth === 0) throw new Error(`a parenthesis too many: ${text.slice(0, 200)}`);
        at++;
        return values;
      } else if (c === '"') values.push(quoted());
      else if (c === '{' || (c === '~' && text[at + 1] === '{')) values.push(literal());
      else values.push(atom());
    }
    if (depth > 0) throw new Error(`a parenthesis too few: ${text.slice(0, 200)}`);
    return values;
  };
  const quoted = (): string => {
    let value = '';
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length) throw new Error(`no end of a string: ${text.slice(0, 200)}`);
      if (text[at] === '\\') at++;
      value += text[at];
    }
    at++;
    return value;
  };
  const literal = (): string => {
    const end = text.indexOf('}\r\n', at);
    const size = Number(text.slice(text.indexOf('{', at) + 1, end));
    at = end + 3 + size;
    return text.slice(end + 3, at);
  };
  const atom = (): string | null => {
    const from = at;
    for (let brackets = 0; at < text.length; at++) {
      const c = text[at];
      if (c === '[') brackets++;
      else if (c === ']') brackets--;
      else if (brackets === 0 && (c === ' ' || c === '(' || c === ')')) break;
    }
    const value = text.slice(from, at);
    return value === 'NIL' ? null : value;
  };
  return list(0);
}

/** `1:3,7` → 1, 2, 3, 7. */
export function numbersOf(set: string): number[] {
  return set.split(',').flatMap((range) => {
    const [low = 0, high = low] = range.split(':').map(Number);
    return Array.from({ length: high - low + 1 }, (_, i) => low + i);
  });
}

export interface Fetched {
  sequence: number;
  uid: number | null;
  flags: string[] | null;
  modseq: number | null;
  /** Every other item, by its name: "ENVELOPE", "BODY[]". */
  others: Map<string, Value>;
}

export type Response =
  | { kind: 'exists' | 'expunge' | 'recent'; number: number }
  | { kind: 'vanished'; earlier: boolean; uids: number[] }
  | { kind: 'fetch'; fetched: Fetched }
  /** null: what was asked for was not ALL. */
  | { kind: 'search'; uid: boolean; numbers: number[]; count: number | null }
  | { kind: 'status'; name: string; items: Map<string, number> }
  /** Of OK, NO, BAD and BYE: the response code, without its brackets. */
  | { kind: 'state'; status: string; code: string; text: string }
  | { kind: 'other'; name: string };

/** A line as RawImap gives it, with or without its star. */
export function parseResponse(line: string): Response {
  const text = line.startsWith('* ') ? line.slice(2) : line;
  const state = /^(OK|NO|BAD|BYE|PREAUTH) (?:\[([^\]]*)\] )?(.*)$/s.exec(text);
  if (state) return { kind: 'state', status: state[1] ?? '', code: state[2] ?? '', text: state[3] ?? '' };
  const values = parseValues(text);
  const [first, second] = values.map(String);
  const number = Number(first);
  if (/^\d+$/.test(first ?? '')) {
    if (second === 'EXISTS' || second === 'EXPUNGE' || second === 'RECENT')
      return { kind: second.toLowerCase() as 'exists' | 'expunge' | 'recent', number };
    if (second === 'FETCH') return { kind: 'fetch', fetched: fetchedOf(number, values[2] as Value[]) };
  }
  if (first === 'VANISHED') {
    const earlier = Array.isArray(values[1]);
    return { kind: 'vanished', earlier, uids: numbersOf(String(values[earlier ? 2 : 1])) };
  }
  if (first === 'SEARCH')
    return { kind: 'search', uid: false, numbers: values.slice(1).filter(isNumber).map(Number), count: null };
  if (first === 'ESEARCH') return esearchOf(values);
  if (first === 'STATUS') {
    const list = (values[2] as Value[]).map((value) => Number(value));
    const names = (values[2] as Value[]).map(String);
    const items = new Map(names.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] ?? 0] as const] : [])));
    return { kind: 'status', name: second ?? '', items };
  }
  return { kind: 'other', name: first ?? '' };
}

const isNumber = (value: Value): boolean => typeof value === 'string' && /^\d+$/.test(value);

function esearchOf(values: Value[]): Response {
  const words = values.map((value) => (typeof value === 'string' ? value : ''));
  const after = (name: string): string | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : words[at + 1];
  };
  const [all, count] = [after('ALL'), after('COUNT')];
  return {
    kind: 'search',
    uid: words.includes('UID'),
    numbers: all === undefined ? [] : numbersOf(all),
    count: count === undefined ? null : Number(count),
  };
}

function fetchedOf(sequence: number, items: Value[]): Fetched {
  const fetched: Fetched = { sequence, uid: null, flags: null, modseq: null, others: new Map() };
  for (let i = 0; i < items.length; i += 2) {
    const [name, value] = [String(items[i]), items[i + 1] ?? null];
    if (name === 'UID') fetched.uid = Number(value);
    else if (name === 'FLAGS') fetched.flags = (value as Value[]).map(String);
    else if (name === 'MODSEQ') fetched.modseq = Number((value as Value[])[0]);
    else fetched.others.set(name, value);
  }
  return fetched;
}
