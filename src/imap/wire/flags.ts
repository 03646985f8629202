// Flags on the wire and keywords in the store: RFC 9051 §2.3.2 and RFC 8621 §4.1.1 are two spellings of one thing.

/** Lower-case keyword → as it is written. \Deleted has no keyword; it goes by its own name. */
const WRITTEN: ReadonlyMap<string, string> = new Map([
  ['$seen', '\\Seen'],
  ['$flagged', '\\Flagged'],
  ['$answered', '\\Answered'],
  ['$draft', '\\Draft'],
  ['\\deleted', '\\Deleted'],
  ['$forwarded', '$Forwarded'],
  ['$junk', '$Junk'],
  ['$notjunk', '$NotJunk'],
  ['$phishing', '$Phishing'],
  ['$mdnsent', '$MDNSent'],
]);

const SYSTEM: ReadonlyMap<string, string> = new Map(
  [...WRITTEN].flatMap(([keyword, flag]) => (flag.startsWith('\\') ? [[flag.toLowerCase(), keyword]] : [])),
);

/** "\Seen" → "$seen", "\Deleted" → "\deleted", others in lower case; `undefined` for a "\" flag that there is not. */
export function keywordOf(flag: string): string | undefined {
  const lower = flag.toLowerCase();
  return lower.startsWith('\\') ? SYSTEM.get(lower) : lower;
}

export function flagOf(keyword: string): string {
  return WRITTEN.get(keyword) ?? keyword;
}
