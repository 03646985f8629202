// FETCH (RFC 9051 §6.4.5; RFC 3501 for RFC822 and its kind; RFC 7162 §3.1.4, §3.2.6; RFC 8474 §5; RFC 8514 §4.2; RFC 8970; RFC 9394 §3.3).

import { flagsOf, vanishedSince } from '../../store/mailbox-view.ts';
import { readByUid, type FetchedRow, type Give } from '../../store/mailbox-read.ts';
import { createBodies, type Bodies } from '../bodies.ts';
import { planOf, type Plan } from '../fetch-plan.ts';
import { showFlags } from '../flags.ts';
import { emailIdOf, threadIdOf } from '../ids.ts';
import { choose } from '../message-set.ts';
import { tellKeywords, toldOf } from '../news.ts';
import { isRecent } from '../recent.ts';
import { partOf } from '../returned.ts';
import { bad, no, ok, type Result } from '../replies.ts';
import { enableCondstore, given, tellsModseq, type Selected, type Session } from '../session.ts';
import type { Output } from '../output.ts';
import { selectedOf, type CommandOf, type Verb } from '../verb.ts';
import { bodyStructure, envelope } from '../../mail/mime/imap.ts';
import type { FetchItem } from '../wire/command.ts';
import { formatSequenceSet, has, resolve, setOf } from '../wire/sequence-set.ts';
import { dateTime, string } from '../wire/response.ts';

export const fetch: Verb<'FETCH'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, command) {
    const selected = selectedOf(session);
    const { uids: named, missing } = choose(selected, command.set, command.uid);
    const asked = command.partial ? partOf(named, command.partial) : named;
    // RFC 7162 §3.2.6.
    if (command.vanished && !session.enabled.has('QRESYNC')) throw bad('Enable QRESYNC first.');
    if (command.changedSince !== null || command.items.some(({ item }) => item === 'MODSEQ')) enableCondstore(session);
    const plan = planOf(command, tellsModseq(session));
    if (command.vanished) await tellVanished(session, selected, command);
    const uids =
      command.changedSince === null ? asked : await changedOf(session, selected, asked, command.changedSince);
    const shown =
      plan.give === 'existence'
        ? await showExistence(session, selected, plan, uids)
        : await showAll(session, selected, plan, uids);
    if (uids.length === selected.view.length && selected.view.gone.size === 0) toldOf(session, selected);
    return resultOf(command.uid, missing, shown, uids.length);
  },
};

/** recall.md: a covered copy is left out; NO only where nothing else was asked for. Of UIDs, silently. */
function resultOf(byUid: boolean, missing: boolean, shown: number, asked: number): Result {
  if (byUid || (shown === asked && !missing)) return ok('That is all.');
  if (shown === 0) throw no('EXPUNGEISSUED', 'They are gone.');
  return ok('That is all; some are gone.', 'EXPUNGEISSUED');
}

async function changedOf(session: Session, { at }: Selected, uids: number[], since: number): Promise<number[]> {
  const rows = await flagsOf(session.deps.store, at, uids);
  return rows.filter((row) => row.modseq > since).map((row) => row.uid);
}

/** RFC 7162 §3.2.6. */
async function tellVanished(session: Session, { at, view }: Selected, command: CommandOf<'FETCH'>): Promise<void> {
  const wanted = command.set === '$' ? [] : resolve(command.set, 0xffff_ffff);
  const gone = await vanishedSince(session.deps.store, at, command.changedSince ?? 0);
  const vanished = gone.filter((uid) => has(wanted, uid) && view.sequenceOf(uid) === 0);
  if (vanished.length > 0) session.out.line(`* VANISHED (EARLIER) ${formatSequenceSet(setOf(vanished))}`);
}

/** Answers how many were shown. */
async function showExistence(session: Session, selected: Selected, plan: Plan, uids: number[]): Promise<number> {
  const { deps, out } = session;
  const rows = plan.uidOnly
    ? uids.map((uid) => ({ uid, modseq: 0, flags: 0, keywords: null }))
    : await flagsOf(deps.store, selected.at, uids.length === selected.view.length ? null : uids);
  tellKeywords(session, selected, rows);
  let shown = 0;
  for (const row of rows) {
    const sequence = selected.view.sequenceOf(row.uid);
    if (sequence === 0) continue;
    out.ascii(`* ${sequence} FETCH (${plan.items.map((item) => existence(item.item, row, selected)).join(' ')})\r\n`);
    if ((++shown & 255) === 0) await out.more();
  }
  return shown;
}

/** The next ones are read while the ones before are written. Answers how many were shown. */
async function showAll(session: Session, selected: Selected, plan: Plan, uids: number[]): Promise<number> {
  const { deps, out } = session;
  const give = giveOf(session, selected, plan);
  const read = async (from: number): Promise<{ rows: FetchedRow[]; bodies: Bodies }> => {
    const some = uids.slice(from, from + plan.atOnce);
    const rows = await readByUid(deps.store, selected.at, some, plan.depths, give, deps.pause);
    return { rows, bodies: await createBodies(deps.blobs, selected.at.tenant, plan, rows) };
  };
  let shown = 0;
  let asked = 0;
  const ahead: ReturnType<typeof read>[] = [];
  while (asked < uids.length || ahead.length > 0) {
    for (; asked < uids.length && ahead.length < plan.ahead; asked += plan.atOnce) {
      const next = read(asked);
      next.catch(() => undefined); // it is awaited, unless the client goes away first
      ahead.push(next);
    }
    const { rows, bodies } = (await ahead.shift()) as Awaited<ReturnType<typeof read>>;
    if (plan.depths.includes('flags')) tellKeywords(session, selected, rows);
    for (const row of rows) {
      for (const item of plan.items) bodies.check(item, row);
      // Most of them wait for nothing: a promise for each costs more than the message.
      const waits = show(session, selected, plan, row, bodies);
      if (waits) await waits;
      const drained = out.more();
      if (drained) await drained;
    }
    shown += rows.length;
  }
  return shown;
}

function giveOf(session: Session, { readOnly }: Selected, { give }: Plan): Give {
  if (give === 'existence' || give === 'copy') return null;
  return give === 'opened' ? { what: give, readOnly, ...given(session) } : { what: give, ...given(session) };
}

type Existence = { uid: number; modseq: number; flags: number; keywords: string[] | null };

function existence(item: string, row: Existence, selected: Selected): string {
  if (item === 'UID') return `UID ${row.uid}`;
  return item === 'FLAGS' ? flagsItem(row, selected) : `MODSEQ (${row.modseq})`;
}

function flagsItem(row: Existence, selected: Selected): string {
  return `FLAGS ${showFlags(row, isRecent(selected, row.uid))}`;
}

function structureOf({ imap_structure, structure }: FetchedRow, extended: boolean): string {
  if (extended && typeof imap_structure === 'string') return imap_structure;
  return structure ? bodyStructure(structure, extended) : 'NIL';
}

/** One message. A promise where something of it has to be waited for. */
function show(
  session: Session,
  selected: Selected,
  plan: Plan,
  row: FetchedRow,
  bodies: Bodies,
): Promise<void> | undefined {
  const { out } = session;
  out.ascii(`* ${selected.view.sequenceOf(row.uid)} FETCH (`);
  const rest = (from: number): Promise<void> | undefined => {
    for (let i = from; i < plan.items.length; i++) {
      const item = plan.items[i] as FetchItem;
      if (i > 0) out.ascii(' ');
      const waits = showItem(out, selected, item, row, bodies);
      if (waits) return waits.then(() => rest(i + 1));
    }
    showSeen(session, selected, plan, row);
    out.ascii(')\r\n');
    return undefined;
  };
  return rest(0);
}

function showItem(
  out: Output,
  selected: Selected,
  item: FetchItem,
  row: FetchedRow,
  bodies: Bodies,
): Promise<void> | undefined {
  switch (item.item) {
    case 'UID':
    case 'FLAGS':
    case 'MODSEQ':
      out.ascii(existence(item.item, row, selected));
      break;
    case 'INTERNALDATE':
      out.ascii(`INTERNALDATE ${dateTime(row.received)}`);
      break;
    case 'RFC822.SIZE':
      out.ascii(`RFC822.SIZE ${row.size}`);
      break;
    case 'ENVELOPE':
      out.write(`ENVELOPE ${row.imap_envelope ?? (row.envelope ? envelope(row.envelope) : 'NIL')}`);
      break;
    case 'BODY':
    case 'BODYSTRUCTURE':
      out.write(`${item.item} ${structureOf(row, item.item === 'BODYSTRUCTURE')}`);
      break;
    case 'EMAILID':
      out.ascii(`EMAILID (${emailIdOf(row.message_id)})`);
      break;
    case 'THREADID':
      out.ascii(`THREADID (${threadIdOf(row.thread_id)})`);
      break;
    case 'SAVEDATE':
      out.ascii(`SAVEDATE ${dateTime(row.saved ?? row.received)}`);
      break;
    case 'PREVIEW':
      out.write(`PREVIEW ${string(row.preview ?? '')}`);
      break;
    default:
      return bodies.write(out, item, row);
  }
  return undefined;
}

/** RFC 9051 §6.4.5: a flag that the fetching has set is told. */
function showSeen(session: Session, selected: Selected, plan: Plan, row: FetchedRow): void {
  if (!row.seen_now) return;
  const { out } = session;
  (selected.own ??= new Map()).set(row.uid, row.modseq);
  if (!plan.items.some(({ item }) => item === 'FLAGS')) out.ascii(` ${flagsItem(row, selected)}`);
  if (tellsModseq(session) && !plan.items.some(({ item }) => item === 'MODSEQ')) out.ascii(` MODSEQ (${row.modseq})`);
}
