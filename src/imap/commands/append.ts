// APPEND (RFC 9051 §6.3.12; RFC 3502, RFC 4315 §3, RFC 6855 §4, RFC 7889). The messages came as streams before the command
// was whole: incoming.ts has them.

import { encodeNul } from '../../mail/mime/nul.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { appendCopies } from '../../store/copies.ts';
import { lockAccount } from '../../store/held-copies.ts';
import { findThreads, writeMessages } from '../../store/messages.ts';
import { supersedeSentCopy } from '../../store/sent-copy.ts';
import { together } from '../../store/together.ts';
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
    const { store, ids, blobs, clock, directory } = session.deps;
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
    const made = messages.map(({ content }, i) => {
      const came = session.incoming.take(content.stream);
      const read = parseMessage(came);
      const bytes = encodeNul(came, read.root);
      return { id: numbers[i] ?? 0, bytes, parsed: bytes === came ? read : parseMessage(bytes) };
    });
    const { uids, validity } = await store.transact(async (tx) => {
      // One after the other on the wire, without waiting in between.
      const [, threads] = await together(lockAccount(tx, at), findThreads(tx, at.tenant, made));
      const stored = made.map(({ id }, i) => ({ id, threadId: threads.ids[i] ?? id }));
      await writeMessages(tx, blobs, at.tenant, made, threads, now);
      const placed = await appendCopies(
        tx,
        at,
        messages.map(({ flags, date }, i) => ({
          messageId: stored[i]?.id ?? 0,
          threadId: stored[i]?.threadId ?? 0,
          receivedAt: date === null ? now : new Date(date),
          savedAt: now,
          keywords: keywordsOf(flags),
        })),
      );
      for (const [i, { emailId }] of placed.entries()) {
        const messageIdHeader = made[i]?.parsed.envelope.messageId?.[0];
        if (row.role === 'sent' && messageIdHeader !== undefined)
          await supersedeSentCopy(tx, at, { messageIdHeader, emailId });
      }
      await session.deps.pause?.('applied');
      return { uids: placed.map((copy) => copy.uid), validity: placed[0]?.uidValidity };
    });
    if (session.selected) session.selected.stale = true;
    return ok('Stored.', `APPENDUID ${validity} ${formatSequenceSet(setOf(uids))}`);
  },
};
