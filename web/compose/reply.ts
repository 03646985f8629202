// What an answer begins with: to whom it goes, what it is called, how it stands in the conversation.

import type { EmailAddress, EmailFull, Identity } from '../jmap/types.ts';
import { keyOf, uniqueRecipients } from './addresses.ts';
import { FORWARDED, type Threading } from './content.ts';

export type Kind = 'reply' | 'replyAll' | 'forward';

export interface Recipients {
  to: EmailAddress[];
  cc: EmailAddress[];
  bcc: EmailAddress[];
}

type Original = Pick<
  EmailFull,
  'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'subject' | 'messageId' | 'references' | 'inReplyTo'
>;

/** Never to oneself: `own` are all addresses of the sender. But who answers what they sent themselves writes to the same again. */
export function replyRecipients(kind: Kind, original: Original, own: readonly string[]): Recipients {
  if (kind === 'forward') return { to: [], cc: [], bcc: [] };
  const mine = new Set(own.map(keyOf));
  const others = (list: EmailAddress[] | null): EmailAddress[] =>
    (list ?? []).filter(({ email }) => email !== '' && !mine.has(keyOf(email)));
  const isMine = (original.from ?? []).length > 0 && others(original.from).length === 0;
  if (isMine) {
    const to = uniqueRecipients(others(original.to));
    // A letter to oneself alone is answered to oneself.
    if (to.length === 0 && others(original.cc).length === 0)
      return { to: uniqueRecipients(original.to ?? []).slice(0, 1), cc: [], bcc: [] };
    return { to, cc: kind === 'replyAll' ? uniqueRecipients(others(original.cc), to) : [], bcc: [] };
  }
  const asked = (original.replyTo ?? []).length > 0 ? original.replyTo : original.from;
  const to = uniqueRecipients(others(asked).length > 0 ? others(asked) : others(original.from));
  if (kind === 'reply') return { to, cc: [], bcc: [] };
  const alsoTo = uniqueRecipients(others(original.to), to);
  return { to: [...to, ...alsoTo], cc: uniqueRecipients(others(original.cc), [...to, ...alsoTo]), bcc: [] };
}

/** The identity that the message came to; else the first. */
export function identityFor(
  identities: readonly Identity[],
  accountAddress: string,
  original?: Original,
): Identity | undefined {
  const named = [
    ...(original?.to ?? []),
    ...(original?.cc ?? []),
    ...(original?.bcc ?? []),
    ...(original?.from ?? []),
  ].map(({ email }) => keyOf(email));
  const own = identities.find(({ email }) => keyOf(email) === keyOf(accountAddress));
  if (own && (named.length === 0 || named.includes(keyOf(own.email)))) return own;
  return identities.find(({ email }) => named.includes(keyOf(email))) ?? own ?? identities[0];
}

/** One "Re:" or "Fw:", whatever stood there before in whatever language. */
export function answerSubject(kind: Kind, subject: string | null): string {
  const bare = bareSubject(subject ?? '');
  return `${kind === 'forward' ? 'Fw' : 'Re'}: ${bare}`.trimEnd();
}

function bareSubject(subject: string): string {
  return subject.replace(/^(?:\s*(?:re|aw|sv|vs|antw|fwd?|wg|rv|tr|vl)(?:\[\d+\])?\s*:\s*)+/i, '').trim();
}

/** RFC 5322 §3.6.4. A forwarded message begins a conversation of its own. */
export function answerThread(kind: Kind, original: Original): Threading {
  const parent = original.messageId?.slice(0, 1) ?? [];
  if (parent.length === 0) return { inReplyTo: null, references: null };
  if (kind === 'forward') return { inReplyTo: null, references: null, [FORWARDED]: parent };
  const before = original.references ?? (original.inReplyTo?.length === 1 ? original.inReplyTo : []);
  return { inReplyTo: parent, references: [...new Set([...before, ...parent])].slice(-100) };
}

const WHEN = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** "On Monday, 23 November 2026 at 14:02, Ana Silva wrote:" */
export function attribution(original: Pick<EmailFull, 'from' | 'sentAt' | 'receivedAt'>): string {
  const who = original.from?.[0]?.name ?? original.from?.[0]?.email ?? 'somebody';
  return `On ${WHEN.format(new Date(original.sentAt ?? original.receivedAt))}, ${who} wrote:`;
}

/** What stands above a forwarded message, line by line. */
export function forwardLines(
  original: Pick<EmailFull, 'from' | 'to' | 'cc' | 'subject' | 'sentAt' | 'receivedAt'>,
): [string, string][] {
  const list = (addresses: EmailAddress[] | null): string =>
    (addresses ?? []).map(({ name, email }) => (name ? `${name} <${email}>` : email)).join(', ');
  const lines: [string, string][] = [
    ['From', list(original.from)],
    ['Sent', WHEN.format(new Date(original.sentAt ?? original.receivedAt))],
    ['To', list(original.to)],
    ['Cc', list(original.cc)],
    ['Subject', original.subject ?? ''],
  ];
  return lines.filter(([, value]) => value !== '');
}
