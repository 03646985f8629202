// Guessing passwords is made slow, by every face together: attempts are counted in the database by where they come from and
// by the account they are for. Who has signed in from a place before has a count of their own there: neither what others
// guess elsewhere, nor what a colleague behind the same address mistypes, keeps them out.

import { isIPv6 } from 'node:net';
import { Refusal } from '../mail/errors.ts';
import type { Store } from '../store/postgres.ts';
import { blockedUntil, countAttempt, countSuccess, isKnown, type BackOff } from '../store/sign-in-failures.ts';

export interface GuardLimits {
  /** An IPv4 address, or an IPv6 network of 64 bits. Loopback, where a proxy may stand for everybody, is none. */
  address: BackOff;
  account: BackOff;
}

export const GUARD_LIMITS: GuardLimits = {
  address: { free: 20, most: 900 },
  account: { free: 10, most: 60 },
};

/** Milliseconds after which failures are forgotten; and a place that somebody signed in from. */
export const FORGET_MS = { failures: 86_400_000, known: 30 * 86_400_000 };

export interface Guard {
  /**
   * Runs `check`, unless too many attempts from `ip` or for `account` (a canonical address, or whatever was given for one)
   * went before: then throws Refusal `tooManyFailures` (detail.retryAfter, seconds). Null from `check` is a failure.
   */
  attempt<T>(of: { ip: string; account: string }, check: () => Promise<T | null>): Promise<T | null>;
}

export function createGuard({ store, clock, limits }: { store: Store; clock: () => Date; limits: GuardLimits }): Guard {
  return {
    async attempt({ ip, account: given }, check) {
      const now = clock();
      const account = given.replaceAll('\0', '').toWellFormed(); // as PostgreSQL keeps it
      const place = placeOf(ip);
      const known = `known ${place ?? 'here'} ${account}`.slice(0, 600);
      const own = `account ${account}`.slice(0, 400);
      const wasKnown = await isKnown(store, known);
      const strangers = [
        ...(place === null ? [] : [{ subject: `address ${place}`, backOff: limits.address }]),
        { subject: own, backOff: limits.account },
      ];
      const subjects = wasKnown ? [{ subject: known, backOff: limits.account }] : strangers;
      const forget = new Date(now.getTime() - FORGET_MS.failures);
      const blocked = await countAttempt(store, subjects, { now, forget });
      if (blocked.length > 0) {
        const until = (await blockedUntil(store, blocked)) ?? now;
        const retryAfter = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
        throw new Refusal('tooManyFailures', 'Too many wrong passwords. Wait a little, and try again.', { retryAfter });
      }
      const result = await check();
      if (result !== null) {
        const uncount = place === null || wasKnown ? [] : [`address ${place}`];
        await countSuccess(store, { clear: own, uncount, known, now });
      }
      return result;
    },
  };
}

/** Null: loopback, or no address at all. */
export function placeOf(given: string): string | null {
  const ip = given.replace(/^::ffff:(?=\d+\.)/i, '');
  if (ip === '' || ip === '::1' || ip.startsWith('127.')) return null;
  if (!isIPv6(ip)) return ip;
  // The first 64 bits, which one customer has.
  const [head = '', tail] = ip.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const all =
    tail === undefined
      ? groups
      : [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0'), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
