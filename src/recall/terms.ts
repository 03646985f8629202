// The terms under which a recall decides, from its row.

import { policyOf } from '../mail/policy.ts';
import type { RecallRow } from '../store/recalls.ts';
import type { Terms } from './decide.ts';

/** What cannot be decided within this time becomes `failed`. */
const DEADLINE_MS = 24 * 3600 * 1000;

export function termsOf(recall: RecallRow, cancelled: boolean, now: Date): Terms {
  return {
    includeRead: recall.include_read,
    byAdministrator: recall.by_administrator,
    policy: policyOf(recall.policy),
    cancelled,
    deadlinePassed: now.getTime() - recall.created_at.getTime() > DEADLINE_MS,
  };
}
