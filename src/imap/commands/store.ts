// STORE (RFC 9051 §6.4.6; RFC 7162 §3.1.3).

import { setKeywords, type KeywordsSet } from '../../store/email-change.ts';
import { ALL_BITS, keywordsOf, showFlags } from '../flags.ts';
import { choose } from '../message-set.ts';
import { tellKeywords } from '../news.ts';
import { isRecent } from '../recent.ts';
import { no, ok } from '../replies.ts';
import { enableCondstore, tellsModseq, type Selected, type Session } from '../session.ts';
import { writableOf, type CommandOf, type Verb } from '../verb.ts';
import { formatSequenceSet, setOf } from '../wire/sequence-set.ts';

export const store: Verb<'STORE'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, command) {
    const selected = writableOf(session);
    if (command.unchangedSince !== null) enableCondstore(session);
    const { uids, missing } = choose(selected, command.set, command.uid);
    const { set, modified } = await change(session, selected, uids, command);
    const done = new Map(set.map((one) => [one.copy.uid, one]));
    const rows = set.map(({ keywords }) => ({ keywords: keywords.others }));
    tellKeywords(session, selected, rows);
    tellFlags(session, selected, command, done);
    selected.stale = true;
    // What a gate covers is as if it were gone.
    const absent = uids.filter((uid) => !done.has(uid) && !modified.includes(uid));
    if (modified.length > 0) {
      const numbers = command.uid ? modified : modified.map((uid) => selected.view.sequenceOf(uid));
      return ok('Some have changed meanwhile.', `MODIFIED ${formatSequenceSet(setOf(numbers))}`);
    }
    if (command.uid || (absent.length === 0 && !missing)) return ok('Done.');
    if (done.size === 0) throw no('EXPUNGEISSUED', 'They are gone.');
    return ok('Done; some are gone.', 'EXPUNGEISSUED');
  },
};

/** The flags as they are now, or nothing, as `.SILENT` says; a modseq in any case (RFC 7162 §3.1.3). */
function tellFlags(
  session: Session,
  selected: Selected,
  { silent }: CommandOf<'STORE'>,
  done: ReadonlyMap<number, KeywordsSet>,
): void {
  const { view } = selected;
  const modseqs = tellsModseq(session);
  for (const [uid, { keywords, modseq, changed }] of done) {
    if (changed || !silent) (selected.own ??= new Map()).set(uid, modseq);
    const flags = showFlags({ flags: keywords.flags, keywords: keywords.others }, isRecent(selected, uid));
    const items = [`UID ${uid}`, ...(silent ? [] : [`FLAGS ${flags}`]), ...(modseqs ? [`MODSEQ (${modseq})`] : [])];
    if (items.length > 1) session.out.line(`* ${view.sequenceOf(uid)} FETCH (${items.join(' ')})`);
  }
}

async function change(
  session: Session,
  { at }: Selected,
  uids: number[],
  { how, flags, unchangedSince }: CommandOf<'STORE'>,
): Promise<{ set: KeywordsSet[]; modified: number[] }> {
  const words = keywordsOf(flags);
  const none = { flags: 0, others: null };
  return session.deps.store.inTurn(at, async (tx) => {
    const modified: number[] = [];
    const which = { mailbox: at.mailbox, uids };
    const set = await setKeywords(tx, { ...at, now: session.deps.clock() }, which, (copy) => {
      if (unchangedSince !== null && copy.modseq > unchangedSince) {
        modified.push(copy.uid);
        return null;
      }
      if (how === 'add') return { add: words, remove: none };
      if (how === 'remove') return { add: none, remove: words };
      return { add: words, remove: { flags: ALL_BITS, others: copy.keywords } };
    });
    await session.deps.pause?.('applied');
    return { set, modified };
  });
}
