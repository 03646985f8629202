// The words that were looked for, marked where they stand (RFC 8621 §5).

import { beginsUnspaced, foldText } from '../../mail/words.ts';
import { searchTerms, type EmailFilter, type Term } from '../../store/email-filter.ts';

/** Octets of a marked preview, and characters shown before the first match. */
const MAX_PREVIEW = 255;
const BEFORE = 40;

export interface SnippetTerms {
  subject: Term[];
  body: Term[];
}

/** What the filter looks for in subjects and bodies; what it looks away from (NOT) is not in it. */
export function snippetTerms(filter: EmailFilter): SnippetTerms {
  if ('of' in filter) {
    if (filter.kind === 'not') return { subject: [], body: [] };
    const all = filter.of.map(snippetTerms);
    return { subject: all.flatMap((terms) => terms.subject), body: all.flatMap((terms) => terms.body) };
  }
  if (filter.kind !== 'text' && filter.kind !== 'subject' && filter.kind !== 'body') return { subject: [], body: [] };
  const terms = searchTerms(filter.text);
  return { subject: filter.kind === 'body' ? [] : terms, body: filter.kind === 'subject' ? [] : terms };
}

/** Finds terms in texts as the search does: by the beginnings of words, folded as those are. */
interface Matcher {
  /** [start, end) in the text, in their order. */
  matches(text: string): [start: number, end: number][];
}

function matcher(terms: Term[]): Matcher | null {
  const patterns = terms
    .filter((term) => /[\p{L}\p{N}]/u.test(term.text))
    .map((term) => foldText(term.text.trim()))
    .toSorted((a, b) => b.length - a.length)
    .map((text) => {
      const words = text.split(/\s+/).map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
      return `${beginsUnspaced(text) ? '' : '(?<![\\p{L}\\p{N}])'}${words.join('\\s+')}`;
    });
  if (patterns.length === 0) return null;
  const pattern = new RegExp(patterns.join('|'), 'gu');
  return {
    matches(text) {
      const { folded, at } = foldedWithPlaces(text);
      return [...folded.matchAll(pattern)].map(({ 0: found, index }) => [
        at(index),
        at(index + found.length - 1, true),
      ]);
    },
  };
}

/** The folded text, and where each of its characters came from: its beginning, or what follows it. */
function foldedWithPlaces(text: string): { folded: string; at: (index: number, end?: boolean) => number } {
  if (/^[\0-\x7f]*$/.test(text))
    return { folded: text.toLowerCase(), at: (index, end = false) => (end ? index + 1 : index) };
  const places: [start: number, end: number][] = [];
  let folded = '';
  let start = 0;
  for (const character of text) {
    const end = start + character.length;
    const piece = foldText(character);
    // A mark by itself goes with what it stands on.
    const last = places.at(-1);
    if (piece === '' && last) last[1] = end;
    for (let i = 0; i < piece.length; i++) places.push([start, end]);
    folded += piece;
    start = end;
  }
  return { folded, at: (index, end = false) => places[index]?.[end ? 1 : 0] ?? text.length };
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Null: nothing in it was looked for. */
export function markedSubject(subject: string | null, terms: Term[]): string | null {
  const found = matcher(terms);
  return subject !== null && found && found.matches(subject).length > 0 ? marked(subject, found) : null;
}

function marked(text: string, found: Matcher): string {
  let shown = '';
  let at = 0;
  for (const [start, end] of found.matches(text)) {
    if (start < at) continue;
    shown += `${escape(text.slice(at, start))}<mark>${escape(text.slice(start, end))}</mark>`;
    at = end;
  }
  return shown + escape(text.slice(at));
}

/** The neighbourhood of the first match; null: there is none. */
export function markedPreview(text: string, terms: Term[]): string | null {
  const found = matcher(terms);
  const first = found?.matches(text)[0]?.[0];
  if (!found || first === undefined) return null;
  let start = Math.max(0, first - BEFORE);
  const space = text.slice(start, first).search(/\s/);
  if (start > 0 && space >= 0) start += space;
  const around = text
    .slice(start, start + MAX_PREVIEW)
    .replace(/\s+/g, ' ')
    .trim()
    .toWellFormed();
  let low = 0;
  let high = around.length;
  // The longest beginning that fits, marks and entities counted.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (Buffer.byteLength(marked(around.slice(0, middle).toWellFormed(), found)) <= MAX_PREVIEW) low = middle;
    else high = middle - 1;
  }
  return marked(
    around
      .slice(0, low)
      .toWellFormed()
      .replace(/\uFFFD$/, ''),
    found,
  );
}
