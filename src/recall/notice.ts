// The notice: what stands where a recalled copy stood. Never anything of the original's subject or text.

import { domainOf } from '../mail/address.ts';
import { simpleMessage } from '../mail/mime/compose.ts';
import type { Policy } from '../mail/policy.ts';
import type { RecallRow } from '../store/recalls.ts';
import type { AccountInfo } from './ports.ts';

/** From whoever took it back; an administrator's is from the organisation, whoever had sent the message. */
export function composeNotice(recall: RecallRow, by: AccountInfo, policy: Policy): Buffer {
  const domain = domainOf(by.address);
  const from = recall.by_administrator
    ? { name: 'Administration', email: `postmaster@${domain}` }
    : { name: by.name || null, email: by.address };
  const who = recall.by_administrator ? 'An administrator of your organisation' : by.name || by.address;
  // Lists show the first words alone, in few characters: what matters comes first, and when comes last.
  const lines = [
    `${who} took this message back. You need do nothing.`,
    '',
    `Taken back on ${spelled(recall.created_at)}.`,
  ];
  if (policy.reasonInNotices && recall.reason) lines.push('', `Reason: ${recall.reason}`);
  return simpleMessage({
    from,
    to: [],
    subject: 'Message recalled',
    date: recall.created_at,
    messageId: `recall-${recall.id}.notice@${domain}`,
    text: `${lines.join('\r\n')}\r\n`,
    headers: [{ name: 'Auto-Submitted', value: 'auto-generated' }],
  });
}

// By name here: Intl.DateTimeFormat reads about every language there is, 8 MB, which the process then keeps.
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** "Saturday, 28 November 2026, 05:33 UTC": of those who read it, nobody's time is known. */
function spelled(at: Date): string {
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return `${DAYS[at.getUTCDay()]}, ${day}, ${at.toISOString().slice(11, 16)} UTC`;
}
