// A tenant's policy as an administrator sets it: each setting with what it means and what it may be.

import { canonicalAddress } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { DEFAULT_POLICY, policyOf, type Policy } from '../mail/policy.ts';

export { DEFAULT_POLICY, policyOf, type Policy };

/** What a setting may be. */
interface Kind {
  check: (value: unknown) => boolean;
  /** Reads it as it is written; what it cannot read it leaves as it is, for `check` to refuse. */
  read: (text: string) => unknown;
  /** In words, after "takes". */
  takes: string;
  /** For a form: what kind of value it is, and within what. */
  form: SettingForm;
}

export type SettingForm =
  | { type: 'boolean' }
  | { type: 'choice'; choices: readonly string[] }
  | { type: 'number'; of: string; least: number; most: number }
  | { type: 'addresses' };

const yesNo: Kind = {
  check: (value) => typeof value === 'boolean',
  read: (text) => (/^(?:true|yes)$/.test(text) ? true : /^(?:false|no)$/.test(text) ? false : text),
  takes: 'true or false',
  form: { type: 'boolean' },
};

function oneOf(...words: string[]): Kind {
  return {
    check: (value) => typeof value === 'string' && words.includes(value),
    read: (text) => text,
    takes: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    form: { type: 'choice', choices: words },
  };
}

function number(of: string, least: number, most: number): Kind {
  return {
    check: (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
    read: (text) => (/^\d+$/.test(text) ? Number(text) : text),
    takes: `a number of ${of} from ${least} to ${most}`,
    form: { type: 'number', of, least, most },
  };
}

const addresses: Kind = {
  check: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string' && canonicalAddress(one) !== null),
  read: (text) => text.split(/[\s,]+/).filter((one) => one !== ''),
  takes: 'addresses, with commas between them',
  form: { type: 'addresses' },
};

/** Every setting: what it may be, and a sentence of explanation. */
export const POLICY_SETTINGS: Readonly<Record<keyof Policy, Kind & { help: string }>> = {
  enabled: { ...yesNo, help: 'Whether anyone may recall at all.' },
  maxAgeDays: { ...number('days', 0, 36_500), help: 'How long after sending a sender may recall.' },
  readCopies: { ...oneOf('keep', 'sender-chooses'), help: 'Whether a sender may take back copies that were read.' },
  recipientConsent: {
    ...oneOf('not-needed', 'recipient-decides'),
    help: 'Whether recipients may decline recalls.',
  },
  processedCopies: { ...oneOf('recall', 'keep'), help: 'What happens to copies that were filed out of the Inbox.' },
  notices: { ...oneOf('all', 'noticed-only', 'none'), help: 'Where a notice stands in place of a recalled copy.' },
  reasonInNotices: { ...yesNo, help: "Whether notices quote the sender's reason." },
  protectedRecipients: { ...addresses, help: 'Mailboxes whose copies are never taken back.' },
  holdOutsideSeconds: {
    ...number('seconds', 0, 86_400),
    help: 'How long mail waits before it leaves the organisation.',
  },
  holdInsideSeconds: {
    ...number('seconds', 0, 86_400),
    help: 'How long mail waits before it is put into mailboxes inside.',
  },
  vaultRetentionDays: { ...number('days', 1, 36_500), help: 'How long recalled copies are kept for restoring.' },
  trackingRetentionDays: { ...number('days', 1, 36_500), help: 'How long deliveries and outcomes are kept.' },
  rateLimit: {
    ...number('recalls an hour', 0, 1_000_000),
    help: 'How often an account may recall; 0: as often as it likes.',
  },
  dualControl: { ...yesNo, help: "Whether an administrator's recall needs a second administrator to approve it." },
  alertAgeDays: {
    ...number('days', 0, 36_500),
    help: 'From what age of a message on administrators are mailed of its recall; 0: at none.',
  },
  alertRecipients: {
    ...number('recipients', 0, 100_000_000),
    help: 'From how many recipients on administrators are mailed of a recall; 0: for none.',
  },
  alertPerHour: {
    ...number('recalls', 0, 1_000_000),
    help: "From which of a person's recalls within an hour on administrators are mailed; 0: from none.",
  },
  alertReadCopies: { ...yesNo, help: 'Whether administrators are mailed of a recall that takes read copies.' },
  restoreWindowSeconds: {
    ...number('seconds', 0, 8_640_000),
    help: 'How long a sender may restore what they recalled.',
  },
  senderSees: { ...oneOf('outcome+exposure', 'outcome', 'counts'), help: 'What a report tells a sender.' },
  recallMailbox: { ...yesNo, help: 'Whether accounts have a mailbox that recalls what is moved into it.' },
  maxRecipients: {
    ...number('recipients', 1, 1_000_000),
    help: 'How many recipients a message may name; a group is one.',
  },
  maxMessageSize: { ...number('octets', 1024, 52_428_800), help: 'How large a message may be.' },
};

/** The stricter of two values, for somebody in two groups that differ. */
type Stricter<T> = (a: T, b: T) => T;

const less: Stricter<number> = (a, b) => Math.min(a, b);
const more: Stricter<number> = (a, b) => Math.max(a, b);
/** 0 is none at all. */
const lessOrNone: Stricter<number> = (a, b) => (a === 0 ? b : b === 0 ? a : Math.min(a, b));
const both: Stricter<boolean> = (a, b) => a && b;
const either: Stricter<boolean> = (a, b) => a || b;
const firstOf =
  <T>(...order: T[]): Stricter<T> =>
  (a, b) =>
    order.indexOf(a) <= order.indexOf(b) ? a : b;

/**
 * Settings that a group may have for what its members send; the others are of what comes to people, or of how long things
 * are kept, and hold for the whole organisation.
 */
export const GROUP_SETTINGS: { readonly [K in keyof Policy]?: Stricter<Policy[K]> } = {
  enabled: both,
  maxAgeDays: less,
  readCopies: firstOf<Policy['readCopies']>('keep', 'sender-chooses'),
  notices: firstOf<Policy['notices']>('all', 'noticed-only', 'none'),
  reasonInNotices: both,
  holdOutsideSeconds: more,
  holdInsideSeconds: more,
  rateLimit: lessOrNone,
  alertAgeDays: lessOrNone,
  alertRecipients: lessOrNone,
  alertPerHour: lessOrNone,
  alertReadCopies: either,
  restoreWindowSeconds: less,
  senderSees: firstOf<Policy['senderSees']>('counts', 'outcome', 'outcome+exposure'),
  maxRecipients: less,
  maxMessageSize: less,
};

/** A policy with what a member's groups have instead; where several of them set the same, the stricter holds. */
export function withGroups(policy: Policy, groups: Partial<Policy>[]): Policy {
  const merged: Record<string, unknown> = {};
  for (const [name, value] of groups.flatMap((group) => Object.entries(group))) {
    const stricter = GROUP_SETTINGS[name as keyof Policy] as Stricter<unknown> | undefined;
    if (stricter) merged[name] = Object.hasOwn(merged, name) ? stricter(merged[name], value) : value;
  }
  return { ...policy, ...merged };
}

/** What a group's row is to keep after a change. Throws Refusal `badPolicy`, also for a setting that no group has. */
export function changedGroupPolicy(stored: Partial<Policy>, change: Record<string, unknown>): Partial<Policy> {
  const whole = Object.keys(change).find(
    (name) => !Object.hasOwn(GROUP_SETTINGS, name) && Object.hasOwn(POLICY_SETTINGS, name),
  );
  if (whole !== undefined) throw new Refusal('badPolicy', `${whole} is the whole organisation's, not a group's.`);
  return changedPolicy(stored, change);
}

/**
 * What a tenant's row is to keep after a change: null takes a setting back to its default. Throws Refusal `badPolicy`
 * with a sentence that names the first setting that is wrong.
 */
export function changedPolicy(stored: Partial<Policy>, change: Record<string, unknown>): Partial<Policy> {
  for (const name of Object.keys(change)) settingOf(name);
  const merged = Object.entries({ ...stored, ...change }).filter(([, value]) => value !== null);
  return checkPolicy(Object.fromEntries(merged));
}

/** The same settings, checked. Throws Refusal `badPolicy` naming the first that is wrong. */
export function checkPolicy(given: Record<string, unknown>): Partial<Policy> {
  for (const [name, value] of Object.entries(given)) {
    const { check, takes } = settingOf(name);
    if (!check(value)) throw new Refusal('badPolicy', `${name} takes ${takes}, not ${JSON.stringify(value)}.`);
  }
  const { protectedRecipients, ...rest } = given as Partial<Policy>;
  if (!protectedRecipients) return rest;
  return { ...rest, protectedRecipients: protectedRecipients.map((one) => canonicalAddress(one) ?? one) };
}

/**
 * A setting's value as it is written: `yes`, `30`, `a@b.test,c@b.test`; `default` is null. Throws Refusal `badPolicy` if
 * there is no such setting; whether the value will do is for `checkPolicy` to say.
 */
export function readSetting(name: string, text: string): unknown {
  const { read } = settingOf(name);
  return text === 'default' ? null : read(text);
}

function settingOf(name: string): Kind {
  if (Object.hasOwn(POLICY_SETTINGS, name)) return POLICY_SETTINGS[name as keyof Policy];
  throw new Refusal('badPolicy', `There is no policy "${name}"; there are ${Object.keys(POLICY_SETTINGS).join(', ')}.`);
}
