// Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2183), their parameters decoded by RFC 2231.

import { clean, decodeCharset } from './charset.ts';
import { endOfComment, endOfQuoted, unfold, unquote, withoutComments } from './lexical.ts';
import { LIMITS } from './limits.ts';
import { decodeMisplacedWords } from './words.ts';

export interface Parameterised {
  /** Lower case. */
  value: string;
  /** Lower-case names, decoded values. */
  params: Record<string, string>;
}

/** A piece of a value that was cut up or percent-encoded (RFC 2231 §3–4). */
interface Section {
  index: number;
  encoded: boolean;
  text: string;
}

/** "text/plain; charset=utf-8". Of a parameter given twice, the first counts; an extended one counts before a plain. */
export function parseParameters(value: string): Parameterised {
  const text = unfold(value);
  const semicolon = text.indexOf(';');
  const head = withoutComments(semicolon < 0 ? text : text.slice(0, semicolon))
    .trim()
    .replace(/^([^\s/]+)\s*\/\s*/, '$1/');
  // A missing semicolon: "text/plain charset=utf-8".
  const [main = ''] = /^[^\s=]+(?=\s|$)/.exec(head) ?? [];
  const rest = `${head.slice(main.length)};${semicolon < 0 ? '' : text.slice(semicolon + 1)}`;
  const plain = new Map<string, string>();
  const sections = new Map<string, Section[]>();
  for (const [name, content] of pairs(rest)) {
    const extended = /^([^*]+)\*(?:(\d{1,4})(\*)?)?$/.exec(name);
    if (!extended) {
      // RFC 2047 §5 has no encoded words in parameters; file names come in them all the same.
      const decoded = name === 'name' || name === 'filename' ? decodeMisplacedWords(content) : content;
      if (!plain.has(name)) plain.set(name, clean(decoded));
      continue;
    }
    const [, base = '', index, star] = extended;
    const list = sections.get(base) ?? [];
    list.push({ index: Number(index ?? 0), encoded: index === undefined || star !== undefined, text: content });
    sections.set(base, list);
  }
  for (const [name, list] of sections) plain.set(name, clean(joinSections(list)));
  return { value: clean(main.toLowerCase()), params: Object.fromEntries(plain) };
}

/** Names in lower case, and values as they stand, without their quotes. */
function* pairs(text: string): Generator<[name: string, content: string], void> {
  const skip = /[\s;]*/y;
  const key = /([^\s=;"()]+)\s*=\s*/y;
  let count = 0;
  let at = 0;
  while (at < text.length && count < LIMITS.params) {
    skip.lastIndex = at;
    at += skip.exec(text)?.[0].length ?? 0;
    key.lastIndex = at;
    const match = key.exec(text);
    if (!match) {
      const comment = text[at] === '(' ? endOfComment(text, at) : -1;
      const next = text.indexOf(';', at);
      if (comment < 0 && next < 0) return;
      at = comment < 0 ? next : comment;
      if (comment < 0) count++;
      continue;
    }
    const name = (match[1] ?? '').toLowerCase();
    const [content, end] = valueAt(text, at + match[0].length, name);
    at = end;
    count++;
    yield [name, content];
  }
}

function valueAt(text: string, at: number, name: string): [content: string, end: number] {
  if (text[at] === '"') {
    const end = endOfQuoted(text, at);
    return end < 0 ? [unquote(`${text.slice(at)}"`), text.length] : [unquote(text.slice(at, end)), end];
  }
  // File names with spaces in them are often left without their quotes.
  const pattern = /^(?:file)?name(?:\*|$)/.test(name) ? /[^;]*/y : name === 'charset' ? /[^\s;(]*/y : /[^\s;]*/y;
  pattern.lastIndex = at;
  const [content = ''] = pattern.exec(text) ?? [];
  return [content.trim(), at + content.length];
}

/** charset'language'percent-encoded, in sections; a character may be split between two. */
function joinSections(list: Section[]): string {
  const sorted = list.toSorted((a, b) => a.index - b.index);
  let charset = 'utf-8';
  let joined = '';
  let pending: Buffer[] = [];
  const flush = (): void => {
    if (pending.length > 0) joined += decodeCharset(Buffer.concat(pending), charset).text;
    pending = [];
  };
  for (const [i, { encoded, text }] of sorted.entries()) {
    if (!encoded) {
      flush();
      joined += text;
      continue;
    }
    const match = i === 0 ? /^([^']*)'[^']*'(.*)$/s.exec(text) : null;
    if (match?.[1]) charset = match[1];
    pending.push(percentDecode(match ? (match[2] ?? '') : text));
  }
  flush();
  return joined.replace(/\p{Cc}+/gu, '');
}

function percentDecode(text: string): Buffer {
  const runs = text.split(/((?:%[0-9a-f]{2})+)/i);
  return Buffer.concat(runs.map((run, i) => (i % 2 ? Buffer.from(run.replaceAll('%', ''), 'hex') : Buffer.from(run))));
}
