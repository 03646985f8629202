// Inbox rules at acceptance: what the recipients' rules say of a message, before it is anybody's.
//
// Rules run once, in the transaction that accepts the message, as they stand then, like the expansion of a group. So every
// delivery that a redirect makes exists when the message does, and a recall, which needs a message to be there, finds them
// all: no gate can come before one, no scope or total can miss one, whenever copies follow (P2, P5). What is left for a
// later batch is where a copy goes and which flags it has (rule_effect): that is put down here and taken up under the
// account's lock, in the transaction that makes the copy. The interleavings that remain are the fan-out's own: gate
// before the batch, then the delivery is covered and its effect waits with it; batch before the gate, then the copy is in
// the mailbox of the rule and the sweep finds it there by message and account.
//
// Loops: an account's rules run once a message, and an account has one delivery of it, so a ring of redirects inside ends
// where it began. One that goes outside is marked with Delivered-To (RFC 9228) on its way out; rules of an account that
// finds its own address there, or 100 Received fields, send nothing on.

import { factsOf, runRules, type MessageFacts } from '../mail/rules.ts';
import { domainOf } from '../mail/address.ts';
import type { ParsedMessage } from '../mail/message.ts';
import type { Transaction } from '../store/postgres.ts';
import {
  reachedAlready,
  redirectTargets,
  ruledAmong,
  type Redirect,
  type RuledAccount,
  type RuleEffect,
} from '../store/rules.ts';

/** An account that a message is to be delivered to and that has rules, with the delivery that led there. */
export interface Bearer extends RuledAccount {
  /** Number of the delivery that the sender's naming led to. */
  root: number;
  /** The way as the sender sees it: the root's group, else the root's address. */
  way: string;
}

export interface Ruled {
  effects: RuleEffect[];
  /** Numbered from `from` on: inside first, by ascending account. */
  redirects: Redirect[];
}

/** Redirects of redirects of … this many times. */
const LONGEST_CHAIN = 10;

export async function applyRules(
  tx: Transaction,
  tenant: number,
  message: { parsed: ParsedMessage; bytes: Uint8Array; size: number },
  bearers: Bearer[],
  numbers: {
    /** The first number that is free. */
    from: number;
    /** Those of these that the message goes to anyhow. */
    reached: (accounts: number[], addresses: string[]) => Promise<{ accounts: number[]; addresses: string[] }>;
  },
): Promise<Ruled> {
  const effects: RuleEffect[] = [];
  const inside = new Map<number, Omit<Redirect, 'n'>>();
  const outside = new Map<string, Omit<Redirect, 'n'>>();
  const facts = factsOf(message.parsed, message.bytes, message.size);
  let round = bearers;
  for (let length = 0; length < LONGEST_CHAIN && round.length > 0; length++) {
    const wanted: { by: Bearer; to: string }[] = [];
    for (const bearer of round) {
      const { mailbox, flags, redirectTo } = runRules(bearer.rules, facts);
      if (mailbox !== null || flags !== 0) effects.push({ account: bearer.account, mailbox, flags });
      if (sendsOn(bearer, facts)) wanted.push(...redirectTo.map((to) => ({ by: bearer, to })));
    }
    if (wanted.length === 0) break;
    const targets = await redirectTargets(tx, tenant, [...new Set(wanted.map(({ to }) => to))]);
    const found = [...targets.values()];
    const reached = await numbers.reached(
      found.flatMap(({ account }) => account ?? []),
      found.filter((one) => !one.inside).map((one) => one.given),
    );
    const added: { account: number; by: Bearer }[] = [];
    for (const { by, to } of wanted) {
      const target = targets.get(to);
      const redirect = { via: by.way, of: by.root };
      if (target?.account && target.address !== null) {
        if (inside.has(target.account) || reached.accounts.includes(target.account)) continue;
        const { account, address } = target;
        inside.set(account, { ...redirect, account, recipient: address, forwardTo: null, forwardBy: null });
        added.push({ account, by });
      } else if (target && !target.inside && !outside.has(to) && !reached.addresses.includes(to)) {
        outside.set(to, { ...redirect, account: null, recipient: inWords(by), forwardTo: to, forwardBy: by.address });
      } // else: an address of ours that leads to nobody any more
    }
    const next = new Map(added.map((one) => [one.account, one.by]));
    round = (await ruledAmong(tx, tenant, [...next.keys()])).flatMap((ruled) => {
      const by = next.get(ruled.account);
      return by ? [{ ...ruled, root: by.root, way: by.way }] : [];
    });
  }
  const sorted = [...inside.values()].toSorted((a, b) => (a.account ?? 0) - (b.account ?? 0));
  const redirects = [...sorted, ...outside.values()].map((one, i): Redirect => ({ ...one, n: numbers.from + i }));
  return { effects, redirects };
}

function sendsOn({ address }: Bearer, { deliveredTo, goingRound }: MessageFacts): boolean {
  return !goingRound && !deliveredTo.has(address);
}

/** What everybody but the server that sends it is shown in the place of an address outside. */
export function inWords({ name, address }: Pick<RuledAccount, 'name' | 'address'>): string {
  const who = name.includes('@') || name === '' ? address.slice(0, -domainOf(address).length - 1) : name;
  return `forwarded outside by a rule of ${who}`;
}

/** For messages whose deliveries are in the database already. */
export function reachedInStore(
  tx: Transaction,
  at: { tenant: number; message: number },
): (accounts: number[], addresses: string[]) => Promise<{ accounts: number[]; addresses: string[] }> {
  return async (accounts, addresses) => {
    const rows = await reachedAlready(tx, at, accounts, addresses);
    return {
      accounts: rows.flatMap((row) => row.account_id ?? []),
      addresses: rows.filter((row) => row.account_id === null).map((row) => row.recipient),
    };
  };
}
