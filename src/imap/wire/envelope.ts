// ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2) from what was parsed at delivery. What was decoded there is encoded
// again (RFC 2047, RFC 2231): a client reads both as if they were the header's own words.

import type { EmailAddress, Envelope, Part } from '../../mail/message.ts';
import { encodeWords } from '../../mail/mime/encode.ts';
import { nstring, string } from './response.ts';

/** `utf8`: header text goes as UTF-8 (RFC 6855 §3), not as encoded words. */
export function envelope(of: Envelope, utf8: boolean): string {
  const from = addresses(of.from, utf8);
  // RFC 9051 §7.5.2: absent or empty, they are the From field's.
  const sender = of.sender?.length ? addresses(of.sender, utf8) : from;
  const replyTo = of.replyTo?.length ? addresses(of.replyTo, utf8) : from;
  const others = [of.to, of.cc, of.bcc].map((list) => addresses(list, utf8)).join(' ');
  const date = of.sentAt === null ? 'NIL' : string(headerDate(of.sentAt));
  return `(${date} ${text(of.subject, utf8)} ${from} ${sender} ${replyTo} ${others} ${ids(of.inReplyTo)} ${ids(of.messageId)})`;
}

function text(value: string | null, utf8: boolean): string {
  return value === null ? 'NIL' : string(headerText(value, utf8));
}

/** Without line breaks: a field has none once it is unfolded. */
function headerText(value: string, utf8: boolean): string {
  const line = /[\r\n]/.test(value) ? value.replace(/[\r\n]+/g, ' ') : value;
  return utf8 || !/\P{ASCII}/u.test(line) ? line : encodeWords(line);
}

function addresses(list: EmailAddress[] | null, utf8: boolean): string {
  if (!list || list.length === 0) return 'NIL';
  let all = '(';
  for (const { name, email } of list) {
    const at = email.lastIndexOf('@');
    const [local, host] = at < 0 ? [email, ''] : [email.slice(0, at), email.slice(at + 1)];
    // RFC 9051 §7.5.2: a host that is NIL would begin or end a group, so one that there is not is an empty string.
    all += `(${text(name, utf8)} NIL ${string(unquoted(local))} ${string(host)})`;
  }
  return `${all})`;
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
export function headerDate(iso: string): string {
  const [year, month, day] = [iso.slice(0, 4), Number(iso.slice(5, 7)), Number(iso.slice(8, 10))];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month - 1, day);
  const zone = iso.endsWith('Z') ? '+0000' : iso.slice(19).replace(':', '');
  return `${DAYS[date.getUTCDay()]}, ${day} ${MONTHS[month - 1]} ${year} ${iso.slice(11, 19)} ${zone}`;
}

/** `extended`: BODYSTRUCTURE; else BODY. */
export function bodyStructure(part: Part, extended: boolean, utf8: boolean): string {
  if (part.parts) {
    const parts = part.parts.map((one) => bodyStructure(one, extended, utf8)).join('');
    const subtype = string(part.type.slice('multipart/'.length));
    return `(${parts} ${subtype}${extended ? ` ${parameters(part.params)} ${disposition(part)} ${language(part)} ${nstring(part.location)}` : ''})`;
  }
  const [type, subtype] = mediaType(part);
  const size = part.body[1] - part.body[0];
  const basic = [
    `${string(type)} ${string(subtype)} ${parameters(part.params)}`,
    nstring(part.cid === null ? null : `<${part.cid}>`),
    part.description === null ? 'NIL' : text(part.description, utf8),
    `${string(part.encoding)} ${size}`,
  ];
  if (part.message) {
    const inner = part.message;
    basic.push(`${envelope(inner.envelope, utf8)} ${bodyStructure(inner.root, extended, utf8)} ${part.lines}`);
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
