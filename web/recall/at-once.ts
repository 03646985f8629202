// Why a message cannot be recalled, as far as that is known without asking the server. Pure.

import type { EmailAddress } from '../jmap/types.ts';

/** What is asked of an Email here. */
export interface Recallable {
  id: string;
  from: EmailAddress[] | null;
  keywords: Record<string, unknown>;
  recallNotice?: unknown;
}

/** Known without asking the server; undefined: it has to be asked. */
export function atOnce(email: Recallable, own: ReadonlySet<string> | undefined): string | undefined {
  if (email.keywords['$draft']) return 'This has not been sent.';
  if (email.recallNotice) return 'This is the notice of a recall.';
  const [from] = email.from ?? [];
  if (own && from && !own.has(from.email.toLowerCase())) return `Only ${senderOf(email)} can recall this.`;
  return undefined;
}

export function senderOf({ from }: Recallable): string | null {
  const [first] = from ?? [];
  return first ? first.name || first.email : null;
}
