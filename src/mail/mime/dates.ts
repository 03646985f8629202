// Dates of header fields (RFC 5322 §3.3, with the obsolete forms of §4.3).

import { withoutComments } from './lexical.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Minutes. Every other name is of no known offset: UTC (RFC 5322 §4.3). */
const ZONES: ReadonlyMap<string, number> = new Map([
  ['est', -300],
  ['edt', -240],
  ['cst', -360],
  ['cdt', -300],
  ['mst', -420],
  ['mdt', -360],
  ['pst', -480],
  ['pdt', -420],
]);

/** Minutes: no place on Earth is further off, and PostgreSQL takes no more. */
const MAX_OFFSET = 15 * 60 + 59;

const DATE =
  /^(?:[a-z]{2,9}\.?\s*,?\s*)?(\d{1,2})[\s-]*([a-z]{3})[a-z]*\.?[\s-]*(\d{2,5})[\s,]+(\d{1,2})\s*:\s*(\d{2})(?:\s*:\s*(\d{2})(?:\.\d+)?)?\s*(?:(?:gmt|utc?)?\s*([+-]\d{2}:?\d{2})(?!\d)|([a-z]{1,5}))?/i;

/**
 * "2026-11-23T14:02:00+01:00", "Z" for UTC (RFC 8621 §4.1.2.6); null if it is no date. `value` is unfolded. An offset
 * that is none is UTC (RFC 5256 §2.2).
 */
export function parseDate(value: string): string | null {
  const match = DATE.exec(withoutComments(value).trim().slice(0, 200));
  if (!match) return null;
  const [, dayText, monthText = '', yearText = '', hourText, minuteText, secondText = '0', digits, name] = match;
  const [day, hour, minute] = [Number(dayText), Number(hourText), Number(minuteText)];
  const second = Number(secondText);
  const month = MONTHS.indexOf(monthText.toLowerCase());
  const year = fullYear(yearText);
  if (month < 0 || year < 1 || year > 9999 || day < 1 || day > daysOf(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const offset = digits === undefined ? (ZONES.get(name?.toLowerCase() ?? '') ?? 0) : offsetOf(digits);
  const date = `${two(year, 4)}-${two(month + 1)}-${two(day)}T${two(hour)}:${two(minute)}:${two(Math.min(59, second))}`;
  if (offset === 0) return `${date}Z`;
  const minutes = Math.abs(offset);
  return `${date}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** RFC 5322 §4.3. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return text.length === 3 ? 1900 + year : year;
}

function daysOf(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month + 1, 0);
  return date.getUTCDate();
}

function offsetOf(digits: string): number {
  const [hours, minutes] = [Number(digits.slice(1, 3)), Number(digits.slice(-2))];
  const offset = hours * 60 + minutes;
  if (minutes > 59 || offset > MAX_OFFSET) return 0;
  return digits.startsWith('-') ? -offset : offset;
}

const two = (n: number, width = 2): string => String(n).padStart(width, '0');
