// What is said of an outcome; never re-worded to sound better than it is.

import type { ReportedOutcome } from '../store/outcomes.ts';

/** Label and sentence, "Taken back: no program had shown it." `exposure` false: nothing of what had happened to it. */
export function sentenceOf(row: ReportedOutcome, exposure = true): string {
  const host = row.remote_host ?? 'the other server';
  switch (row.outcome) {
    case 'recalled':
      return exposure ? RECALLED[row.exposure] : 'Taken back.';
    case 'intercepted':
      return 'Never left: stopped before delivery.';
    case 'not-delivered':
      return `Never arrived: ${host} refused it.`;
    case 'already-deleted':
      if (!exposure) return 'Already deleted.';
      return row.exposure === 'opened' ? 'Already deleted: after reading.' : 'Already deleted: unopened.';
    case 'no-mailbox':
      return 'No mailbox: the account is gone.';
    case 'kept-read':
      return 'Still there: opened before you recalled it.';
    case 'kept-declined':
      return 'Still there: this person does not allow recalls.';
    case 'kept-protected':
      return 'Still there: protected mailbox.';
    case 'kept-processed':
      return 'Still there: already filed.';
    case 'cancelled':
      return 'Still there: you cancelled first.';
    case 'outside':
      return `Outside: ${host} took it${row.finished_at ? ` at ${row.finished_at.toISOString().slice(11, 16)}` : ''}.`;
    case 'outside-unknown':
      return `Not certain: the connection to ${host} broke; it may have arrived.`;
    case 'failed':
      return `Not certain: ${row.reason ?? 'the server could not decide it'}. Assume it was not taken back.`;
  }
}

/** Which program had downloaded it, when, and when it was told that it is gone; '' where none had, or nothing was taken back. */
export function downloadOf(row: ReportedOutcome): string {
  if (row.outcome !== 'recalled' || row.downloaded_at === null) return '';
  const told = row.told_at === null ? 'not told of the removal since' : `told of the removal ${minute(row.told_at)}`;
  return `${row.downloaded_by ?? 'unknown'}, ${minute(row.downloaded_at)}; ${told}`;
}

/** "2026-11-23 12:05", in UTC. */
function minute(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ');
}

const RECALLED: Record<ReportedOutcome['exposure'], string> = {
  none: 'Taken back: no program had shown it.',
  listed: 'Taken back: subject or first words may have been seen.',
  downloaded: 'Taken back: not opened, but a device had downloaded it.',
  opened: 'Taken back: it had been read.',
};
