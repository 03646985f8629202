// Delegation/get: who may do what with an account, and with whose accounts its owner may do what (docs/jmap-directory.md).
// Read only: an administrator gives and takes it.

import { createHash } from 'node:crypto';
import { accountShown } from '../../store/directory-accounts.ts';
import { MethodError } from '../errors.ts';
import { accountOf, getArguments, listed } from '../standard.ts';
import type { Method } from '../wire.ts';

const PROPERTIES = ['id', 'account', 'delegate', 'rights'];

export const delegationGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  if (account.id !== context.user.id)
    throw new MethodError('accountNotSupportedByMethod', 'Delegations are in your own account.');
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const shown = await accountShown(context.store, account.tenant, account.id);
  const all = new Map<string, Record<string, unknown>>();
  const add = (of: string, delegate: string, rights: string[]): void => {
    const id = digestOf(`${of} ${delegate}`);
    all.set(id, { id, account: of, delegate, rights });
  };
  for (const { address, rights } of shown?.delegates ?? []) add(account.address, address, rights);
  for (const { address, rights } of shown?.delegatedTo ?? []) add(address, account.address, rights);
  const state = [...all.values()].map(({ id, rights }) => `${String(id)}=${(rights as string[]).join('+')}`).join();
  return {
    accountId: args['accountId'],
    state: digestOf(state),
    ...listed(all, ids, properties),
  };
};

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 20);
}
