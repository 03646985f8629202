// AdminAccount/get, /query, /set: people, shared mailboxes and services of the organisation, with their roles, delegates and
// legal hold. Who has a role is an owner's to change, so that nobody gets a role by somebody else's password.

import { createAdmin, type AccountChanges, type AccountInput } from '../../directory/admin.ts';
import { Refusal } from '../../mail/errors.ts';
import { GIVEN_ROLES, hasDuty, type Duty, type GivenRole } from '../../mail/roles.ts';
import { accountRow, rolesOf, type Right } from '../../store/directory.ts';
import {
  accountsFound,
  accountShown,
  accountsShown,
  othersWithRole,
  type ShownAccount,
} from '../../store/directory-accounts.ts';
import type { Reader } from '../../store/postgres.ts';
import { invalidArguments, invalidProperties, SetFault } from '../errors.ts';
import {
  attempt,
  emptySetResult,
  getArguments,
  isObject,
  isText,
  listed,
  numberOf,
  onlyArguments,
  resolveId,
  setArguments,
  setResponse,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { booleanOrNull, filterArgument, optionalText, pageArguments, queryResponse } from './admin.ts';

const PROPERTIES = [
  'id',
  'address',
  'name',
  'kind',
  'aliases',
  'canSignIn',
  'roles',
  'acceptsRecalls',
  'legalHold',
  'quota',
  'groups',
  'delegates',
  'delegatedTo',
  'createdAt',
];

const KINDS = ['person', 'shared', 'service'] as const;
const RIGHTS: readonly Right[] = ['full', 'send-as', 'send-on-behalf', 'recall'];

function toAccount({ id, tenant: _, createdAt, ...account }: ShownAccount): Record<string, unknown> {
  const rights = (list: ShownAccount['delegates']): Record<string, Right[]> =>
    Object.fromEntries(list.map((one) => [one.address, one.rights]));
  return {
    ...account,
    id: `a${id}`,
    delegates: rights(account.delegates),
    delegatedTo: rights(account.delegatedTo),
    createdAt: createdAt.toISOString(),
  };
}

export const adminAccountGet: Method = async (args, context) => {
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  if (ids === null) throw invalidArguments('"ids" is required: all accounts are too many.');
  const numbers = ids.map((id) => numberOf(id, 'a') ?? 0).filter((id) => id > 0 && id < 2 ** 31);
  const accounts = await accountsShown(context.store, context.user.tenant, numbers);
  const all = new Map(accounts.map((account) => [`a${account.id}`, toAccount(account)]));
  return { accountId: args['accountId'], state: '0', ...listed(all, ids, properties) };
};

/** Filter: text, kind, role, legalHold. By address. */
export const adminAccountQuery: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'filter', 'position', 'limit', 'calculateTotal']);
  const given = filterArgument(args, ['text', 'kind', 'role', 'legalHold']);
  const filter = {
    text: optionalText(given, 'text') ?? null,
    kind: (optionalText(given, 'kind') ?? null) as ShownAccount['kind'] | null,
    role: (optionalText(given, 'role') ?? null) as GivenRole | null,
    legalHold: booleanOrNull(given, 'legalHold'),
  };
  const page = pageArguments(args);
  const { ids, total } = await accountsFound(context.store, context.user.tenant, filter, page);
  return queryResponse(args, { ids: ids.map((id) => `a${id}`), position: page.position, total });
};

/** What each property asks of who sets it. */
const NEEDS: Record<string, Duty> = {
  address: 'change-directory',
  name: 'change-directory',
  kind: 'change-directory',
  password: 'change-directory',
  aliases: 'change-directory',
  delegates: 'change-directory',
  roles: 'give-roles',
  legalHold: 'hold',
  quota: 'change-directory',
};

function checkProperties(object: Record<string, unknown>, settable: string[]): void {
  const wrong = Object.entries(object)
    .filter(([name, value]) => !settable.includes(name) || !isRight(name, value))
    .map(([name]) => name);
  if (wrong.length > 0) throw invalidProperties(wrong);
}

function isRight(name: string, value: unknown): boolean {
  const list = (known: (one: unknown) => boolean, of = value): boolean => Array.isArray(of) && of.every(known);
  switch (name) {
    case 'address':
    case 'name':
      return isText(value, 1000, 'line');
    case 'kind':
      return KINDS.some((one) => one === value);
    case 'password':
      return value === null || isText(value, 1000, 'text');
    case 'aliases':
      return list((one) => isText(one, 1000, 'line'));
    case 'roles':
      return list((one) => one === 'user' || GIVEN_ROLES.some((role) => role === one));
    case 'quota':
      return value === null || (Number.isSafeInteger(value) && (value as number) >= 0);
    case 'legalHold':
      return typeof value === 'boolean';
    default:
      return isObject(value) && Object.values(value).every((of) => list((one) => RIGHTS.some((r) => r === one), of));
  }
}

/** In the transaction that makes the change, by the roles of that moment. */
async function mayChange(
  reader: Reader,
  { user }: MethodContext,
  target: { tenant: number; id: number },
  names: string[],
): Promise<void> {
  const own = await rolesOf(reader, user.tenant, user.id);
  const lacks = names.filter((name) => !hasDuty(own, NEEDS[name] ?? 'give-roles'));
  if (lacks.length > 0) throw new SetFault('forbidden', 'Your role does not include this.', { properties: lacks });
  const theirs = await rolesOf(reader, target.tenant, target.id);
  const others = names.some((name) => name !== 'legalHold');
  if (others && theirs.length > 0 && !hasDuty(own, 'give-roles'))
    throw new SetFault('forbidden', 'Who has a role is an owner’s to change.');
}

const given = (roles: unknown): GivenRole[] => (roles as GivenRole[]).filter((role) => GIVEN_ROLES.includes(role));

export const adminAccountSet: Method = async (args, context) => {
  const { create, update, destroy } = setArguments(args, '0');
  const result = emptySetResult();
  for (const [key, object] of create) {
    await attempt(key, result.notCreated, async () => {
      const id = await addAccount(context, object);
      const made = await accountShown(context.store, context.user.tenant, id);
      result.created[key] = made ? toAccount(made) : { id: `a${id}` };
      context.createdIds.set(key, `a${id}`);
    });
  }
  for (const [key, patch] of update) {
    const id = resolveId(key, context);
    await attempt(key, result.notUpdated, async () => {
      await changeAccount(context, await addressOf(context, id), patch);
      result.updated[id] = null;
    });
  }
  for (const key of destroy) {
    const id = resolveId(key, context);
    await attempt(key, result.notDestroyed, async () => {
      const address = await addressOf(context, id);
      await adminOf(context).removeAccount(address, async (reader, target) => {
        await mayChange(reader, context, target, ['address']);
        await keepAnOwner(reader, target, []);
      });
      result.destroyed.push(id);
    });
  }
  return setResponse(args['accountId'], '0', '0', result);
};

const adminOf = ({ store, clock, user }: MethodContext): ReturnType<typeof createAdmin> =>
  createAdmin({ store, clock, actor: user.address });

async function addressOf({ store, user }: MethodContext, id: string): Promise<string> {
  const number = numberOf(id, 'a') ?? 0;
  const row = number < 2 ** 31 ? await accountRow(store, user.tenant, number) : undefined;
  if (!row) throw new SetFault('notFound');
  return row.address;
}

async function addAccount(context: MethodContext, object: Record<string, unknown>): Promise<number> {
  checkProperties(object, ['address', 'name', 'kind', 'password', 'aliases', 'roles']);
  if (object['address'] === undefined || object['password'] === null) throw invalidProperties(['address']);
  await mayChange(context.store, context, { tenant: context.user.tenant, id: 0 }, Object.keys(object));
  const input = {
    ...object,
    roles: given(object['roles'] ?? []),
    tenant: context.user.tenant,
  } as unknown as AccountInput;
  return adminOf(context).addAccount(input);
}

async function changeAccount(context: MethodContext, address: string, patch: Record<string, unknown>): Promise<void> {
  checkProperties(patch, ['name', 'kind', 'password', 'aliases', 'roles', 'legalHold', 'quota', 'delegates']);
  const { aliases, roles, ...rest } = patch;
  const change = { ...rest } as AccountChanges;
  if (roles !== undefined) {
    change.addRoles = given(roles);
    change.removeRoles = GIVEN_ROLES.filter((role) => !given(roles).includes(role));
  }
  if (aliases !== undefined) {
    const row = await context.directory.resolve(address);
    const now = row.kind === 'account' ? await accountShown(context.store, row.tenant, row.account) : undefined;
    change.addAliases = (aliases as string[]).filter((one) => !now?.aliases.includes(one));
    change.removeAliases = now?.aliases.filter((one) => !(aliases as string[]).includes(one));
  }
  await adminOf(context).setAccount(address, change, async (reader, target) => {
    await mayChange(reader, context, target, Object.keys(patch));
    if (roles !== undefined) await keepAnOwner(reader, target, given(roles));
  });
}

/** Nobody could give roles any more but at the shell. */
async function keepAnOwner(reader: Reader, target: { tenant: number; id: number }, roles: GivenRole[]): Promise<void> {
  const wasOwner = (await rolesOf(reader, target.tenant, target.id)).includes('owner');
  if (wasOwner && !roles.includes('owner') && !(await othersWithRole(reader, target.tenant, 'owner', target.id)))
    throw new Refusal('lastOwner', 'An organisation keeps one owner at least.');
}
