// What a composer holds, and how it is written down as an Email.

import type { Node } from 'prosemirror-model';
import type { EmailAddress, Identity, Json } from '../jmap/types.ts';
import { toAddresses, type Recipient } from './addresses.ts';
import { docToHtml, picturesIn } from './read.ts';
import { docToText } from './text.ts';

export interface Attachment {
  key: string;
  name: string;
  type: string;
  size: number;
  /** Null: not uploaded yet. */
  blobId: string | null;
  /** Stands in the text under this Content-ID. */
  cid: string | null;
  /** 0 to 1. */
  progress: number;
  error: string | null;
}

export interface Content {
  identityId: string;
  to: Recipient[];
  cc: Recipient[];
  bcc: Recipient[];
  subject: string;
  doc: Node;
  attachments: Attachment[];
}

export const FORWARDED = 'header:X-Forwarded-Message-Id:asMessageIds';

export interface Threading {
  inReplyTo: string[] | null;
  references: string[] | null;
  /** What it forwards: by that an administrator's recall of the original finds it (docs/recall.md). */
  [FORWARDED]?: string[] | null;
}

/** Attachments that go with the letter: a picture that was taken out of the text goes no more. */
export function attached({ doc, attachments }: Pick<Content, 'doc' | 'attachments'>): Attachment[] {
  const pictures = picturesIn(doc);
  return attachments.filter(({ cid, error }) => error === null && (cid === null || pictures.has(cid)));
}

export function emailOf(content: Content, identity: Identity | undefined, thread: Threading, drafts: string): Json {
  const orNull = (list: Recipient[]): EmailAddress[] | null => (list.length > 0 ? toAddresses(list) : null);
  return {
    mailboxIds: { [drafts]: true },
    keywords: { $draft: true, $seen: true },
    from: identity ? [{ name: identity.name || null, email: identity.email }] : null,
    replyTo: identity?.replyTo ?? null,
    to: orNull(content.to),
    cc: orNull(content.cc),
    bcc: orNull(content.bcc),
    subject: content.subject,
    ...thread,
    bodyValues: { text: { value: docToText(content.doc) }, html: { value: docToHtml(content.doc) } },
    textBody: [{ partId: 'text', type: 'text/plain' }],
    htmlBody: [{ partId: 'html', type: 'text/html' }],
    attachments: attached(content)
      .filter(({ blobId }) => blobId !== null)
      .map(({ blobId, name, type, cid }) => ({
        blobId,
        name,
        type,
        ...(cid === null ? { disposition: 'attachment' } : { disposition: 'inline', cid }),
      })),
  };
}

export const sizeOf = (attachments: readonly Attachment[]): number =>
  attachments.reduce((sum, { size, error }) => sum + (error === null ? size : 0), 0);

/** "12 KB", "3.4 MB". */
export function octets(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${Math.round(size / 1000)} KB`;
  return `${(size / 1_000_000).toFixed(size < 10_000_000 ? 1 : 0)} MB`;
}
