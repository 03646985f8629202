// Copying between accounts of a tenant (RFC 8621 §4.7).

import type { Keywords } from '../mail/keywords.ts';
import { lockAccounts } from './account-state.ts';
import { appendCopies, type PlacedCopy } from './copies.ts';
import { holdCopies, type HeldCopy } from './held-copies.ts';
import type { Given } from './exposure.ts';
import type { Transaction } from './postgres.ts';

export interface Across {
  tenant: number;
  from: number;
  to: number;
}

/** Where a copy goes; keywords and date are the original's where they are null. */
export interface AcrossTarget {
  mailbox: number;
  keywords: Keywords | null;
  receivedAt: Date | null;
}

export interface AcrossCopy extends PlacedCopy {
  of: HeldCopy;
  /** Octets. */
  size: number;
}

/**
 * Copies Emails from one account to another; `targetOf` is asked for each that is visible there, null leaves it.
 * Somebody else may read the content now, so the original counts as downloaded. The copy is its new owner's making,
 * unless the message was delivered to them as well: then a recall finds this one too. Throws Refusal `noMailbox`.
 */
export async function copyAcross(
  tx: Transaction,
  { tenant, from, to }: Across,
  emailIds: number[],
  targetOf: (copy: HeldCopy) => AcrossTarget | null,
  given: Given,
): Promise<AcrossCopy[]> {
  await lockAccounts(tx, tenant, [from, to]);
  const chosen = (await holdCopies(tx, { tenant, account: from }, { emailIds })).flatMap((of) => {
    const target = targetOf(of);
    return target ? [{ of, target, receivedAt: target.receivedAt ?? of.received_at }] : [];
  });
  if (chosen.length === 0) return [];
  await tx.run(
    `UPDATE copy SET downloaded_at = coalesce(downloaded_at, $4), downloaded_by = coalesce(downloaded_by, $5)
     WHERE tenant_id = $1 AND account_id = $2 AND email_id = ANY ($3::bigint[]) AND delivery_n IS NOT NULL`,
    [tenant, from, chosen.map(({ of }) => of.email_id), given.now, given.program],
  );
  const messages = await tx.rows<{ id: number; size: number; n: number | null }>(
    `SELECT m.id, m.size, d.n FROM message m
     LEFT JOIN delivery d ON d.tenant_id = m.tenant_id AND d.message_id = m.id AND d.account_id = $2 AND d.state = 'delivered'
     WHERE m.tenant_id = $1 AND m.id = ANY ($3::bigint[])`,
    [tenant, to, chosen.map(({ of }) => of.message_id)],
  );
  const messageOf = new Map(messages.map((message) => [message.id, message]));
  const copied: AcrossCopy[] = [];
  for (const [mailbox, list] of Map.groupBy(chosen, ({ target }) => target.mailbox)) {
    const placed = await appendCopies(
      tx,
      { tenant, account: to, mailbox },
      list.map(({ of, target, receivedAt }) => ({
        messageId: of.message_id,
        threadId: of.thread_id,
        receivedAt,
        savedAt: given.now,
        keywords: target.keywords ?? { flags: of.flags, others: of.keywords },
      })),
    );
    list.forEach(({ of }, i) => {
      const copy = placed[i];
      if (copy) copied.push({ ...copy, of, size: messageOf.get(of.message_id)?.size ?? 0 });
    });
  }
  const delivered = copied.flatMap(({ emailId, of }) => {
    const n = messageOf.get(of.message_id)?.n ?? null;
    return n === null ? [] : [{ emailId, n }];
  });
  await tx.run(
    `UPDATE copy c SET delivery_n = x.n FROM unnest($3::bigint[], $4::int[]) AS x (email_id, n)
     WHERE c.tenant_id = $1 AND c.account_id = $2 AND c.email_id = x.email_id`,
    [tenant, to, delivered.map(({ emailId }) => emailId), delivered.map(({ n }) => n)],
  );
  return copied;
}
