// AppPassword/get and /set: the extension urn:x-homing:app-passwords (docs/jmap.md). One's own alone.

import { createHash } from 'node:crypto';
import { createAppPasswords, type AppPasswords } from '../../directory/app-passwords.ts';
import type { Account } from '../../directory/directory.ts';
import { Refusal } from '../../mail/errors.ts';
import type { AppPasswordRow } from '../../store/app-passwords.ts';
import { utcDate } from '../dates.ts';
import { invalidProperties, MethodError, SetFault } from '../errors.ts';
import {
  accountOf,
  attempt,
  emptySetResult,
  getArguments,
  listed,
  numberOf,
  resolveId,
  setArguments,
  setResponse,
  type Args,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

const PROPERTIES = ['id', 'name', 'createdAt', 'lastUsedAt', 'lastUsedBy'];

const idOf = (row: AppPasswordRow): string => `p${row.id}`;

function toObject(row: AppPasswordRow): Record<string, unknown> {
  return {
    id: idOf(row),
    name: row.name,
    createdAt: utcDate(row.created_at),
    lastUsedAt: row.last_used_at && utcDate(row.last_used_at),
    lastUsedBy: row.last_used_by,
  };
}

/** Of what there is and what it is called; that one was used changes no state. */
function stateOf(rows: AppPasswordRow[]): string {
  const all = JSON.stringify(rows.map((row) => [row.id, row.name]));
  return createHash('sha256').update(all).digest('base64url').slice(0, 16);
}

function ownOf(args: Args, context: MethodContext): { account: Account; passwords: AppPasswords } {
  const account = accountOf(args, context);
  if (account.id !== context.user.id)
    throw new MethodError('accountNotSupportedByMethod', 'Application passwords are one’s own.');
  const { store, clock, user } = context;
  return { account, passwords: createAppPasswords({ store, clock, actor: user.address }) };
}

export const appPasswordGet: Method = async (args, context) => {
  const { account, passwords } = ownOf(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const rows = await passwords.list(account);
  const all = new Map(rows.map((row) => [idOf(row), toObject(row)]));
  return { accountId: args['accountId'], state: stateOf(rows), ...listed(all, ids, properties) };
};

export const appPasswordSet: Method = async (args, context) => {
  const { account, passwords } = ownOf(args, context);
  const before = stateOf(await passwords.list(account));
  const { create, update, destroy } = setArguments(args, before);
  const result = emptySetResult();
  const nameOf = (object: Args): string => {
    const unknown = Object.keys(object).filter((name) => name !== 'name');
    if (unknown.length > 0) throw invalidProperties(unknown);
    if (typeof object['name'] !== 'string') throw invalidProperties(['name']);
    return object['name'];
  };
  /** What the directory refuses, in the words of RFC 8620 §5.3. */
  const asked = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'badName') throw invalidProperties(['name'], error.message);
      throw error;
    }
  };
  for (const [key, object] of create) {
    await attempt(key, result.notCreated, async () => {
      // A program that was given one cannot make itself another, which would outlive it.
      if (context.credential !== '')
        throw new SetFault('forbidden', 'An application password makes no other: sign in with the account’s own.');
      const { password, ...row } = await asked(passwords.add(account, nameOf(object)));
      const { name: _name, ...shown } = toObject(row);
      result.created[key] = { ...shown, ...(row.name === object['name'] ? {} : { name: row.name }), password };
      context.createdIds.set(key, idOf(row));
    });
  }
  const numbered = (given: string): { id: string; number: number } => {
    const id = resolveId(given, context);
    const number = numberOf(id, 'p');
    if (number === undefined || number > 1e9) throw new SetFault('notFound');
    if (context.credential !== '' && context.credential !== id)
      throw new SetFault('forbidden', 'An application password changes no other.');
    return { id, number };
  };
  for (const [given, patch] of update) {
    await attempt(given, result.notUpdated, async () => {
      const { id, number } = numbered(given);
      await asked(passwords.rename(account, number, nameOf(patch)));
      result.updated[id] = null;
    });
  }
  for (const given of destroy) {
    await attempt(given, result.notDestroyed, async () => {
      const { id, number } = numbered(given);
      await passwords.remove(account, number);
      result.destroyed.push(id);
    });
  }
  return setResponse(args['accountId'], before, stateOf(await passwords.list(account)), result);
};
