// Texts cut into the words that they are found by, the same way when a message is stored and when one is looked for. Right
// for any language, since it is not known which one it is: case, width and diacritics are folded, nothing is stemmed (words
// are found by their beginnings instead), and what is written without spaces is cut into pairs of characters. Pure.

/** Raised with every change of what comes out: what was indexed before is made anew (store/indexing.ts). */
export const WORDS_VERSION = 3;

/** UTF-16 units of a word that count. */
const LONGEST = 64;

const ASCII = /^[\0-\x7f]*$/;
const ASCII_WORDS = /[a-z0-9]+/g;
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

/** Scripts that are written without spaces between words, and Hangul, whose words grow at their ends. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Bopomofo}ー々〆〇]+/gu;

/** Combining marks of Latin, Greek and Cyrillic; points of Hebrew; vowels of Arabic, and its tatweel. */
const MARKS = /[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]+/g;

const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ς: 'σ',
  ة: 'ه',
  ى: 'ي',
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');

/** Two texts that people take for the same word come out alike. */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(MARKS, '')
    .normalize('NFC')
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter);
}

/** Is its first character one that has no spaces around its word? */
export function beginsUnspaced(text: string): boolean {
  return text.search(UNSPACED) === 0;
}

interface Piece {
  text: string;
  unspaced: boolean;
}

function* piecesOf(folded: string): Generator<Piece, void> {
  if (ASCII.test(folded)) {
    for (const [word] of folded.matchAll(ASCII_WORDS)) yield { text: word, unspaced: false };
    return;
  }
  for (const [run] of folded.matchAll(WORDS)) {
    let at = 0;
    for (const { 0: part, index } of run.matchAll(UNSPACED)) {
      if (index > at) yield { text: run.slice(at, index), unspaced: false };
      yield { text: part, unspaced: true };
      at = index + part.length;
    }
    if (at < run.length) yield { text: run.slice(at), unspaced: false };
  }
}

/** As indexed: words, and of what has no spaces each character with the one after it, the last alone. */
export function wordsOf(text: string): string[] {
  const folded = foldText(text);
  if (ASCII.test(folded)) {
    const words: string[] = folded.match(ASCII_WORDS) ?? [];
    return words.some((word) => word.length > LONGEST) ? words.map((word) => word.slice(0, LONGEST)) : words;
  }
  const words: string[] = [];
  for (const piece of piecesOf(folded)) {
    if (!piece.unspaced) {
      words.push(piece.text.slice(0, LONGEST).toWellFormed()); // as it is written: half a character is like any other
      continue;
    }
    const characters = Array.from(piece.text);
    for (let i = 0; i < characters.length; i++) words.push(`${characters[i]}${characters[i + 1] ?? ''}`);
  }
  return words;
}

export interface WantedWord {
  text: string;
  /** Found by its beginning too. */
  prefix: boolean;
  /** Two characters of what is written without spaces. */
  pair: boolean;
  /** How many places after the one before it: what comes after pairs stands behind their last character, which is alone too. */
  after: 1 | 2;
}

/**
 * As looked for: words that stand one after the other. The last is found by its beginning, unless something that is no
 * letter comes after it ("Q_"). None: there is nothing to be found by.
 */
export function wantedWords(text: string, { whole }: { whole: boolean }): WantedWord[] {
  const wanted: WantedWord[] = [];
  let last: Piece | undefined;
  for (const piece of piecesOf(foldText(text))) {
    last = piece;
    const after = wanted.at(-1)?.pair ? 2 : 1;
    if (!piece.unspaced) {
      wanted.push({ text: piece.text.slice(0, LONGEST), prefix: false, pair: false, after });
      continue;
    }
    const characters = Array.from(piece.text);
    if (characters.length === 1) wanted.push({ text: piece.text, prefix: true, pair: false, after });
    for (let i = 0; i + 1 < characters.length; i++)
      wanted.push({
        text: `${characters[i]}${characters[i + 1]}`,
        prefix: false,
        pair: true,
        after: i > 0 ? 1 : after,
      });
  }
  const end = wanted.at(-1);
  if (end && last && !last.unspaced && !whole && /[\p{L}\p{N}\p{M}]$/u.test(text.trimEnd())) end.prefix = true;
  return wanted;
}
