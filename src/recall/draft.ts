// A draft that replaces what was taken back once it is sent, by whatever program: it is known by a Message-ID that it answers
// to, as that is what programs keep when a draft is edited (RFC 5322 §3.6.4). Nobody else can make one: a letter with such
// a Message-ID, answered, must not become a replacement.

import { createHash } from 'node:crypto';
import type { RecallRow } from '../store/recalls.ts';
import { headerFields } from '../mail/mime/headers.ts';
import { headerEnd } from '../mail/mime/structure.ts';
import { mailDate, prepend, removeHeaders } from '../mail/mime/trace.ts';

const MARK = /<replaces\.r(\d{1,15})\.([0-9a-f]{20})@[^<>\s]+>/;

export interface DraftOf {
  recall: MarkedRecall;
  /** The sender's. */
  domain: string;
  date: Date;
  /** Of the draft, without its domain. */
  messageId: string;
}

export type MarkedRecall = Pick<RecallRow, 'id' | 'message_id' | 'created_at'>;

/** When it was asked for, to the millisecond, is told to nobody but its sender. */
function markOf({ id, message_id, created_at }: MarkedRecall): string {
  const text = `replacement ${id} ${message_id} ${created_at.getTime()}`;
  return `replaces.r${id}.${createHash('sha256').update(text).digest('hex').slice(0, 20)}`;
}

/** The original again, as a draft: its own Message-ID and Date would make it the message that was taken back. */
export function replacementDraft(original: Buffer, { recall, domain, date, messageId }: DraftOf): Buffer {
  const mark = `<${markOf(recall)}@${domain}>`;
  const bare = removeHeaders(original, ['message-id', 'date', 'in-reply-to', 'references', 'sender']);
  const lines = [
    `Message-ID: <${messageId}@${domain}>`,
    `Date: ${mailDate(date)}`,
    `In-Reply-To: ${mark}`,
    `References: ${mark}`,
  ];
  return prepend(bare, lines.map((line) => `${line}\r\n`).join(''));
}

/** The recall that a submitted message says it completes, and the message without its mark; null: it is no such draft. */
export function readMark(bytes: Buffer): { id: number; mark: string; bytes: Buffer } | null {
  const fields = headerFields(bytes.subarray(0, headerEnd(bytes, [0, bytes.length])));
  const marked = fields.filter(({ name, value }) => /^(?:in-reply-to|references)$/i.test(name) && MARK.test(value));
  const [mark, number] = MARK.exec(marked[0]?.value ?? '') ?? [];
  if (mark === undefined) return null;
  const names = marked.map(({ name }) => name);
  // What else the fields named stays.
  const kept = marked.flatMap(({ name, value }) => {
    const rest = value.replaceAll(new RegExp(MARK.source, 'g'), '').replace(/\s+/g, ' ').trim();
    return rest === '' ? [] : [`${name}: ${rest}\r\n`];
  });
  const bare = removeHeaders(bytes, names);
  return { id: Number(number), mark, bytes: kept.length === 0 ? bare : prepend(bare, kept.join('')) };
}

export function isMarkOf(mark: string, recall: MarkedRecall): boolean {
  return mark.startsWith(`<${markOf(recall)}@`);
}
