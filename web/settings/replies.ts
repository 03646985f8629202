// An automatic reply as its form has it: times are the reader's own, texts are plain.

import type { Vacation } from '../jmap/vacation.ts';

export interface ReplyFields {
  isTimed: boolean;
  /** "2026-11-23T09:00", or ''. */
  from: string;
  to: string;
  subject: string;
  text: string;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** As an input of type datetime-local has it; '' for null. */
function localTime(at: string | null): string {
  if (at === null) return '';
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Whole seconds, as a UTCDate is sent. */
const utc = (local: string): string | null =>
  local === '' ? null : new Date(local).toISOString().replace(/\.\d{3}Z$/, 'Z');

export const fieldsOf = ({ fromDate, toDate, subject, textBody }: Vacation): ReplyFields => ({
  isTimed: fromDate !== null || toDate !== null,
  from: localTime(fromDate),
  to: localTime(toDate),
  subject: subject ?? '',
  text: textBody ?? '',
});

/** Switched on. What another program wrote as HTML would say something else than what is shown: it goes. */
export const vacationOf = ({ isTimed, from, to, subject, text }: ReplyFields): Vacation => ({
  isEnabled: true,
  fromDate: isTimed ? utc(from) : null,
  toDate: isTimed ? utc(to) : null,
  subject: subject.trim() === '' ? null : subject.trim(),
  textBody: text.trim() === '' ? null : text,
  htmlBody: null,
});

export const endsBeforeItBegins = ({ isTimed, from, to }: ReplyFields): boolean =>
  isTimed && from !== '' && to !== '' && to <= from;

export const isAlike = (a: ReplyFields, b: ReplyFields): boolean => JSON.stringify(a) === JSON.stringify(b);
