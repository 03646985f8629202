// A tenant's policy as an administrator sets it: each setting with what it means and what it may be.

import { canonicalAddress } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { DEFAULT_POLICY, type Policy } from '../mail/policy.ts';

export { DEFAULT_POLICY, type Policy };

type Check = (value: unknown) => boolean;

const yesNo: Check = (value) => typeof value === 'boolean';
const oneOf =
  (...words: string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const number =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
const addresses: Check = (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && canonicalAddress(one) !== null);

/** Every setting: what it may be, and a sentence of explanation. */
export const POLICY_SETTINGS: { [K in keyof Policy]: { check: Check; takes: string; help: string } } = {
  enabled: { check: yesNo, takes: 'true or false', help: 'Whether anyone here may recall at all.' },
  maxAgeDays: { check: number(0, 36_500), takes: 'days', help: 'How long after sending a sender may recall.' },
  readCopies: { check: oneOf('keep', 'sender-chooses'), takes: 'keep or sender-chooses', help: 'Whether a sender may take back copies that were read.' },
  recipientConsent: { check: oneOf('not-needed', 'recipient-decides'), takes: 'not-needed or recipient-decides', help: 'Whether recipients may decline recalls.' },
  processedCopies: { check: oneOf('recall', 'keep'), takes: 'recall or keep', help: 'What happens to copies that were filed out of the Inbox.' },
  notices: { check: oneOf('all', 'noticed-only', 'none'), takes: 'all, noticed-only or none', help: 'Where a notice stands in place of a recalled copy.' },
  reasonInNotices: { check: yesNo, takes: 'true or false', help: "Whether notices quote the sender's reason." },
  protectedRecipients: { check: addresses, takes: 'addresses', help: 'Mailboxes whose copies are never taken back.' },
  holdOutsideSeconds: { check: number(0, 86_400), takes: 'seconds', help: 'How long mail waits before it leaves the organisation.' },
  holdInsideSeconds: { check: number(0, 86_400), takes: 'seconds', help: 'How long mail waits before it is put into mailboxes inside.' },
  vaultRetentionDays: { check: number(1, 36_500), takes: 'days', help: 'How long recalled copies are kept for restoring.' },
  trackingRetentionDays: { check: number(1, 36_500), takes: 'days', help: 'How long deliveries and outcomes are kept.' },
  rateLimit: { check: number(0, 1_000_000), takes: 'recalls an hour, 0 for no limit', help: 'How often an account may recall.' },
  restoreWindowSeconds: { check: number(0, 8_640_000), takes: 'seconds', help: 'How long a sender may restore what they recalled.' },
  senderSees: { check: oneOf('outcome+exposure', 'outcome', 'counts'), takes: 'outcome+exposure, outcome or counts', help: 'What a report tells a sender.' },
  recallMailbox: { check: yesNo, takes: 'true or false', help: 'Whether accounts have a mailbox that recalls what is moved into it.' },
  maxRecipients: { check: number(1, 1_000_000), takes: 'recipients', help: 'How many recipients a message may name; a group is one.' },
  maxMessageSize: { check: number(1024, 52_428_800), takes: 'octets', help: 'How large a message may be.' },
};

/** The same settings, checked. Throws Refusal `badPolicy` naming the first that is wrong. */
export function checkPolicy(given: Record<string, unknown>): Partial<Policy> {
  for (const [name, value] of Object.entries(given)) {
    const setting = POLICY_SETTINGS[name as keyof Policy];
    if (!Object.hasOwn(POLICY_SETTINGS, name)) throw new Refusal('badPolicy', `There is no policy "${name}".`);
    if (!setting.check(value)) throw new Refusal('badPolicy', `${name} takes ${setting.takes}.`);
  }
  const { protectedRecipients, ...rest } = given as Partial<Policy>;
  return protectedRecipients ? { ...rest, protectedRecipients: protectedRecipients.map((one) => canonicalAddress(one) ?? one) } : rest;
}
