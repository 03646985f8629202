// Email/set (RFC 8621 §4.6).

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { domainOf } from '../../mail/address.ts';
import { isRecallBox } from '../../recall/mailbox.ts';
import type { Account } from '../../directory/directory.ts';
import { compose, composePieces } from '../../mail/mime/compose.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { moveCopies, removeCopies, setKeywords, type KeywordChange } from '../../store/email-change.ts';
import { hasRoom, overQuota } from '../../store/quota.ts';
import { holdCopies, lockAccount } from '../../store/held-copies.ts';
import type { Transaction } from '../../store/postgres.ts';
import { IN_MEMORY } from '../../store/spool.ts';
import { openBlob, type OpenBlob } from '../blob.ts';
import { fillDraft, understandDraft } from '../email/compose-email.ts';
import { emailIdOf, parseEmailId } from '../email/ids.ts';
import {
  discardAll,
  putNewEmails,
  sizeOf,
  spooled,
  tooLarge,
  type Coming,
  type NewEmail,
} from '../email/new-messages.ts';
import { parseWanted } from '../email/object.ts';
import {
  boxesOf,
  keywordChange,
  mailboxChange,
  readKeywords,
  readMailbox,
  readPatch,
  readReceivedAt,
  type Boxes,
  type EmailPatch,
} from '../email/settings.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import {
  accountOf,
  attempt,
  emptySetResult,
  resolveId,
  setArguments,
  setResponse,
  type Args,
  type SetResult,
} from '../standard.ts';
import { showsRecall } from '../recall-boxes.ts';
import type { Method, MethodContext } from '../wire.ts';
import { readWanted, showAll } from './email-get.ts';
import { recallMovedIn, type MovedIntoRecall } from './email-recall.ts';

export const emailSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  // Read twice: here for its form, and under the lock against the state.
  const asked = setArguments(args, args['ifInState'] as string);
  const refused = emptySetResult();
  const drafts = new Map<string, Draft>();
  try {
    await makeDrafts(context, account, asked.create, drafts, refused);
    const patches = await readPatches(context, account, asked.update, refused);
    return await setAll(args, context, account, { drafts, patches, destroy: asked.destroy }, refused);
  } finally {
    await discardAll(drafts.values());
  }
};

/** `refused`: what was refused before. */
async function setAll(
  args: Args,
  context: MethodContext,
  account: Account,
  asked: { drafts: Map<string, Draft>; patches: Map<string, EmailPatch>; destroy: string[] },
  refused: SetResult,
): Promise<Record<string, unknown>> {
  const at = { tenant: account.tenant, account: account.id };
  const shows = await showsRecall(context, account);
  const made = new Map<string, string>();
  const { result, oldState, newState, moved } = await context.store.inTurn(at, async (tx) => {
    const state = await lockAccount(tx, at);
    setArguments(args, String(state));
    await context.pause?.('locked');
    const result: SetResult = {
      ...emptySetResult(),
      notCreated: { ...refused.notCreated },
      notUpdated: { ...refused.notUpdated },
    };
    made.clear();
    const resolve = (id: string): string => resolveId(id, context, made);
    const boxes = await boxesOf(tx, at, shows, resolve);
    await create(tx, context, at, asked.drafts, boxes, result, made);
    const moved = await update(tx, { ...at, now: context.clock() }, asked.patches, boxes, result);
    await destroy(tx, at, asked.destroy, resolve, result);
    await context.pause?.('applied');
    return { result, oldState: String(state), newState: String(await lockAccount(tx, at)), moved };
  });
  for (const [key, id] of made) context.createdIds.set(key, id);
  // After this state: what is put back into its place, and others' changes meanwhile, are told to whoever goes on from it.
  await recallMovedIn(context, account, moved, result);
  return setResponse(args['accountId'], oldState, newState, result);
}

type Draft = Coming & { email: Args; receivedAt: Date };

/** Octets in memory of all that one call creates, past which it creates no more. */
const HELD = 64 << 20;

/** Messages of what is to be created: composed before anything is locked, large ones into the store as they are. */
async function makeDrafts(
  context: MethodContext,
  account: Account,
  asked: Map<string, Args>,
  drafts: Map<string, Draft>,
  refused: SetResult,
): Promise<void> {
  const { maxMessageSize } = await context.directory.policy(account.tenant, account.id);
  let held = 0;
  for (const [key, email] of asked) {
    await attempt(key, refused.notCreated, async () => {
      if (held > HELD) throw new SetFault('rateLimit', 'That is much for one call: create it with another.');
      const now = context.clock();
      const receivedAt = readReceivedAt(email['receivedAt'], now);
      const understood = understandDraft(email);
      if ('invalid' in understood) throw invalidProperties(understood.invalid, understood.description);
      const { draft } = understood;
      const blobs = await openBlobs(context, account, draft.blobIds, maxMessageSize);
      const size = draft.blobIds.reduce((sum, blobId) => sum + (blobs.get(blobId)?.size ?? 0), 0);
      const inPieces = size > IN_MEMORY;
      const of = { date: now, messageId: `${randomUUID()}@${domainOf(account.address)}` };
      const input = await fillDraft(draft, of, blobs, inPieces);
      const made = inPieces
        ? await spooled(context, account.tenant, composePieces(input), maxMessageSize)
        : whole(compose(input), maxMessageSize);
      held += made.bytes.length;
      drafts.set(key, { email, receivedAt, ...made });
    });
  }
}

function whole(bytes: Buffer, limit: number): Coming {
  if (bytes.length > limit) throw tooLarge(limit);
  return { bytes, parsed: parseMessage(bytes) };
}

/** Whatever is opened here is recorded as downloaded. */
async function openBlobs(
  context: MethodContext,
  account: Account,
  blobIds: string[],
  limit: number,
): Promise<Map<string, OpenBlob>> {
  const blobs = new Map<string, OpenBlob>();
  const notFound: string[] = [];
  let size = 0;
  for (const blobId of new Set(blobIds)) {
    const blob = await openBlob(
      context,
      { tenant: account.tenant, account: account.id, actor: context.user.id, program: context.program },
      resolveId(blobId, context),
    );
    if (!blob) notFound.push(blobId);
    else if ((size += blob.size) > limit) throw tooLarge(limit);
    else blobs.set(blobId, blob);
  }
  if (notFound.length > 0) throw new SetFault('blobNotFound', 'Not all of the blobs are there.', { notFound });
  return blobs;
}

async function create(
  tx: Transaction,
  context: MethodContext,
  at: { tenant: number; account: number },
  drafts: Map<string, Draft>,
  boxes: Boxes,
  result: SetResult,
  made: Map<string, string>,
): Promise<void> {
  const keys: string[] = [];
  const emails: NewEmail[] = [];
  const octets = [...drafts.values()].reduce((sum, draft) => sum + sizeOf(draft), 0);
  const room = drafts.size === 0 || (await hasRoom(tx, at, octets));
  for (const [key, { email, bytes, parsed, stored, receivedAt }] of drafts) {
    await attempt(key, result.notCreated, async () => {
      if (!room) throw overQuota();
      emails.push({
        bytes,
        parsed,
        receivedAt,
        ...(stored ? { stored } : {}),
        mailbox: readMailbox(email['mailboxIds'], boxes),
        keywords: readKeywords(email['keywords']),
      });
      keys.push(key);
    });
  }
  const created = await putNewEmails(tx, context, at, emails);
  created.forEach(({ shown }, i) => {
    const key = keys[i] ?? '';
    made.set(key, shown.id);
    result.created[key] = { ...shown };
  });
}

/** By the id as it was given: it may be one that is yet to be made. */
async function readPatches(
  context: MethodContext,
  account: Account,
  asked: Map<string, Args>,
  refused: SetResult,
): Promise<Map<string, EmailPatch>> {
  const patches = new Map<string, EmailPatch>();
  for (const [id, patch] of asked) {
    await attempt(id, refused.notUpdated, async () => {
      const read = readPatch(patch);
      await checkImmutable(context, account, id, read.immutable);
      patches.set(id, read);
    });
  }
  return patches;
}

/** RFC 8620 §5.3: what cannot be set may be given as it is, so that a client may hand whole objects back. */
async function checkImmutable(
  context: MethodContext,
  account: Account,
  id: string,
  given: Map<string, unknown>,
): Promise<void> {
  if (given.size === 0) return;
  const wanted = parseWanted({ properties: [...given.keys()], fetchAllBodyValues: true }, []);
  if (typeof wanted === 'string') throw invalidProperties([...given.keys()], wanted);
  const number = parseEmailId(id);
  const { rows } = await readWanted(
    context,
    { tenant: account.tenant, account: account.id },
    number === null ? [] : [number],
    wanted,
  );
  const [shown] = await showAll(context, account.tenant, rows, wanted);
  if (!shown) throw new SetFault('notFound');
  const changed = [...given]
    .filter(([property, value]) => !isDeepStrictEqual(shown[1][property], value))
    .map(([property]) => property);
  if (changed.length > 0) throw invalidProperties(changed, 'Cannot be changed.');
}

/** Answers what is still to be done: what is moved into Recall. */
async function update(
  tx: Transaction,
  at: { tenant: number; account: number; now: Date },
  patches: Map<string, EmailPatch>,
  boxes: Boxes,
  result: SetResult,
): Promise<MovedIntoRecall[]> {
  const recalled: MovedIntoRecall[] = [];
  if (patches.size === 0) return recalled;
  const ids = new Map([...patches.keys()].map((given) => [given, parseEmailId(boxes.resolve(given))]));
  const held = await holdCopies(tx, at, { emailIds: [...ids.values()].filter((id) => id !== null) });
  const copies = new Map(held.map((copy) => [copy.email_id, copy]));
  const keywords = new Map<number, KeywordChange>();
  const moves = new Map<number, number>();
  for (const [given, patch] of patches) {
    await attempt(given, result.notUpdated, async () => {
      const copy = copies.get(ids.get(given) ?? 0);
      if (!copy) throw new SetFault('notFound');
      const change = keywordChange(patch, { flags: copy.flags, others: copy.keywords });
      const mailbox = mailboxChange(patch, copy.mailbox_id, boxes);
      if (mailbox !== null && isRecallBox({ id: mailbox })) {
        recalled.push({ given, emailId: copy.email_id, box: mailbox, keywords: change });
        return;
      }
      if (change) keywords.set(copy.email_id, change);
      if (mailbox !== null) moves.set(copy.email_id, mailbox);
      result.updated[emailIdOf(copy.email_id)] = null;
    });
  }
  if (keywords.size > 0)
    await setKeywords(tx, at, { emailIds: [...keywords.keys()] }, (copy) => keywords.get(copy.email_id) ?? null);
  if (moves.size > 0)
    await moveCopies(tx, at, { emailIds: [...moves.keys()] }, (copy) => moves.get(copy.email_id) ?? null);
  return recalled;
}

async function destroy(
  tx: Transaction,
  at: { tenant: number; account: number },
  asked: string[],
  resolve: (id: string) => string,
  result: SetResult,
): Promise<void> {
  if (asked.length === 0) return;
  const ids = asked.map((given) => ({ given, number: parseEmailId(resolve(given)) }));
  const removed = await removeCopies(tx, at, { emailIds: ids.flatMap(({ number }) => number ?? []) });
  const gone = new Set(removed.map((copy) => copy.email_id));
  for (const { given, number } of ids) {
    if (number !== null && gone.has(number)) result.destroyed.push(emailIdOf(number));
    else result.notDestroyed[given] = { type: 'notFound' };
  }
}
