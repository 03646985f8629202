// Changing tenants: their domains and their policy.

import { domainTenant } from '../store/directory.ts';
import { insertDomains, insertTenant, lockTenant, writePolicy } from '../store/directory-tenants.ts';
import type { AdminDeps, Change } from './change.ts';
import { checkedDomain, refuse } from './checks.ts';
import { changedPolicy, checkPolicy, policyOf, type Policy } from './policy.ts';

export interface TenantAdmin {
  /** Answers its number. Throws Refusal `taken`, `badDomain`, `badName`, `badPolicy`. */
  addTenant(tenant: { name: string; domains: string[]; policy?: Partial<Policy> }): Promise<number>;
  /** Throws Refusal `taken`, `badDomain`. */
  addDomain(tenant: number, domain: string): Promise<void>;
  /** Merges settings into a tenant's policy; null takes one back to its default. Throws Refusal `badPolicy`, `notFound`. */
  setPolicy(tenant: number, change: Record<string, unknown>): Promise<void>;
}

export function tenantAdmin({ clock }: AdminDeps, change: Change): TenantAdmin {
  return {
    addTenant: (input) =>
      change(async (tx) => {
        const name = input.name.trim();
        if (!/^[^\p{Cc}]{1,200}$/u.test(name)) refuse('badName', "A tenant's name is one line of text.");
        const domains = [...new Set(input.domains.map(checkedDomain))];
        for (const domain of domains) {
          if ((await domainTenant(tx, domain)) !== undefined) refuse('taken', `${domain} belongs to a tenant already.`);
        }
        const policy = checkPolicy(input.policy ?? {});
        const tenant = await insertTenant(tx, { name, policy, domains, at: clock() });
        return {
          tenant,
          result: tenant,
          audit: { action: 'tenant.added', subject: name, detail: { domains, policy } },
        };
      }),

    addDomain: (tenant, given) =>
      change(async (tx) => {
        const domain = checkedDomain(given);
        const row = (await lockTenant(tx, tenant)) ?? refuse('notFound', 'There is no such tenant.');
        if ((await domainTenant(tx, domain)) !== undefined) refuse('taken', `${domain} belongs to a tenant already.`);
        await insertDomains(tx, tenant, [domain]);
        return {
          tenant,
          result: undefined,
          audit: { action: 'tenant.changed', subject: row.name, detail: { addDomain: domain } },
        };
      }),

    setPolicy: (tenant, input) =>
      change(async (tx) => {
        const row = (await lockTenant(tx, tenant)) ?? refuse('notFound', 'There is no such tenant.');
        const policy = changedPolicy(row.policy, input);
        await writePolicy(tx, tenant, policy);
        const [before, after] = [policyOf(row.policy), policyOf(policy)];
        const names = Object.keys(input) as (keyof Policy)[];
        const detail = Object.fromEntries(names.map((name) => [name, { from: before[name], to: after[name] }]));
        return { tenant, result: undefined, audit: { action: 'policy.changed', subject: row.name, detail } };
      }),
  };
}
