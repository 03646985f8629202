import * as at from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { bad } from './fault.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** RFC 9051 §9, date: 27-Nov-2026, quoted or not → "2026-11-27". */
export function date(c: Cursor): string {
  const quoted = at.accept(c, '"');
  const text = at.match(c, /\d{1,2}-[a-z]{3}-\d{4}/iy);
  if (text === undefined) throw bad('A date is like 27-Nov-2026.');
  if (quoted) at.expect(c, '"');
  const [day = '', month = '', year = ''] = text.split('-');
  return dayOf(Number(year), month, Number(day));
}

/** RFC 9051 §9, date-time: "27-Nov-2026 10:00:00 +0100" → "2026-11-27T10:00:00+01:00". */
export function dateTime(c: Cursor): string {
  const text = at.match(c, /"[ \d]\d-[a-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}"/iy);
  if (text === undefined) throw bad('A date and time is like "27-Nov-2026 10:00:00 +0100".');
  const day = dayOf(Number(text.slice(8, 12)), text.slice(4, 7), Number(text.slice(1, 3)));
  const [time, zone] = [text.slice(13, 21), text.slice(22, 27)];
  const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number);
  const offset = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3));
  if (hour > 23 || minute > 59 || second > 60 || Number(zone.slice(3)) > 59 || offset > 15 * 60 + 59)
    throw bad('There is no such time.');
  const written = `${day}T${time.slice(0, 6)}${String(Math.min(59, second)).padStart(2, '0')}${zone.slice(0, 3)}:${zone.slice(3)}`;
  // It is told in UTC, where it may be of the year before the first or after the last that there is.
  const year = new Date(written).getUTCFullYear();
  if (year < 1 || year > 9999) throw bad('There is no such time.');
  return written;
}

function dayOf(year: number, monthName: string, day: number): string {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const last = new Date(Date.UTC(2000 + (year % 400), month + 1, 0)).getUTCDate();
  if (month < 0 || year < 1 || day < 1 || day > last) throw bad('There is no such day.');
  return `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
