// Which messages a command names.

import { bad } from './replies.ts';
import type { Selected } from './session.ts';
import type { MessageSet } from './wire/command.ts';

export interface Chosen {
  /** Ascending; without those of which the client would be told that they are gone. */
  uids: number[];
  /** A number was named that is gone. Of UIDs that is no news (RFC 9051 §6.4.9). */
  missing: boolean;
}

/** Throws BAD for a sequence number that there is not (RFC 9051 §6.4). */
export function choose({ view, saved }: Selected, set: MessageSet, uid: boolean): Chosen {
  const found = set === '$' ? view.ofUids(saved) : uid ? view.ofUids(set) : view.ofSequences(set);
  if (found === undefined) throw bad('There is no message of that number.');
  const uids = view.gone.size === 0 ? found : found.filter((one) => !view.gone.has(one));
  return { uids, missing: !uid && set !== '$' && uids.length < found.length };
}
