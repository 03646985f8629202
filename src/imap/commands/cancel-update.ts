// CANCELUPDATE (RFC 5267 §4.3.5).

import { ok } from '../replies.ts';
import { selectedOf, type Verb } from '../verb.ts';

export const cancelUpdate: Verb<'CANCELUPDATE'> = {
  state: 'selected',
  news: 'all',
  async run(session, { tags }) {
    const { contexts } = selectedOf(session);
    for (const tag of tags) contexts?.delete(tag);
    return ok('No more of it.');
  },
};
