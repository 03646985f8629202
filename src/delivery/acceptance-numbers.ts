// What an acceptance delivers to whom, by number: the named recipients, those of groups, and those that rules make of them.

import { Refusal } from '../mail/errors.ts';
import { askOfGroups, insertExpanded, localDeliveries, reachedGroups, type NewDelivery } from '../store/deliveries.ts';
import type { Transaction } from '../store/postgres.ts';
import { insertRedirects, ruledOfMessage, type RuledAccount, type RuleEffect } from '../store/rules.ts';
import type { AcceptDeps } from './accept.ts';
import type { Acceptance } from './acceptance.ts';
import { wantsToKnow } from './notify.ts';
import { applyRules, reachedInStore, type Ruled } from './rules.ts';

/** Local recipients up to this many have their copies in the same transaction; more follow in batches. */
const AT_ONCE = 500;

/** A message with its numbers and its deliveries'. */
export interface Numbered {
  acceptance: Acceptance;
  id: number;
  sentId: number;
  total: number;
  outside: number;
  /** To be inserted; those of a group are there already. */
  deliveries: NewDelivery[];
  /** Local deliveries whose copies are made now. */
  now: { n: number; account: number }[];
  /** Local deliveries 1 … later follow. */
  later: number;
  /** What rules say of copies; and the local deliveries, by number, that rules made: `ofRules.first` … `ofRules.last`. */
  effects: RuleEffect[];
  ofRules: { first: number; last: number };
  /** Of `now`, those whose accounts have no room for it. */
  full: number[];
}

/** Numbers a message's deliveries: local ones by ascending account, then those outside. Groups are the database's. */
export async function numberDeliveries(
  { membersAtOnce }: AcceptDeps,
  tx: Transaction,
  tenant: number,
  at: Date,
  of: { acceptance: Acceptance; id: number; sentId: number },
  ruled: RuledAccount[],
): Promise<Numbered> {
  const { acceptance, id } = of;
  const { direct, outside, local, away } = acceptance;
  const { mailFrom } = acceptance.input;
  const atOnce = local.state === 'queued' && !acceptance.input.replaces;
  if (isExpanded(acceptance)) {
    const groups = await reachedGroups(tx, tenant, acceptance.groups);
    const counts = await insertExpanded(tx, tenant, { messageId: id, direct, groups, outside, local, away });
    await askOfGroups(tx, tenant, id, acceptance.groups);
    const inside = counts.total - counts.outside;
    if (counts.total === 0)
      throw new Refusal('noRecipients', 'The group that the message is addressed to has no members.');
    const now = atOnce && inside <= (membersAtOnce ?? AT_ONCE) ? await localDeliveries(tx, tenant, id, inside) : [];
    const numbered = { ...of, ...counts, deliveries: [], now, later: inside - now.length, ...UNRULED };
    if (acceptance.input.replaces) return numbered;
    const named = new Set(acceptance.groups.map((group) => group.address));
    const bearers = (await ruledOfMessage(tx, tenant, id)).map(({ n, via, ...account }) => ({
      ...account,
      root: n,
      way: via !== null && named.has(via) ? via : account.address,
    }));
    if (bearers.length === 0) return numbered;
    const reached = reachedInStore(tx, { tenant, message: id });
    return withRules(
      tx,
      tenant,
      numbered,
      await applyRules(tx, tenant, acceptance, bearers, { from: counts.total + 1, reached }),
    );
  }
  const deliveries = direct.map((to, i): NewDelivery => ({
    messageId: id,
    n: i + 1,
    accountId: to.account,
    ...(atOnce ? { state: 'delivered', dueAt: wantsToKnow(mailFrom, to.notify, 1) ? at : null } : local),
    recipient: to.address,
    via: to.via,
    notify: to.notify,
    originalRecipient: to.originalRecipient,
  }));
  for (const [i, to] of outside.entries()) {
    const n = direct.length + i + 1;
    deliveries.push({
      messageId: id,
      n,
      accountId: null,
      ...away,
      recipient: to.address,
      via: null,
      notify: to.notify,
      originalRecipient: to.originalRecipient,
    });
  }
  const now = atOnce ? direct.map(({ account }, i) => ({ n: i + 1, account })) : [];
  const numbered = {
    ...of,
    total: deliveries.length,
    outside: outside.length,
    deliveries,
    now,
    later: direct.length - now.length,
    ...UNRULED,
  };
  if (ruled.length === 0 || acceptance.input.replaces) return numbered;
  const numberOf = new Map(direct.map(({ account }, i) => [account, i + 1]));
  const bearers = ruled.flatMap((account) => {
    const root = numberOf.get(account.account);
    return root === undefined ? [] : [{ ...account, root, way: account.address }];
  });
  if (bearers.length === 0) return numbered;
  const rules = await applyRules(tx, tenant, acceptance, bearers, {
    from: deliveries.length + 1,
    reached: async (accounts, addresses) => ({
      accounts: accounts.filter((account) => numberOf.has(account)),
      addresses: addresses.filter((address) => outside.some(({ key }) => key === address)),
    }),
  });
  return withRules(tx, tenant, numbered, rules);
}

const UNRULED = { effects: [], ofRules: { first: 1, last: 0 }, full: [] };

/** Are its deliveries put in by the database? */
function isExpanded({ groups, direct }: Acceptance): boolean {
  return groups.length > 0 || direct.length > AT_ONCE;
}

/** Accounts that a message is to be delivered to whose rules are asked for together with those of others. */
export function numberedHere(acceptance: Acceptance): number[] {
  return isExpanded(acceptance) ? [] : acceptance.direct.map(({ account }) => account);
}

/** The same message with what rules make of it; their deliveries are inserted. */
async function withRules(tx: Transaction, tenant: number, numbered: Numbered, ruled: Ruled): Promise<Numbered> {
  const { acceptance, id, total, later } = numbered;
  const { effects, redirects } = ruled;
  if (redirects.length === 0) return { ...numbered, effects };
  await insertRedirects(tx, { tenant, message: id }, redirects, acceptance.local, acceptance.away);
  const inside = redirects.flatMap(({ n, account }) => (account === null ? [] : [{ n, account }]));
  return {
    ...numbered,
    total: total + redirects.length,
    outside: numbered.outside + redirects.length - inside.length,
    now: later > 0 ? numbered.now : [...numbered.now, ...inside],
    effects,
    ofRules: { first: total + 1, last: total + inside.length },
  };
}
