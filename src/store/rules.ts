// Inbox rules of accounts, and what they said of copies that are yet to be made.

import type { Actions, Conditions, Rule } from '../mail/rules.ts';
import type { AccountKey } from './exposure.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface RuleRow {
  id: number;
  name: string;
  enabled: boolean;
  sort_order: number;
  conditions: Conditions;
  exceptions: Conditions;
  actions: Actions;
  created_modseq: number;
  modseq: number;
  destroyed: boolean;
}

const COLUMNS =
  'id, name, enabled, sort_order, conditions, exceptions, actions, created_modseq, modseq, destroyed' as const;

/** All of an account's, those destroyed too, by number. */
export async function rulesOf(reader: Reader, at: AccountKey): Promise<RuleRow[]> {
  return reader.rows(`SELECT ${COLUMNS} FROM inbox_rule WHERE tenant_id = $1 AND account_id = $2 ORDER BY id`, [
    at.tenant,
    at.account,
  ]);
}

/** Inserts it, or puts it in the place of the one of its number. The account is locked and raised to its modseq. */
export async function putRule(tx: Transaction, at: AccountKey, row: RuleRow): Promise<void> {
  await tx.run(
    `INSERT INTO inbox_rule (tenant_id, account_id, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (tenant_id, account_id, id)
     DO UPDATE SET name = $4, enabled = $5, sort_order = $6, conditions = $7, exceptions = $8, actions = $9, modseq = $11, destroyed = $12`,
    [
      at.tenant,
      at.account,
      row.id,
      row.name,
      row.enabled,
      row.sort_order,
      JSON.stringify(row.conditions),
      JSON.stringify(row.exceptions),
      JSON.stringify(row.actions),
      row.created_modseq,
      row.modseq,
      row.destroyed,
    ],
  );
}

/** An account with rules that are to run, in their order. */
export interface RuledAccount {
  account: number;
  address: string;
  name: string;
  rules: Rule[];
}

const RULED = `a.id AS account, a.address, a.name,
  jsonb_agg(jsonb_build_object('conditions', r.conditions, 'exceptions', r.exceptions, 'actions', r.actions) ORDER BY r.sort_order, r.id) AS rules`;

const ACTIVE = `inbox_rule r JOIN account a ON a.tenant_id = r.tenant_id AND a.id = r.account_id`;

/** Those of these accounts that have rules: mostly none, which costs one look at an index. */
export async function ruledAmong(reader: Reader, tenant: number, accounts: number[]): Promise<RuledAccount[]> {
  if (accounts.length === 0) return [];
  return reader.rows(
    `SELECT ${RULED} FROM ${ACTIVE} WHERE r.tenant_id = $1 AND r.account_id = ANY ($2::int[]) AND r.enabled AND NOT r.destroyed
     GROUP BY a.id, a.address, a.name ORDER BY a.id`,
    [tenant, accounts],
  );
}

/** Accounts with rules that a message is to be delivered to, from the rules' side: of a million recipients few have any. */
export async function ruledOfMessage(
  reader: Reader,
  tenant: number,
  message: number,
): Promise<(RuledAccount & { n: number; via: string | null })[]> {
  return reader.rows(
    `SELECT ${RULED}, d.n, d.via FROM ${ACTIVE} JOIN delivery d ON d.tenant_id = r.tenant_id AND d.message_id = $2 AND d.account_id = r.account_id
     WHERE r.tenant_id = $1 AND r.enabled AND NOT r.destroyed GROUP BY a.id, a.address, a.name, d.n, d.via ORDER BY a.id`,
    [tenant, message],
  );
}

/** Where an address that a rule names leads to now. */
export interface RedirectTarget {
  given: string;
  /** Null: it is none of the tenant's accounts. */
  account: number | null;
  address: string | null;
  /** The address is the tenant's, or its domain is. */
  inside: boolean;
}

export async function redirectTargets(
  reader: Reader,
  tenant: number,
  addresses: string[],
): Promise<Map<string, RedirectTarget>> {
  const rows = await reader.rows<RedirectTarget>(
    `SELECT g.given, p.id AS account, p.address,
       a.address IS NOT NULL OR EXISTS (SELECT FROM domain h WHERE h.name = split_part(g.given, '@', -1) AND h.tenant_id = $1) AS inside
     FROM unnest($2::text[]) AS g (given)
     LEFT JOIN address a ON a.address = g.given AND a.tenant_id = $1
     LEFT JOIN account p ON p.tenant_id = $1 AND p.id = a.account_id`,
    [tenant, addresses],
  );
  return new Map(rows.map((row) => [row.given, row]));
}

/** A delivery that a rule makes. */
export interface Redirect {
  n: number;
  /** Null: outside. */
  account: number | null;
  /** The account's own address; for one outside, words that do not tell it. */
  recipient: string;
  via: string;
  /** The delivery that the sender's own naming led to. */
  of: number;
  forwardTo: string | null;
  forwardBy: string | null;
}

/** RFC 3461 NOTIFY=NEVER: what becomes of a redirect is not the sender's to be told of. */
const NEVER = 8;

export async function insertRedirects(
  tx: Transaction,
  at: { tenant: number; message: number },
  redirects: Redirect[],
  local: { state: 'held' | 'queued'; dueAt: Date | null },
  away: { state: 'held' | 'queued'; dueAt: Date | null },
): Promise<void> {
  await tx.run(
    `INSERT INTO delivery (tenant_id, message_id, n, account_id, state, due_at, recipient, via, notify, redirect_of, forward_to, forward_by)
     SELECT $1, $2, r.n, r.account_id, r.state, r.due_at, r.recipient, r.via, ${NEVER}, r.redirect_of, r.forward_to, r.forward_by
     FROM unnest($3::int[], $4::int[], $5::delivery_state[], $6::timestamptz[], $7::text[], $8::text[], $9::int[], $10::text[], $11::text[])
       AS r (n, account_id, state, due_at, recipient, via, redirect_of, forward_to, forward_by)`,
    [
      at.tenant,
      at.message,
      redirects.map((r) => r.n),
      redirects.map((r) => r.account),
      redirects.map((r) => (r.account === null ? away : local).state),
      redirects.map((r) => (r.account === null ? away : local).dueAt),
      redirects.map((r) => r.recipient),
      redirects.map((r) => r.via),
      redirects.map((r) => r.of),
      redirects.map((r) => r.forwardTo),
      redirects.map((r) => r.forwardBy),
    ],
  );
}

/** Those of these accounts and outside addresses that the message goes to already. */
export async function reachedAlready(
  reader: Reader,
  at: { tenant: number; message: number },
  accounts: number[],
  addresses: string[],
): Promise<{ account_id: number | null; recipient: string }[]> {
  return reader.rows(
    `SELECT account_id, lower(recipient) AS recipient FROM delivery WHERE tenant_id = $1 AND message_id = $2
       AND (account_id = ANY ($3::int[]) OR account_id IS NULL AND lower(recipient) = ANY ($4::text[]))`,
    [at.tenant, at.message, accounts, addresses],
  );
}

/** What rules said of one account's copy. */
export interface RuleEffect {
  account: number;
  /** Null: the Inbox. */
  mailbox: number | null;
  flags: number;
}

/** Of these, what can still be done: a mailbox that is gone is the Inbox. The accounts are locked. */
export async function possible(reader: Reader, tenant: number, effects: RuleEffect[]): Promise<RuleEffect[]> {
  const moved = effects.filter((effect) => effect.mailbox !== null);
  if (moved.length === 0) return effects;
  const rows = await reader.rows<{ account_id: number; id: number }>(
    `SELECT m.account_id, m.id FROM unnest($2::int[], $3::int[]) AS x (account_id, id)
     JOIN mailbox m ON m.tenant_id = $1 AND m.account_id = x.account_id AND m.id = x.id`,
    [tenant, moved.map((effect) => effect.account), moved.map((effect) => effect.mailbox)],
  );
  const there = new Set(rows.map((row) => `${row.account_id} ${row.id}`));
  return effects.map((effect) =>
    there.has(`${effect.account} ${effect.mailbox}`) ? effect : { ...effect, mailbox: null },
  );
}

/** For copies that follow. */
export async function keepEffects(
  tx: Transaction,
  tenant: number,
  message: number,
  effects: RuleEffect[],
): Promise<void> {
  await tx.run(
    `INSERT INTO rule_effect (tenant_id, message_id, account_id, mailbox_id, flags)
     SELECT $1, $2, * FROM unnest($3::int[], $4::int[], $5::smallint[])`,
    [
      tenant,
      message,
      effects.map((effect) => effect.account),
      effects.map((effect) => effect.mailbox),
      effects.map((effect) => effect.flags),
    ],
  );
}

/** Takes what rules said of copies that are made now. The accounts are locked. */
export async function takeEffects(
  tx: Transaction,
  tenant: number,
  message: number,
  accounts: number[],
): Promise<RuleEffect[]> {
  const effects = await tx.rows<RuleEffect>(
    `DELETE FROM rule_effect WHERE tenant_id = $1 AND message_id = $2 AND account_id = ANY ($3::int[])
     RETURNING account_id AS account, mailbox_id AS mailbox, flags`,
    [tenant, message, accounts],
  );
  return possible(tx, tenant, effects);
}
