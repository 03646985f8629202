// Application passwords: for programs that cannot be told a second factor, and for who would rather not give them the
// password itself. "hp-1-5-3-…": tenant, account, number, and 130 random bits, so that it says by itself whose it is.

import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../mail/errors.ts';
import { raise } from '../store/account-state.ts';
import {
  appPasswordHash,
  appPasswordsOf,
  deleteAppPassword,
  insertAppPassword,
  renameAppPassword,
  type AppPasswordRow,
} from '../store/app-passwords.ts';
import type { Reader } from '../store/postgres.ts';
import { deleteSubscriptionsBy } from '../store/push-subscriptions.ts';
import { createChange, type AdminDeps } from './change.ts';
import { refuse } from './checks.ts';
import type { Account } from './directory.ts';

/** What a token says before anybody has looked whether it is right. */
export interface Token {
  tenant: number;
  account: number;
  id: number;
  secret: string;
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const SECRET_LENGTH = 26;

export function readToken(password: string): Token | null {
  const [, tenant, account, id, secret] =
    /^hp-(\d{1,9})-(\d{1,9})-(\d{1,9})-([a-z0-9]{26})$/.exec(password.trim()) ?? [];
  if (secret === undefined) return null;
  return { tenant: Number(tenant), account: Number(account), id: Number(id), secret };
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Is it right? `hash` undefined: there is none of that number. */
export function isSecret({ secret }: Token, hash: Buffer | undefined): boolean {
  return hash !== undefined && hash.length === 32 && timingSafeEqual(hashOf(secret), hash);
}

export function tokenHash(reader: Reader, { tenant, account, id }: Omit<Token, 'secret'>): Promise<Buffer | undefined> {
  return appPasswordHash(reader, { tenant, account }, id);
}

/** How a credential is called where something belongs to it: '' is the account's own password. */
export const credentialOf = (id: number): string => `p${id}`;

/** Of an application password; null: it is the account's own. */
export const numberOf = (credential: string): number | null => (credential === '' ? null : Number(credential.slice(1)));

export interface AppPasswords {
  list(account: Account): Promise<AppPasswordRow[]>;
  /** `password` is shown this once. Throws Refusal `badName`, `overQuota`. */
  add(account: Account, name: string): Promise<AppPasswordRow & { password: string }>;
  /** Throws Refusal `notFound`, `badName`. */
  rename(account: Account, id: number, name: string): Promise<void>;
  /** Void at once, everywhere, with what was made by it. Throws Refusal `notFound`. */
  remove(account: Account, id: number): Promise<void>;
}

const MOST = { passwords: 50, name: 100 };

/** Each change is audited, and told to every process. */
export function createAppPasswords(deps: AdminDeps): AppPasswords {
  const { store, clock } = deps;
  const change = createChange(deps);
  const checkedName = (given: string): string => {
    const name = given.normalize('NFC').trim();
    if (name === '' || name.length > MOST.name || /[\p{Cc}\u2028\u2029\ufffd]/u.test(name) || !name.isWellFormed())
      refuse('badName', `A name is one line of 1 to ${MOST.name} characters.`);
    return name;
  };
  const keyOf = ({ tenant, id }: Account) => ({ tenant, account: id });
  return {
    list: (account) => appPasswordsOf(store, keyOf(account)),
    add: (account, given) =>
      change(async (tx) => {
        const name = checkedName(given);
        const at = keyOf(account);
        await raise(tx, at.tenant, at.account, 0); // one number at a time
        const all = await appPasswordsOf(tx, at);
        if (all.length >= MOST.passwords)
          throw new Refusal('overQuota', `At most ${MOST.passwords} application passwords.`);
        const id = freeNumber(all);
        const secret = Array.from({ length: SECRET_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
        const now = clock();
        await insertAppPassword(tx, at, { id, name, hash: hashOf(secret), now });
        const row = { id, name, created_at: now, last_used_at: null, last_used_by: null };
        return {
          tenant: at.tenant,
          result: { ...row, password: `hp-${at.tenant}-${at.account}-${id}-${secret}` },
          audit: { action: 'appPassword.added', subject: account.address, detail: { id, name } },
        };
      }),
    rename: (account, id, given) =>
      change(async (tx) => {
        const name = checkedName(given);
        const at = keyOf(account);
        if (!(await appPasswordsOf(tx, at)).some((row) => row.id === id))
          refuse('notFound', 'There is no such application password.');
        await renameAppPassword(tx, at, id, name);
        const audit = { action: 'appPassword.renamed', subject: account.address, detail: { id, name } };
        return { tenant: at.tenant, result: undefined, audit };
      }),
    remove: (account, id) =>
      change(async (tx) => {
        const at = keyOf(account);
        const name = await deleteAppPassword(tx, at, id);
        if (name === undefined) return refuse('notFound', 'There is no such application password.');
        await deleteSubscriptionsBy(tx, at, credentialOf(id));
        const audit = { action: 'appPassword.removed', subject: account.address, detail: { id, name } };
        return { tenant: at.tenant, result: undefined, audit };
      }),
  };
}

/** A number nobody has: one that was given back may be remembered somewhere, so a random one. */
function freeNumber(all: AppPasswordRow[]): number {
  for (;;) {
    const id = randomInt(1, 1_000_000);
    if (!all.some((row) => row.id === id)) return id;
  }
}
