// The mailbox Recall (docs/recall.md, recallMailbox): what is moved into it is taken back, from any program. There is never
// anything in it, and none of it is in the store.

import { randomUUID } from 'node:crypto';
import type { Account } from '../directory/directory.ts';
import { Refusal } from '../mail/errors.ts';
import { removeHeaders } from '../mail/mime/trace.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { asGiven, takeIn } from '../delivery/large.ts';
import { replacementDraft } from '../recall/draft.ts';
import { appendCopies } from '../store/copies.ts';
import { moveCopies, setKeywords } from '../store/email-change.ts';
import { lockAccount, type HeldCopy } from '../store/held-copies.ts';
import { readByUid, type FetchedRow } from '../store/mailbox-read.ts';
import type { MailboxRow } from '../store/mailboxes.ts';
import type { RecallRow } from '../store/recalls.ts';
import { insertMessages, type NewMessage } from '../store/messages.ts';
import { DELETED, DRAFT, SEEN } from '../mail/keywords.ts';
import { no } from './replies.ts';
import { userOf, type ImapDeps, type Selected, type Session } from './session.ts';

const NAMES = ['Recall', 'Recall/Replace'] as const;
export type RecallBox = (typeof NAMES)[number];

/** Every account's Drafts and Sent Items. */
const DRAFTS = 2;
const SENT = 3;

/** What stands for it where a mailbox is looked for: its number is none of a mailbox. */
const ROWS: Readonly<Record<RecallBox, MailboxRow>> = {
  Recall: row(-1, 'Recall', null),
  'Recall/Replace': row(-2, 'Replace', -1),
};

function row(id: number, name: string, parent: number | null): MailboxRow {
  const counts = { total: 0, unread: 0, total_threads: 0, unread_threads: 0 };
  return { id, name, parent_id: parent, role: null, sort_order: 0, subscribed: true, ...counts };
}

export function isRecallRow({ id }: Pick<MailboxRow, 'id'>): boolean {
  return id < 0;
}

/**
 * The names of them for this person, whose mailboxes are `list`. None where policy says so, nor where they have a mailbox
 * of that name themselves: that stays theirs.
 */
export async function recallBoxes(
  { directory }: Pick<ImapDeps, 'directory'>,
  user: Account,
  list: readonly MailboxRow[],
): Promise<[name: RecallBox, row: MailboxRow][]> {
  const { enabled, recallMailbox } = await directory.policy(user.tenant);
  const theirs = list.some((one) => one.parent_id === null && one.name.toLowerCase() === 'recall');
  return enabled && recallMailbox && !theirs ? NAMES.map((name) => [name, ROWS[name]]) : [];
}

/**
 * Asks for the recall of the one message, and puts it back into Sent Items (what came to its own sender, where it was), under a
 * new UID and not marked as deleted: the program that moved it away sees it again. For Recall/Replace, a draft that replaces when it is sent is there too. Throws `NO [LIMIT]` for more than
 * one, and what requestRecall refuses.
 */
export async function recallMoved(
  session: Session,
  selected: Selected,
  uids: number[],
  box: MailboxRow,
): Promise<'moved' | 'gone'> {
  if (uids.length > 1) throw no('LIMIT', 'One message at a time is taken back.');
  const { store, clock, recalls } = session.deps;
  const { at } = selected;
  const [message] = await readByUid(store, at, uids, ['email', 'blob', 'size'], null);
  if (!message) return 'gone';
  const replaces = box.id === ROWS['Recall/Replace'].id;
  let recall: RecallRow | null = null;
  try {
    recall = await recalls.request({
      actor: userOf(session),
      account: at.account,
      message: { emailId: message.email_id },
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
  const draft = replaces && recall ? await makeDraft(session, message, recall) : null;
  await store.inTurn(at, async (tx) => {
    await lockAccount(tx, at);
    const now = clock();
    // Marked by a program that would delete what it has moved: it is what stays.
    const notDeleted = { add: { flags: 0, others: null }, remove: { flags: DELETED, others: null } };
    await setKeywords(tx, { ...at, now }, { mailbox: at.mailbox, uids }, () => notDeleted);
    // What came to its own sender stays where it came.
    const home = ({ delivery_n, mailbox_id }: HeldCopy): number => (delivery_n === null ? SENT : mailbox_id);
    await moveCopies(tx, { ...at, now }, { mailbox: at.mailbox, uids }, home, true);
    if (!draft) return;
    const [stored] = await insertMessages(tx, session.deps.blobs, at.tenant, [draft], clock());
    const copy = {
      threadId: stored?.threadId ?? draft.id,
      receivedAt: clock(),
      savedAt: clock(),
      keywords: { flags: DRAFT | SEEN, others: null },
    };
    await appendCopies(tx, { ...at, mailbox: DRAFTS }, [{ messageId: draft.id, ...copy }]);
  });
  return 'moved';
}

async function makeDraft(session: Session, message: FetchedRow, recall: RecallRow): Promise<NewMessage> {
  const { blobs, ids, clock } = session.deps;
  const user = userOf(session);
  const original = await asGiven({
    size: message.size,
    read: (range) => blobs.read(user.tenant, message.blob_id, range),
    stream: (range) => blobs.stream(user.tenant, message.blob_id, range),
  });
  const bytes = replacementDraft(removeHeaders(original.bytes, ['return-path', 'received', 'dkim-signature']), {
    recall,
    domain: user.address.slice(user.address.lastIndexOf('@') + 1),
    date: clock(),
    messageId: randomUUID(),
  });
  const [id = 0] = await ids.take('message_id');
  if (!original.rest) return { id, bytes, parsed: parseMessage(bytes) };
  const size = { begun: bytes.length, limit: Infinity };
  const [form] = await takeIn(session.deps, user.tenant, [bytes], original.rest, size);
  if (!form) throw new Error('nothing was taken in');
  return { id, ...form };
}
