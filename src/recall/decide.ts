// The decision table of the specification (docs/recall.md), row by row. Pure: what it is told was read under locks.

import type { Policy } from '../mail/policy.ts';
import type { DeliveryState, Exposure, Outcome } from '../mail/recall.ts';

/** What the sweep knows of one delivery at the moment of decision, its rows locked. */
export interface Facts {
  state: DeliveryState;
  /** An attempt may have gone through without our knowing. */
  maybeSent: boolean;
  /** Null: another server's. */
  local: {
    /** It is one of policy.protectedRecipients. */
    protected: boolean;
    /** The account and its mailboxes are still there. */
    exists: boolean;
    /** The account's answer to "recalls of mail to me". */
    acceptsRecalls: boolean;
    /** Copies of the delivery that are in mailboxes now, and of them those outside the Inbox. */
    copies: number;
    filed: number;
    /** The highest that ever happened to any copy of the delivery. */
    exposure: Exposure;
    /** An earlier recall took the copies and has them in the vault. */
    inVault: boolean;
  } | null;
}

/** What the recall was made with. */
export interface Terms {
  includeRead: boolean;
  byAdministrator: boolean;
  /** As it stood when the recall was made. */
  policy: Policy;
  cancelled: boolean;
  /** 24 hours have passed. */
  deadlinePassed: boolean;
}

/** Null: in flight to another server, the attempt will decide (row 2). */
export function decide(facts: Facts, terms: Terms): Outcome | null {
  if (terms.cancelled) return 'cancelled'; // row 12 is asked first
  switch (facts.state) {
    case 'held':
    case 'queued':
    case 'stopped': // by an earlier recall, or unsent by its sender: it never went
      return facts.maybeSent ? 'outside-unknown' : 'intercepted'; // rows 10, 1
    case 'sending':
      return terms.deadlinePassed ? 'failed' : null; // rows 14, 2
    case 'failed':
      return facts.maybeSent ? 'outside-unknown' : 'not-delivered'; // row 3; 10: an attempt before the refused one may have arrived
    case 'delivered':
      return facts.local === null ? 'outside' : decideLocal(facts.local, terms); // row 11
  }
}

function decideLocal(local: NonNullable<Facts['local']>, terms: Terms): Outcome {
  const { policy, byAdministrator, includeRead } = terms;
  const opened = local.exposure === 'opened';
  if (!local.exists) return 'no-mailbox'; // row 4
  if (local.protected) return 'kept-protected'; // row 5
  if (!byAdministrator && policy.recipientConsent === 'recipient-decides' && !local.acceptsRecalls)
    return 'kept-declined'; // 6
  if (local.copies === 0) {
    // Row 7; a copy that an earlier recall already took is taken back, not deleted by its owner.
    return local.inVault && (includeRead || !opened) ? 'recalled' : 'already-deleted';
  }
  if (opened && !includeRead) return 'kept-read'; // row 8
  if (!byAdministrator && policy.processedCopies === 'keep' && local.filed > 0) return 'kept-processed'; // row 9
  return 'recalled'; // row 13
}
