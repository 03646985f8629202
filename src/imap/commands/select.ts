// SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2; RFC 7162 §3.1 and §3.2.5; RFC 8474 §4.2).

import { isRecallBox } from '../../recall/mailbox.ts';
import { openMailbox, vanishedSince, flagsSince, type OpenedMailbox } from '../../store/mailbox-view.ts';
import { allFlags, showFlags } from '../flags.ts';
import { mailboxIdOf } from '../ids.ts';
import { findBox, tellOldName } from '../mailboxes.ts';
import { tellKeywords, toldOf } from '../news.ts';
import { isRecent, takeRecent, tellRecent } from '../recent.ts';
import { no, ok } from '../replies.ts';
import { expungeDeleted } from '../expunge.ts';
import { enableCondstore, isUtf8, leave, tellsModseq, userOf, type Selected, type Session } from '../session.ts';
import { selectedOf, type CommandOf, type Verb } from '../verb.ts';
import { View } from '../view.ts';
import type { QResync } from '../wire/command.ts';
import { bad } from '../wire/fault.ts';
import { formatSequenceSet, has, resolve, setOf } from '../wire/sequence-set.ts';
import { mailbox } from '../wire/response.ts';

export const select: Verb<'SELECT' | 'EXAMINE'> = {
  state: 'authenticated',
  news: 'none',
  async run(session, command) {
    if (command.qresync && !session.enabled.has('QRESYNC')) throw bad('Enable QRESYNC first.');
    if (session.selected) {
      leave(session);
      // RFC 9051 §7.1: what comes after it is of the new mailbox.
      session.out.line('* OK [CLOSED] The mailbox before is closed.');
    }
    if (command.condstore) enableCondstore(session);
    return open(session, command);
  },
};

async function open(session: Session, command: CommandOf<'SELECT'>): ReturnType<Verb<'SELECT'>['run']> {
  const { out, deps } = session;
  const box = await findBox(session, command.mailbox);
  const at = { tenant: box.account.tenant, account: box.account.id, mailbox: box.row.id };
  const opened = isRecallBox(box.row) ? NOTHING : await openMailbox(deps.store, at);
  if (!opened) throw no('NONEXISTENT', 'There is no such mailbox.');
  const readOnly = command.verb === 'EXAMINE';
  const view = new View(opened.uids);
  const selected: Selected = {
    at,
    name: box.name,
    readOnly,
    view,
    uidValidity: opened.uid_validity,
    told: opened.modseq,
    stale: false,
    keywords: opened.keywords,
    own: null,
    recent: [],
    contexts: null,
    saved: [],
  };
  takeRecent(session, selected, opened.first_recent, opened.uid_next);
  const flags = allFlags(opened.keywords);
  out.line(`* FLAGS ${flags}`);
  out.line(`* OK [PERMANENTFLAGS ${readOnly ? '()' : `${flags.slice(0, -1)} \\*)`}] Flags that stay.`);
  out.line(`* ${view.length} EXISTS`);
  tellRecent(session, selected);
  // RFC 3501 §6.3.1.
  if (!session.enabled.has('IMAP4REV2') && opened.first_unseen !== null)
    out.line(`* OK [UNSEEN ${view.sequenceOf(opened.first_unseen)}] The first unread message.`);
  out.line(`* OK [UIDVALIDITY ${opened.uid_validity}] UIDs are valid.`);
  out.line(`* OK [UIDNEXT ${opened.uid_next}] The next UID.`);
  out.line(`* OK [HIGHESTMODSEQ ${opened.modseq}] The newest change.`);
  out.line(`* OK [MAILBOXID (${mailboxIdOf(userOf(session), box.account, at.mailbox)})] Its id.`);
  // RFC 9051 §6.3.2.
  const name = box.name.normalize('NFC');
  if (name !== box.name) tellOldName(session, box.name);
  else if (session.enabled.has('IMAP4REV2')) out.line(`* LIST () "/" ${mailbox(name, isUtf8(session))}`);
  session.selected = selected;
  session.watch.add(at.tenant, at.account, session.watcher);
  // What came between the reading and the listening.
  selected.stale = true;
  if (command.qresync && command.qresync.uidValidity === opened.uid_validity)
    await resynchronise(session, selected, command.qresync);
  return ok(readOnly ? 'Opened for reading.' : 'Opened.', readOnly ? 'READ-ONLY' : 'READ-WRITE');
}

/** Recall: always empty. */
const NOTHING: OpenedMailbox = {
  modseq: 1,
  uid_validity: 1,
  uid_next: 1,
  first_recent: 1,
  uids: [],
  first_unseen: null,
  keywords: [],
};

/** RFC 7162 §3.2.5: what has gone and what has changed since the client was here. */
async function resynchronise(session: Session, selected: Selected, asked: QResync): Promise<void> {
  const { out, deps } = session;
  const { view, at } = selected;
  const gone = await vanishedSince(deps.store, at, asked.modseq);
  const known = asked.known && resolve(asked.known, 0xffff_ffff);
  const vanished = gone.filter((uid) => (!known || has(known, uid)) && view.sequenceOf(uid) === 0);
  if (vanished.length > 0) out.line(`* VANISHED (EARLIER) ${formatSequenceSet(setOf(vanished))}`);
  toldOf(session, selected);
  const changed = await flagsSince(deps.store, at, asked.modseq);
  // They are newer than what the mailbox was opened with.
  tellKeywords(session, selected, changed);
  for (const row of changed) {
    const sequence = view.sequenceOf(row.uid);
    if (sequence === 0 || (known && !has(known, row.uid))) continue;
    out.line(
      `* ${sequence} FETCH (UID ${row.uid} FLAGS ${showFlags(row, isRecent(selected, row.uid))} MODSEQ (${row.modseq}))`,
    );
    await out.more();
  }
}

/** RFC 9051 §6.4.1: what is marked as deleted goes, without a word. */
export const close: Verb<'CLOSE'> = {
  state: 'selected',
  news: 'none',
  async run(session) {
    const selected = selectedOf(session);
    const removed = selected.readOnly ? null : await expungeDeleted(session, selected, null);
    leave(session);
    const told = removed && removed.modseq > 0 && tellsModseq(session) ? `HIGHESTMODSEQ ${removed.modseq}` : undefined;
    return ok('Closed.', told);
  },
};

export const unselect: Verb<'UNSELECT'> = {
  state: 'selected',
  news: 'none',
  async run(session) {
    leave(session);
    return ok('Closed.');
  },
};
