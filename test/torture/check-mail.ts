// Mail as it was told: what was accepted is there, once, for everybody it was for, and nothing else is.

import type { Checked, Say } from './check.ts';
import type { Told } from './told.ts';

/** A delivery of a message that was sent, with what has become of it. */
interface DeliveryRow {
  token: string;
  n: number;
  recipient: string;
  inside: boolean;
  state: string;
  copies: number;
  vaulted: number;
  outcomes: string[];
  /** By the latest recall that took it back; null: none did. */
  last: { recall: number; restored: boolean; restore_asked: boolean } | null;
}

const TOKEN = `split_part(m.message_id_header, '@', 1)`;

/** P6: what was accepted is there, once; what was not answered, once or not at all; and nothing else. */
export async function checkSent({ sql, tenant, domain }: Checked, told: Told, say: Say): Promise<void> {
  const messages = await sql<{ token: string; messages: number; submissions: number; copies: number; bytes: number }>(
    `SELECT ${TOKEN} AS token, count(DISTINCT m.id)::int AS messages, count(DISTINCT s.id)::int AS submissions,
       count(c.uid)::int AS copies, (SELECT coalesce(sum(length(b.bytes)), 0) FROM blob b WHERE b.tenant_id = $1 AND b.id = min(m.blob_id))::int AS bytes
     FROM message m LEFT JOIN submission s ON s.tenant_id = m.tenant_id AND s.id = m.id
     LEFT JOIN copy c ON c.tenant_id = m.tenant_id AND c.message_id = m.id AND c.account_id = s.account_id AND c.mailbox_id = 3
     WHERE m.tenant_id = $1 AND m.subject LIKE 'tok%' AND m.message_id_header LIKE $2 GROUP BY 1`,
    [tenant, `%@${domain}`],
  );
  const there = new Map(messages.map((row) => [row.token, row]));
  for (const sent of told.sent) {
    const row = there.get(sent.token);
    if (sent.told && !row) say('P6: accepted, and not there', sent);
    // A draft stays as it was until it is sent, and is filed by its program only then.
    const mayWait =
      sent.isDraft && row && row.messages <= 2 && row.copies === 0 && (!sent.told || row.submissions === 1);
    if (
      row &&
      !mayWait &&
      (row.messages !== (sent.isDraft ? 2 : 1) || row.submissions !== 1 || row.copies !== 1 || row.bytes === 0)
    )
      say('P6: there more than once, or without its parts', row);
    there.delete(sent.token);
  }
  for (const token of there.keys()) say('a message that nobody sent', token);
}

/** For everybody that it was for: there once, or taken back, or destroyed by its owner. What was taken back stays so. */
export async function checkDelivered({ sql, tenant, domain }: Checked, told: Told, say: Say): Promise<void> {
  const person = (n: number): string => `p${n}@${domain}`;
  const everyone = Array.from({ length: told.people }, (_, i) => person(i + 1));
  const rows = await sql<DeliveryRow>(
    `SELECT ${TOKEN} AS token, d.n, d.recipient, d.account_id IS NOT NULL AS inside, d.state,
       (SELECT count(*)::int FROM copy c WHERE c.tenant_id = $1 AND c.message_id = m.id AND c.account_id = d.account_id AND c.delivery_n = d.n) AS copies,
       (SELECT count(*)::int FROM vault v WHERE v.tenant_id = $1 AND v.message_id = m.id AND v.n = d.n) AS vaulted,
       ARRAY(SELECT o.outcome::text FROM recall r JOIN outcome o ON o.tenant_id = $1 AND o.recall_id = r.id AND o.n = d.n
         WHERE r.tenant_id = $1 AND r.message_id = m.id ORDER BY r.id) AS outcomes,
       (SELECT jsonb_build_object('recall', r.id, 'restored', o.restored_at IS NOT NULL, 'restore_asked',
           EXISTS (SELECT FROM recall_restore x JOIN recall q ON q.tenant_id = $1 AND q.id = x.recall_id WHERE x.tenant_id = $1 AND q.message_id = m.id))
         FROM recall r JOIN outcome o ON o.tenant_id = $1 AND o.recall_id = r.id AND o.n = d.n
         WHERE r.tenant_id = $1 AND r.message_id = m.id AND o.outcome = 'recalled' ORDER BY r.id DESC LIMIT 1) AS last
     FROM message m JOIN submission s ON s.tenant_id = $1 AND s.id = m.id JOIN delivery d ON d.tenant_id = $1 AND d.message_id = m.id
     WHERE m.tenant_id = $1 AND m.subject LIKE 'tok%'`,
    [tenant],
  );
  const destroyed = new Set(told.destroyed.map((one) => `${one.who} ${one.token}`));
  const byToken = Map.groupBy(rows, (row) => row.token);
  for (const sent of told.sent) {
    const of = byToken.get(sent.token);
    if (!of) continue;
    const wanted = new Set(sent.recipients.flatMap((to) => (to === `everyone@${domain}` ? everyone : [to])));
    for (const to of wanted)
      if (!of.some((row) => row.recipient === to)) say('P6: accepted, and not for everybody', { sent, to });
    for (const row of of)
      if (!wanted.has(row.recipient) && !(row.recipient === person(2) && wanted.has(person(1))))
        say('for somebody to whom it was not sent', { sent, row });
  }
  for (const row of rows) {
    if (row.state === 'stopped' && !row.outcomes.some((one) => one === 'intercepted' || one === 'outside-unknown'))
      say('P6: never delivered, and not intercepted', row);
    if (!row.inside) continue;
    if (row.copies > 1) say('there more than once', row);
    if (row.state !== 'stopped' && row.state !== 'delivered') say('P6: not delivered inside', row);
    const mayBeGone = destroyed.has(`${row.recipient} ${row.token}`) || destroyed.has(`${row.recipient} *`);
    if (row.state === 'delivered' && row.copies === 0 && row.vaulted === 0 && !mayBeGone)
      say('P6: delivered, and neither there nor taken back', row);
    if (row.state === 'stopped' && row.copies > 0) say('P4: intercepted, and there', row);
    if (row.copies > 0 && row.last && !row.last.restored && !row.last.restore_asked)
      say('P5: taken back, and there again', row);
    if (row.copies > 0 && row.vaulted > 0) say('P5: taken back, and there as well', row);
  }
}

/** P5: what a program stored by itself is as it was, where it was: no recall touches it. */
export async function checkAppended({ sql, tenant }: Checked, told: Told, say: Say): Promise<void> {
  const rows = await sql<{ token: string; address: string; mailbox_id: number; uid: string; flags: number }>(
    `SELECT m.subject AS token, a.address, c.mailbox_id, c.uid, c.flags FROM message m JOIN copy c ON c.tenant_id = $1 AND c.message_id = m.id
       JOIN account a ON a.tenant_id = $1 AND a.id = c.account_id WHERE m.tenant_id = $1 AND m.subject LIKE 'app%z'`,
    [tenant],
  );
  const there = Map.groupBy(rows, (row) => row.token);
  for (const appended of told.appended) {
    const of = there.get(appended.token) ?? [];
    there.delete(appended.token);
    const [row] = of;
    if (of.length > 1 || (appended.uid !== null && of.length === 0))
      say('P6: appended, and there not once', { appended, of });
    else if (
      row &&
      (row.address !== appended.who ||
        row.mailbox_id !== 4 ||
        row.flags !== 3 ||
        (appended.uid ?? Number(row.uid)) !== Number(row.uid))
    )
      say('P5: appended, and changed by nobody of its own', { appended, row });
  }
  for (const token of there.keys()) say('a message that nobody appended', token);
}

/** P4, and nothing twice unless it is said that it may have been. */
export async function checkOutside({ sql, tenant, outside }: Checked, say: Say): Promise<void> {
  const arrivals = Map.groupBy(
    outside.received().flatMap((mail) => mail.to),
    (address) => address,
  );
  const rows = await sql<{
    recipient: string;
    address: string;
    state: string;
    maybe_sent: boolean;
    outcomes: string[];
  }>(
    `SELECT d.recipient, coalesce(d.forward_to, d.recipient) AS address, d.state, d.maybe_sent,
       ARRAY(SELECT o.outcome::text FROM outcome o JOIN recall r ON r.tenant_id = $1 AND r.id = o.recall_id
         WHERE o.tenant_id = $1 AND r.message_id = d.message_id AND o.n = d.n) AS outcomes
     FROM delivery d WHERE d.tenant_id = $1 AND d.account_id IS NULL AND d.recipient LIKE 'tok%'`,
    [tenant],
  );
  for (const row of rows) {
    const times = arrivals.get(row.address)?.length ?? 0;
    if (times > 1 && !row.maybe_sent) say('sent twice', { ...row, times });
    if (times > 0 && row.outcomes.some((one) => one === 'intercepted' || one === 'not-delivered'))
      say('P4: went out, and is called intercepted', { ...row, times });
    if (times === 0 && row.state === 'delivered' && !row.maybe_sent) say('called delivered, and never arrived', row);
  }
}
