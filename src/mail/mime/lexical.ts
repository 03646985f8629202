// What structured fields have in common: folds, comments, quoted strings (RFC 5322 §3.2).

/** RFC 5322 §2.2.3: the line breaks of folds go, their white space stays. A CR that breaks no line is white space. */
export function unfold(value: string): string {
  if (!/[\r\n]/.test(value)) return value;
  return value.replace(/\r?\n/g, '').replaceAll('\r', ' ');
}

/** Offset after the quoted string or comment that begins at `from`; -1 if it never ends. */
export function endOfQuoted(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    else if (c === '"') return i + 1;
  }
  return -1;
}

/** Comments nest. */
export function endOfComment(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    else if (c === '(') depth++;
    else if (c === ')' && --depth === 0) return i + 1;
  }
  return -1;
}

/** Content of a quoted string or comment, its delimiters gone, its quoted pairs decoded. */
export function unquote(text: string): string {
  const content = text.slice(1, -1);
  return content.includes('\\') ? content.replace(/\\(.)/gs, '$1') : content;
}

/** Each comment becomes a space; those in quoted strings are none. One that never ends is text. */
export function withoutComments(text: string): string {
  if (!text.includes('(')) return text;
  let bare = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    if (c !== '"' && c !== '(') continue;
    const end = c === '"' ? endOfQuoted(text, i) : endOfComment(text, i);
    if (end < 0) break; // nothing after it can be told from text
    if (c === '(') {
      bare += `${text.slice(from, i)} `;
      from = end;
    }
    i = end - 1;
  }
  return bare + text.slice(from);
}
