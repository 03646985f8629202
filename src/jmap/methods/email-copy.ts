// Email/copy (RFC 8621 §4.7): between accounts that the same person may use.

import type { Account } from '../../directory/directory.ts';
import type { Keywords } from '../../mail/keywords.ts';
import { copyAcross, type AcrossTarget } from '../../store/email-across.ts';
import { lockAccounts } from '../../store/account-state.ts';
import { lockAccount } from '../../store/held-copies.ts';
import { hasRoom, octetsOfEmails, overQuota } from '../../store/quota.ts';
import { emailBlobId, emailIdOf, parseEmailId, threadIdOf } from '../email/ids.ts';
import { boxesOf, readKeywords, readMailbox, readReceivedAt, type Boxes } from '../email/settings.ts';
import { errorReply, invalidArguments, invalidProperties, MethodError, SetFault, type SetError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  accountOf,
  attempt,
  idMap,
  isObject,
  onlyArguments,
  optionalBoolean,
  optionalString,
  orNull,
  resolveId,
  type Args,
} from '../standard.ts';
import { showsRecall } from '../recall-boxes.ts';
import type { Method, MethodContext, Reply } from '../wire.ts';
import { emailSet } from './email-set.ts';

const PROPERTIES = ['id', 'mailboxIds', 'keywords', 'receivedAt'];

export const emailCopy: Method = async (args, context) => {
  const to = accountOf(args, context);
  const from = context.accounts.get(args['fromAccountId'] as string);
  onlyArguments(args, [
    'fromAccountId',
    'ifFromInState',
    'accountId',
    'ifInState',
    'create',
    'onSuccessDestroyOriginal',
    'destroyFromIfInState',
  ]);
  if (!from) throw invalidArguments('"fromAccountId" is required.');
  if (from.id === to.id) throw invalidArguments('An account is not copied to itself.');
  const destroys = optionalBoolean(args, 'onSuccessDestroyOriginal', false);
  const asked = args['create'];
  if (!isObject(asked) || !Object.values(asked).every(isObject))
    throw invalidArguments('"create" is a map of objects.');
  if (Object.keys(asked).length > LIMITS.maxObjectsInSet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInSet} Emails.`);
  const { response, originals } = await copyAll(
    context,
    from,
    to,
    args,
    new Map(Object.entries(asked) as [string, Args][]),
  );
  const replies: Reply[] = [['Email/copy', response]];
  if (!destroys || originals.length === 0) return replies;
  const destroyArguments = {
    accountId: args['fromAccountId'],
    ifInState: args['destroyFromIfInState'] ?? null,
    destroy: originals,
  };
  try {
    const destroyed = await emailSet(destroyArguments, context);
    return [...replies, ...(Array.isArray(destroyed) ? destroyed : [['Email/set', destroyed] satisfies Reply])];
  } catch (error) {
    return [...replies, errorReply('Email/set', error, context)]; // what was copied is copied
  }
};

interface Wish {
  emailId: number;
  target: AcrossTarget;
}

async function copyAll(
  context: MethodContext,
  from: Account,
  to: Account,
  args: Args,
  asked: Map<string, Args>,
): Promise<{ response: Record<string, unknown>; originals: string[] }> {
  const { tenant } = to;
  const shows = await showsRecall(context, to);
  const ifInState = optionalString(args, 'ifInState');
  const ifFromInState = optionalString(args, 'ifFromInState');
  return context.store.inTurn({ tenant, account: to.id }, async (tx) => {
    const states = await lockAccounts(tx, tenant, [from.id, to.id]);
    const oldState = states.get(to.id);
    if (ifInState !== null && ifInState !== String(oldState)) throw new MethodError('stateMismatch');
    if (ifFromInState !== null && ifFromInState !== String(states.get(from.id))) throw new MethodError('stateMismatch');
    await context.pause?.('locked');
    const notCreated = idMap<SetError>();
    const boxes = await boxesOf(tx, { tenant, account: to.id }, shows, (id) => resolveId(id, context));
    const wishes = await readWishes(context, boxes, asked, notCreated);
    const ids = [...wishes.values()].map(({ emailId }) => emailId);
    const sizes = await octetsOfEmails(tx, { tenant, account: from.id }, ids);
    const octets = ids.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
    if (!(await hasRoom(tx, { tenant, account: to.id }, octets))) {
      for (const key of wishes.keys()) notCreated[key] = { type: 'overQuota', description: overQuota().message };
      wishes.clear();
    }
    const created = idMap<Record<string, unknown>>();
    const originals = new Set<string>();
    const given = { program: context.program, now: context.clock() };
    // One Email may be wished for twice; each round copies every Email once.
    for (let left = [...wishes]; left.length > 0;) {
      const round = new Map<number, [string, Wish]>();
      for (const wish of left) if (!round.has(wish[1].emailId)) round.set(wish[1].emailId, wish);
      left = left.filter((wish) => round.get(wish[1].emailId) !== wish);
      const copied = await copyAcross(
        tx,
        { tenant, from: from.id, to: to.id },
        [...round.keys()],
        (copy) => round.get(copy.email_id)?.[1].target ?? null,
        given,
      );
      const done = new Map(copied.map((copy) => [copy.of.email_id, copy]));
      for (const [emailId, [key]] of round) {
        const copy = done.get(emailId);
        if (!copy) {
          notCreated[key] = { type: 'notFound', description: 'There is no such Email in the account to copy from.' };
          continue;
        }
        created[key] = {
          id: emailIdOf(copy.emailId),
          blobId: emailBlobId(copy.emailId),
          threadId: threadIdOf(copy.of.thread_id),
          size: copy.size,
        };
        originals.add(emailIdOf(emailId));
      }
    }
    await context.pause?.('applied');
    const newState = await lockAccount(tx, { tenant, account: to.id });
    tx.onCommit(() => {
      for (const [key, { id }] of Object.entries(created)) context.createdIds.set(key, id as string);
    });
    return {
      response: {
        fromAccountId: args['fromAccountId'],
        accountId: args['accountId'],
        oldState: String(oldState),
        newState: String(newState),
        created: orNull(created),
        notCreated: orNull(notCreated),
      },
      originals: [...originals],
    };
  });
}

async function readWishes(
  context: MethodContext,
  boxes: Boxes,
  asked: Map<string, Args>,
  notCreated: Record<string, SetError>,
): Promise<Map<string, Wish>> {
  const wishes = new Map<string, Wish>();
  for (const [key, object] of asked) {
    await attempt(key, notCreated, async () => {
      const unknown = Object.keys(object).filter((property) => !PROPERTIES.includes(property));
      if (unknown.length > 0) throw invalidProperties(unknown, 'A copy cannot differ in these.');
      const { id } = object;
      const emailId = typeof id === 'string' ? parseEmailId(resolveId(id, context)) : null;
      if (emailId === null) throw new SetFault('notFound', 'There is no such Email in the account to copy from.');
      const keywords: Keywords | null = object['keywords'] === undefined ? null : readKeywords(object['keywords']);
      const receivedAt =
        object['receivedAt'] === undefined ? null : readReceivedAt(object['receivedAt'], context.clock());
      wishes.set(key, { emailId, target: { mailbox: readMailbox(object['mailboxIds'], boxes), keywords, receivedAt } });
    });
  }
  return wishes;
}
