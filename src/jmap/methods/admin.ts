// What all methods of the administration have in common (docs/jmap-admin.md): they are of one's own account, and each
// asks for a duty that a role of the reader's has to include.

import { hasDuty, type Duty } from '../../mail/roles.ts';
import { appendAudit } from '../../store/audit.ts';
import { rolesOf } from '../../store/directory.ts';
import type { Reader } from '../../store/postgres.ts';
import { invalidArguments, MethodError, SetFault } from '../errors.ts';
import { accountOf, isText, type Args } from '../standard.ts';
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
