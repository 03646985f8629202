// Who is who: lookups that every face makes all the time, remembered until the directory changes.

import { createHash } from 'node:crypto';
import { canonicalAddress, domainOf } from '../mail/address.ts';
import type { GivenRole } from '../mail/roles.ts';
import {
  acceptsRecalls,
  accountRow,
  accountsDelegatedTo,
  addressRow,
  addressesOfAccounts,
  credentialsOf,
  delegationRights,
  domainTenant,
  domainsOf,
  tenantRow,
  type Right,
} from '../store/directory.ts';
import { touchAppPassword } from '../store/app-passwords.ts';
import type { Store } from '../store/postgres.ts';
import { credentialOf, isSecret, numberOf, readToken, tokenHash, type Token } from './app-passwords.ts';
import { createGuard, type GuardLimits } from './guard.ts';
import { groupPoliciesOf, hasGroupPolicies } from '../store/directory-groups.ts';
import { createMemory } from './memory.ts';
import { createPasswordChecker } from './passwords.ts';
import { policyOf, withGroups, type Policy } from './policy.ts';
import { hearOfUntold } from './untold.ts';

export interface Account {
  tenant: number;
  id: number;
  /** Its own, canonical address. */
  address: string;
  name: string;
  kind: 'person' | 'shared' | 'service';
  /** What it may do for its organisation (mail/roles.ts), beside user. */
  roles: readonly GivenRole[];
  /** Octets that its messages may take up; null: no limit. */
  quota: number | null;
}

export type Target =
  | { kind: 'account'; tenant: number; account: number; address: string }
  | { kind: 'group'; tenant: number; group: number; address: string }
  /** A domain of ours, and nobody there of that name. */
  | { kind: 'unknown'; tenant: number }
  /** No domain of this server. */
  | { kind: 'outside' };

/** Where somebody signs in, and from where. */
export interface SignInFrom {
  face: 'http' | 'smtp' | 'imap';
  /** The client's IP address. */
  ip: string;
}

export interface SignedIn {
  account: Account;
  /** What they signed in with: '' the account's own password, else an application password ("p3"). */
  credential: string;
  /** Of that credential as it was: another password of the same account has another one. */
  mark: string;
}

export interface Directory {
  /**
   * Signs somebody in, by their password or an application password; null: no such address, or another password. This is
   * what every face calls, and nothing else: SMTP AUTH (src/smtp/faces.ts), HTTP Basic and the sign-in page
   * (src/http/sign-in.ts), and IMAP (src/imap/commands/sign-in.ts, in the place of `authenticate`: `{ face: 'imap', ip:
   * socket.remoteAddress }`; the refusal is `NO [UNAVAILABLE]` there). Guessing is counted by place and by account, over all
   * faces and processes: throws Refusal `tooManyFailures` (detail.retryAfter, seconds), or Unavailable. A connection that
   * stays is counted by `connections.open({ account })` as well (directory/connections.ts).
   */
  signIn(address: string, password: string, from: SignInFrom): Promise<SignedIn | null>;
  /** The same by an application password alone, which says whose it is (RFC 6750: a Bearer token). */
  signInByToken(token: string, from: SignInFrom): Promise<SignedIn | null>;
  /**
   * The account whose password or application password this is, with nothing counted; null: no such address, or another
   * password. Takes as long for both. A password that
   * was changed is void at once in the process that changed it, in others when they hear of it: milliseconds later.
   * Throws Unavailable.
   */
  authenticate(address: string, password: string): Promise<Account | null>;
  /**
   * Is what somebody signed in with still theirs? For connections that stay: not once the password was changed, the
   * application password removed, or the account.
   */
  holds(signedIn: SignedIn): Promise<boolean>;
  resolve(address: string): Promise<Target>;
  account(tenant: number, id: number): Promise<Account | undefined>;
  /** The organisation's; with an account, as it holds for what that one sends: groups may differ. */
  policy(tenant: number, account?: number): Promise<Policy>;
  /** Addresses it may send from: its own, its aliases, those of accounts it may send as or on behalf of. */
  addressesOf(tenant: number, account: number): Promise<string[]>;
  /**
   * How `user` may send from an address by way of `account` (their own, or one they may send as): as whose it is, or only on
   * behalf of them, and then Sender names the user (RFC 5322 §3.6.2). Null: not at all.
   */
  sendingRight(
    tenant: number,
    user: number,
    account: number,
    address: string,
  ): Promise<'send-as' | 'send-on-behalf' | null>;
  /** Other accounts it may read and write. */
  accessible(tenant: number, account: number): Promise<Account[]>;
  /** Its owner's 'recalls of mail to me'; matters only where policy leaves it to the recipient. */
  acceptsRecalls(tenant: number, account: number): Promise<boolean>;
  /** May `actor` do this with `account`? Everything with its own. */
  may(tenant: number, actor: number, account: number, right: Right): Promise<boolean>;
  tenantName(tenant: number): Promise<string>;
  domains(tenant: number): Promise<string[]>;
  /** Hears of no changes any more. */
  close(): void;
}

/** Answers remembered. */
const REMEMBERED = 100_000;

/** Milliseconds for which an old password may work at most, should the news that it was changed be lost. */
const CREDENTIALS_MS = 10_000;

/** Milliseconds between two notes of when an application password was last used. */
const NOTED_MS = 5 * 60_000;

/** Tells nothing of what it is made of. */
function markOf(credential: string | Buffer | null | undefined): string {
  return createHash('sha256')
    .update(credential ?? '')
    .digest('base64url');
}

/** `limits`: how much may be guessed; null, the default: nothing is counted. */
export function createDirectory(deps: { store: Store; clock?: () => Date; limits?: GuardLimits | null }): Directory {
  const { store, clock = () => new Date(), limits = null } = deps;
  const guard = limits && createGuard({ store, clock, limits });
  /** When application passwords were last noted as used, by their credential. */
  const noted = new Map<string, number>();
  const passwords = createPasswordChecker();
  const { remember: remembered, forget } = createMemory(REMEMBERED);
  store.notifier.on('directory', forget).on('resync', forget).on('look', forget);
  const endUntold = hearOfUntold(store);

  const resolve = async (given: string): Promise<Target> => {
    const address = canonicalAddress(given);
    if (address === null) return { kind: 'outside' };
    return remembered(`address ${address}`, async () => {
      const row = await addressRow(store, address);
      if (row && row.account_id !== null) {
        return { kind: 'account', tenant: row.tenant_id, account: row.account_id, address: row.own ?? address };
      }
      if (row && row.group_id !== null) return { kind: 'group', tenant: row.tenant_id, group: row.group_id, address };
      const tenant = await domainTenant(store, domainOf(address));
      return tenant === undefined ? { kind: 'outside' } : { kind: 'unknown', tenant };
    });
  };
  const account = (tenant: number, id: number): Promise<Account | undefined> =>
    remembered(`account ${tenant} ${id}`, () => accountRow(store, tenant, id));
  const tenantOf = (tenant: number): ReturnType<typeof tenantRow> =>
    remembered(`tenant ${tenant}`, () => tenantRow(store, tenant));

  const phcOf = async (target: Target): Promise<string | null> =>
    target.kind === 'account' ? phcOfAccount(target.tenant, target.account) : null;
  const phcOfAccount = async (tenant: number, of: number): Promise<string | null> => {
    const ask = (): ReturnType<typeof credentialsOf> => credentialsOf(store, tenant, of);
    return (await remembered(`password ${tenant} ${of}`, ask, CREDENTIALS_MS))?.password ?? null;
  };
  const byPassword = async (target: Target, password: string, how: 'check' | 'knows'): Promise<SignedIn | null> => {
    const phc = await phcOf(target);
    if (!(await passwords[how](password, phc)) || target.kind !== 'account') return null;
    const found = await account(target.tenant, target.account);
    return found ? { account: found, credential: '', mark: markOf(phc) } : null;
  };
  const hashOfToken = (token: Omit<Token, 'secret'>): Promise<Buffer | undefined> => {
    const { tenant, account: owner, id } = token;
    return remembered(`token ${tenant} ${owner} ${id}`, () => tokenHash(store, token), CREDENTIALS_MS);
  };
  /** `of`: whose it must be. */
  const byToken = async (token: Token, of: Target | null): Promise<SignedIn | null> => {
    const { tenant, account: owner, id } = token;
    if (of !== null && !(of.kind === 'account' && of.tenant === tenant && of.account === owner)) return null;
    const hash = await hashOfToken(token);
    if (!isSecret(token, hash)) return null;
    const found = await account(tenant, owner);
    return found ? { account: found, credential: credentialOf(id), mark: markOf(hash) } : null;
  };
  const noteUse = async ({ tenant, account: of, id }: Token, { face, ip }: SignInFrom): Promise<void> => {
    const key = `${tenant} ${of} ${id}`;
    const now = clock();
    if ((noted.get(key) ?? -Infinity) > now.getTime() - NOTED_MS) return;
    if (noted.size >= REMEMBERED) noted.clear();
    noted.set(key, now.getTime());
    await touchAppPassword(store, { tenant, account: of }, id, { at: now, by: `${face} ${ip}` });
  };
  const guarded = (
    of: { ip: string; account: string },
    check: () => Promise<SignedIn | null>,
  ): Promise<SignedIn | null> => (guard ? guard.attempt(of, check) : check());
  const rightsOn = (tenant: number, actor: number, of: number): Promise<Right[]> =>
    remembered(`may ${tenant} ${actor} ${of}`, () => delegationRights(store, tenant, of, actor));
  const sending = async (tenant: number, actor: number, of: number): Promise<'send-as' | 'send-on-behalf' | null> => {
    if (actor === of) return 'send-as';
    const rights = await rightsOn(tenant, actor, of);
    return (['send-as', 'send-on-behalf'] as const).find((right) => rights.includes(right)) ?? null;
  };

  return {
    resolve,
    account,
    async holds({ account: { tenant, id: of }, credential, mark }) {
      const id = numberOf(credential);
      return mark === markOf(await (id === null ? phcOfAccount(tenant, of) : hashOfToken({ tenant, account: of, id })));
    },
    async signIn(given, password, from) {
      const target = await resolve(given);
      const token = readToken(password);
      const known = await (token ? byToken(token, target) : byPassword(target, password, 'knows'));
      if (known && token) await noteUse(token, from);
      // What is known to be right is nobody's guess: an attack elsewhere does not keep a program out that is at work.
      if (known) return known;
      const name = target.kind === 'account' ? target.address : (canonicalAddress(given) ?? given);
      return guarded({ ip: from.ip, account: name }, async () => byPassword(target, password, 'check'));
    },
    async signInByToken(given, from) {
      const token = readToken(given);
      const known = token && (await byToken(token, null));
      if (known) await noteUse(token, from);
      return known ?? guarded({ ip: from.ip, account: 'token' }, async () => null);
    },
    async sendingRight(tenant, user, by, address) {
      const target = await resolve(address);
      if (target.kind !== 'account' || target.tenant !== tenant) return null;
      // The weaker of the two steps: whoever acts for an account has no more of another's than both allow.
      const steps = [await sending(tenant, user, by), await sending(tenant, by, target.account)];
      return steps.includes(null) ? null : steps.includes('send-on-behalf') ? 'send-on-behalf' : 'send-as';
    },
    async authenticate(given, password) {
      const target = await resolve(given);
      const token = readToken(password);
      const known = token && (await byToken(token, target));
      return (known ?? (await byPassword(target, password, 'check')))?.account ?? null;
    },
    policy: async (tenant, of) => {
      const policy = policyOf((await tenantOf(tenant))?.policy);
      if (of === undefined || !(await remembered(`grouped ${tenant}`, () => hasGroupPolicies(store, tenant))))
        return policy;
      const groups = await remembered(`groups ${tenant} ${of}`, () => groupPoliciesOf(store, tenant, of));
      return withGroups(policy, groups);
    },
    tenantName: async (tenant) => (await tenantOf(tenant))?.name ?? '',
    domains: (tenant) => remembered(`domains ${tenant}`, () => domainsOf(store, tenant)),
    addressesOf: (tenant, id) =>
      remembered(`sender ${tenant} ${id}`, async () => {
        const others = await accountsDelegatedTo(store, tenant, id, ['send-as', 'send-on-behalf']);
        return addressesOfAccounts(store, tenant, [id, ...others]);
      }),
    accessible: (tenant, id) =>
      remembered(`accessible ${tenant} ${id}`, async () => {
        const others = await accountsDelegatedTo(store, tenant, id, ['full']);
        const found = await Promise.all(others.map((other) => account(tenant, other)));
        return found.filter((other) => other !== undefined);
      }),
    acceptsRecalls: (tenant, id) => remembered(`recalls ${tenant} ${id}`, () => acceptsRecalls(store, tenant, id)),
    may: async (tenant, actor, of, right) => actor === of || (await rightsOn(tenant, actor, of)).includes(right),
    close() {
      store.notifier.off('directory', forget).off('resync', forget).off('look', forget);
      endUntold();
    },
  };
}
