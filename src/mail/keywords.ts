// Keywords (RFC 8621 §4.1.1, RFC 9051 §2.3.2): the usual ones are bits of copy.flags, the others a sorted list.

export const SEEN = 1;
export const FLAGGED = 2;
export const ANSWERED = 4;
export const DRAFT = 8;
/** IMAP \Deleted; JMAP does not show it. */
export const DELETED = 16;

/** Bit of each keyword that has one; names lower case, as JMAP compares them. */
export const KEYWORD_BITS: ReadonlyMap<string, number> = new Map([
  ['$seen', SEEN],
  ['$flagged', FLAGGED],
  ['$answered', ANSWERED],
  ['$draft', DRAFT],
  ['$forwarded', 32],
  ['$junk', 64],
  ['$notjunk', 128],
  ['$phishing', 256],
  ['$mdnsent', 512],
]);

export interface Keywords {
  flags: number;
  others: string[] | null;
}

/** Is it a keyword? RFC 8621 §4.1.1: 1–255 characters, ASCII, none of ( ) { ] % * " \ nor space. */
export function isKeyword(word: string): boolean {
  return /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,255}$/.test(word);
}

export function toKeywords(words: Iterable<string>): Keywords {
  let flags = 0;
  const others = new Set<string>();
  for (const word of words) {
    const lower = word.toLowerCase();
    const bit = KEYWORD_BITS.get(lower);
    if (bit === undefined) others.add(lower);
    else flags |= bit;
  }
  return { flags, others: others.size === 0 ? null : [...others].toSorted() };
}

/** RFC 8621 `keywords`: word → true. */
export function fromKeywords({ flags, others }: Keywords): Record<string, true> {
  const usual = [...KEYWORD_BITS].filter(([, bit]) => (flags & bit) !== 0).map(([word]) => word);
  // By entries: "__proto__" is a keyword like any other.
  return Object.fromEntries([...usual, ...(others ?? [])].map((word) => [word, true]));
}
