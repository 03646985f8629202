// What JMAP's responses tell programs of changes in an account, for the report (recall/told.ts).

import type { Logger } from '../mail/log.ts';
import type { Store } from '../store/postgres.ts';
import { createTold, type Told } from '../recall/told.ts';
import type { Invocation } from './wire.ts';

export interface Tellings {
  told: Told;
  /** Tellings in the responses to a request: what says, or shows, which Emails there are. */
  answered(responses: Invocation[], tenant: number, program: string): Promise<void>;
}

export function createTellings(deps: { store: Store; clock: () => Date; log: Logger }): Tellings {
  const told = createTold(deps);

  return {
    told,
    async answered(responses, tenant, program) {
      const furthest = new Map<number, number>();
      for (const [name, result] of responses) {
        const account = Number(/^a(\d{1,9})$/.exec(String(result['accountId']))?.[1] ?? 0);
        const modseq = toldBy(name, result);
        if (account > 0 && modseq > (furthest.get(account) ?? 0)) furthest.set(account, modseq);
      }
      for (const [account, modseq] of furthest) await told({ tenant, account, program, modseq });
    },
  };
}

/** Up to which modseq a response tells what is gone; 0: it does not. */
function toldBy(name: string, result: Record<string, unknown>): number {
  const { newState, queryState, newQueryState, state, notFound } = result;
  switch (name) {
    case 'Email/changes':
    case 'Thread/changes':
      // Where "modseq.emailId" ends, not all of that modseq was told.
      return modseqOf(newState) - (String(newState).includes('.') ? 1 : 0);
    case 'Email/query':
      return modseqOf(queryState);
    case 'Email/queryChanges':
      return modseqOf(newQueryState);
    case 'Email/get':
      return Array.isArray(notFound) && notFound.length > 0 ? modseqOf(state) : 0;
    default:
      return 0;
  }
}

function modseqOf(state: unknown): number {
  return Number(/^\d{1,15}/.exec(String(state))?.[0] ?? 0);
}
