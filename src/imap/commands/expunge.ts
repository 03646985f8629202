// EXPUNGE (RFC 9051 §6.4.3), UID EXPUNGE (RFC 4315 §2.1).

import { expungeDeleted } from '../expunge.ts';
import { choose } from '../message-set.ts';
import { tellNews } from '../news.ts';
import { ok } from '../replies.ts';
import { tellsModseq } from '../session.ts';
import { writableOf, type Verb } from '../verb.ts';

export const expunge: Verb<'EXPUNGE'> = {
  state: 'selected',
  news: 'none',
  async run(session, { uids }) {
    const selected = writableOf(session);
    await expungeDeleted(session, selected, uids === null ? null : choose(selected, uids, true).uids);
    selected.stale = true;
    await tellNews(session, true);
    // RFC 7162 §3.2.10: QRESYNC.
    return ok('Removed.', tellsModseq(session) ? `HIGHESTMODSEQ ${selected.told}` : undefined);
  },
};
