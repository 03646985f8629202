// Date and UTCDate (RFC 8620 §1.4), both ways.

/** A fraction of a second is left out if it is zero. */
export function utcDate(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

const DATE = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** A Date, with its offset. Null: it is none, or of a day that there is not. */
export function readDate(value: unknown): Date | null {
  if (typeof value !== 'string' || !DATE.test(value)) return null;
  const [date, day] = [new Date(value), new Date(`${value.slice(0, 10)}T00:00:00Z`)];
  if (Number.isNaN(date.getTime()) || Number.isNaN(day.getTime())) return null;
  // 30 February would be 1 March.
  return day.toISOString().startsWith(value.slice(0, 10)) ? date : null;
}

/** Null: it is none. */
export function readUtcDate(value: unknown): Date | null {
  return typeof value === 'string' && value.endsWith('Z') ? readDate(value) : null;
}

/** In UTC, of a year from 1 to 9999: PostgreSQL and IMAP know no year 0, and none has a fifth digit. */
export function isWritable(date: Date): boolean {
  return date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;
}
