// The words that were looked for, marked where they stand (RFC 8621 §5).

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

/** As the search finds them: anywhere in a subject, at the beginning of a word in a body. */
function matcher(terms: Term[], wordStart: boolean): RegExp | null {
  const patterns = terms
    .filter((term) => /[\p{L}\p{N}]/u.test(term.text))
    .toSorted((a, b) => b.text.length - a.text.length)
    .map((term) =>
      term.text
        .trim()
        .split(/\s+/)
        .map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
        .join('\\s+'),
    );
  if (patterns.length === 0) return null;
  return new RegExp(`${wordStart ? '(?<![\\p{L}\\p{N}])' : ''}(?:${patterns.join('|')})`, 'giu');
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Null: nothing in it was looked for. */
export function markedSubject(subject: string | null, terms: Term[]): string | null {
  const pattern = matcher(terms, false);
  return subject !== null && pattern && subject.search(pattern) >= 0 ? marked(subject, pattern) : null;
}

function marked(text: string, pattern: RegExp): string {
  let shown = '';
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    shown += `${escape(text.slice(at, match.index))}<mark>${escape(match[0])}</mark>`;
    at = match.index + match[0].length;
  }
  return shown + escape(text.slice(at));
}

/** The neighbourhood of the first match; null: there is none. */
export function markedPreview(text: string, terms: Term[]): string | null {
  const pattern = matcher(terms, true);
  const first = pattern ? text.search(pattern) : -1;
  if (!pattern || first < 0) return null;
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
    if (Buffer.byteLength(marked(around.slice(0, middle).toWellFormed(), pattern)) <= MAX_PREVIEW) low = middle;
    else high = middle - 1;
  }
  return marked(
    around
      .slice(0, low)
      .toWellFormed()
      .replace(/\uFFFD$/, ''),
    pattern,
  );
}
