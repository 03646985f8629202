// APPEND (RFC 9051 §6.3.12; RFC 3502, RFC 4315 §3, RFC 6855 §4, RFC 7889). The messages came as streams before the command
// was whole: incoming.ts has them.

import { encodeNul } from '../../mail/mime/nul.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { keywordsOf } from '../flags.ts';
import { findBox } from '../mailboxes.ts';
import { isRecallRow } from '../recall-mailbox.ts';
import { no, ok } from '../replies.ts';
import { checkRoom } from '../room.ts';
import type { Verb } from '../verb.ts';
import type { Appended } from '../append.ts';
import type { Session } from '../session.ts';
import type { Spooled } from '../../store/spool.ts';
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
    const octets = messages.reduce((sum, { content }) => sum + content.size, 0);
    await checkRoom(session, at, () => octets);
    const numbers = await ids.take('message_id', messages.length);
    const made: Appended['messages'] = [];
    for (const [i, { content, flags, date }] of messages.entries()) {
      made.push({
        id: numbers[i] ?? 0,
        ...(await read(session, at.tenant, session.incoming.take(content.stream))),
        receivedAt: date === null ? now : new Date(date),
        keywords: keywordsOf(flags),
      });
    }
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

/** What is in the store is read only where it may have to be written otherwise: a large message with NULs. */
async function read(
  { deps }: Pick<Session, 'deps'>,
  tenant: number,
  came: Buffer | Spooled,
): Promise<Pick<Appended['messages'][number], 'bytes' | 'parsed' | 'stored'>> {
  if (!Buffer.isBuffer(came) && !came.hasNul)
    return { bytes: came.kept, parsed: parseMessage(came.kept, came.cuts), stored: came };
  const whole = Buffer.isBuffer(came) ? came : await deps.blobs.read(tenant, came.blob);
  const parsed = parseMessage(whole);
  const bytes = encodeNul(whole, parsed.root);
  return { bytes, parsed: bytes === whole ? parsed : parseMessage(bytes) };
}
