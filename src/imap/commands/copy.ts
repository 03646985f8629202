// COPY and MOVE (RFC 9051 §6.4.7, §6.4.8; RFC 4315 §3).

import { isRecallBox, ONE_AT_A_TIME, recallMoved } from '../../recall/mailbox.ts';
import { copyAcross } from '../../store/email-across.ts';
import { copyCopies, moveCopies, removeCopies } from '../../store/email-change.ts';
import { lockAccounts } from '../../store/account-state.ts';
import { holdCopies, lockAccount } from '../../store/held-copies.ts';
import type { Transaction } from '../../store/postgres.ts';
import { octetsOf } from '../../store/quota.ts';
import { readByUid } from '../../store/mailbox-read.ts';
import { mailboxStatus } from '../../store/mailbox-view.ts';
import type { MailboxRow } from '../../store/mailboxes.ts';
import { findBox } from '../mailboxes.ts';
import { choose } from '../message-set.ts';
import { tellNews } from '../news.ts';
import { no, ok, type Result } from '../replies.ts';
import { checkRoom } from '../room.ts';
import { given, tellsModseq, userOf, type Selected, type Session } from '../session.ts';
import { selectedOf, writableOf, type CommandOf, type Verb } from '../verb.ts';
import { formatRuns } from '../wire/sequence-set.ts';

interface Target {
  account: number;
  mailbox: number;
}

/** Old UIDs, ascending, and the new one of each. */
interface Moved {
  from: number[];
  to: number[];
}

export const copy: Verb<'COPY'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, command) {
    const selected = selectedOf(session);
    const { target, validity, uids, missing } = await prepare(session, selected, command);
    const { at } = selected;
    const now = session.deps.clock();
    const done = await session.deps.store.inTurn(at, async (tx): Promise<Moved> => {
      await checkTarget(session, tx, at, uids, target);
      if (target.account === at.account) {
        const copied = await copyCopies(tx, { ...at, now }, { mailbox: at.mailbox, uids }, target.mailbox);
        await session.deps.pause?.('applied');
        return { from: copied.map((one) => one.of.uid), to: copied.map((one) => one.uid) };
      }
      return across(tx, session, selected, uids, target, false);
    });
    selected.stale = true;
    return answer(command, uids, missing, done, validity);
  },
};

export const move: Verb<'MOVE'> = {
  state: 'selected',
  news: 'none',
  async run(session, command) {
    const selected = writableOf(session);
    const box = await findBox(session, command.mailbox, 'TRYCREATE');
    if (isRecallBox(box.row)) return recall(session, selected, command, box.row);
    const { target, validity, uids, missing } = await prepare(session, selected, command);
    const { at } = selected;
    const now = session.deps.clock();
    const done = await session.deps.store.inTurn(at, async (tx): Promise<Moved> => {
      if (target.account === at.account) {
        const moved = await moveCopies(tx, { ...at, now }, { mailbox: at.mailbox, uids }, () => target.mailbox, true);
        await session.deps.pause?.('applied');
        return { from: moved.map((one) => one.from.uid), to: moved.map((one) => one.to.uid) };
      }
      await checkTarget(session, tx, at, uids, target);
      return across(tx, session, selected, uids, target, true);
    });
    const { code, ...result } = answer(command, uids, missing, done, validity);
    // RFC 6851 §4.3: before the EXPUNGEs.
    if (code?.startsWith('COPYUID')) session.out.line(`* OK [${code}] Moved.`);
    selected.stale = true;
    await tellNews(session, true);
    const told = tellsModseq(session) ? `HIGHESTMODSEQ ${selected.told}` : undefined;
    const last = code?.startsWith('COPYUID') ? told : code;
    return { ...result, ...(last === undefined ? {} : { code: last }) };
  },
};

/** Moved into Recall: taken back, and back in its place. */
async function recall(
  session: Session,
  selected: Selected,
  command: CommandOf<'MOVE'>,
  row: MailboxRow,
): Promise<Result> {
  const { uids, missing } = choose(selected, command.set, command.uid);
  if (uids.length > 1) throw no('LIMIT', ONE_AT_A_TIME);
  const { account } = selected.at;
  const [copy] = uids.length === 0 ? [] : await readByUid(session.deps.store, selected.at, uids, ['email'], null);
  const moved = copy && { actor: userOf(session), account, emailId: copy.email_id, box: row };
  const done = moved ? await recallMoved(session.deps, moved) : null;
  selected.stale = true;
  await tellNews(session, true);
  if (done !== null) return ok('It is being taken back; the report comes by mail.');
  if (command.uid || (uids.length === 0 && !missing)) return ok('There was nothing to be done.');
  throw no('EXPUNGEISSUED', 'It is gone.');
}

async function prepare(
  session: Session,
  selected: Selected,
  { mailbox, set, uid }: CommandOf<'COPY'>,
): Promise<{ target: Target; validity: number; uids: number[]; missing: boolean }> {
  const box = await findBox(session, mailbox, 'TRYCREATE');
  if (isRecallBox(box.row)) throw no('CANNOT', 'Move a message into it: a copy would stay.');
  const { tenant } = selected.at;
  const [status] = await mailboxStatus(session.deps.store, { tenant, account: box.account.id }, [box.row.id], false);
  if (!status) throw no('TRYCREATE', 'There is no such mailbox.');
  const target = { account: box.account.id, mailbox: box.row.id };
  return { target, validity: status.uid_validity, ...choose(selected, set, uid) };
}

/** Throws Refusal `overQuota`. */
async function checkTarget(
  session: Session,
  tx: Transaction,
  at: Selected['at'],
  uids: number[],
  { account }: Target,
): Promise<void> {
  const locking = { tx, accounts: [at.account, account] };
  await checkRoom(session, { tenant: at.tenant, account }, () => octetsOf(tx, at, uids), locking);
}

/** To another's mailbox: another Email, whose original has been handed to somebody (store/email-across.ts). */
async function across(
  tx: Transaction,
  session: Session,
  { at }: Selected,
  uids: number[],
  target: Target,
  moves: boolean,
): Promise<Moved> {
  await lockAccounts(tx, at.tenant, [at.account, target.account]);
  const held = await holdCopies(tx, at, { mailbox: at.mailbox, uids });
  const copied = await copyAcross(
    tx,
    { tenant: at.tenant, from: at.account, to: target.account },
    held.map((one) => one.email_id),
    () => ({ mailbox: target.mailbox, keywords: null, receivedAt: null }),
    given(session),
  );
  await session.deps.pause?.('applied');
  if (moves) {
    await lockAccount(tx, at);
    await removeCopies(tx, at, { emailIds: copied.map((one) => one.of.email_id) });
  }
  return { from: copied.map((one) => one.of.uid), to: copied.map((one) => one.uid) };
}

function answer(
  command: CommandOf<'COPY'>,
  uids: number[],
  missing: boolean,
  { from, to }: Moved,
  validity: number,
): ReturnType<typeof ok> {
  if (from.length === 0) {
    if (command.uid || (uids.length === 0 && !missing)) return ok('There was nothing to be done.');
    throw no('EXPUNGEISSUED', 'They are gone.');
  }
  return ok('Done.', `COPYUID ${validity} ${formatRuns(from)} ${formatRuns(to)}`);
}
