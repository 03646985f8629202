// RecallPreference/get, /set, /changes: the recipient's "recalls of mail to me" (docs/jmap-recall.md). One object an
// account, as VacationResponse is (RFC 8621 §8).

import { createAdmin } from '../../directory/admin.ts';
import type { Account } from '../../directory/directory.ts';
import { invalidProperties, MethodError, SetFault } from '../errors.ts';
import {
  accountOf,
  attempt,
  changesArguments,
  emptySetResult,
  getArguments,
  pick,
  setArguments,
  setResponse,
  unchanged,
  refuseEach,
  SINGLETON,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';

const ID = 'singleton';
const PROPERTIES = ['id', 'acceptsRecalls', 'mayChange'];

interface Preference {
  id: typeof ID;
  /** False: senders' recalls leave what came here. Matters only where policy leaves it to the recipient. */
  acceptsRecalls: boolean;
  /** Does policy leave it to the recipient, and may this person say so for the account? */
  mayChange: boolean;
}

async function preferenceOf({ directory, user }: MethodContext, account: Account): Promise<Preference> {
  const policy = await directory.policy(account.tenant);
  // A person's choice is theirs alone; a shared mailbox's is anybody's who reads it.
  const isTheirs = account.id === user.id || account.kind !== 'person';
  return {
    id: ID,
    acceptsRecalls: await directory.acceptsRecalls(account.tenant, account.id),
    mayChange: policy.recipientConsent === 'recipient-decides' && isTheirs,
  };
}

/** The same as long as what it says is the same. */
const stateOf = ({ acceptsRecalls, mayChange }: Preference): string => `${acceptsRecalls ? 1 : 0}${mayChange ? 1 : 0}`;

export const preferenceGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const preference = await preferenceOf(context, account);
  return {
    accountId: args['accountId'],
    state: stateOf(preference),
    list: ids === null || ids.includes(ID) ? [pick({ ...preference }, properties)] : [],
    notFound: (ids ?? []).filter((id) => id !== ID),
  };
};

/** What is between two states is not kept: either nothing has changed, or it is to be fetched anew. */
export const preferenceChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  changesArguments(args);
  const state = stateOf(await preferenceOf(context, account));
  if (args['sinceState'] !== state) throw new MethodError('cannotCalculateChanges');
  return unchanged(args['accountId'], state);
};

export const preferenceSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const before = await preferenceOf(context, account);
  const { create, update, destroy } = setArguments(args, stateOf(before));
  const result = emptySetResult();
  refuseEach(result, create.keys(), destroy, SINGLETON);
  for (const [id, patch] of update) {
    await attempt(id, result.notUpdated, async () => {
      if (id !== ID) throw new SetFault('notFound');
      const wrong = Object.keys(patch).filter(
        (name) => name !== 'acceptsRecalls' && !isSame(before, name, patch[name]),
      );
      const accepts = patch['acceptsRecalls'] ?? before.acceptsRecalls;
      if (typeof accepts !== 'boolean') wrong.push('acceptsRecalls');
      if (wrong.length > 0 || typeof accepts !== 'boolean') throw invalidProperties(wrong);
      if (accepts !== before.acceptsRecalls) {
        if (!before.mayChange) throw new SetFault('forbidden', 'Your organisation decides this.');
        const admin = createAdmin({ store: context.store, clock: context.clock, actor: context.user.address });
        await admin.setAccount(account.address, { acceptsRecalls: accepts });
      }
      result.updated[id] = null;
    });
  }
  return setResponse(args['accountId'], stateOf(before), stateOf(await preferenceOf(context, account)), result);
};

/** RFC 8620 §5.3: what the server alone sets may be sent back as it was. */
function isSame(preference: Preference, name: string, value: unknown): boolean {
  return Object.hasOwn(preference, name) && preference[name as keyof Preference] === value;
}
