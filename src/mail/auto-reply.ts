// Which messages an automatic answer may be sent to (RFC 3834 §2, RFC 5230 §4.5 and §4.6). Pure.

import { canonicalAddress, domainOf } from './address.ts';
import type { ParsedMessage } from './message.ts';
import { headerFields } from './mime/headers.ts';

/** Senders that are programs, by the part before the "@". */
const PROGRAMS =
  /^(?:mailer-daemon|postmaster|listserv|majordomo|owner-.*|.*-(?:owner|request|bounces?)(?:\+.*)?|(?:do[-_.]?)?no[-_.]?t?[-_.]?reply(?:[+-].*)?|bounces?(?:[+-].*)?)$/;

/**
 * May the message's sender be answered by a program at all? Not the null sender, no list, no robot, and nothing that is an
 * automatic answer itself. `mailFrom` is the return path.
 */
export function mayAnswer(bytes: Uint8Array, mailFrom: string): boolean {
  const address = canonicalAddress(mailFrom);
  if (address === null) return false; // RFC 3834 §2: the null return path
  if (PROGRAMS.test(address.slice(0, -domainOf(address).length - 1))) return false;
  return headerFields(bytes).every(({ name, value }) => {
    const said = value.trim().toLowerCase();
    switch (name.toLowerCase()) {
      case 'auto-submitted': // RFC 3834 §5
        return /^no\b/.test(said);
      case 'content-type':
        return !said.startsWith('multipart/report');
      case 'precedence':
        return !/^(?:bulk|list|junk)\b/.test(said);
      case 'x-auto-response-suppress':
        return !/\b(?:all|oof|autoreply)\b/.test(said);
      case 'x-spam-flag':
        return !said.startsWith('yes');
      default:
        return !/^list-/i.test(name); // RFC 2919, RFC 2369 §3
    }
  });
}

/** Does To or Cc name this address (canonical)? Who has a message by a group or a list is not asked (RFC 5230 §4.5). */
export function isNamed({ envelope }: ParsedMessage, address: string): boolean {
  return [...(envelope.to ?? []), ...(envelope.cc ?? [])].some(({ email }) => canonicalAddress(email) === address);
}
