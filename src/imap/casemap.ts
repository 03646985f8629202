// How texts are compared where they are sorted and threaded.

/** RFC 5051 i;unicode-casemap, as near as the runtime has it. */
export function folded(text: string): string {
  return text.toUpperCase().normalize('NFKD');
}
