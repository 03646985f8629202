// Inbox rules as somebody writes them: read, checked against what is there, kept.

import { canonicalAddress } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { MOST_REDIRECTS, type Actions, type Conditions } from '../mail/rules.ts';
import { raise } from '../store/account-state.ts';
import { mailboxesOf } from '../store/mailboxes.ts';
import { accountChanged } from '../store/notify.ts';
import type { Reader, Transaction } from '../store/postgres.ts';
import { putRule, rulesOf, type RuleRow } from '../store/rules.ts';
import type { Account, Directory } from './directory.ts';

/** What of a rule somebody decides. */
export interface RuleForm {
  name: string;
  isEnabled: boolean;
  /** Rules run by ascending order. */
  sortOrder: number;
  conditions: Conditions;
  exceptions: Conditions;
  actions: Actions;
}

export const NEW_RULE: Readonly<RuleForm> = {
  name: '',
  isEnabled: true,
  sortOrder: 0,
  conditions: {},
  exceptions: {},
  actions: {},
};

/** Rules of an account; words of a condition; characters of a name and of a word. */
const MOST = { rules: 100, words: 50, name: 100, word: 200 };

const WORDS = ['from', 'to', 'subject', 'body'] as const;
const SIZES = ['minSize', 'maxSize'] as const;
const SWITCHES = ['markRead', 'flag', 'delete', 'stop'] as const;

/**
 * A rule that can be kept for this account. Parts that say nothing are left out: null, false, an empty list. `old`: what is
 * kept of it now. A mailbox or address that is in that already is not asked after again unless the rule is switched on: one
 * whose mailbox is gone can be switched off, put in another order and named anew. Throws Refusal `invalidProperties`
 * (detail.properties).
 */
export async function checkRule(
  deps: { directory: Pick<Directory, 'resolve'>; reader: Reader },
  account: Account,
  given: Record<string, unknown>,
  old?: Pick<RuleRow, 'enabled' | 'actions'>,
): Promise<RuleForm> {
  const { name, isEnabled, sortOrder } = given;
  if (
    typeof name !== 'string' ||
    name.trim() === '' ||
    name.length > MOST.name ||
    /\p{Cc}/u.test(name) ||
    !name.isWellFormed()
  )
    throw wrong('name', `A rule has a name of at most ${MOST.name} characters.`);
  if (typeof isEnabled !== 'boolean') throw wrong('isEnabled', 'It is true or false.');
  if (typeof sortOrder !== 'number' || !Number.isInteger(sortOrder) || sortOrder < 0 || sortOrder > 2 ** 31 - 1)
    throw wrong('sortOrder', 'The order is a whole number from 0.');
  return {
    name: name.trim(),
    isEnabled,
    sortOrder,
    conditions: readConditions('conditions', given['conditions']),
    exceptions: readConditions('exceptions', given['exceptions']),
    actions: await readActions(deps, account, given['actions'], isEnabled && !old?.enabled ? {} : (old?.actions ?? {})),
  };
}

function wrong(property: string, sentence: string): Refusal {
  return new Refusal('invalidProperties', sentence, { properties: [property] });
}

function partsOf(property: string, value: unknown, known: readonly string[]): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(property, `"${property}" is an object.`);
  const parts = Object.entries(value);
  const unknown = parts.find(([name]) => !known.includes(name));
  if (unknown) throw wrong(`${property}/${unknown[0]}`, `There is no "${unknown[0]}" in "${property}".`);
  return parts.filter(([, part]) => part !== null && part !== false && !(Array.isArray(part) && part.length === 0));
}

function readConditions(property: string, value: unknown): Conditions {
  const known = [...WORDS, ...SIZES, 'hasAttachment'];
  const result: Record<string, unknown> = {};
  // "No attachment" is a condition too, so false says something here.
  const has = (value as { hasAttachment?: unknown } | null | undefined)?.hasAttachment;
  if (has === false) result['hasAttachment'] = false;
  for (const [name, part] of partsOf(property, value, known)) {
    const path = `${property}/${name}`;
    if (name === 'hasAttachment') {
      if (part !== true) throw wrong(path, 'It is true or false.');
    } else if (SIZES.some((size) => size === name)) {
      if (typeof part !== 'number' || !Number.isSafeInteger(part) || part < 0)
        throw wrong(path, 'A size is a number of octets.');
    } else if (!isWords(part)) {
      throw wrong(path, `It is a list of up to ${MOST.words} texts of up to ${MOST.word} characters.`);
    }
    result[name] = part;
  }
  return result;
}

function isWords(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MOST.words &&
    value.every(
      (word) =>
        typeof word === 'string' &&
        word.trim() !== '' &&
        word.length <= MOST.word &&
        !/\p{Cc}/u.test(word) &&
        word.isWellFormed(),
    )
  );
}

async function readActions(
  { directory, reader }: { directory: Pick<Directory, 'resolve'>; reader: Reader },
  account: Account,
  value: unknown,
  known: Actions,
): Promise<Actions> {
  const actions: Actions = {};
  for (const [name, part] of partsOf('actions', value, [...SWITCHES, 'moveTo', 'redirectTo'])) {
    const path = `actions/${name}`;
    if (name === 'moveTo') {
      const { list } = await mailboxesOf(reader, { tenant: account.tenant, account: account.id }, false);
      const id = list.find((box) => box.id === part)?.id ?? (part === known.moveTo ? known.moveTo : undefined);
      if (id === undefined) throw wrong(path, 'There is no such mailbox.');
      actions.moveTo = id;
    } else if (name === 'redirectTo') {
      if (!Array.isArray(part) || part.length > MOST_REDIRECTS)
        throw wrong(path, `It is a list of up to ${MOST_REDIRECTS} addresses.`);
      const addresses: string[] = [];
      for (const one of part)
        addresses.push(known.redirectTo?.includes(one) ? (one as string) : await redirectable(directory, account, one));
      actions.redirectTo = [...new Set(addresses)];
    } else {
      if (part !== true) throw wrong(path, 'It is true or false.');
      actions[name as (typeof SWITCHES)[number]] = true;
    }
  }
  if (Object.keys(actions).length === 0) throw wrong('actions', 'A rule does something.');
  return actions;
}

async function redirectable(directory: Pick<Directory, 'resolve'>, account: Account, given: unknown): Promise<string> {
  const path = 'actions/redirectTo';
  const address = typeof given === 'string' ? canonicalAddress(given) : null;
  if (address === null) throw wrong(path, `"${String(given).slice(0, 100)}" is not an address.`);
  const target = await directory.resolve(address);
  const isOwn = target.kind !== 'outside' && target.tenant === account.tenant;
  if (isOwn && target.kind === 'unknown') throw wrong(path, `There is no ${address} here.`);
  if (isOwn && target.kind === 'group') throw wrong(path, `${address} is a group; a rule redirects to people.`);
  if (target.kind === 'account' && isOwn && target.account === account.id)
    throw wrong(path, `${address} is where the rule runs.`);
  return address;
}

/** Those of an account, in the order in which they run. */
export function inOrder(rows: RuleRow[]): RuleRow[] {
  return rows.filter((row) => !row.destroyed).toSorted((a, b) => a.sort_order - b.sort_order || a.id - b.id);
}

/** Keeps a rule under a new number, or in the place of `id`. Locks the account. Throws Refusal `notFound`, `overQuota`. */
export async function keepRule(
  tx: Transaction,
  at: { tenant: number; account: number },
  form: RuleForm,
  id?: number,
): Promise<RuleRow> {
  const modseq = await lock(tx, at);
  const rows = await rulesOf(tx, at);
  const old = rows.find((row) => row.id === id && !row.destroyed);
  if (id !== undefined && !old) throw new Refusal('notFound', 'There is no such rule.');
  if (!old && rows.filter((row) => !row.destroyed).length >= MOST.rules)
    throw new Refusal('overQuota', `An account has at most ${MOST.rules} rules.`);
  const row: RuleRow = {
    id: old?.id ?? (rows.at(-1)?.id ?? 0) + 1,
    name: form.name,
    enabled: form.isEnabled,
    sort_order: form.sortOrder,
    conditions: form.conditions,
    exceptions: form.exceptions,
    actions: form.actions,
    created_modseq: old?.created_modseq ?? modseq,
    modseq,
    destroyed: false,
  };
  await putRule(tx, at, row);
  return row;
}

/** Throws Refusal `notFound`. */
export async function dropRule(tx: Transaction, at: { tenant: number; account: number }, id: number): Promise<void> {
  const modseq = await lock(tx, at);
  const row = (await rulesOf(tx, at)).find((one) => one.id === id && !one.destroyed);
  if (!row) throw new Refusal('notFound', 'There is no such rule.');
  await putRule(tx, at, { ...row, modseq, destroyed: true });
}

async function lock(tx: Transaction, { tenant, account }: { tenant: number; account: number }): Promise<number> {
  const modseq = await raise(tx, tenant, account);
  if (modseq === undefined) throw new Refusal('noAccount', 'The account is gone.');
  accountChanged(tx.changes, tenant, account);
  return modseq;
}
