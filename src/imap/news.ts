// What has happened in the selected mailbox, told as the protocol allows (RFC 9051 §7.5.1): EXPUNGE or VANISHED, EXISTS,
// FETCH of changed flags.

import { mailboxNews, type MailboxNews } from '../store/mailbox-view.ts';
import { lookAgain, tellAdded, tellRemoved, type Update } from './context.ts';
import { allFlags, showFlags } from './flags.ts';
import { isRecent, takeRecent, tellRecent } from './recent.ts';
import { tellsModseq, type Selected, type Session } from './session.ts';
import { formatSequenceSet, setOf } from './wire/sequence-set.ts';

/** `expunges`: sequence numbers may change now. Does nothing where nothing has happened. */
export async function tellNews(session: Session, expunges: boolean): Promise<void> {
  const { selected } = session;
  if (!selected) return;
  let news: MailboxNews | undefined;
  let updates: Update[] = [];
  if (selected.stale) {
    selected.stale = false;
    try {
      news = await mailboxNews(session.deps.store, selected.at, selected.told);
      updates = await lookAgain(selected);
    } catch (error) {
      selected.stale = true; // it is still to be told
      throw error;
    }
    for (const uid of news?.gone ?? selected.view.all()) if (selected.view.sequenceOf(uid) > 0) selected.view.lose(uid);
  }
  tellRemoved(session, selected, updates);
  const expunged = expunges && tellGone(session, selected);
  if (news) tellChanges(session, selected, news);
  tellAdded(session, selected, updates);
  if (expunged) toldOf(session, selected);
}

function tellGone(session: Session, { view }: Selected): boolean {
  if (view.gone.size === 0) return false;
  const { sequences, uids } = view.remove();
  // RFC 7162 §3.2.10.
  if (session.enabled.has('QRESYNC')) session.out.line(`* VANISHED ${formatSequenceSet(setOf(uids))}`);
  else for (const sequence of sequences) session.out.line(`* ${sequence} EXPUNGE`);
  return true;
}

function tellChanges(session: Session, selected: Selected, news: MailboxNews): void {
  const { view, own } = selected;
  const last = view.lastUid;
  const added = news.changed.filter((row) => row.uid > last);
  if (added.length > 0) {
    view.append(added.map((row) => row.uid));
    session.out.line(`* ${view.length} EXISTS`);
    takeRecent(session, selected, news.first_recent, news.uid_next);
    tellRecent(session, selected);
  }
  tellKeywords(session, selected, news.changed);
  for (const row of news.changed) {
    if (row.uid > last || own?.get(row.uid) === row.modseq) continue;
    const sequence = view.sequenceOf(row.uid);
    if (sequence === 0) continue;
    const modseq = tellsModseq(session) ? ` MODSEQ (${row.modseq})` : '';
    session.out.line(
      `* ${sequence} FETCH (UID ${row.uid} FLAGS ${showFlags(row, isRecent(selected, row.uid))}${modseq})`,
    );
  }
  selected.told = news.modseq;
  selected.own = null;
}

/** The client knows now which messages there are: what is gone, it has been told of. */
export function toldOf(session: Session, { at, told }: Selected): void {
  void session.deps.told({ ...at, program: session.program, modseq: told });
}

/** RFC 9051 §7.3.5: a flag is announced before it is seen. */
export function tellKeywords(
  { out }: Session,
  selected: Selected,
  rows: readonly { keywords: string[] | null }[],
): void {
  const known = new Set(selected.keywords);
  for (const { keywords } of rows) for (const keyword of keywords ?? []) known.add(keyword);
  if (known.size === selected.keywords.length) return;
  selected.keywords = [...known];
  const flags = allFlags(selected.keywords);
  out.line(`* FLAGS ${flags}`);
  out.line(`* OK [PERMANENTFLAGS ${selected.readOnly ? '()' : `${flags.slice(0, -1)} \\*)`}] Flags that stay.`);
}
