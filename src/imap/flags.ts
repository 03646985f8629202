// Keywords of the store as flags of the protocol, both ways.

import { DELETED, KEYWORD_BITS, toKeywords, type Keywords } from '../mail/keywords.ts';
import { flagOf } from './wire/flags.ts';

const BITS: readonly (readonly [flag: string, bit: number])[] = [
  ...[...KEYWORD_BITS].map(([keyword, bit]) => [flagOf(keyword), bit] as const),
  ['\\Deleted', DELETED],
];

/** No bit of the store: a session's own (recent.ts). */
const RECENT = 1 << 16;
const SHOWN = [...BITS, ['\\Recent', RECENT] as const];

const written = new Map<number, string>();

/** `(\Seen $Forwarded)`. */
export function showFlags({ flags, keywords }: { flags: number; keywords: string[] | null }, recent: boolean): string {
  const bits = recent ? flags | RECENT : flags;
  let usual = written.get(bits);
  if (usual === undefined) {
    usual = SHOWN.flatMap(([flag, bit]) => ((bits & bit) === 0 ? [] : flag)).join(' ');
    written.set(bits, usual);
  }
  if (keywords === null || keywords.length === 0) return `(${usual})`;
  const others = keywords.map(flagOf).join(' ');
  return usual === '' ? `(${others})` : `(${usual} ${others})`;
}

/** What is said at SELECT: the usual flags, and these. */
export function allFlags(keywords: Iterable<string>): string {
  return `(${[...BITS.map(([flag]) => flag), ...[...keywords].map(flagOf)].join(' ')})`;
}

/** Words as wire/flags.ts gives them. */
export function keywordsOf(words: readonly string[]): Keywords {
  const keywords = toKeywords(words.filter((word) => word !== '\\deleted'));
  return words.includes('\\deleted') ? { ...keywords, flags: keywords.flags | DELETED } : keywords;
}

/** Every flag that has a bit. */
export const ALL_BITS = BITS.reduce((all, [, bit]) => all | bit, 0);
