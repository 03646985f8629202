// Identity/get and /changes (RFC 8621 §6). Every address that an account may send from is an identity by itself: its row
// is made when somebody first looks.

import type { Account } from '../../directory/directory.ts';
import { raise } from '../../store/account-state.ts';
import { identitiesOf, putIdentity, type IdentityRow } from '../../store/identities.ts';
import { accountChanged } from '../../store/notify.ts';
import { accountOf, changesArguments, firstChanges, getArguments, listed, checkState } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

export const IDENTITY_PROPERTIES = [
  'id',
  'name',
  'email',
  'replyTo',
  'bcc',
  'textSignature',
  'htmlSignature',
  'mayDelete',
];

export interface Identities {
  /** Of the last change of any. */
  state: number;
  /** Those that are there. */
  list: IdentityRow[];
  /** And those that are not any more. */
  gone: IdentityRow[];
}

export function sortOut(rows: IdentityRow[]): Identities {
  const state = rows.reduce((last, row) => Math.max(last, row.modseq), 0);
  return { state, list: rows.filter((row) => !row.destroyed), gone: rows.filter((row) => row.destroyed) };
}

/**
 * The account's identities, put right first where the directory has changed: an address that it may newly send from has
 * one, an address that is not its any more has none.
 */
export async function identitiesOfAccount(
  context: Pick<MethodContext, 'store' | 'directory'>,
  account: Account,
): Promise<Identities> {
  const at = { tenant: account.tenant, account: account.id };
  const addresses = await context.directory.addressesOf(account.tenant, account.id);
  const isRight = ({ list }: Identities): boolean =>
    addresses.every((address) => list.some((row) => row.address === address)) &&
    list.every((row) => addresses.includes(row.address));
  const found = sortOut(await identitiesOf(context.store, at));
  if (isRight(found)) return found;
  return context.store.transact(async (tx) => {
    const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
    const { list, gone } = sortOut(await identitiesOf(tx, at));
    for (const row of list.filter((one) => !addresses.includes(one.address))) {
      await putIdentity(tx, at, { ...row, modseq, destroyed: true });
    }
    let id = Math.max(0, ...[...list, ...gone].map((row) => row.id));
    for (const address of addresses.filter((one) => !list.some((row) => row.address === one))) {
      const name = await nameOf(context, account, address);
      await putIdentity(tx, at, { ...BLANK, id: ++id, address, name, created_modseq: modseq, modseq });
    }
    accountChanged(tx.changes, at.tenant, at.account);
    return sortOut(await identitiesOf(tx, at));
  });
}

export const BLANK = {
  name: '',
  reply_to: null,
  bcc: null,
  text_signature: '',
  html_signature: '',
  destroyed: false,
} as const;

/** Who sends as somebody else does so under that name. */
async function nameOf(
  { directory }: Pick<MethodContext, 'directory'>,
  account: Account,
  address: string,
): Promise<string> {
  const target = await directory.resolve(address);
  const owner = target.kind === 'account' ? await directory.account(target.tenant, target.account) : undefined;
  return (owner ?? account).name;
}

export function toIdentity(row: IdentityRow, list: IdentityRow[]): Record<string, unknown> {
  return {
    id: `i${row.id}`,
    name: row.name,
    email: row.address,
    replyTo: row.reply_to,
    bcc: row.bcc,
    textSignature: row.text_signature,
    htmlSignature: row.html_signature,
    mayDelete: isSpare(row, list),
  };
}

/** Has its address another, older one? That one stays. */
export function isSpare(row: IdentityRow, list: IdentityRow[]): boolean {
  return list.some((other) => other.address === row.address && other.id < row.id);
}

export const identityGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => IDENTITY_PROPERTIES.includes(name));
  const { state, list } = await identitiesOfAccount(context, account);
  const all = new Map(list.map((row) => [`i${row.id}`, toIdentity(row, list)]));
  return { accountId: args['accountId'], state: String(state), ...listed(all, ids, properties) };
};

export const identityChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since, max } = changesArguments(args);
  const { state, list, gone } = await identitiesOfAccount(context, account);
  checkState(since, state);
  const isNew = (row: IdentityRow): boolean => row.created_modseq > since;
  const changed = [...list, ...gone.filter((row) => !isNew(row))].filter((row) => row.modseq > since);
  const { taken, newState, more } = firstChanges(
    changed.map((row) => ({ row, modseq: isNew(row) ? row.created_modseq : row.modseq })),
    max,
  );
  const of = (kind: (row: IdentityRow) => boolean): string[] =>
    taken.filter(({ row }) => kind(row)).map(({ row }) => `i${row.id}`);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(newState ?? state),
    hasMoreChanges: more,
    created: of((row) => isNew(row)),
    updated: of((row) => !isNew(row) && !row.destroyed),
    destroyed: of((row) => row.destroyed),
  };
};
