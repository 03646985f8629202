// Whether the store is as it must be: every check, tenant by tenant, and the audit log's chain. Beside everything that
// runs: each check sees one moment, holds no lock that anybody waits for, and repairs nothing.

import { policyOf, type Policy } from '../../mail/policy.ts';
import { verifyAudit } from '../audit.ts';
import type { Store } from '../postgres.ts';
import { parametersOf, type Check } from './check.ts';
import { DELIVERY_CHECKS } from './deliveries.ts';
import { MAILBOX_CHECKS } from './mailboxes.ts';
import { MESSAGE_CHECKS } from './messages.ts';
import { RECALL_CHECKS } from './recalls.ts';

export const CHECKS: Check[] = [...MAILBOX_CHECKS, ...MESSAGE_CHECKS, ...DELIVERY_CHECKS, ...RECALL_CHECKS];

/** The audit log is walked, not asked for. */
export const AUDIT_CHAIN = 'audit-chain';

export interface Finding {
  tenant: number;
  check: string;
  /** What should be true. */
  says: string;
  /** Of what it is not: keys first, then what there is. */
  of: object;
}

/** Findings fetched at once: of a check that finds millions, only these are in memory. */
const AT_ONCE = 500;

/** What is not as it must be with a tenant, a page at a time; nothing: all is well. */
export async function* verifyTenant(
  store: Pick<Store, 'cursor' | 'row' | 'rows' | 'unprepared'>,
  tenant: number,
  now: Date,
): AsyncGenerator<Finding[]> {
  const row = await store.row<{ policy: Partial<Policy> }>(`SELECT policy FROM tenant WHERE id = $1`, [tenant]);
  const moment = { now, policy: policyOf(row?.policy) };
  for (const check of CHECKS) {
    const { name, says } = check;
    for await (const page of store.cursor<object>(check.sql, parametersOf(check, tenant, moment), AT_ONCE))
      yield page.map((of) => ({ tenant, check: name, says, of }));
  }
  const verdict = await verifyAudit(store, tenant);
  if (verdict.intact) return;
  const { entries, brokenAt, why } = verdict;
  yield [{ tenant, check: AUDIT_CHAIN, says: 'P8: the audit log is whole', of: { entries, brokenAt, why } }];
}
