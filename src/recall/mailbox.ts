// The mailbox Recall, and Replace in it (docs/recall.md, recallMailbox): what is moved into them is taken back, from any
// program. There is never anything in them, and none of them is in the store.

import { randomUUID } from 'node:crypto';
import { domainOf } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { DELETED, DRAFT, SEEN } from '../mail/keywords.ts';
import { DRAFTS, SENT } from '../mail/mailbox.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { removeHeaders } from '../mail/mime/trace.ts';
import { appendCopies } from '../store/copies.ts';
import { moveCopies, setKeywords } from '../store/email-change.ts';
import { readEmails, type EnvelopeRow } from '../store/emails.ts';
import { lockAccount } from '../store/held-copies.ts';
import type { Ids } from '../store/ids.ts';
import { asGiven, takeIn } from '../store/large.ts';
import { isNamedRecall, type MailboxRow } from '../store/mailboxes.ts';
import { insertMessages, type NewMessage } from '../store/messages.ts';
import type { Transaction } from '../store/postgres.ts';
import type { RecallRow } from '../store/recalls.ts';
import type { SpoolDeps } from '../store/spool.ts';
import { replacementDraft } from './draft.ts';
import type { AccountInfo, People } from './ports.ts';
import type { Recalls } from './recalls.ts';

/** Their numbers are none of a mailbox. */
const RECALL = -1;
const REPLACE = -2;

/** RFC 8621 §2 sortOrder: after all others. */
const LAST = 2 ** 31 - 1;

/**
 * What stands for them where mailboxes are listed, the one before what is in it. Of roles of their own: what has none is its
 * owner's, whose programs rename and remove it as they please.
 */
export const RECALL_BOXES: readonly MailboxRow[] = [
  row(RECALL, 'Recall', null, 'x-recall'),
  row(REPLACE, 'Replace', RECALL, 'x-recall-replace'),
];

function row(id: number, name: string, parent: number | null, role: string): MailboxRow {
  const counts = { total: 0, unread: 0, total_threads: 0, unread_threads: 0 };
  return { id, name, parent_id: parent, role, sort_order: LAST, subscribed: true, ...counts };
}

export function isRecallBox({ id }: Pick<MailboxRow, 'id'>): boolean {
  return id < 0;
}

/** What is said on every face. */
export const NOTHING_STORED = 'Move a sent message into it; nothing is stored there.';
export const IT_STAYS = 'It is what takes messages back, and stays.';
export const YOUR_OWN = 'Move a message into your own Recall.';
export const ONE_AT_A_TIME = 'One message at a time is taken back.';

/** Does policy have them, for those whose own account has no mailbox of that name? */
export async function haveRecallBoxes(people: Pick<People, 'policy'>, tenant: number): Promise<boolean> {
  const { enabled, recallMailbox } = await people.policy(tenant);
  return enabled && recallMailbox;
}

/** Those of a person whose own mailboxes are `list`: none where policy says so, nor where they have one of that name. */
export async function recallBoxes(
  people: Pick<People, 'policy'>,
  { tenant }: Pick<AccountInfo, 'tenant'>,
  list: readonly Pick<MailboxRow, 'parent_id' | 'name'>[],
): Promise<readonly MailboxRow[]> {
  return (await haveRecallBoxes(people, tenant)) ? boxesBeside(list) : [];
}

/** Where policy has them. */
export function boxesBeside(list: readonly Pick<MailboxRow, 'parent_id' | 'name'>[]): readonly MailboxRow[] {
  return list.some(isNamedRecall) ? [] : RECALL_BOXES;
}

export interface MovedDeps extends SpoolDeps {
  ids: Ids;
  recalls: Pick<Recalls, 'request'>;
}

export interface MovedIn {
  actor: AccountInfo;
  /** Whose message, and which of its copies. */
  account: number;
  emailId: number;
  /** One of RECALL_BOXES. */
  box: Pick<MailboxRow, 'id'>;
  /** What else is to be done with the copy, once the recall's gate stands. */
  also?: (tx: Transaction) => Promise<unknown>;
}

/**
 * Asks for the recall of a message that was moved into Recall, and puts it into Sent Items (what came to its own sender,
 * where it was), under a new UID and not marked as deleted: the program that moved it away sees it again. For Replace, a
 * draft that replaces when it is sent is there too. Answers the mailbox it is in; null: it was gone. Throws what
 * requestRecall refuses; then nothing has changed.
 */
export async function recallMoved(deps: MovedDeps, moved: MovedIn): Promise<number | null> {
  const { store, clock, recalls } = deps;
  const { actor, account, emailId, box } = moved;
  const at = { tenant: actor.tenant, account };
  const { rows } = await readEmails(store, at, [emailId], 'envelope', null);
  const [message] = rows;
  if (!message) return null;
  const replaces = box.id === REPLACE;
  let recall: RecallRow | null = null;
  try {
    recall = await recalls.request({
      actor,
      account,
      message: { emailId },
      mode: replaces ? 'replace' : 'delete',
      recipients: null,
      includeRead: false,
      notifyMe: true,
      reason: null,
    });
  } catch (error) {
    // A program that tries again means the same recall.
    if (!(error instanceof Refusal && error.reason === 'alreadyExists')) throw error;
  }
  const draft = replaces && recall ? await makeDraft(deps, actor, message, recall) : null;
  // What came to its own sender stays where it came.
  const home = message.delivery_n === null ? SENT : message.mailbox_id;
  await store.inTurn(at, async (tx) => {
    await lockAccount(tx, at);
    await moved.also?.(tx);
    const now = clock();
    // Marked by a program that would delete what it has moved: it is what stays.
    const notDeleted = { add: { flags: 0, others: null }, remove: { flags: DELETED, others: null } };
    await setKeywords(tx, { ...at, now }, { emailIds: [emailId] }, () => notDeleted);
    await moveCopies(tx, { ...at, now }, { emailIds: [emailId] }, () => home, true);
    if (!draft) return;
    const [stored] = await insertMessages(tx, deps.blobs, at.tenant, [draft], clock());
    const copy = {
      threadId: stored?.threadId ?? draft.id,
      receivedAt: clock(),
      savedAt: clock(),
      keywords: { flags: DRAFT | SEEN, others: null },
    };
    await appendCopies(tx, { ...at, mailbox: DRAFTS }, [{ messageId: draft.id, ...copy }]);
  });
  return home;
}

async function makeDraft(
  deps: MovedDeps,
  { tenant, address }: AccountInfo,
  message: EnvelopeRow,
  recall: RecallRow,
): Promise<NewMessage> {
  const { blobs, ids, clock } = deps;
  const original = await asGiven({
    size: message.size,
    read: (range) => blobs.read(tenant, message.blob_id, range),
    stream: (range) => blobs.stream(tenant, message.blob_id, range),
  });
  const bytes = replacementDraft(removeHeaders(original.bytes, ['return-path', 'received', 'dkim-signature']), {
    recall,
    domain: domainOf(address),
    date: clock(),
    messageId: randomUUID(),
  });
  const [id = 0] = await ids.take('message_id');
  if (!original.rest) return { id, bytes, parsed: parseMessage(bytes) };
  const size = { begun: bytes.length, limit: Infinity };
  const [form] = await takeIn(deps, tenant, [bytes], original.rest, size);
  if (!form) throw new Error('nothing was taken in');
  return { id, ...form };
}
