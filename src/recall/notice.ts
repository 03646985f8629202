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
  const when = recall.created_at.toISOString().slice(0, 16).replace('T', ' at ');
  const lines = [`${who} took this message back on ${when} UTC. You need do nothing.`];
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
