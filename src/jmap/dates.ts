// UTCDate (RFC 8620 §1.4), both ways.

/** A fraction of a second is left out if it is zero. */
export function utcDate(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

/** Null: it is none. */
export function readUtcDate(value: unknown): Date | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value)) return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}
