// Telling senders what became of their mail outside: delivery status notifications (RFC 3464).

import type { EmailAddress } from '../mail/message.ts';
import { reportMessage } from '../mail/mime/compose.ts';
import { mailDate } from '../mail/mime/trace.ts';
import { domainOf } from '../mail/address.ts';
import type { Logger } from '../mail/log.ts';
import type { Directory } from '../directory/directory.ts';
import type { Blobs } from '../store/blobs.ts';
import type { OutgoingMessage } from '../store/outgoing.ts';
import type { Reader } from '../store/postgres.ts';
import { secretGroups } from '../store/untold.ts';
import type { Accept } from './accept.ts';

/** What is to be told of one recipient. */
export interface Told {
  action: 'failed' | 'delayed' | 'relayed' | 'delivered';
  recipient: string;
  /** The group or alias that led there. */
  via: string | null;
  /** RFC 3461 ORCPT: "rfc822;ben@pigeon.test". */
  originalRecipient: string | null;
  /** Who said so; null: we. */
  remoteHost: string | null;
  /** Last reply, or our reason. */
  reply: string | null;
  /** When. */
  at: Date;
  /** An attempt before may have arrived all the same. */
  maybeSent: boolean;
  /** Delayed: until when it will be tried. */
  until?: Date;
}

export interface Notification {
  from: EmailAddress;
  to: EmailAddress;
  /** Our name. */
  hostname: string;
  message: Pick<OutgoingMessage, 'message_id_header' | 'subject' | 'received_at' | 'envid'>;
  told: Told[];
  /** What is returned of the message: all of it, or its header block. */
  returned: { whole: boolean; bytes: Uint8Array };
  date: Date;
  /** Without angle brackets. */
  messageId: string;
}

const SUBJECT = {
  failed: 'Not delivered',
  delayed: 'Not delivered yet',
  relayed: 'Passed on',
  delivered: 'Delivered',
} as const;

/** The notification as a message: a readable part, a machine-readable one, and what is returned. Pure. */
export function composeNotification(notification: Notification): Buffer {
  const { from, to, hostname, message, told, returned, date, messageId } = notification;
  const action = told.find((one) => one.action === 'failed')?.action ?? told[0]?.action ?? 'failed';
  const fields = [
    ...(message.envid ? [`Original-Envelope-Id: ${field(message.envid)}`] : []),
    `Reporting-MTA: dns; ${hostname}`,
    `Arrival-Date: ${mailDate(message.received_at)}`,
    ...told.flatMap((one) => ['', ...statusFields(one)]),
  ];
  return reportMessage({
    reportType: 'delivery-status',
    from,
    to: [to],
    subject: message.subject ? `${SUBJECT[action]}: ${message.subject}` : SUBJECT[action],
    date,
    messageId,
    headers: [
      { name: 'Auto-Submitted', value: 'auto-replied' },
      ...(message.message_id_header
        ? [{ name: 'References', value: `<${message.message_id_header}>`, raw: true }]
        : []),
    ],
    text: told.map(paragraph).join('\r\n'),
    parts: [
      { type: 'message/delivery-status', body: `${fields.join('\r\n')}\r\n` },
      { type: returned.whole ? 'message/rfc822' : 'text/rfc822-headers', body: returned.bytes },
    ],
  });
}

/** RFC 3464 §2.3. */
function statusFields(one: Told): string[] {
  return [
    ...(one.originalRecipient ? [`Original-Recipient: ${field(one.originalRecipient)}`] : []),
    `Final-Recipient: ${typed(one.recipient)}`,
    `Action: ${one.action}`,
    `Status: ${statusOf(one)}`,
    ...(one.remoteHost ? [`Remote-MTA: dns; ${field(one.remoteHost)}`] : []),
    ...(one.reply ? [`Diagnostic-Code: ${/^\d{3} /.test(one.reply) ? 'smtp' : 'x-homing'}; ${field(one.reply)}`] : []),
    `Last-Attempt-Date: ${mailDate(one.at)}`,
    ...(one.until ? [`Will-Retry-Until: ${mailDate(one.until)}`] : []),
  ];
}

/** RFC 3463: the reply's own enhanced code if it fits what happened, else the class alone; 5.4.7: it took too long. */
function statusOf({ action, reply }: Told): string {
  if (action === 'failed' && /^4\d\d /.test(reply ?? '')) return '5.4.7';
  const digit = { failed: '5', delayed: '4', relayed: '2', delivered: '2' }[action];
  const [, code] = /^\d{3} (\d\.\d{1,3}\.\d{1,3})(?: |$)/.exec(reply ?? '') ?? [];
  return code?.startsWith(digit) ? code : `${digit}.0.0`;
}

/** RFC 6533 §3: an address that is not ASCII, written in ASCII. */
function typed(address: string): string {
  if (/^[\x20-\x7e]*$/.test(address)) return `rfc822; ${address}`;
  return `utf-8; ${address.replace(/[^\x21-\x7e]|[\\+=]/gu, (c) => `\\x{${c.codePointAt(0)?.toString(16).toUpperCase().padStart(2, '0')}}`)}`;
}

/** One line of ASCII: delivery-status is not the place for anything else (RFC 3464 §2.1.1). */
function field(value: string): string {
  return value.replace(/[^\x20-\x7e]+/g, '?').trim();
}

function paragraph(one: Told): string {
  const { action, recipient, remoteHost, reply, until } = one;
  const said = remoteHost && reply ? `${remoteHost} said: ${reply}` : reply;
  const lines = {
    failed: [`Your message did not reach ${recipient}.`, 'It will not be tried again.'],
    delayed: [
      `Your message has not reached ${recipient} yet.`,
      `It will be tried until ${until ? mailDate(until) : 'later'}. You need do nothing.`,
    ],
    relayed: [
      `Your message to ${recipient} was passed on.`,
      'The server that took it does not tell whether it arrives.',
    ],
    delivered: [`Your message was delivered to ${recipient}.`, 'That says nothing of whether it has been read.'],
  }[action];
  if (action === 'failed' && one.maybeSent) {
    lines[0] = `Your message may not have reached ${recipient}.`;
    lines.push('An attempt was never answered, so it may have arrived all the same.');
  }
  return [lines[0], ...(said ? [`  ${said}`] : []), ...lines.slice(1), ''].join('\r\n');
}

export interface BounceDeps {
  store: Reader;
  accept: Accept;
  directory: Pick<Directory, 'account' | 'domains'>;
  blobs: Pick<Blobs, 'read'>;
  hostname: string;
  clock: () => Date;
  log: Logger;
}

/** A whole message is returned up to this size, to those who asked for it (RFC 3461 §4.3). */
const WHOLE_OCTETS = 1 << 20;
const HEADER_OCTETS = 64 << 10;

/** Sends one notification to the message's sender. Throws if it could not be accepted, and may be called again then. */
export async function tellSender(
  deps: BounceDeps,
  at: { tenant: number; messageId: number; message: OutgoingMessage },
  told: Told[],
): Promise<void> {
  const { directory, accept, clock, hostname } = deps;
  const { tenant, message } = at;
  const account = message.sender_id === null ? undefined : await directory.account(tenant, message.sender_id);
  const address = account?.address ?? message.mail_from;
  if (address === '' || told.length === 0) return;
  const domains = await directory.domains(tenant);
  const domain = domains.find((name) => name === domainOf(address)) ?? domains[0] ?? hostname;
  const bytes = composeNotification({
    from: { name: 'Homing', email: `postmaster@${domain}` },
    to: { name: account?.name ?? null, email: address },
    hostname,
    message,
    told: await withoutSecrets(deps.store, tenant, told),
    returned: await returnedOf(deps, tenant, message, told),
    date: clock(),
    messageId: `${crypto.randomUUID()}@${domain}`,
  });
  // RFC 3461 §6.2: the null sender, and no notification of the notification.
  await accept({ tenant, origin: { kind: 'server' }, mailFrom: '', recipients: [{ address, notify: 8 }], bytes });
}

/** Members of a group that are not shown to everyone are not named by a bounce either. */
async function withoutSecrets(store: Reader, tenant: number, told: Told[]): Promise<Told[]> {
  const vias = [...new Set(told.flatMap((one) => one.via ?? []))];
  if (vias.length === 0) return told;
  const secret = await secretGroups(store, tenant, vias);
  return told.map((one) => {
    if (one.via === null || !secret.has(one.via)) return one;
    const code = /^\d{3}(?: \d\.\d{1,3}\.\d{1,3})?(?= )/.exec(one.reply ?? '')?.[0];
    return {
      ...one,
      recipient: one.via,
      originalRecipient: null,
      reply: code ? `${code} (a member of ${one.via})` : null,
    };
  });
}

async function returnedOf(
  deps: BounceDeps,
  tenant: number,
  message: OutgoingMessage,
  told: Told[],
): Promise<Notification['returned']> {
  const whole = message.ret === 'FULL' && message.size <= WHOLE_OCTETS && told.some((one) => one.action === 'failed');
  const end = Math.min(message.header_size, HEADER_OCTETS);
  return { whole, bytes: await deps.blobs.read(tenant, message.blob_id, whole ? undefined : [0, end]) };
}
