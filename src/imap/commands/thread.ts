// THREAD (RFC 5256 §3).

import { searchForSort } from '../../store/mailbox-search.ts';
import { ok } from '../replies.ts';
import { findBy, toldHits } from '../search-filter.ts';
import { formatThreads, orderedSubject, references } from '../thread.ts';
import { selectedOf, type Verb } from '../verb.ts';
import { bad } from '../wire/fault.ts';

export const thread: Verb<'THREAD'> = {
  state: 'selected',
  news: 'unless by sequence',
  async run(session, { uid, algorithm, criteria }) {
    if (algorithm !== 'REFERENCES' && algorithm !== 'ORDEREDSUBJECT')
      throw bad('There is no such way to make threads.');
    const selected = selectedOf(session);
    const { view } = selected;
    const { deps } = session;
    const found = await findBy(deps, selected, criteria, searchForSort);
    const shown = toldHits(selected, found);
    const nodes = algorithm === 'REFERENCES' ? references(shown) : orderedSubject(shown);
    const text = formatThreads(nodes, (row) => (uid ? row.uid : view.sequenceOf(row.uid)));
    session.out.line(`* THREAD${text === '' ? '' : ` ${text}`}`);
    return ok('That is all.');
  },
};
