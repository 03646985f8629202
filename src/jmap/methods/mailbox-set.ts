// Mailbox/set (RFC 8621 §2.5).

import { raise } from '../../store/account-state.ts';
import { removeCopies } from '../../store/email-change.ts';
import { deleteMailbox, insertMailbox, mailboxesOf, nextMailboxId, updateMailbox, type MailboxRow, type NewMailbox } from '../../store/mailboxes.ts';
import { accountChanged } from '../../store/notify.ts';
import type { Transaction } from '../../store/postgres.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { accountOf, applyPatch, attempt, emptySetResult, numberOf, optionalBoolean, resolveId, setArguments, setResponse, type SetResult } from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { SYSTEM_MAILBOXES, toMailbox } from './mailbox.ts';

const SETTABLE = ['name', 'parentId', 'role', 'sortOrder', 'isSubscribed'];
const READ_ONLY = ['id', 'totalEmails', 'unreadEmails', 'totalThreads', 'unreadThreads', 'myRights'];
/** RFC 6154, RFC 8457, and what the registry of RFC 8621 §10.5.1 knows. */
const ROLES = ['all', 'archive', 'drafts', 'flagged', 'important', 'inbox', 'junk', 'sent', 'subscribed', 'trash', 'memos', 'scheduled', 'snoozed'];

interface Setting {
  tx: Transaction;
  context: MethodContext;
  at: { tenant: number; account: number };
  now: Date;
}

export const mailboxSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const removeEmails = optionalBoolean(args, 'onDestroyRemoveEmails', false);
  return context.store.transact(async (tx) => {
    const before = ((await raise(tx, at.tenant, at.account, 1)) ?? 1) - 1;
    const { create, update, destroy } = setArguments(args, String(before), ['onDestroyRemoveEmails']);
    const result = emptySetResult();
    const setting: Setting = { tx, context, at, now: context.clock() };
    await createAll(setting, create, result);
    for (const [given, patch] of update) {
      const id = resolveId(given, context);
      await attempt(given, result.notUpdated, async () => {
        await updateOne(setting, id, patch);
        result.updated[id] = null;
      });
    }
    await destroyAll(setting, destroy, removeEmails, result);
    accountChanged(tx.changes, at.tenant, at.account);
    const { modseq } = await mailboxesOf(tx, at, false);
    const nothing = Object.keys(result.created).length + Object.keys(result.updated).length + result.destroyed.length === 0;
    return setResponse(args['accountId'], String(before), String(nothing ? before : modseq), result);
  });
};

/** Those whose parents are made here come after them, in whatever order they stand. */
async function createAll(setting: Setting, create: Map<string, Record<string, unknown>>, result: SetResult): Promise<void> {
  const waiting = new Map(create);
  let progress = true;
  while (waiting.size > 0 && progress) {
    progress = false;
    for (const [key, object] of waiting) {
      const { parentId } = object;
      const parentKey = typeof parentId === 'string' && parentId.startsWith('#') ? parentId.slice(1) : null;
      if (parentKey !== null && parentKey !== key && waiting.has(parentKey)) continue;
      waiting.delete(key);
      progress = true;
      await attempt(key, result.notCreated, async () => {
        result.created[key] = await createOne(setting, object);
        setting.context.createdIds.set(key, result.created[key]['id'] as string);
      });
    }
  }
  for (const key of waiting.keys()) result.notCreated[key] = { type: 'invalidProperties', properties: ['parentId'] };
}

async function createOne({ tx, context, at, now }: Setting, object: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { list } = await mailboxesOf(tx, at, false);
  const unknown = Object.keys(object).filter((name) => !SETTABLE.includes(name));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
  const box = check({ parentId: null, role: null, sortOrder: 10, isSubscribed: true, ...object }, await nextMailboxId(tx, at), list, context);
  await insertMailbox(tx, { ...at, modseq, now }, box);
  const row: MailboxRow = {
    id: box.id,
    parent_id: box.parent,
    name: box.name,
    role: box.role,
    sort_order: box.sortOrder,
    subscribed: box.subscribed,
    total: 0,
    unread: 0,
    total_threads: 0,
    unread_threads: 0,
  };
  const made = toMailbox(row);
  for (const name of ['name', 'parentId', 'role', 'sortOrder', 'isSubscribed']) if (Object.hasOwn(object, name) && name !== 'parentId') delete made[name];
  return made;
}

async function updateOne({ tx, context, at }: Setting, id: string, patch: Record<string, unknown>): Promise<void> {
  const { list } = await mailboxesOf(tx, at, true);
  const row = list.find((one) => one.id === numberOf(id, 'f'));
  if (!row) throw new SetFault('notFound');
  const current = toMailbox(row);
  const unknown = Object.keys(patch).filter((path) => ![...SETTABLE, ...READ_ONLY].includes(path.split('/')[0] ?? ''));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const next = applyPatch(current, patch);
  const changed = READ_ONLY.filter((name) => JSON.stringify(next[name]) !== JSON.stringify(current[name]));
  if (changed.length > 0) throw invalidProperties(changed);
  const box = check(next, row.id, list, context);
  if (row.id <= SYSTEM_MAILBOXES && (box.name !== row.name || box.parent !== row.parent_id || box.role !== row.role)) {
    throw new SetFault('forbidden', 'This mailbox keeps its name and place.');
  }
  const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
  await updateMailbox(tx, { ...at, modseq }, box);
}

/** A whole mailbox, checked against the others. */
function check(object: Record<string, unknown>, id: number, list: MailboxRow[], context: MethodContext): NewMailbox {
  const { name, parentId, role, sortOrder, isSubscribed } = object;
  const wrong: string[] = [];
  if (typeof name !== 'string' || name.trim() === '' || name.length > LIMITS.maxMailboxName || /\p{Cc}/u.test(name)) wrong.push('name');
  const parent = parentId === null ? null : (numberOf(typeof parentId === 'string' ? resolveId(parentId, context) : parentId, 'f') ?? Number.NaN);
  if (parent !== null && (!list.some((row) => row.id === parent) || closesLoop(parent, id, list))) wrong.push('parentId');
  if (role !== null && (typeof role !== 'string' || !ROLES.includes(role) || list.some((row) => row.id !== id && row.role === role))) wrong.push('role');
  if (typeof sortOrder !== 'number' || !Number.isInteger(sortOrder) || sortOrder < 0 || sortOrder > 2 ** 31 - 1) wrong.push('sortOrder');
  if (typeof isSubscribed !== 'boolean') wrong.push('isSubscribed');
  if (wrong.length > 0) throw invalidProperties(wrong);
  if (list.some((row) => row.id !== id && row.parent_id === parent && row.name.normalize('NFC') === (name as string).normalize('NFC'))) {
    throw invalidProperties(['name'], 'Another mailbox has this name.');
  }
  return { id, parent, name: (name as string).normalize('NFC'), role: role as string | null, sortOrder: sortOrder as number, subscribed: isSubscribed as boolean };
}

/** Would `id` come to lie within itself, or too deep? */
function closesLoop(parent: number, id: number, list: MailboxRow[]): boolean {
  let depth = 1;
  for (let at: number | null = parent; at !== null; depth++) {
    if (at === id || depth > LIMITS.maxMailboxDepth) return true;
    const step: number = at;
    at = list.find((row) => row.id === step)?.parent_id ?? null;
  }
  return false;
}

/** Children named before or after their parent: those without children go first. */
async function destroyAll({ tx, at }: Setting, destroy: string[], removeEmails: boolean, result: SetResult): Promise<void> {
  const waiting = new Set(destroy);
  let progress = true;
  while (waiting.size > 0 && progress) {
    progress = false;
    for (const given of [...waiting]) {
      const { list } = await mailboxesOf(tx, at, false);
      const row = list.find((one) => one.id === numberOf(given, 'f'));
      const children = list.filter((one) => one.parent_id === row?.id);
      if (children.some((child) => waiting.has(`f${child.id}`))) continue;
      waiting.delete(given);
      progress = true;
      await attempt(given, result.notDestroyed, async () => {
        if (!row) throw new SetFault('notFound');
        if (row.id <= SYSTEM_MAILBOXES) throw new SetFault('forbidden', 'Every account keeps this mailbox.');
        if (children.length > 0) throw new SetFault('mailboxHasChild');
        if (row.total > 0 && !removeEmails) throw new SetFault('mailboxHasEmail');
        if (row.total > 0) await removeCopies(tx, at, { mailbox: row.id, all: true });
        const { list: after } = await mailboxesOf(tx, at, false);
        // What a recall covers is left alone by its owner's hand; so the mailbox has to stay until that is decided.
        if ((after.find((one) => one.id === row.id)?.total ?? 0) > 0) throw new SetFault('mailboxHasEmail', 'A recall is under way in it; try again.');
        const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
        await deleteMailbox(tx, { ...at, modseq }, row.id);
        result.destroyed.push(given);
      });
    }
  }
  for (const given of waiting) result.notDestroyed[given] = { type: 'mailboxHasChild' };
}

