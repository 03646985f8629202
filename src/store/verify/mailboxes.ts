// Mailboxes and copies: counters, UIDs, modseqs, tombstones.

import { SEEN } from '../../mail/keywords.ts';
import type { Check } from './check.ts';

/** The mailboxes that every account keeps: 1 Inbox … 6 Trash. */
const SYSTEM = 6;

/** Everything that bears a modseq, by account. */
const MODSEQS = [
  ['copy', 'account_id', 'greatest(modseq, email_id)'],
  ['tombstone', 'account_id', 'modseq'],
  ['mailbox', 'account_id', 'greatest(modseq, meta_modseq, created_modseq)'],
  ['mailbox_tombstone', 'account_id', 'modseq'],
  ['submission', 'account_id', 'greatest(modseq, created_modseq)'],
  ['recall_state', 'account_id', 'greatest(modseq, created_modseq)'],
  ['identity', 'account_id', 'greatest(modseq, created_modseq)'],
] as const;

export const MAILBOX_CHECKS: Check[] = [
  {
    name: 'mailbox-counters',
    says: 'total, unread and uid_next of a mailbox are what its copies say',
    sql: `SELECT m.account_id, m.id AS mailbox_id, m.total, m.unread, m.uid_next, coalesce(c.total, 0) AS copies, coalesce(c.unread, 0) AS unseen, c.highest
      FROM mailbox m LEFT JOIN (
        SELECT account_id, mailbox_id, count(*)::int AS total, (count(*) FILTER (WHERE flags & ${SEEN} = 0))::int AS unread, max(uid) AS highest
        FROM copy WHERE tenant_id = $1 GROUP BY account_id, mailbox_id) c ON c.account_id = m.account_id AND c.mailbox_id = m.id
      WHERE m.tenant_id = $1
        AND (m.total <> coalesce(c.total, 0) OR m.unread <> coalesce(c.unread, 0) OR m.uid_next <= coalesce(c.highest, 0))`,
  },
  {
    name: 'copy-in-mailbox',
    says: 'every copy is in a mailbox that is there',
    sql: `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id FROM copy c WHERE c.tenant_id = $1
      AND NOT EXISTS (SELECT FROM mailbox m WHERE m.tenant_id = $1 AND m.account_id = c.account_id AND m.id = c.mailbox_id)`,
  },
  {
    name: 'modseq-order',
    says: 'no modseq is ahead of its account’s',
    sql: MODSEQS.map(
      ([table, account, modseq]) =>
        `SELECT '${table}' AS what, x.account_id, x.modseq, s.modseq AS of_account
         FROM (SELECT ${account} AS account_id, max(${modseq}) AS modseq FROM ${table} WHERE tenant_id = $1 GROUP BY ${account}) x
         JOIN account_state s ON s.tenant_id = $1 AND s.account_id = x.account_id WHERE x.modseq > s.modseq`,
    ).join(' UNION ALL '),
  },
  {
    name: 'email-age',
    says: 'no copy was changed before its Email came into being',
    sql: `SELECT account_id, mailbox_id, uid, email_id, modseq FROM copy WHERE tenant_id = $1 AND email_id > modseq`,
  },
  {
    name: 'email-once',
    says: 'an Email is one copy',
    sql: `SELECT account_id, email_id, count(*)::int AS copies FROM copy WHERE tenant_id = $1 GROUP BY account_id, email_id HAVING count(*) > 1`,
  },
  {
    name: 'uid-once',
    says: 'a UID that is gone is never used again',
    sql: `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id FROM copy c JOIN tombstone t USING (tenant_id, account_id, mailbox_id, uid)
      WHERE c.tenant_id = $1`,
  },
  {
    name: 'tombstone-uid',
    says: 'what is gone had a UID that its mailbox had given',
    sql: `SELECT t.account_id, t.mailbox_id, t.uid, t.modseq, m.uid_next FROM tombstone t
      JOIN mailbox m ON m.tenant_id = $1 AND m.account_id = t.account_id AND m.id = t.mailbox_id
      WHERE t.tenant_id = $1 AND t.uid >= m.uid_next`,
  },
  {
    name: 'email-gone',
    says: 'an Email that is gone is gone',
    sql: `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id FROM copy c JOIN tombstone t USING (tenant_id, account_id, email_id)
      WHERE c.tenant_id = $1`,
  },
  {
    name: 'mailbox-gone',
    says: 'a mailbox that is gone is gone',
    sql: `SELECT m.account_id, m.id AS mailbox_id, m.name FROM mailbox m JOIN mailbox_tombstone t USING (tenant_id, account_id, id)
      WHERE m.tenant_id = $1`,
  },
  {
    name: 'mailbox-tree',
    says: 'every mailbox hangs, over its parents, from the top; two of one parent have two names, and a role is given once',
    sql: `WITH RECURSIVE hung (account_id, id) AS (
        SELECT account_id, id FROM mailbox WHERE tenant_id = $1 AND parent_id IS NULL
        UNION
        SELECT m.account_id, m.id FROM hung h JOIN mailbox m ON m.tenant_id = $1 AND m.account_id = h.account_id AND m.parent_id = h.id)
      SELECT 'not hung' AS what, m.account_id, m.id AS mailbox_id, m.name FROM mailbox m
        WHERE m.tenant_id = $1 AND NOT EXISTS (SELECT FROM hung h WHERE h.account_id = m.account_id AND h.id = m.id)
      UNION ALL
      SELECT 'same name', account_id, max(id), name FROM mailbox WHERE tenant_id = $1 GROUP BY account_id, parent_id, name HAVING count(*) > 1
      UNION ALL
      SELECT 'same role', account_id, max(id), role FROM mailbox WHERE tenant_id = $1 AND role IS NOT NULL GROUP BY account_id, role HAVING count(*) > 1`,
  },
  {
    name: 'account-whole',
    says: 'every account has its state, its own address and the mailboxes that it keeps, and nothing is left of one that is gone',
    sql: `SELECT a.id AS account_id, a.address, s.modseq, o.account_id AS address_leads_to, m.mailboxes
      FROM account a LEFT JOIN account_state s ON s.tenant_id = $1 AND s.account_id = a.id
        LEFT JOIN address o ON o.tenant_id = $1 AND o.address = a.address
        LEFT JOIN (SELECT account_id, count(*)::int AS mailboxes FROM mailbox WHERE tenant_id = $1 AND id <= ${SYSTEM} GROUP BY account_id) m ON m.account_id = a.id
      WHERE a.tenant_id = $1 AND (s.modseq IS NULL OR o.account_id IS DISTINCT FROM a.id OR m.mailboxes IS DISTINCT FROM ${SYSTEM})
      UNION ALL
      SELECT x.account_id, NULL, NULL, NULL, NULL FROM (
        SELECT account_id FROM account_state WHERE tenant_id = $1 UNION SELECT account_id FROM mailbox WHERE tenant_id = $1) x
      WHERE NOT EXISTS (SELECT FROM account a WHERE a.tenant_id = $1 AND a.id = x.account_id)`,
  },
  {
    name: 'address-leads',
    says: 'every address leads to an account or group of its own organisation, in one of its domains',
    sql: `SELECT d.address, d.account_id, d.group_id FROM address d WHERE d.tenant_id = $1 AND NOT (
        (d.account_id IS NULL OR EXISTS (SELECT FROM account a WHERE a.tenant_id = $1 AND a.id = d.account_id))
        AND (d.group_id IS NULL OR EXISTS (SELECT FROM mail_group g WHERE g.tenant_id = $1 AND g.id = d.group_id))
        AND EXISTS (SELECT FROM domain h WHERE h.tenant_id = $1 AND h.name = split_part(d.address, '@', -1)))`,
  },
];
