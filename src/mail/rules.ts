// Inbox rules, Outlook's basic ones. Pure: a rule set and what is known of a message in, what is to be done out.

import { TRASH } from './mailbox.ts';
import { FLAGGED, SEEN } from './keywords.ts';
import type { EmailAddress, ParsedMessage } from './message.ts';
import { isGoingRound } from './mime/trace.ts';
import { headerFields } from './mime/headers.ts';

/** All that are given hold; of a list of words, any. Words are found in any case, anywhere. None given: every message. */
export interface Conditions {
  /** In a name or address of From. */
  from?: string[];
  /** In a name or address of To or Cc. */
  to?: string[];
  subject?: string[];
  /** In the readable text. */
  body?: string[];
  hasAttachment?: boolean;
  /** Octets, at least; less than. */
  minSize?: number;
  maxSize?: number;
}

export interface Actions {
  /** Number of a mailbox of the account's. */
  moveTo?: number;
  markRead?: boolean;
  flag?: boolean;
  /** To the Trash. */
  delete?: boolean;
  /** Addresses of accounts inside, or outside; the message goes to them as it is, and stays here too. */
  redirectTo?: string[];
  /** No rule after this one is looked at. */
  stop?: boolean;
}

export interface Rule {
  conditions: Conditions;
  /** Any of them holds: the rule does not apply. */
  exceptions: Conditions;
  actions: Actions;
}

export interface MessageFacts {
  from: string;
  to: string;
  subject: string;
  body: string;
  hasAttachment: boolean;
  size: number;
  /** Canonical addresses whose rules have redirected it before (RFC 9228). */
  deliveredTo: ReadonlySet<string>;
  /** It has been through so many servers that no rule sends it on. */
  goingRound: boolean;
}

/** What a rule set wants done with a copy, and where else the message is to go. */
export interface RuleResult {
  /** Null: it stays in the Inbox. */
  mailbox: number | null;
  /** mail/keywords.ts. Marking as read by a rule opens nothing (docs/recall.md, Exposure). */
  flags: number;
  /** Each once, as the rules have them. */
  redirectTo: string[];
}

/** Addresses that one account's rules send one message on to. */
export const MOST_REDIRECTS = 10;

/** `bytes`: the header whole, and as much of the rest as is at hand; `size`: octets of all of it. */
export function factsOf(parsed: ParsedMessage, bytes: Uint8Array, size = bytes.length): MessageFacts {
  const { envelope } = parsed;
  const passed = headerFields(bytes).filter(({ name }) => name.toLowerCase() === 'delivered-to');
  return {
    from: people(envelope.from),
    to: people([...(envelope.to ?? []), ...(envelope.cc ?? [])]),
    subject: fold(envelope.subject ?? ''),
    body: fold(parsed.searchText),
    hasAttachment: parsed.hasAttachment,
    size,
    deliveredTo: new Set(passed.map(({ value }) => value.trim().toLowerCase())),
    goingRound: isGoingRound(bytes),
  };
}

/** Runs the rules in their order. Of several that move it, the first decides where to. */
export function runRules(rules: readonly Rule[], facts: MessageFacts): RuleResult {
  const result: RuleResult = { mailbox: null, flags: 0, redirectTo: [] };
  const redirects = new Set<string>();
  for (const { conditions, exceptions, actions } of rules) {
    if (!tests(conditions, facts).every(Boolean) || tests(exceptions, facts).some(Boolean)) continue;
    result.mailbox ??= actions.moveTo ?? (actions.delete ? TRASH : null);
    if (actions.markRead) result.flags |= SEEN;
    if (actions.flag) result.flags |= FLAGGED;
    for (const address of actions.redirectTo ?? []) redirects.add(address);
    if (actions.stop) break;
  }
  result.redirectTo = [...redirects].slice(0, MOST_REDIRECTS);
  return result;
}

/** One answer for each condition that is given. */
function tests(conditions: Conditions, facts: MessageFacts): boolean[] {
  const { from, to, subject, body, hasAttachment, minSize, maxSize } = conditions;
  const has = (words: string[], text: string): boolean => words.some((word) => text.includes(fold(word)));
  return [
    ...(from ? [has(from, facts.from)] : []),
    ...(to ? [has(to, facts.to)] : []),
    ...(subject ? [has(subject, facts.subject)] : []),
    ...(body ? [has(body, facts.body)] : []),
    ...(hasAttachment === undefined ? [] : [hasAttachment === facts.hasAttachment]),
    ...(minSize === undefined ? [] : [facts.size >= minSize]),
    ...(maxSize === undefined ? [] : [facts.size < maxSize]),
  ];
}

function people(list: EmailAddress[] | null): string {
  return fold((list ?? []).map(({ name, email }) => `${name ?? ''} <${email}>`).join('\n'));
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
