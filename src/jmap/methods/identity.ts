// Identity/get, /changes, /set (RFC 8621 §6). Every address that an account may send from is an identity by itself: its
// row is made when somebody first looks.

import { raise } from '../../store/account-state.ts';
import { deleteIdentity, identitiesOf, putIdentity, type IdentityRow } from '../../store/identities.ts';
import { accountChanged } from '../../store/notify.ts';
import { invalidProperties, MethodError, SetFault } from '../errors.ts';
import { accountOf, applyPatch, attempt, changesArguments, emptySetResult, getArguments, isObject, numberOf, pick, setArguments, setResponse } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import type { Account } from '../../directory/directory.ts';

const PROPERTIES = ['id', 'name', 'email', 'replyTo', 'bcc', 'textSignature', 'htmlSignature', 'mayDelete'];

/** All identities; those of addresses that were never looked at are made. */
export async function identitiesOfAccount(context: Pick<MethodContext, 'store' | 'directory'>, account: Account): Promise<{ modseq: number; list: IdentityRow[] }> {
  const at = { tenant: account.tenant, account: account.id };
  const addresses = await context.directory.addressesOf(account.tenant, account.id);
  const found = await identitiesOf(context.store, at);
  const missing = addresses.filter((address) => !found.list.some((row) => row.address === address));
  if (missing.length > 0) {
    await context.store.transact(async (tx) => {
      await raise(tx, at.tenant, at.account, 0);
      const { list, modseq } = await identitiesOf(tx, at);
      let next = Math.max(0, ...list.map((row) => row.id)) + 1;
      for (const address of missing.filter((one) => !list.some((row) => row.address === one))) {
        await putIdentity(tx, at, { id: next++, address, name: account.name, reply_to: null, bcc: null, text_signature: '', html_signature: '', modseq });
      }
    });
  }
  const { modseq, list } = missing.length > 0 ? await identitiesOf(context.store, at) : found;
  // What may not be sent from any more is no identity any more.
  return { modseq, list: list.filter((row) => addresses.includes(row.address)) };
}

function toIdentity(row: IdentityRow, list: IdentityRow[]): Record<string, unknown> {
  return {
    id: `i${row.id}`,
    name: row.name,
    email: row.address,
    replyTo: row.reply_to,
    bcc: row.bcc,
    textSignature: row.text_signature,
    htmlSignature: row.html_signature,
    mayDelete: list.some((other) => other.address === row.address && other.id < row.id),
  };
}

export const identityGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const { modseq, list } = await identitiesOfAccount(context, account);
  const all = new Map(list.map((row) => [`i${row.id}`, toIdentity(row, list)]));
  const wanted = ids ?? [...all.keys()];
  return {
    accountId: args['accountId'],
    state: String(modseq),
    list: wanted.flatMap((id) => (all.has(id) ? [pick(all.get(id) ?? {}, properties)] : [])),
    notFound: wanted.filter((id) => !all.has(id)),
  };
};

export const identityChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since } = changesArguments(args);
  const { modseq, list } = await identitiesOfAccount(context, account);
  if (since > modseq) throw new MethodError('cannotCalculateChanges');
  const changed = list.filter((row) => row.modseq > since);
  // What was destroyed leaves no trace; a client that asks after any other change is told to look again.
  if (changed.length > 0) throw new MethodError('cannotCalculateChanges');
  return { accountId: args['accountId'], oldState: String(since), newState: String(modseq), hasMoreChanges: false, created: [], updated: [], destroyed: [] };
};

export const identitySet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  await identitiesOfAccount(context, account);
  const addresses = await context.directory.addressesOf(account.tenant, account.id);
  return context.store.transact(async (tx) => {
    const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
    const { create, update, destroy } = setArguments(args, String(modseq - 1));
    const result = emptySetResult();
    const { list } = await identitiesOf(tx, at);
    for (const [key, object] of create) {
      await attempt(key, result.notCreated, async () => {
        const unknown = Object.keys(object).filter((name) => !PROPERTIES.includes(name) || ['id', 'mayDelete'].includes(name));
        if (unknown.length > 0) throw invalidProperties(unknown);
        const email = typeof object['email'] === 'string' ? object['email'].toLowerCase() : '';
        if (!addresses.includes(email)) throw email === '' ? invalidProperties(['email']) : new SetFault('forbiddenFrom', `You may not send as ${email}.`);
        const id = Math.max(0, ...list.map((row) => row.id)) + 1;
        const row = check({ name: '', replyTo: null, bcc: null, textSignature: '', htmlSignature: '', ...object }, { id, address: email, modseq });
        list.push(row);
        await putIdentity(tx, at, row);
        result.created[key] = { id: `i${id}`, mayDelete: true, ...Object.fromEntries(Object.entries(toIdentity(row, list)).filter(([name]) => !(name in object) && name !== 'id' && name !== 'mayDelete')) };
        context.createdIds.set(key, `i${id}`);
      });
    }
    for (const [id, patch] of update) {
      await attempt(id, result.notUpdated, async () => {
        const row = list.find((one) => one.id === numberOf(id, 'i'));
        if (!row) throw new SetFault('notFound');
        const current = toIdentity(row, list);
        const unknown = Object.keys(patch).filter((path) => !PROPERTIES.includes(path.split('/')[0] ?? ''));
        if (unknown.length > 0) throw invalidProperties(unknown);
        const next = applyPatch(current, patch);
        const fixed = ['id', 'email', 'mayDelete'].filter((name) => next[name] !== current[name]);
        if (fixed.length > 0) throw invalidProperties(fixed);
        await putIdentity(tx, at, check(next, { id: row.id, address: row.address, modseq }));
        result.updated[id] = null;
      });
    }
    for (const id of destroy) {
      await attempt(id, result.notDestroyed, async () => {
        const row = list.find((one) => one.id === numberOf(id, 'i'));
        if (!row) throw new SetFault('notFound');
        if (!list.some((other) => other.address === row.address && other.id < row.id)) throw new SetFault('forbidden', 'Every address has one identity that stays.');
        await deleteIdentity(tx, at, row.id);
        result.destroyed.push(id);
      });
    }
    accountChanged(tx.changes, at.tenant, at.account);
    return setResponse(args['accountId'], String(modseq - 1), String(modseq), result);
  });
};

function check(object: Record<string, unknown>, own: { id: number; address: string; modseq: number }): IdentityRow {
  const { name, replyTo, bcc, textSignature, htmlSignature } = object;
  const wrong: string[] = [];
  const isList = (value: unknown): boolean =>
    value === null || (Array.isArray(value) && value.every((one) => isObject(one) && typeof one['email'] === 'string' && (one['name'] == null || typeof one['name'] === 'string')));
  if (typeof name !== 'string') wrong.push('name');
  if (!isList(replyTo)) wrong.push('replyTo');
  if (!isList(bcc)) wrong.push('bcc');
  if (typeof textSignature !== 'string') wrong.push('textSignature');
  if (typeof htmlSignature !== 'string') wrong.push('htmlSignature');
  if (wrong.length > 0) throw invalidProperties(wrong);
  return {
    ...own,
    name: name as string,
    reply_to: replyTo as object | null,
    bcc: bcc as object | null,
    text_signature: textSignature as string,
    html_signature: htmlSignature as string,
  };
}
