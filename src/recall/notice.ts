// The notice: what stands where a recalled copy stood. Never anything of the original's subject or text.

import { simpleMessage } from '../mail/mime/compose.ts';
import type { Policy } from '../mail/policy.ts';
import type { RecallRow } from '../store/recalls.ts';
import type { AccountInfo } from './ports.ts';

export function composeNotice(recall: RecallRow, sender: AccountInfo, policy: Policy): Buffer {
  const who = sender.name || sender.address;
  const when = recall.created_at.toISOString().slice(0, 16).replace('T', ' at ');
  const lines = [`${who} took this message back on ${when} UTC. You need do nothing.`];
  if (policy.reasonInNotices && recall.reason) lines.push('', `Reason: ${recall.reason}`);
  const domain = sender.address.slice(sender.address.lastIndexOf('@') + 1);
  return simpleMessage({
    from: { name: sender.name || null, email: sender.address },
    to: [],
    subject: 'Message recalled',
    date: recall.created_at,
    messageId: `recall-${recall.id}.notice@${domain}`,
    text: `${lines.join('\r\n')}\r\n`,
    headers: [{ name: 'Auto-Submitted', value: 'auto-generated' }],
  });
}
