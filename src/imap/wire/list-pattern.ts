// Patterns of mailbox names (RFC 9051 §6.3.9).

/**
 * Does the pattern match the name? "*" is anything, "%" anything but "/"; "INBOX" is that in any case. However many
 * wildcards there are it costs no more than the pattern's length times the name's, and so is no regular expression: one
 * that tries all ways would keep everybody waiting for hours.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const whole = /^inbox$/i.test(pattern) ? 'INBOX' : pattern;
  /** Whether what is read of the pattern matches the first so many characters of the name. */
  let reached = [true, ...Array<boolean>(name.length).fill(false)];
  for (const [char] of whole.matchAll(/\*[*%]*|%[*%]*\*[*%]*|%+|[^*%]/gs)) {
    if (char.includes('*')) reached = reached.map(anyBefore());
    else if (char.startsWith('%')) reached = reached.map(anyBefore((i) => name[i - 1] !== '/'));
    else reached = reached.map((_, i) => i > 0 && (reached[i - 1] ?? false) && name[i - 1] === char);
    if (!reached.includes(true)) return false;
  }
  return reached.at(-1) ?? false;
}

/** Goes on from wherever it was, as long as it may step over the character before. */
function anyBefore(mayStep: (at: number) => boolean = () => true): (here: boolean, at: number) => boolean {
  let before = false;
  return (here, at) => (before = here || (before && mayStep(at)));
}
