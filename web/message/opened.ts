// Opening a message: it is marked read, and its body is asked for after that. So whoever reads has said so, and a recall
// that comes between finds it one way or the other (docs/recall.md, exposure).

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useJmap } from '../app/session.tsx';
import { openUnread, useEmail, useEmails } from '../jmap/cache.ts';
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
  const jmap = useJmap();
  const emails = useEmails();
  const client = useQueryClient();
  const row = useEmail(accountId, id, 'list');
  const key = `${accountId} ${id}`;
  // Decided once, by what the server had said when it was opened: what was read before may be shown at once, and what was
  // marked here stays open, whatever becomes of its mark.
  const [opening, setOpening] = useState<{ key: string; may: boolean; failed: Error | null } | null>(null);
  if (row.data && opening?.key !== key)
    setOpening({ key, may: '$seen' in row.data.keywords || '$draft' in row.data.keywords, failed: null });
  const own = opening?.key === key ? opening : null;
  const asks = own !== null && !own.may && own.failed === null;
  useEffect(() => {
    if (!asks) return undefined;
    let stopped = false;
    const end = (may: boolean, failed: Error | null): void => {
      if (!stopped) setOpening({ key, may, failed });
    };
    // Never shown before the server has said yes: until then it is unread, and a recall may take it.
    openUnread({ jmap, emails, client }, accountId, id).then(
      () => end(true, null),
      (error: unknown) => end(false, error instanceof Error ? error : new Error(String(error))),
    );
    return () => {
      stopped = true;
    };
  }, [asks, jmap, emails, client, accountId, id, key]);
  const full = useEmail(accountId, own?.may ? id : null, 'full');
  const failed = own?.failed ?? null;
  const gone = failed instanceof JmapError && failed.type === 'notFound';
  const missing = row.missing || full.missing || gone;
  return {
    row: row.data,
    email: missing ? undefined : full.data,
    missing,
    error: missing ? null : (row.error ?? full.error ?? failed),
  };
}
