// What an administrator's recall would meet: the dry run. It may count how far copies have got, which a sender's must not
// (docs/recall.md, Options): an administrator may take read copies, and every look is in the audit log. It never names who
// has read, and counts nobody among fewer than five.

import { appendAudit } from '../store/audit.ts';
import { expectedExposure, recallableMessage, type ExpectedExposure } from '../store/messages-found.ts';
import { isDelivered, previewCounts, type PreviewCounts } from '../store/outcomes.ts';
import { Refusal } from '../mail/errors.ts';
import { forwardsToTake, requireDuty, type AdminRecallRequest } from './administer.ts';
import { listedDeliveries } from './listed.ts';
import { audited, type RequestDeps } from './request.ts';

export interface AdminPreview extends Omit<PreviewCounts, 'heldUntil'> {
  total: number;
  /** Every delivery has ended: the counts stay so. */
  isDelivered: boolean;
  /** Copies inside whose owners are protected: they stay. */
  protected: number;
  /** How far those inside have got; null: they are fewer than five. */
  exposure: ExpectedExposure | null;
  /** Messages that forward it and would be taken along; null: not asked for. */
  forwards: { messageId: number; subject: string | null; total: number }[] | null;
  /** A second administrator has to approve it. */
  needsApproval: boolean;
}

/** Counts are never shown of fewer: they would name people. */
const LEAST_COUNTED = 5;

/** Throws Refusal `forbidden`, `notFound`, `unknownRecipient`. */
export async function previewAsAdministrator(
  deps: RequestDeps,
  request: Pick<AdminRecallRequest, 'actor' | 'message' | 'recipients' | 'forwards'>,
): Promise<AdminPreview> {
  const { store, people, clock } = deps;
  const { actor } = request;
  const { tenant } = actor;
  await audited(deps, actor, `message ${request.message}`, null, () => requireDuty(store, actor, 'recall'));
  const policy = await people.policy(tenant);
  const message = await recallableMessage(store, tenant, request.message);
  if (!message) throw new Refusal('notFound', 'There is no such message, or nobody was to get it.');
  const numbers =
    request.recipients && (await listedDeliveries(store, people, actor, message, request.recipients, true));
  const of = { tenant, message: message.id };
  const { heldUntil: _, ...counts } = await previewCounts(store, of, numbers);
  const { protected: kept, ...exposure } = await expectedExposure(store, of, numbers, policy.protectedRecipients);
  const forwards = request.forwards ? await forwardsToTake(store, tenant, message) : null;
  await store.transact(async (tx) =>
    appendAudit(tx, tenant, {
      at: clock(),
      actor: actor.address,
      action: 'recall.previewed',
      subject: message.message_id_header || `message ${message.id}`,
      detail: { recipients: request.recipients?.length ?? null, forwards: request.forwards },
    }),
  );
  return {
    ...counts,
    total: numbers === null ? message.total : numbers.length,
    isDelivered: await isDelivered(store, tenant, message.id),
    protected: kept,
    exposure: counts.inside < LEAST_COUNTED ? null : exposure,
    forwards: forwards && forwards.map(({ id, subject, total }) => ({ messageId: id, subject, total })),
    needsApproval: policy.dualControl,
  };
}
