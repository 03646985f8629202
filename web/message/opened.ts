// Opening a message: it is marked read first, and its body is asked for after that. So whoever reads has said so, and a
// recall that comes between finds it one way or the other (docs/recall.md, exposure).

import { useEffect, useState } from 'react';
import { useEmail, useSetEmails } from '../jmap/cache.ts';
import { JmapError } from '../jmap/client.ts';
import type { EmailFull, EmailRow } from '../jmap/types.ts';

export interface Opened {
  /** What the list knows of it. */
  row: EmailRow | undefined;
  /** Undefined until it may be shown. */
  email: EmailFull | undefined;
  missing: boolean;
  error: Error | null;
}

export function useOpened(accountId: string, id: string): Opened {
  const setEmails = useSetEmails();
  const row = useEmail(accountId, id, 'list');
  const [marked, setMarked] = useState<string | null>(null);
  const [failed, setFailed] = useState<Error | null>(null);
  const key = `${accountId} ${id}`;
  // What was read before may be shown at once; and what was marked here stays open, whatever becomes of its mark.
  if (row.data && marked !== key && ('$seen' in row.data.keywords || '$draft' in row.data.keywords)) setMarked(key);
  const may = marked === key;
  useEffect(() => {
    if (may || !row.data) return undefined;
    let stopped = false;
    setEmails(accountId, { [id]: { 'keywords/$seen': true } }).then(
      () => !stopped && setMarked(key),
      (error: unknown) => {
        if (stopped) return;
        // Whoever may not mark it may still read it: a shared mailbox, read only.
        if (error instanceof JmapError && error.type === 'forbidden') setMarked(key);
        else setFailed(error instanceof Error ? error : new Error(String(error)));
      },
    );
    return () => {
      stopped = true;
    };
  }, [may, row.data, accountId, id, key, setEmails]);
  const full = useEmail(accountId, may ? id : null, 'full');
  const gone = failed instanceof JmapError && failed.type === 'notFound';
  const missing = row.missing || full.missing || gone;
  return {
    row: row.data,
    email: missing ? undefined : full.data,
    missing,
    error: missing ? null : (row.error ?? full.error ?? failed),
  };
}
