// The replacement: a submission of its own whose local deliveries wait until the recall has decided its recipients.
// `recalled`: it stands where the notice stood. Otherwise ordinary new mail. What the recall did not reach outside is
// not sent to.

import { canonicalAddress } from '../../mail/address.ts';
import { Refusal, Unavailable } from '../../mail/errors.ts';
import type { Logger } from '../../mail/log.ts';
import { lockAndRaise, raise } from '../../store/account-state.ts';
import { finishLocal } from '../../store/deliveries.ts';
import { deliverWaiting, uncoveredWaiting, waitingAccounts } from '../../store/placing.ts';
import { accountChanged, recallChanged } from '../../store/notify.ts';
import type { Store } from '../../store/postgres.ts';
import { recallById } from '../../store/recalls.ts';
import { recallOfReplacement, sweepWorkLeft, touchState } from '../../store/recall-progress.ts';
import { lockEarlierNotices, lockNotices, placeReplacements } from '../../store/restore.ts';
import { addWork, halveWork, takeWork, type Range } from '../../store/work.ts';
import type { AccountInfo, People, SubmitMail } from '../ports.ts';
import { isTheirs } from '../cancel.ts';
import { audited } from '../request.ts';

/** Deliveries a batch. */
const BATCH = 1000;

/** While the sweep runs, a replacement waits this long and looks again. */
const AGAIN_MS = 50;

export interface Replacement {
  mailFrom: string;
  recipients: string[];
  bytes: Buffer;
  /** What follows `bytes`; see delivery/accept.ts. */
  rest?: AsyncIterable<Buffer>;
  /** Octets of all of it; those of `bytes` by default. */
  size?: number;
  /** The draft that becomes the sent copy; null: one is made. */
  emailId: number | null;
  /** By which its program sends: one that does so by SMTP stores its own Sent copy. */
  source?: 'smtp' | 'jmap';
  /** Who sends it, where that is on the behalf of whom it is from. */
  sender?: { name: string | null; email: string };
}

/**
 * What accept would refuse, before anything is taken back for its sake. Throws Refusal `unknownRecipient`, `badAddress`,
 * `tooLarge`.
 */
export async function checkReplacement(
  people: People,
  tenant: number,
  mail: Pick<Replacement, 'recipients' | 'bytes' | 'size'>,
): Promise<void> {
  const { maxMessageSize } = await people.policy(tenant);
  if ((mail.size ?? mail.bytes.length) > maxMessageSize)
    throw new Refusal('tooLarge', `A message may have ${maxMessageSize} octets.`, { limit: maxMessageSize });
  for (const address of mail.recipients) {
    if (canonicalAddress(address) === null)
      throw new Refusal('badAddress', `"${address}" is not an address.`, { address });
    const target = await people.resolve(address);
    if (target.kind === 'unknown' && target.tenant === tenant)
      throw new Refusal('unknownRecipient', `There is no ${address} here.`, { address });
  }
}

/**
 * Sends `bytes` as the replacement of a recall, once. Throws Refusal `notFound`, `notReplace`, `alreadyReplaced`, and
 * what accept refuses. Answers the message's number.
 */
export async function sendReplacement(
  deps: {
    store: Store;
    people: People;
    submit: SubmitMail;
    clock: () => Date;
    /** Makes the recall's progress row, where a replacement is kept. */
    open: (tenant: number, id: number) => Promise<void>;
  },
  actor: AccountInfo,
  account: number,
  id: number,
  mail: Replacement,
): Promise<number> {
  const { store, people, submit } = deps;
  const { tenant } = actor;
  return audited(deps, actor, `r${id}`, account, async () => {
    const recall = await recallById(store, tenant, id);
    if (!recall || !(await isTheirs(people, actor, account, recall)))
      throw new Refusal('notFound', 'There is no such recall.');
    if (recall.mode !== 'replace') throw new Refusal('notReplace', 'This recall was made without a replacement.');
    if (recall.replacement_message_id !== null)
      throw new Refusal('alreadyReplaced', 'The replacement was sent before.');
    await deps.open(tenant, id);
    const { messageId } = await submit({
      tenant,
      origin: { kind: 'submission', account, submittedBy: actor.id, source: mail.source ?? 'jmap' },
      mailFrom: mail.mailFrom,
      recipients: mail.recipients.map((address) => ({ address })),
      bytes: mail.bytes,
      ...(mail.rest ? { rest: mail.rest } : {}),
      ...(mail.sender ? { sender: mail.sender } : {}),
      sentCopy: mail.emailId === null ? 'create' : { emailId: mail.emailId },
      replaces: { recallId: id, by: actor.address },
    });
    await store.transact(async (tx) => {
      await touchState(tx, tenant, id, (await raise(tx, tenant, recall.account_id)) ?? 0);
      accountChanged(tx.changes, tenant, recall.account_id);
      recallChanged(tx.changes, tenant, id);
      tx.changes.wake.add('sweep');
    });
    return messageId;
  });
}

export interface ReplaceDeps {
  store: Store;
  clock: () => Date;
  log: Logger;
  /** Barrier tests stop here: 'accounts-locked', 'applied'. */
  pause?: (point: string) => Promise<void>;
}

/** Does one batch; false: nothing is due. */
export async function replaceStep(deps: ReplaceDeps): Promise<boolean> {
  const { store, clock, log } = deps;
  let taken: Range | undefined;
  try {
    return await store.transact(async (tx) => {
      taken = await takeWork(tx, 'replace', clock());
      if (!taken) return false;
      const { tenant, of: message } = taken;
      const again = { notBefore: new Date(clock().getTime() + AGAIN_MS) };
      if (taken.to - taken.from >= BATCH) {
        await addWork(tx, 'replace', taken, BATCH);
        return true;
      }
      const recall = await recallOfReplacement(tx, tenant, message);
      const left = recall && (await sweepWorkLeft(tx, tenant, recall.id));
      if (!recall || !left || left.ranges > left.inFlight) {
        await addWork(tx, 'replace', taken, BATCH, again);
        return true;
      }
      const at = { tenant, message, from: taken.from, to: taken.to };
      const modseqs = await lockAndRaise(tx, tenant, await waitingAccounts(tx, at));
      await deps.pause?.('accounts-locked');
      const accounts = [...modseqs.keys()];
      // What a recall of the replacement itself covers is absent: its sweep decides it.
      const open = await uncoveredWaiting(tx, at);
      const deliveryOf = new Map(open.map((delivery) => [delivery.account_id, delivery.n]));
      const standing =
        recall.notice_message_id === null
          ? []
          : await lockNotices(tx, tenant, recall.id, recall.notice_message_id, accounts);
      const own = new Set(standing.map((notice) => notice.account_id));
      const without = accounts.filter((account) => deliveryOf.has(account) && !own.has(account));
      if (without.length > 0) standing.push(...(await lockEarlierNotices(tx, tenant, recall.id, without)));
      const first = new Map(
        standing.filter((notice) => deliveryOf.has(notice.account_id)).map((notice) => [notice.account_id, notice]),
      );
      const placed = [...first.values()];
      if (placed.length > 0) {
        const now = clock();
        await placeReplacements(tx, { tenant, message, now }, modseqs, placed, deliveryOf);
        const done = placed.map((notice) => deliveryOf.get(notice.account_id) ?? 0);
        await finishLocal(tx, { tenant, message, now }, done, 'delivered');
      }
      const others = open.filter((delivery) => !first.has(delivery.account_id));
      await deliverWaiting(tx, { tenant, message, now: clock() }, modseqs, others);
      if (accounts.length > 200) tx.changes.tenants.add(tenant);
      else for (const account of accounts) accountChanged(tx.changes, tenant, account);
      await deps.pause?.('applied');
      return true;
    }, 'batch');
  } catch (error) {
    if (!taken || error instanceof Unavailable) throw error;
    log.error({ err: error, message: taken.of }, 'a replacement batch failed');
    const range = taken;
    await store.transact((tx) => halveWork(tx, 'replace', range, new Date(clock().getTime() + 1000)), 'batch');
    return true;
  }
}
