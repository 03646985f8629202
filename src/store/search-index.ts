// What a message is found by, as PostgreSQL keeps it: the words of subject, addresses and text, each at its place. Words of a
// field of the header stand there once more under its name (":cc:ana"), at the same places, so that looking in one field
// costs no look at the message; those of all other fields only so (":h:list"). No word begins with a colon: "c" and what
// begins with it is nobody's Cc. Text has weight D, the rest C.

import type { EmailAddress, ParsedMessage } from '../mail/message.ts';
import { wantedWords, wordsOf, type WantedWord } from '../mail/words.ts';

/** Octets of UTF-8, roughly, that are indexed of each. */
const SEARCHED = { subject: 10_000, addresses: 40_000, text: 200_000 };

/** Words of other header fields. */
const OTHERS = 'h';

/** A tsvector has 1 MB at most: octets of words, with what each of them and of their places costs. */
const MOST = 700_000;

/** PostgreSQL's, in the two highest bits of a place. */
const WEIGHT = { C: 1 << 14, D: 0 };

/** PostgreSQL: places are counted to 16383, and 255 of a word are kept. */
const PLACES = { last: 16_383, each: 255 };

export type SearchField = 'from' | 'to' | 'cc' | 'bcc' | 'subject';

/** In PostgreSQL's binary format (tsvectorrecv), which brings the words in order itself. */
export function searchVector({
  envelope,
  searchText,
  headerText,
}: Pick<ParsedMessage, 'envelope' | 'searchText' | 'headerText'>): Buffer {
  /** Word → how many octets it has, and where it is, weight and all. */
  const places = new Map<string, { length: number; at: number[] }>();
  let octets = 0;
  let size = 4;
  let place = 0;
  const put = (word: string, weight: number): void => {
    const at = weight | Math.min(place, PLACES.last);
    const known = places.get(word);
    if (known) {
      if (octets + 2 > MOST || known.at.length >= PLACES.each || known.at.at(-1) === at) return;
      octets += 2;
      size += 2;
      known.at.push(at);
      return;
    }
    const length = octetsOf(word);
    if (octets + length + 12 > MOST) return;
    octets += length + 12;
    size += length + 5;
    places.set(word, { length, at: [at] });
  };
  const putField = (field: SearchField, text: string): void => {
    for (const word of wordsOf(text)) {
      place++;
      put(word, WEIGHT.C);
      put(`:${field}:${word}`, WEIGHT.C);
    }
    place++; // no phrase goes from one to the next
  };
  putField('subject', (envelope.subject ?? '').slice(0, SEARCHED.subject));
  let left = SEARCHED.addresses;
  for (const field of ['from', 'to', 'cc', 'bcc'] as const) {
    for (const address of envelope[field] ?? []) {
      const text = written(address);
      left -= text.length;
      if (left < 0) break;
      putField(field, text);
    }
  }
  for (const word of wordsOf(clipped(searchText))) {
    place++;
    put(word, WEIGHT.D);
  }
  for (const line of headerText.split('\n')) {
    place++;
    for (const word of wordsOf(line)) {
      place++;
      put(`:${OTHERS}:${word}`, WEIGHT.C);
    }
  }
  const vector = Buffer.allocUnsafe(size);
  let end = vector.writeInt32BE(places.size, 0);
  const short = (number: number): void => {
    vector[end++] = number >> 8;
    vector[end++] = number;
  };
  for (const [word, { length, at }] of places) {
    if (length > word.length) end += vector.write(word, end);
    else for (let i = 0; i < length; i++) vector[end++] = word.charCodeAt(i);
    vector[end++] = 0;
    short(at.length);
    for (const one of at) short(one);
  }
  return vector;
}

/** Of UTF-8. Most words are ASCII, and short: to call for each of them takes longer than to look. */
function octetsOf(word: string): number {
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) > 127) return Buffer.byteLength(word);
  return word.length;
}

function written({ name, email }: EmailAddress): string {
  return name ? `${name} ${email}` : email;
}

function clipped(text: string): string {
  if (text.length * 3 <= SEARCHED.text) return text;
  return Buffer.byteLength(text) <= SEARCHED.text ? text : Buffer.from(text).subarray(0, SEARCHED.text).toString();
}

/**
 * One term as a tsquery; `where` null: anywhere but in other fields of the header, 'body': in the text alone. A phrase is
 * word for word. What has no spaces is found by its pairs of characters, wherever they stand; in a phrase one after the
 * other. Null: nothing to be found by.
 */
export function searchQuery(term: { text: string; phrase: boolean }, where: SearchedIn): string | null {
  const wanted = wantedWords(term.text, { whole: term.phrase });
  return wanted.length === 0 ? null : wordsQuery(wanted, where, term.phrase);
}

export type SearchedIn = SearchField | 'body' | 'others' | null;

/**
 * Words that stand one after the other. So far on in a text that places are not counted any more, all of them stand in the
 * last one there is: there it is enough that they do.
 */
export function wordsQuery(wanted: readonly WantedWord[], where: SearchedIn, phrase: boolean): string {
  const field = where === 'others' ? OTHERS : where;
  // The second is how it was written up to version 2 of WORDS_VERSION: what is still to be made anew is found as well.
  const names = field === null || field === 'body' ? [''] : [`:${field}:`, `${field}:`];
  const words = wanted.map(({ text, prefix }) => {
    const marks = `${prefix ? '*' : ''}${where === 'body' ? 'D' : ''}`;
    const either = names.map((name) => `'${name}${text}'${marks === '' ? '' : `:${marks}`}`);
    return either.length > 1 ? `(${either.join(' | ')})` : either.join('');
  });
  const isLoose = ({ pair }: WantedWord, before: WantedWord | undefined): boolean =>
    pair && before?.pair === true && !phrase;
  const joined = (near: (word: WantedWord) => string): string =>
    wanted.map((word, i) => (i === 0 ? '' : isLoose(word, wanted[i - 1]) ? ' & ' : near(word)) + words[i]).join('');
  const inOrder = joined(({ after }) => ` <${after}> `);
  const together = joined(() => ' <0> ');
  // One word is where it is, whatever is asked of it twice.
  const isTwice = wanted.some((one, i) => wanted.some((other, j) => i !== j && other.text.startsWith(one.text)));
  return together === inOrder || isTwice ? inOrder : `(${inOrder} | ${together})`;
}
