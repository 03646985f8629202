// What programs are told of changes in an account, for the report (recall.md: "when that program was told of the removal").
// There is nothing to be looked up where the program has heard nothing new since the last time.

import type { Logger } from '../mail/log.ts';
import type { Store } from '../store/postgres.ts';
import { recordTold, type Telling } from '../store/told.ts';

/** A program was told how an account stands. Resolves, whatever happens, once that is recorded. */
export type Told = (telling: Telling) => Promise<void>;

/** Programs remembered; one that is forgotten costs a look more. */
const REMEMBERED = 10_000;

export function createTold(deps: { store: Store; clock: () => Date; log: Logger }): Told {
  const { store, clock, log } = deps;
  const known = new Map<string, number>();

  return async (telling) => {
    const { tenant, account, program, modseq } = telling;
    const key = `${tenant} ${account} ${program}`;
    if ((known.get(key) ?? 0) >= modseq) return;
    try {
      await recordTold(store, telling, clock());
    } catch (error) {
      return log.warn({ err: error }, 'what a program was told was not recorded');
    }
    known.delete(key);
    known.set(key, modseq);
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED) break;
      known.delete(oldest);
    }
  };
}
