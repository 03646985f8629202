// What is said of recalls to administrators.

import { countFamilies, decidedOf, figure, several, shortTime } from '../../recall/words.ts';
import type { AdminRecall, Cause, DryRun } from './data.ts';

export const STATUS: Readonly<Record<AdminRecall['status'], string>> = {
  sweeping: 'Under way',
  done: 'Done',
  cancelled: 'Cancelled',
  waiting: 'Waits for approval',
  denied: 'Denied',
  withdrawn: 'Withdrawn',
  expired: 'Expired',
};

/** Has it become a recall? Else it is a request for one. */
export const isRecall = ({ status }: Pick<AdminRecall, 'status'>): boolean =>
  status === 'sweeping' || status === 'done' || status === 'cancelled';

/** "412 of 433 taken back", or how its request stands. */
export function standingOf(recall: AdminRecall): string {
  if (!isRecall(recall)) return STATUS[recall.status];
  const back = figure(countFamilies(recall.counts).back);
  if (recall.status === 'sweeping') return `Taking back… ${back} of ${figure(recall.total)}`;
  const then = recall.restoreRequestedAt ? ', then restored' : recall.status === 'cancelled' ? ', then cancelled' : '';
  return `${back} of ${figure(recall.total)} taken back${then}`;
}

export const isDecided = (recall: AdminRecall): boolean => decidedOf(recall.counts) >= recall.total;

export const subjectOf = ({ subject }: { subject: string | null }): string => (subject ?? '').trim() || '(no subject)';

/** "Denied by eli@pigeon.test at 14:02." What became of a request. */
export function requestSentence(recall: AdminRecall): string {
  const by = recall.decidedBy ?? 'an administrator who is gone';
  const at = recall.decidedAt === null ? '' : ` at ${shortTime(recall.decidedAt)}`;
  switch (recall.status) {
    case 'waiting':
      return `Nothing has happened yet. It waits for another administrator until ${shortTime(recall.expiresAt ?? recall.createdAt)}.`;
    case 'denied':
      return `Denied by ${by}${at}. Nothing was taken back.`;
    case 'withdrawn':
      return `Withdrawn by ${by}${at}. Nothing was taken back.`;
    case 'expired':
      return 'Nobody decided in time. Nothing was taken back; it can be asked for again.';
    default:
      return '';
  }
}

/** Whether what people inside forwarded of it goes along, or went. */
export function forwardsWords(recall: Pick<AdminRecall, 'status' | 'includeForwards' | 'forwards'>): string {
  const isAsked = !isRecall(recall);
  if (!recall.includeForwards) return isAsked ? 'What people inside forwarded stays' : 'Not taken along';
  if (isAsked) return 'What people inside forwarded goes along';
  const count = recall.forwards.length;
  return count === 0 ? 'None was there to take along' : `${several(count, 'was', 'were')} taken along`;
}

/** "All 433", or those named. */
export const recipientsWords = ({ recipients, total }: Pick<AdminRecall, 'recipients' | 'total'>): string =>
  recipients === null ? `All ${figure(total)}` : recipients.join(', ');

export const CAUSE: Readonly<Record<Cause, readonly [label: string, says: string]>> = {
  old: ['Old', 'The message had been sent long before.'],
  large: ['Many recipients', 'It is taken back from many recipients.'],
  many: ['One of many', 'It is one of many recalls within an hour by the same person.'],
  'read-copies': ['Read copies', 'It takes back copies that were read.'],
};

/** What a dry run found, one sentence each. */
export function dryRunSentences(run: DryRun, includeRead: boolean): string[] {
  const waiting = run.held + run.queued;
  const opened = run.exposure?.opened ?? 0;
  return [
    run.inside > 0
      ? `${several(run.inside, 'copy is', 'copies are')} inside${includeRead ? ' and would be taken back, read or not' : ''}.`
      : '',
    !includeRead && run.exposure
      ? opened === 0
        ? 'None of them was read.'
        : `${several(opened, 'was read and would stay', 'were read and would stay')}.`
      : '',
    !includeRead && run.inside > 0 && run.exposure === null
      ? 'How many were read is not told of fewer than five; those would stay.'
      : '',
    run.protected > 0 ? `${several(run.protected, 'is protected and stays', 'are protected and stay')}.` : '',
    waiting > 0
      ? `${several(waiting, 'has not left and would be stopped', 'have not left and would be stopped')}.`
      : '',
    run.outside > 0
      ? `${several(run.outside, 'is outside and cannot be taken back', 'are outside and cannot be taken back')}.`
      : '',
  ].filter((sentence) => sentence !== '');
}
