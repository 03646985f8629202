// What is said of a recall: families, fills, icons, labels, sentences. Never re-worded to sound better than it is.

/** In the order in which they are shown. */
export const FAMILIES = ['back', 'nothing', 'still', 'outside', 'uncertain'] as const;
export type Family = (typeof FAMILIES)[number];

export const OUTCOMES = [
  'recalled',
  'intercepted',
  'not-delivered',
  'already-deleted',
  'no-mailbox',
  'kept-read',
  'kept-declined',
  'kept-protected',
  'kept-processed',
  'cancelled',
  'outside',
  'outside-unknown',
  'failed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type Exposure = 'none' | 'listed' | 'downloaded' | 'opened';
export type Counts = Readonly<Partial<Record<Outcome, number>>>;

export const FAMILY_OF: Readonly<Record<Outcome, Family>> = {
  recalled: 'back',
  intercepted: 'back',
  'not-delivered': 'nothing',
  'already-deleted': 'nothing',
  'no-mailbox': 'nothing',
  'kept-read': 'still',
  'kept-declined': 'still',
  'kept-protected': 'still',
  'kept-processed': 'still',
  cancelled: 'still',
  outside: 'outside',
  'outside-unknown': 'uncertain',
  failed: 'uncertain',
};

export const FAMILY_LABEL: Readonly<Record<Family, string>> = {
  back: 'Taken back',
  nothing: 'Nothing there',
  still: 'Still there',
  outside: 'Outside',
  uncertain: 'Not certain',
};

/** Names of theme tokens. */
export const FAMILY_FILL = {
  back: 'colorStatusSuccessBorderActive',
  nothing: 'colorPalettePlatinumBorderActive',
  still: 'colorStatusWarningBorderActive',
  outside: 'colorPalettePurpleBorderActive',
  uncertain: 'colorStatusDangerBorderActive',
} as const satisfies Record<Family, string>;

const LABEL: Readonly<Record<Outcome, string>> = {
  recalled: 'Taken back',
  intercepted: 'Never left',
  'not-delivered': 'Never arrived',
  'already-deleted': 'Already deleted',
  'no-mailbox': 'No mailbox',
  'kept-read': 'Still there',
  'kept-declined': 'Still there',
  'kept-protected': 'Still there',
  'kept-processed': 'Still there',
  cancelled: 'Still there',
  outside: 'Outside',
  'outside-unknown': 'Not certain',
  failed: 'Not certain',
};

/** What a sentence is made of: a row of RecallOutcome. */
export interface Decided {
  outcome: Outcome;
  /** Null where policy does not show it. */
  exposure: Exposure | null;
  /** The server's own sentence. */
  reason: string;
  remote: { host: string; at: string | null } | null;
  /** The reader did not ask for the recall. */
  byOther?: boolean;
}

export const labelOf = (outcome: Outcome): string => LABEL[outcome];

/** What stands behind the label and its colon; '' where nothing more may be said. */
export function sentenceOf(row: Decided): string {
  const host = row.remote?.host ?? 'the other server';
  switch (row.outcome) {
    case 'recalled':
      return row.exposure === null ? '' : RECALLED[row.exposure];
    case 'intercepted':
      return 'stopped before delivery.';
    case 'not-delivered':
      return `${host} refused it.`;
    case 'already-deleted':
      if (row.exposure === null) return '';
      return row.exposure === 'opened' ? 'after reading.' : 'unopened.';
    case 'no-mailbox':
      return 'the account is gone.';
    case 'kept-read':
      return row.byOther ? 'opened before it was recalled.' : 'opened before you recalled it.';
    case 'kept-declined':
      return 'this person does not allow recalls.';
    case 'kept-protected':
      return 'protected mailbox.';
    case 'kept-processed':
      return 'already filed.';
    case 'cancelled':
      return row.byOther ? 'it was cancelled first.' : 'you cancelled first.';
    case 'outside':
      return row.remote?.at ? `${host} took it at ${clockTime(row.remote.at)}.` : `${host} took it.`;
    case 'outside-unknown':
      return `the connection to ${host} broke; it may have arrived.`;
    case 'failed':
      return row.reason.replace(/^Not certain: /, '');
  }
}

const RECALLED: Readonly<Record<Exposure, string>> = {
  none: 'no program had shown it.',
  listed: 'subject or first words may have been seen.',
  downloaded: 'not opened, but a device had downloaded it.',
  opened: 'it had been read.',
};

/** "Pocket Mail 3 had it at 14:01, and was told at 14:02": the program that downloaded a copy. */
export function downloadOf(row: {
  outcome: Outcome | null;
  downloadedBy: string;
  downloadedAt: string | null;
  toldAt: string | null;
}): string {
  const had = `${row.downloadedBy} had it${row.downloadedAt === null ? '' : ` at ${shortTime(row.downloadedAt)}`}`;
  if (row.outcome !== 'recalled') return had;
  return row.toldAt === null ? `${had}, and was not told since` : `${had}, and was told at ${shortTime(row.toldAt)}`;
}

/** A square is hatched where a copy was taken back that a device had, or a person had read. */
export function isHatched({ outcome, exposure }: Pick<Decided, 'outcome' | 'exposure'>): boolean {
  return outcome === 'recalled' && (exposure === 'downloaded' || exposure === 'opened');
}

export function countFamilies(counts: Counts): Record<Family, number> {
  const sums: Record<Family, number> = { back: 0, nothing: 0, still: 0, outside: 0, uncertain: 0 };
  for (const outcome of OUTCOMES) sums[FAMILY_OF[outcome]] += counts[outcome] ?? 0;
  return sums;
}

export const outcomesOf = (family: Family): Outcome[] => OUTCOMES.filter((outcome) => FAMILY_OF[outcome] === family);

export function decidedOf(counts: Counts): number {
  return OUTCOMES.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
}

const NUMBER = new Intl.NumberFormat('en');

/** 12,400 */
export const figure = (n: number): string => NUMBER.format(n);

/** "1 copy", "428 copies". */
export const several = (n: number, one: string, many: string): string => `${figure(n)} ${n === 1 ? one : many}`;

/** What the headline is made of. */
export interface Progress {
  status: 'sweeping' | 'done' | 'cancelled';
  total: number;
  counts: Counts;
  createdAt: string;
  doneAt: string | null;
  cancelRequested: boolean;
  restoreRequestedAt?: string | null;
  /** The reader did not ask for it. */
  byOther?: boolean;
}

/** Policy shows counts of five and more only. */
const isUncounted = (recall: Pick<Progress, 'total' | 'counts'>): boolean =>
  recall.total > 0 && recall.total < 5 && decidedOf(recall.counts) === 0;

/** The truth in one line, and what is to be said beside it. */
export function headlineOf(recall: Progress): { headline: string; beside: string } {
  const { status, total, counts } = recall;
  if (status !== 'sweeping' && !recall.byOther && isUncounted(recall)) {
    return { headline: 'The recall has ended', beside: 'Your organisation shows counts of five and more.' };
  }
  const families = countFamilies(counts);
  const read = counts['kept-read'] ?? 0;
  const kept = families.still - read;
  const parts = [
    read > 0 ? `${figure(read)} had read it` : '',
    kept > 0 ? several(kept, 'still has it', 'still have it') : '',
    families.outside > 0 ? several(families.outside, 'is outside', 'are outside') : '',
    families.uncertain > 0 ? several(families.uncertain, 'is not certain', 'are not certain') : '',
  ];
  if (status === 'sweeping') {
    const left = total - decidedOf(counts);
    const still = left > 0 ? `${several(left, 'is', 'are')} still to be decided` : '';
    return {
      headline: `Taking back… ${figure(families.back)} of ${figure(total)}`,
      beside: join([recall.cancelRequested ? 'Stopping where it is' : '', still, ...parts]),
    };
  }
  const took = recall.doneAt === null ? '' : `in ${duration(Date.parse(recall.doneAt) - Date.parse(recall.createdAt))}`;
  const { restoreRequestedAt } = recall;
  return {
    headline: `Taken back from ${figure(families.back)} of ${figure(total)}${restoreRequestedAt ? ', then restored' : ''}`,
    beside: join([
      restoreRequestedAt ? `Restored at ${clockTime(restoreRequestedAt)}` : '',
      status !== 'cancelled' ? '' : recall.byOther ? 'Cancelled' : 'You cancelled it',
      took,
      ...parts,
    ]),
  };
}

const join = (parts: string[]): string => parts.filter((part) => part !== '').join(' · ');

/** What a row of Sent Items shows. */
export function markOf({ status, total, counts, restoreRequestedAt }: Progress): string {
  const back = figure(countFamilies(counts).back);
  if (status === 'sweeping') return `Taking back… ${back} of ${figure(total)}`;
  if (isUncounted({ total, counts })) return 'Recalled';
  return `${back} of ${figure(total)} taken back${restoreRequestedAt ? ', then restored' : ''}`;
}

/** "38 ms", "1.2 s", "3 min". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** "just now", "40 s ago", "2 min ago", "41 days ago". */
export function ago(ms: number): string {
  if (ms < 5000) return 'just now';
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ago`;
  return `${several(Math.floor(ms / 86_400_000), 'day', 'days')} ago`;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** "14:02", where the reader is. */
export const clockTime = (at: string): string => CLOCK.format(new Date(at));

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** "14:02" today, "3 Nov, 14:02" before. */
export function shortTime(at: string, now = new Date()): string {
  const date = new Date(at);
  return date.toDateString() === now.toDateString() ? CLOCK.format(date) : DAY.format(date);
}

/** Where the copies are before a recall, as Recall/preview has it. */
export interface Expected {
  inside: number;
  outside: number;
  held: number;
  queued: number;
}

/** "428 copies inside can be taken back if unread. 3 have not left. 2 are outside and cannot be." */
export function expectation({ inside, outside, held, queued }: Expected, includeRead = false): string {
  const waiting = held + queued;
  const how = includeRead ? 'can be taken back, read or not' : 'can be taken back if unread';
  return [
    inside > 0 ? `${several(inside, 'copy', 'copies')} inside ${how}.` : '',
    waiting > 0 ? `${several(waiting, 'has', 'have')} not left.` : '',
    outside > 0 ? `${several(outside, 'is outside and cannot be', 'are outside and cannot be')}.` : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** Why a recall is refused. `sender`: who could; the server tells times in UTC. */
export function refusalSentence(
  refusal: { reason: string; description: string },
  sender: string | null,
  today = new Date(),
): string {
  if (refusal.reason === 'notSender' && sender) return `Only ${sender} can recall this.`;
  return refusal.description.replace(/(\d\d):(\d\d) UTC/, (_, hours: string, minutes: string) => {
    const at = new Date(today);
    at.setUTCHours(Number(hours), Number(minutes));
    return CLOCK.format(at);
  });
}

/** "2 outside": those whom a recall did not reach, as a button names them. */
export function unreachedOutcomes(mode: 'delete' | 'replace'): Outcome[] {
  // Where a new message was sent in place of the old one, it did not go to these either.
  return mode === 'replace' ? ['outside', 'outside-unknown', 'not-delivered'] : ['outside', 'outside-unknown'];
}
