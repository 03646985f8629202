/** Text, or what in it is the address of a page. */
export type Piece = string | { text: string; href: string };

/** Pure. Only http and https; punctuation at an address's end belongs to the sentence. */
export function linksIn(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(/\b(?:https?:\/\/|www\.)[^\s<>"]+/gi)) {
    const shown = match[0].replace(/(?:[.,;:!?'"]|\)(?![^(]*\())+$/, '');
    const href = /^www\./i.test(shown) ? `https://${shown}` : shown;
    if (!URL.canParse(href)) continue;
    if (match.index > at) pieces.push(text.slice(at, match.index));
    pieces.push({ text: shown, href });
    at = match.index + shown.length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}
