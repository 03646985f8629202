// Email/changes (RFC 8621 §4.3). A point between two changes of one transaction is told as "modseq.emailId".

import { emailChanges, WHOLE, type Since } from '../../store/email-history.ts';
import { emailIdOf } from '../email/ids.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { accountOf, onlyArguments, optionalInteger } from '../standard.ts';
import type { Method } from '../wire.ts';

/** Told at once; whoever wants more asks again. */
const MAX_CHANGES = 10_000;

export const emailChangesMethod: Method = async (args, context) => {
  const account = accountOf(args, context);
  onlyArguments(args, ['accountId', 'sinceState', 'maxChanges']);
  const oldState = args['sinceState'];
  if (typeof oldState !== 'string') throw invalidArguments('"sinceState" is required.');
  const max = optionalInteger(args, 'maxChanges', 1) ?? MAX_CHANGES;
  const since = parseState(oldState);
  const changes =
    since &&
    (await emailChanges(
      context.store,
      { tenant: account.tenant, account: account.id },
      since,
      Math.min(max, MAX_CHANGES),
    ));
  if (!changes) throw new MethodError('cannotCalculateChanges');
  const { until, hasMore } = changes;
  return {
    accountId: args['accountId'],
    oldState,
    newState: until.emailId === WHOLE ? String(until.modseq) : `${until.modseq}.${until.emailId}`,
    hasMoreChanges: hasMore,
    created: changes.created.map(emailIdOf),
    updated: changes.updated.map(emailIdOf),
    destroyed: changes.destroyed.map(emailIdOf),
  };
};

function parseState(state: string): Since | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(state);
  if (!match) return undefined;
  return { modseq: Number(match[1]), emailId: match[2] === undefined ? WHOLE : Number(match[2]) };
}
