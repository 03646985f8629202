// The rate limit: how much one person may ask for in an hour.

import { Refusal } from '../mail/errors.ts';
import type { Policy } from '../mail/policy.ts';
import type { Reader, Transaction } from '../store/postgres.ts';
import { holdPace, recallsSince } from '../store/recalls.ts';
import { together } from '../store/together.ts';
import type { AccountInfo } from './ports.ts';

const HOUR_MS = 3_600_000;

/** Something that the limit counts, and how often. */
export interface Paced {
  at: Date;
  weight: number;
}

/**
 * A recall counts once; a cancel or restore counts double, so that recall–look–restore is no free read receipt. Throws
 * Refusal `rateLimit`. A preview asks by this; who does something asks by `keepPace`.
 */
export async function checkRate(reader: Reader, actor: AccountInfo, policy: Policy, now: Date): Promise<void> {
  if (policy.rateLimit === 0) return;
  refuseBeyond(await recallsOfHour(reader, actor, now, most(policy)), policy, now, 1);
}

/** The same of a cancel or restore, and exact: from here to the commit nobody else counts or adds. */
export async function keepPace(tx: Transaction, actor: AccountInfo, policy: Policy, now: Date): Promise<void> {
  if (policy.rateLimit === 0) return;
  const [, events] = await together(holdPace(tx, actor.tenant, actor.id), recallsOfHour(tx, actor, now, most(policy)));
  refuseBeyond(events, policy, now, 2);
}

/** How many of an hour's recalls tell whether it is one too many, or many enough to be unusual, however many there were. */
export function most(policy: Policy, pace = policy): number {
  return Math.max(pace.rateLimit + 1, policy.alertPerHour);
}

/** What a person asked for in the hour before `now`, oldest first; of each sort the newest `limit` at the most. */
export async function recallsOfHour(
  reader: Reader,
  { tenant, id }: Pick<AccountInfo, 'tenant' | 'id'>,
  now: Date,
  limit: number,
): Promise<Paced[]> {
  return recallsSince(reader, tenant, id, new Date(now.getTime() - HOUR_MS), limit);
}

/** Throws Refusal `rateLimit`. `events`: of the hour before `now`, oldest first; `weight`: of what is not among them yet. */
export function refuseBeyond(events: Paced[], policy: Policy, now: Date, weight: number): void {
  let sum = events.reduce((total, event) => total + event.weight, 0);
  if (policy.rateLimit === 0 || sum + weight <= policy.rateLimit) return;
  let next = now;
  for (const event of events) {
    sum -= event.weight;
    next = new Date(event.at.getTime() + HOUR_MS);
    if (sum + weight <= policy.rateLimit) break;
  }
  const at = next.toISOString().slice(11, 16);
  throw new Refusal('rateLimit', `${policy.rateLimit} recalls this hour; the next at ${at} UTC.`, {
    next: next.toISOString(),
  });
}
