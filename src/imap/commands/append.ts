// APPEND (RFC 9051 §6.3.12; RFC 3502, RFC 4315 §3, RFC 6855 §4, RFC 7889). The messages came as streams before the command
// was whole: incoming.ts has them.

import { encodeNul } from '../../mail/mime/nul.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { keywordsOf } from '../flags.ts';
import { findBox } from '../mailboxes.ts';
import { isRecallRow } from '../recall-mailbox.ts';
import { no, ok } from '../replies.ts';
import type { Verb } from '../verb.ts';
import { formatSequenceSet, setOf } from '../wire/sequence-set.ts';

export const append: Verb<'APPEND'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox, messages }) {
    const { ids, clock, directory } = session.deps;
    const box = await findBox(session, mailbox, 'TRYCREATE');
    const { account, row } = box;
    if (isRecallRow(row)) throw no('CANNOT', 'Move a sent message into it; nothing is stored there.');
    const { maxMessageSize } = await directory.policy(account.tenant);
    if (messages.some((message) => message.content.size > maxMessageSize))
      throw no('TOOBIG', `A message may have ${maxMessageSize} octets.`);
    if (messages.some((message) => message.content.size === 0)) throw no('CANNOT', 'The message is empty.');
    const at = { tenant: account.tenant, account: account.id, mailbox: row.id };
    const now = clock();
    const numbers = await ids.take('message_id', messages.length);
    const made = messages.map(({ content, flags, date }, i) => {
      const came = session.incoming.take(content.stream);
      const read = parseMessage(came);
      const bytes = encodeNul(came, read.root);
      return {
        id: numbers[i] ?? 0,
        bytes,
        parsed: bytes === came ? read : parseMessage(bytes),
        receivedAt: date === null ? now : new Date(date),
        keywords: keywordsOf(flags),
      };
    });
    const { uids, uidValidity } = await session.deps.append({
      at,
      isSent: row.role === 'sent',
      messages: made,
      now,
    });
    if (session.selected) session.selected.stale = true;
    return ok('Stored.', `APPENDUID ${uidValidity} ${formatSequenceSet(setOf(uids))}`);
  },
};
