// The words of a recall (shared by store, recall, faces and web client).

export type Exposure = 'none' | 'listed' | 'downloaded' | 'opened';

export const EXPOSURES: readonly Exposure[] = ['none', 'listed', 'downloaded', 'opened'];

export type DeliveryState = 'held' | 'queued' | 'sending' | 'delivered' | 'failed' | 'stopped';

export const OUTCOMES = [
  'intercepted',
  'not-delivered',
  'no-mailbox',
  'kept-protected',
  'kept-declined',
  'already-deleted',
  'kept-read',
  'kept-processed',
  'outside',
  'outside-unknown',
  'cancelled',
  'recalled',
  'failed',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

export type RecallMode = 'delete' | 'replace';
export type RecallStatus = 'sweeping' | 'done' | 'cancelled';

/** The higher of two exposures. */
export function maxExposure(a: Exposure, b: Exposure): Exposure {
  return EXPOSURES.indexOf(a) >= EXPOSURES.indexOf(b) ? a : b;
}
