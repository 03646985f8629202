// Trace fields (RFC 5321 §4.4).

import type { SMTPServerSession } from 'smtp-server';
import { mailDate } from '../mail/mime/trace.ts';

/** One Received field. It names no recipient: the message is stored once for all of them. */
export function receivedField(session: SMTPServerSession, hostname: string, now: Date, signedIn: boolean): string {
  const helo = (session.hostNameAppearsAs || 'unknown').replace(/[^\w.:[\]-]/g, '').slice(0, 255) || 'unknown';
  const protocol = session.transmissionType.replace(/[^\w]/g, '');
  // Where a person's device is, is nobody's business (RFC 6409 §8 leaves it out); where a server is, is.
  const from = signedIn ? '' : `from ${helo} ([${session.remoteAddress}])\r\n\t`;
  return `Received: ${from}by ${hostname} (Homing) with ${protocol} id ${session.id};\r\n\t${mailDate(now)}\r\n`;
}
