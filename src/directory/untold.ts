// Changes of the directory that nobody told of: whoever made one may have died between its commit and its news. What is
// remembered of the directory goes with every look anyway; who is connected is looked at again where the audit log says so.

import { auditHeads, isAuditedBeside } from '../store/audit.ts';
import type { Store } from '../store/postgres.ts';

/** What is audited and changes nothing in the directory: recalls, and what else administrators do. */
const BESIDE = '^(?:recalls?|queue|alert|messages|rights)\\.';

/** Answers what says whether the directory has changed since it was asked last; the first time, that it has not. */
export function createLookback(store: Store): () => Promise<boolean> {
  let known: ReadonlyMap<number, number> | undefined;
  return async () => {
    const [before, now] = [known, await auditHeads(store)];
    let isChanged = false;
    for (const [tenant, seq] of before ? now : []) {
      const since = before?.get(tenant) ?? 0;
      isChanged ||= seq > since && (await isAuditedBeside(store, tenant, since, BESIDE));
    }
    known = now;
    return isChanged;
  };
}

/** What was not told is told here (store/notify.ts `directory`), and some of what was, again. Answers what ends it. */
export function hearOfUntold(store: Store): () => void {
  const hasChanged = createLookback(store);
  // Without the database it is asked again the next time.
  const hear = (): void =>
    void hasChanged().then(
      (is) => is && store.notifier.emit('directory'),
      () => undefined,
    );
  store.notifier.on('resync', hear).on('look', hear);
  return () => void store.notifier.off('resync', hear).off('look', hear);
}
