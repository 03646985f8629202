import type { EmailAddress, Envelope } from '../message.ts';
import { asAddresses, asDate, asMessageIds, asText, type HeaderField } from './headers.ts';

/** RFC 8621 §4.1.3: the last instance of a field counts. */
export function envelopeOf(fields: HeaderField[]): Envelope {
  const last = new Map(fields.map((field) => [field.name.toLowerCase(), field.value]));
  const addresses = (name: string): EmailAddress[] | null => {
    const value = last.get(name);
    return value === undefined ? null : asAddresses(value);
  };
  const ids = (name: string): string[] | null => asMessageIds(last.get(name) ?? '');
  const subject = last.get('subject');
  return {
    sentAt: asDate(last.get('date') ?? ''),
    subject: subject === undefined ? null : asText(subject),
    from: addresses('from'),
    sender: addresses('sender'),
    replyTo: addresses('reply-to'),
    to: addresses('to'),
    cc: addresses('cc'),
    bcc: addresses('bcc'),
    messageId: ids('message-id'),
    inReplyTo: ids('in-reply-to'),
    references: ids('references'),
  };
}
