// ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2) of a message, as IMAP writes them, and the strings they are made of. All in
// ASCII but for what a literal may hold: encoded words (RFC 2047, RFC 2231) are what every program reads.

import type { EmailAddress, Envelope, Part } from '../message.ts';
import { encodeWords } from './encode.ts';
import { parseAddressList, type RoutedAddress } from './addresses.ts';
import { asRaw, type HeaderField } from './headers.ts';
import { unfold } from './lexical.ts';

/** Octets of a quoted string beyond which a literal is kinder to a client's line buffer. */
const QUOTED = 1_000;

/** RFC 9051 §9: quoted where that may hold it, else a literal. */
export function string(text: string): string {
  return !/[\0\r\n]|\P{ASCII}/u.test(text) && text.length <= QUOTED ? quoted(text) : literal(text);
}

export function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** CHAR8 has no NUL. */
function literal(text: string): string {
  const whole = text.replaceAll('\0', '');
  return `{${Buffer.byteLength(whole)}}\r\n${whole}`;
}

export function nstring(text: string | null | undefined): string {
  return text === null || text === undefined ? 'NIL' : string(text);
}

/** From the header's own fields: its date and groups as they are written there. */
export function envelopeOfFields(fields: readonly HeaderField[]): string {
  // RFC 8621 §4.1.3, as envelope.ts has it: the last instance of a field counts.
  const last = new Map(fields.map((field) => [field.name.toLowerCase(), field.value]));
  const raw = (name: string): string => {
    const value = last.get(name);
    return value === undefined ? 'NIL' : text(asRaw(unfold(value)).trim());
  };
  const list = (name: string): string => {
    const value = last.get(name);
    return value === undefined ? 'NIL' : grouped(value);
  };
  const from = list('from');
  const [sender, replyTo] = [list('sender'), list('reply-to')].map((one) => (one === 'NIL' ? from : one));
  return `(${raw('date')} ${raw('subject')} ${from} ${sender} ${replyTo} ${list('to')} ${list('cc')} ${list('bcc')} ${raw('in-reply-to')} ${raw('message-id')})`;
}

/** RFC 9051 §7.5.2: a group begins with its name in the place of a mailbox, and ends with none. */
function grouped(value: string): string {
  const all = parseAddressList(value).map(({ name, addresses }) => {
    const members = addresses.map(address).join('');
    return name === null ? members : `(NIL NIL ${text(name)} NIL)${members}(NIL NIL NIL NIL)`;
  });
  return all.join('') === '' ? 'NIL' : `(${all.join('')})`;
}

/** From what was parsed: of a message within another, or one that was stored before this was written down for it. */
export function envelope(of: Envelope): string {
  const from = addresses(of.from);
  // RFC 9051 §7.5.2: absent or empty, they are the From field's.
  const sender = of.sender?.length ? addresses(of.sender) : from;
  const replyTo = of.replyTo?.length ? addresses(of.replyTo) : from;
  const others = [of.to, of.cc, of.bcc].map(addresses).join(' ');
  const date = of.sentAt === null ? 'NIL' : string(headerDate(of.sentAt));
  return `(${date} ${text(of.subject)} ${from} ${sender} ${replyTo} ${others} ${ids(of.inReplyTo)} ${ids(of.messageId)})`;
}

/** Without line breaks: a field has none once it is unfolded. */
function text(value: string | null): string {
  if (value === null) return 'NIL';
  const line = /[\r\n]/.test(value) ? value.replace(/[\r\n]+/g, ' ') : value;
  return string(/\P{ASCII}/u.test(line) ? encodeWords(line) : line);
}

function addresses(list: EmailAddress[] | null): string {
  return list && list.length > 0 ? `(${list.map(address).join('')})` : 'NIL';
}

function address({ name, email, route }: RoutedAddress): string {
  const at = email.lastIndexOf('@');
  const [local, host] = at < 0 ? [email, ''] : [email.slice(0, at), email.slice(at + 1)];
  // RFC 9051 §7.5.2: a host that is NIL would begin or end a group, so one that there is not is an empty string.
  return `(${text(name)} ${nstring(route)} ${string(unquoted(local))} ${string(host)})`;
}

/** A local part in quotes, without them. */
function unquoted(local: string): string {
  return /^".*"$/s.test(local) ? local.slice(1, -1).replace(/\\(.)/gs, '$1') : local;
}

function ids(list: string[] | null): string {
  return list ? string(list.map((id) => `<${id}>`).join(' ')) : 'NIL';
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "2026-11-23T14:02:00+01:00" → "Mon, 23 Nov 2026 14:02:00 +0100" (RFC 5322 §3.3). */
function headerDate(iso: string): string {
  const [year, month, day] = [iso.slice(0, 4), Number(iso.slice(5, 7)), Number(iso.slice(8, 10))];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month - 1, day);
  const zone = iso.endsWith('Z') ? '+0000' : iso.slice(19).replace(':', '');
  return `${DAYS[date.getUTCDay()]}, ${day} ${MONTHS[month - 1]} ${year} ${iso.slice(11, 19)} ${zone}`;
}

/** `extended`: BODYSTRUCTURE; else BODY. */
export function bodyStructure(part: Part, extended: boolean): string {
  if (part.parts) {
    const parts = part.parts.map((one) => bodyStructure(one, extended)).join('');
    const subtype = string(part.type.slice('multipart/'.length));
    return `(${parts} ${subtype}${extended ? ` ${parameters(part.params)} ${disposition(part)} ${language(part)} ${nstring(part.location)}` : ''})`;
  }
  const [type, subtype] = mediaType(part);
  const size = part.body[1] - part.body[0];
  const basic = [
    `${string(type)} ${string(subtype)} ${parameters(part.params)}`,
    nstring(part.cid === null ? null : `<${part.cid}>`),
    part.description === null ? 'NIL' : text(part.description),
    `${string(part.encoding)} ${size}`,
  ];
  if (part.message) {
    const inner = part.message;
    basic.push(`${inner.imap ?? envelope(inner.envelope)} ${bodyStructure(inner.root, extended)} ${part.lines}`);
  } else if (type === 'text') basic.push(String(part.lines));
  if (extended) basic.push(`${nstring(part.md5)} ${disposition(part)} ${language(part)} ${nstring(part.location)}`);
  return `(${basic.join(' ')})`;
}

/** A message that was not looked into (it is encoded, which RFC 2046 §5.2.1 forbids) has nothing that its form asks for. */
function mediaType(part: Part): [string, string] {
  const slash = part.type.indexOf('/');
  const [type, subtype] = [part.type.slice(0, slash), part.type.slice(slash + 1)];
  const unread = type === 'message' && (subtype === 'rfc822' || subtype === 'global') && !part.message;
  return unread || type === 'multipart' ? ['application', 'octet-stream'] : [type, subtype];
}

function parameters(params: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(params).map(([name, value]) => parameter(name, value));
  return pairs.length === 0 ? 'NIL' : `(${pairs.join(' ')})`;
}

/** RFC 2231 §4 where it is not ASCII. */
function parameter(name: string, value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return `${string(name)} ${string(value)}`;
  const encoded = encodeURIComponent(value.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return `${string(`${name}*`)} ${string(`utf-8''${encoded}`)}`;
}

function disposition(part: Part): string {
  return part.disposition === null ? 'NIL' : `(${string(part.disposition)} ${parameters(part.dispositionParams)})`;
}

function language({ language: tags }: Part): string {
  if (!tags || tags.length === 0) return 'NIL';
  return tags.length === 1 ? string(tags[0] ?? '') : `(${tags.map(string).join(' ')})`;
}
