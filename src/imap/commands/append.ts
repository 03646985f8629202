// APPEND (RFC 9051 §6.3.12; RFC 3502, RFC 4315 §3, RFC 6855 §4, RFC 7889). The messages came as streams before the command
// was whole: incoming.ts has them.

import { Refusal } from '../../mail/errors.ts';
import { encodeNul } from '../../mail/mime/nul.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { keywordsOf } from '../flags.ts';
import { checkBox } from '../incoming.ts';
import { placeOf, tellOldName } from '../mailboxes.ts';
import { no, ok } from '../replies.ts';
import { checkRoom } from '../room.ts';
import type { Verb } from '../verb.ts';
import type { Appended } from '../append.ts';
import type { Spooled } from '../../store/spool.ts';
import { userOf, type Session } from '../session.ts';
import { formatSequenceSet, setOf } from '../wire/sequence-set.ts';

export const append: Verb<'APPEND'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox, messages }) {
    const { ids, clock } = session.deps;
    const place = await placeOf(session.deps, userOf(session), mailbox);
    if (!place) throw no('TRYCREATE', 'There is no such mailbox.');
    const { account, path } = place;
    const octets = messages.reduce((sum, { content }) => sum + content.size, 0);
    if (messages.some((message) => message.content.size === 0)) throw no('CANNOT', 'The message is empty.');
    const at = { tenant: account.tenant, account: account.id };
    const now = clock();
    const limited = await checkRoom(session, at, () => octets);
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
    const stored = await session.deps
      .append({ at, path, messages: made, now, limited })
      .catch(async (error: unknown) => {
        if (error instanceof Refusal && error.reason === 'noMailbox') await checkBox(session, mailbox);
        throw error;
      });
    const { uids, uidValidity } = stored;
    if (session.selected) session.selected.stale = true;
    tellOldName(session, mailbox);
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
