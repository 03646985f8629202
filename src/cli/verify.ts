import { parseArgs } from 'node:util';
import { tenantsAll } from '../store/directory.ts';
import type { Store } from '../store/postgres.ts';
import { auditProtection, triggerAlone } from '../store/rights.ts';
import { verifyTenant, CHECKS, type Finding } from '../store/verify/verify.ts';
import { tenantOf, withDirectory } from './session.ts';

export const help = `verify that the store is as it must be; changes nothing
  homing verify [--tenant NAME]
  Beside a running Homing: every organisation's mailboxes, messages, deliveries, recalls and audit log, by every rule
  that holds at each moment. A line for each finding as it is found; exit code 1 if there is one.
  --json for programs (JSON Lines; the last one counts).`;

/** Findings of one check that people are shown; programs have them all. */
const SHOWN = 20;

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { tenant: { type: 'string' }, json: { type: 'boolean' } } });
  return withDirectory(async (session) => {
    const { store } = session;
    const tenants = values.tenant === undefined ? await tenantsAll(store) : [await tenantOf(session, values.tenant)];
    const findings = await tellFindings(store, tenants, session.clock, values.json);
    // Of the set-up, not of what is stored: no finding.
    const protection = await auditProtection(store);
    if (protection.by === 'trigger') console.error(triggerAlone(protection.role));
    return findings === 0 ? 0 : 1;
  });
}

/** Looks at every tenant, prints what is found and answers how much that is. */
export async function tellFindings(
  store: Store,
  tenants: { id: number; name: string }[],
  clock: () => Date,
  json: boolean | undefined,
): Promise<number> {
  const found = new Map<string, number>();
  let findings = 0;
  for (const { id, name } of tenants) {
    found.clear();
    for await (const page of verifyTenant(store, id, clock())) {
      for (const finding of page) {
        const nth = (found.get(finding.check) ?? 0) + 1;
        found.set(finding.check, nth);
        findings++;
        if (json) console.log(JSON.stringify({ ...finding, tenant: name }));
        else if (nth <= SHOWN) console.log(lineOf(name, finding, nth));
      }
    }
    if (!json)
      for (const [check, count] of found) if (count > SHOWN) console.log(`  … and ${count - SHOWN} more of ${check}`);
  }
  const checks = CHECKS.length + 1; // and the audit log's chain
  if (json) console.log(JSON.stringify({ tenants: tenants.length, checks, findings }));
  else console.log(summary(tenants.length, checks, findings));
  return findings;
}

function lineOf(tenant: string, { check, says, of }: Finding, nth: number): string {
  const head = nth === 1 ? `${tenant}: ${check}: not so: ${says}\n` : '';
  return `${head}  ${JSON.stringify(of)}`;
}

function summary(tenants: number, checks: number, findings: number): string {
  const looked = `${checks} checks of ${tenants} ${tenants === 1 ? 'organisation' : 'organisations'}`;
  if (findings === 0) return `All is as it must be: ${looked}.`;
  return `${findings} ${findings === 1 ? 'finding' : 'findings'} in ${looked}. Nothing was changed.`;
}
