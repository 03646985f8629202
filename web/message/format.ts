// Times, sizes and names as people read them. Pure, but for what today is.

import type { EmailAddress } from '../jmap/types.ts';

const DAY = 86_400_000;

/** In a row: "14:02", "Mon 14:02", "3 Nov", "03/11/2025". */
export function rowTime(at: string, now = new Date()): string {
  const date = new Date(at);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (date.getTime() >= midnight && date.getTime() < midnight + DAY) return CLOCK.format(date);
  if (date.getTime() >= midnight - 6 * DAY && date.getTime() < midnight)
    return `${WEEKDAY.format(date)} ${CLOCK.format(date)}`;
  return (date.getFullYear() === now.getFullYear() ? DATE : NUMBERS).format(date);
}

// Made once: making one takes a millisecond, and a list has many rows.
const formatter = (options?: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-GB', options);
const CLOCK = formatter({ hour: '2-digit', minute: '2-digit' });
const WEEKDAY = formatter({ weekday: 'short' });
const DATE = formatter({ day: 'numeric', month: 'short' });
const NUMBERS = formatter();
const FULL = formatter({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** In a message: "Mon 3 Nov 2026, 14:02". */
export function fullTime(at: string): string {
  return FULL.format(new Date(at));
}

export function sizeOf(octets: number): string {
  if (octets < 1000) return `${octets} B`;
  if (octets < 999_500) return `${Math.round(octets / 1000)} kB`;
  return `${(octets / 1e6).toFixed(1)} MB`;
}

export function nameOf(address: EmailAddress | undefined): string {
  return address ? address.name || address.email : '';
}

export function namesOf(addresses: readonly EmailAddress[] | null): string {
  return (addresses ?? []).map(nameOf).join(', ');
}
