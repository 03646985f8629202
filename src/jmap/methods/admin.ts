// What all methods of the administration have in common (docs/jmap-admin.md): they are of one's own account, and each
// asks for a duty that a role of the reader's has to include.

import { hasDuty, type Duty } from '../../mail/roles.ts';
import { appendAudit } from '../../store/audit.ts';
import { rolesOf } from '../../store/directory.ts';
import type { Reader } from '../../store/postgres.ts';
import { invalidArguments, MethodError, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, isObject, isText, optionalBoolean, optionalInteger, type Args } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

/** Decided here, before the method sees anything; what changes mail is decided again in its transaction. */
export function administered(duty: Duty, run: Method): Method {
  return async (args, context) => {
    const account = accountOf(args, context);
    if (account.id !== context.user.id)
      throw new MethodError('accountNotSupportedByMethod', 'The administration is in your own account.');
    if (!hasDuty(context.user.roles, duty)) throw new MethodError('forbidden', 'Your role does not include this.');
    return run(args, context);
  };
}

/** The same, asked again in the transaction that changes something: a role may have been taken meanwhile. */
export function stillHas({ user }: MethodContext, duty: Duty): (reader: Reader) => Promise<void> {
  return async (reader) => {
    if (!hasDuty(await rolesOf(reader, user.tenant, user.id), duty))
      throw new SetFault('forbidden', 'Your role does not include this.');
  };
}

/** Looking is an act of an administrator's as well. */
export async function auditLook(
  { store, clock, user }: MethodContext,
  action: string,
  subject: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await store.transact(async (tx) =>
    appendAudit(tx, user.tenant, { at: clock(), actor: user.address, action, subject: subject.slice(0, 200), detail }),
  );
}

/** The `filter` of a query, empty where there is none. Throws `unsupportedFilter` for a name that is not `known`. */
export function filterArgument(args: Args, known: readonly string[]): Record<string, unknown> {
  const filter = args['filter'] ?? {};
  if (!isObject(filter)) throw invalidArguments('"filter" is a filter.');
  const unknown = Object.keys(filter).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new MethodError('unsupportedFilter', `"${unknown}" cannot be filtered by.`);
  return filter;
}

/** `position`, and `limit`: 100 where none is given, `most` where more is. */
export function pageArguments(args: Args, most: number = LIMITS.maxObjectsInGet): { position: number; limit: number } {
  return {
    position: optionalInteger(args, 'position', 0) ?? 0,
    limit: Math.min(optionalInteger(args, 'limit', 0) ?? 100, most),
  };
}

/** The response of a query (RFC 8620 §5.5). What changes between two of them is not kept: they are asked anew. */
export function queryResponse(
  args: Args,
  { ids, position, state = '0', total }: { ids: string[]; position: number; state?: string; total?: number },
): Record<string, unknown> {
  const isTotalWanted = total !== undefined && optionalBoolean(args, 'calculateTotal', false);
  return {
    accountId: args['accountId'],
    queryState: state,
    canCalculateChanges: false,
    position,
    ids,
    ...(isTotalWanted ? { total } : {}),
  };
}

/** true, false, or null where a filter does not say. */
export function booleanOrNull(filter: Args, name: string): boolean | null {
  return filter[name] === undefined ? null : optionalBoolean(filter, name, false);
}

/** A date-time of a filter (RFC 8620 §1.4), or undefined where there is none. */
export function optionalDate(args: Args, name: string): Date | undefined {
  const value = args[name] ?? undefined;
  if (value === undefined) return undefined;
  const time = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw invalidArguments(`"${name}" is a date and time.`);
  return new Date(time);
}

/** A line of text of a filter, or undefined where there is none. */
export function optionalText(args: Args, name: string): string | undefined {
  const value = args[name] ?? undefined;
  if (value === undefined) return undefined;
  if (!isText(value, 1000, 'line') || value === '') throw invalidArguments(`"${name}" is a text.`);
  return value;
}
