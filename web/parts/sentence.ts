/** What somebody is told of an error. */
export function sentenceOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
