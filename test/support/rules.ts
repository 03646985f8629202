// Inbox rules put straight into the store.

import type { Actions, Conditions } from '../../src/mail/rules.ts';
import { putRule } from '../../src/store/rules.ts';
import type { Store } from '../../src/store/postgres.ts';

let last = 0;

/** Gives an account one more rule, after those it has. */
export async function addRule(
  store: Store,
  at: { tenant: number; account: number },
  actions: Actions,
  conditions: Conditions = {},
  exceptions: Conditions = {},
): Promise<void> {
  const id = ++last;
  const rule = { id, name: `Rule ${id}`, enabled: true, sort_order: id, conditions, exceptions, actions };
  await store.transact((tx) => putRule(tx, at, { ...rule, created_modseq: 1, modseq: 1, destroyed: false }));
}
