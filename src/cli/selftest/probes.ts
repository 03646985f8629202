// The accounts that selftest sends between: of an organisation of its own, which stays; they are there for one run.

import { randomBytes } from 'node:crypto';
import { Refusal } from '../../mail/errors.ts';
import { accountsPage } from '../../store/directory-accounts.ts';
import { tenantsAll } from '../../store/directory.ts';
import { SELFTEST, type DirectorySession } from '../session.ts';

/** RFC 6761 §6.4: nobody has it, and nothing is ever delivered there. */
const DOMAIN = 'selftest.invalid';

/** Mail for outside never leaves: it is taken back long before. */
const POLICY = {
  rateLimit: 0,
  holdOutsideSeconds: 86_400,
  maxAgeDays: 1,
  vaultRetentionDays: 1,
  trackingRetentionDays: 1,
} as const;

/** What each is there for. */
export const ROLES = ['sender', 'unread', 'listed', 'downloaded', 'read', 'deleted'] as const;
export type Role = (typeof ROLES)[number];

export interface Probe {
  address: string;
  password: string;
}

export interface Probes {
  tenant: number;
  people: Record<Role, Probe>;
  /** All of them but the sender. */
  group: string;
  outside: string;
  /** Removes accounts and group, and what an earlier run left. */
  remove(): Promise<void>;
}

/** Probes of a run that is older were left by one that was killed. */
const LEFT_MS = 3_600_000;

export async function makeProbes({ store, admin, clock }: DirectorySession): Promise<Probes> {
  const found = (await tenantsAll(store)).find((tenant) => tenant.name === SELFTEST);
  const tenant = found?.id ?? (await admin.addTenant({ name: SELFTEST, domains: [DOMAIN], policy: POLICY }));
  const run = `${clock().getTime().toString(36)}-${randomBytes(4).toString('hex')}`;
  const addressOf = (what: string): string => `${what}-${run}@${DOMAIN}`;
  const people = {} as Record<Role, Probe>;
  const group = addressOf('group');
  const removeRun = async (of: string): Promise<void> => {
    for (const role of ROLES) await admin.removeAccount(`${role}-${of}@${DOMAIN}`).catch(unlessGone);
    await admin.removeGroup(`group-${of}@${DOMAIN}`).catch(unlessGone);
  };
  try {
    for (const role of ROLES) {
      const probe = { address: addressOf(role), password: randomBytes(24).toString('base64url') };
      await admin.addAccount({ ...probe, name: `Probe (${role})` });
      people[role] = probe;
    }
    const members = ROLES.filter((role) => role !== 'sender').map((role) => people[role].address);
    await admin.addGroup({ address: group, name: 'Probes', members });
  } catch (error) {
    await removeRun(run);
    throw error;
  }
  return {
    tenant,
    people,
    group,
    outside: `outside-${run}@nowhere.invalid`,
    async remove() {
      await removeRun(run);
      for (const { address } of await accountsPage(store, tenant, '', 10_000)) {
        const [, of = '', at = ''] = /-((\w+)-[0-9a-f]{8})@/.exec(address) ?? [];
        if (parseInt(at, 36) < clock().getTime() - LEFT_MS) await removeRun(of);
      }
    },
  };
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Refusal) || error.reason !== 'notFound') throw error;
}
