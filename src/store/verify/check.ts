// One thing that must be true of a tenant's rows at every commit, whatever runs beside what: a statement that answers the
// rows of which it is not. Each is one statement, so it sees one moment; none changes anything.

import type { Policy } from '../../mail/policy.ts';

export interface Check {
  /** By which findings and tests call it. */
  name: string;
  /** What is true where all is well. */
  says: string;
  /** Rows of which it is not true: keys first, then what there is. $1 is the tenant. */
  sql: string;
  /** $2, for what is true only of what is young enough. */
  since?: (at: Moment) => Date;
}

/** When it is looked, and the tenant's policy then. */
export interface Moment {
  now: Date;
  policy: Pick<Policy, 'vaultRetentionDays' | 'trackingRetentionDays' | 'maxAgeDays'>;
}

export function parametersOf(check: Check, tenant: number, at: Moment): unknown[] {
  return check.since ? [tenant, check.since(at)] : [tenant];
}
