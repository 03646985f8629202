// Mailbox/set (RFC 8621 §2.5).

import { SYSTEM_MAILBOXES } from '../../mail/mailbox.ts';
import { haveRecallBoxes, IT_STAYS, YOUR_OWN } from '../../recall/mailbox.ts';
import { raise, raiseAndTell } from '../../store/account-state.ts';
import { removeCopies } from '../../store/email-change.ts';
import {
  deleteMailbox,
  insertMailbox,
  isNamedRecall,
  mailboxesOf,
  nextMailboxId,
  undoable,
  updateMailbox,
  type MailboxRow,
} from '../../store/mailboxes.ts';
import type { Transaction } from '../../store/postgres.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import {
  accountOf,
  applyPatch,
  attempt,
  emptySetResult,
  optionalBoolean,
  resolveId,
  setArguments,
  setResponse,
  unlike,
  type SetResult,
} from '../standard.ts';
import { mailboxState, recallBeside, refuseRecallBox } from '../recall-boxes.ts';
import type { Method, MethodContext } from '../wire.ts';
import { checkMailbox, depthOf, fitTogether } from './mailbox-check.ts';
import { MAILBOX_PROPERTIES, toMailbox } from './mailbox.ts';

const DEFAULTS = { parentId: null, role: null, sortOrder: 0, isSubscribed: true };
const SETTABLE = ['name', ...Object.keys(DEFAULTS)];

/** The account is locked. */
interface Setting {
  tx: Transaction;
  context: MethodContext;
  at: { tenant: number; account: number };
  now: Date;
  /** As they are by now. */
  list: MailboxRow[];
  /** What takes messages back, where it is shown. */
  recall: readonly MailboxRow[];
  /** Its name is kept for it: in an account that is shared, for the owner's. */
  reserved: boolean;
  state: number;
  /** Creation ids of this call. */
  made: Map<string, string>;
  /** Whether one fits among the others is looked at when all are as they are wanted. */
  together: boolean;
  result: SetResult;
}

export const mailboxSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  const [has, isOwn] = [await haveRecallBoxes(context.directory, at.tenant), account.id === context.user.id];
  const removeEmails = optionalBoolean(args, 'onDestroyRemoveEmails', false);
  return context.store.inTurn(at, async (tx) => {
    await raise(tx, at.tenant, at.account, 0);
    const { modseq: before, list } = await mailboxesOf(tx, at, Object.keys(args['update'] ?? {}).length > 0);
    const reserved = recallBeside(has, list);
    const recall = isOwn ? reserved : [];
    const { create, update, destroy } = setArguments(args, mailboxState(before, recall.length), [
      'onDestroyRemoveEmails',
    ]);
    const change = async (together: boolean): Promise<Setting> => {
      const setting: Setting = {
        tx,
        context,
        at,
        together,
        now: context.clock(),
        list: list.map((row) => ({ ...row })),
        recall,
        reserved: reserved.length > 0,
        state: before,
        made: new Map(),
        result: emptySetResult(),
      };
      await createAll(setting, create);
      for (const [given, patch] of update) {
        await attempt(given, setting.result.notUpdated, async () => {
          const id = resolve(setting, given);
          setting.result.updated[id] = await updateOne(setting, id, patch);
        });
      }
      await destroyAll(setting, destroy, removeEmails);
      return setting;
    };
    const { result, state, made } =
      (create.size + update.size + destroy.length > 1 && (await ifTheyFit(tx, change))) || (await change(false));
    tx.onCommit(() => made.forEach((id, key) => context.createdIds.set(key, id)));
    // Where one of their own has made room for Recall, that is told to whoever goes on from here.
    const [oldState, newState] = [mailboxState(before, recall.length), mailboxState(state, recall.length)];
    return setResponse(args['accountId'], oldState, newState, result);
  });
};

/**
 * RFC 8620 §5.3: where what comes out in the end is valid, as when two have exchanged their names, it does not matter how it
 * is come to. Null, and nothing has changed: it is not valid, so each is for itself.
 */
async function ifTheyFit(tx: Transaction, change: (together: boolean) => Promise<Setting>): Promise<Setting | null> {
  const unfit = new Error('they do not fit');
  try {
    return await undoable(tx, async () => {
      const setting = await change(true);
      if (!fitTogether(setting.list)) throw unfit;
      return setting;
    });
  } catch (error) {
    if (error !== unfit) throw error;
    return null;
  }
}

/** "#k1" is what this call, or one before it in the request, created as k1. */
function resolve({ made, context }: Setting, id: string): string {
  return resolveId(id, context, made);
}

function find({ list, recall }: Setting, id: string): MailboxRow {
  refuseRecallBox(id, recall, IT_STAYS);
  const row = list.find((one) => `f${one.id}` === id);
  if (!row) throw new SetFault('notFound');
  return row;
}

async function nextModseq(setting: Setting): Promise<number> {
  setting.state = await raiseAndTell(setting.tx, setting.at);
  return setting.state;
}

/** Those whose parents are made here come after them, in whatever order they stand. */
async function createAll(setting: Setting, create: Map<string, Record<string, unknown>>): Promise<void> {
  const { result } = setting;
  const waiting = new Map(create);
  let progress = true;
  while (progress) {
    progress = false;
    for (const [key, object] of waiting) {
      const { parentId } = object;
      if (typeof parentId === 'string' && parentId.startsWith('#') && waiting.has(parentId.slice(1))) continue;
      waiting.delete(key);
      progress = true;
      await attempt(key, result.notCreated, async () => {
        const mailbox = await createOne(setting, object);
        result.created[key] = unlike(object, mailbox);
        setting.made.set(key, mailbox['id'] as string);
      });
    }
  }
  for (const key of waiting.keys()) {
    result.notCreated[key] = invalidProperties(['parentId'], 'They would lie within each other.').error;
  }
}

async function createOne(setting: Setting, object: Record<string, unknown>): Promise<Record<string, unknown>> {
  const unknown = Object.keys(object).filter((name) => !SETTABLE.includes(name));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const { tx, at, now, list } = setting;
  checkBesideRecall(setting, { ...DEFAULTS, ...object });
  const box = checkMailbox({ ...DEFAULTS, ...object }, null, list, (id) => resolve(setting, id), setting.together);
  const id = await nextMailboxId(tx, at);
  await insertMailbox(tx, { ...at, now, modseq: await nextModseq(setting) }, { id, ...box });
  const row = { id, ...box, total: 0, unread: 0, total_threads: 0, unread_threads: 0 };
  list.push(row);
  return toMailbox(row);
}

/** Nothing lies in Recall, and nothing else is called so: nobody makes one of their own by mistake. */
function checkBesideRecall(setting: Setting, { name, parentId }: Record<string, unknown>): void {
  const { recall, reserved } = setting;
  if (typeof parentId === 'string') return refuseRecallBox(resolve(setting, parentId), recall, IT_STAYS);
  if (!reserved || typeof name !== 'string' || !isNamedRecall({ name, parent_id: null })) return;
  const [box] = recall;
  // Of another's: what is moved there would only lie there, and their own Recall be gone.
  if (!box) throw new SetFault('forbidden', YOUR_OWN);
  throw new SetFault('alreadyExists', 'Recall is what takes messages back: give it another name.', {
    existingId: `f${box.id}`,
  });
}

/** Answers what the client does not know: null for nothing. */
async function updateOne(
  setting: Setting,
  id: string,
  patch: Record<string, unknown>,
): Promise<Record<string, unknown> | null> {
  const { tx, at, list } = setting;
  const row = find(setting, id);
  const current = toMailbox(row);
  const unknown = Object.keys(patch).filter((path) => !MAILBOX_PROPERTIES.includes(path.split('/')[0] ?? ''));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const wanted = applyPatch(current, patch, DEFAULTS);
  const changed = Object.keys(unlike(current, wanted));
  const fixed = changed.filter((name) => !SETTABLE.includes(name));
  if (fixed.length > 0) throw invalidProperties(fixed, 'Cannot be changed.');
  checkBesideRecall(setting, wanted);
  const box = checkMailbox(wanted, row.id, list, (parent) => resolve(setting, parent), setting.together);
  if (row.id <= SYSTEM_MAILBOXES && changed.some((name) => ['name', 'parentId', 'role'].includes(name))) {
    throw new SetFault('forbidden', 'This mailbox keeps its name, place and role.');
  }
  await updateMailbox(tx, { ...at, modseq: await nextModseq(setting) }, { id: row.id, ...box });
  Object.assign(row, box);
  const more = unlike(wanted, toMailbox(row));
  return Object.keys(more).length === 0 ? null : more;
}

/** Children named before or after their parent: those without children go first. */
async function destroyAll(setting: Setting, destroy: string[], removeEmails: boolean): Promise<void> {
  const { result } = setting;
  const given = new Map(destroy.map((one) => [resolve(setting, one), one]));
  const byId = new Map(setting.list.map((row) => [row.id, row]));
  const depths = new Map(setting.list.map(({ id }) => [`f${id}`, depthOf(id, byId)]));
  const deepestFirst = [...given.keys()].toSorted((a, b) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0));
  for (const id of deepestFirst) {
    await attempt(given.get(id) ?? id, result.notDestroyed, async () => {
      await undoable(setting.tx, () => destroyOne(setting, id, removeEmails));
      result.destroyed.push(id);
    });
  }
}

async function destroyOne(setting: Setting, id: string, removeEmails: boolean): Promise<void> {
  const { tx, at, list } = setting;
  const row = find(setting, id);
  if (row.id <= SYSTEM_MAILBOXES) throw new SetFault('forbidden', 'Every account keeps this mailbox.');
  if (list.some((one) => one.parent_id === row.id)) throw new SetFault('mailboxHasChild');
  if (row.total > 0 && !removeEmails) throw new SetFault('mailboxHasEmail');
  if (row.total > 0) {
    await removeCopies(tx, at, { mailbox: row.id, all: true });
    const { list: left } = await mailboxesOf(tx, at, false);
    // What a recall covers is not its owner's to remove: the mailbox has to stay until that is decided.
    if (left.some((one) => one.id === row.id && one.total > 0)) {
      throw new SetFault('mailboxHasEmail', 'Something in it is just being recalled. Try again.');
    }
  }
  await deleteMailbox(tx, { ...at, modseq: await nextModseq(setting) }, row.id);
  list.splice(list.indexOf(row), 1);
}
