// `header:Name:asForm:all`, on Emails and on their parts (RFC 8621 §4.1.2, §4.1.3).

import {
  asAddresses,
  asDate,
  asGroupedAddresses,
  asMessageIds,
  asRaw,
  asText,
  asURLs,
  type HeaderField,
} from '../../mail/mime/headers.ts';

export type HeaderForm = 'Raw' | 'Text' | 'Addresses' | 'GroupedAddresses' | 'MessageIds' | 'Date' | 'URLs';

export interface HeaderProperty {
  /** As the client wrote the whole property. */
  property: string;
  /** Field name, lower case; as written in `asWritten`. */
  name: string;
  asWritten: string;
  form: HeaderForm;
  all: boolean;
}

const FORMS: ReadonlySet<string> = new Set<HeaderForm>([
  'Raw',
  'Text',
  'Addresses',
  'GroupedAddresses',
  'MessageIds',
  'Date',
  'URLs',
]);

const ADDRESSES = ['from', 'sender', 'reply-to', 'to', 'cc', 'bcc'];
const RESENT = ADDRESSES.map((name) => `resent-${name}`);
const LISTS = ['list-help', 'list-unsubscribe', 'list-subscribe', 'list-post', 'list-owner', 'list-archive'];

/** Fields of RFC 5322 and RFC 2369: for these only certain forms make sense (RFC 8621 §4.1.2); others take any. */
const PERMITTED: ReadonlyMap<string, readonly HeaderForm[]> = new Map<string, readonly HeaderForm[]>([
  ...['subject', 'comments', 'keywords'].map((name) => [name, ['Text']] as [string, HeaderForm[]]),
  ...[...ADDRESSES, ...RESENT].map((name) => [name, ['Addresses', 'GroupedAddresses']] as [string, HeaderForm[]]),
  ...['message-id', 'in-reply-to', 'references', 'resent-message-id'].map(
    (name) => [name, ['MessageIds']] as [string, HeaderForm[]],
  ),
  ...['date', 'resent-date'].map((name) => [name, ['Date']] as [string, HeaderForm[]]),
  ...LISTS.map((name) => [name, ['URLs']] as [string, HeaderForm[]]),
  ...['return-path', 'received'].map((name) => [name, []] as [string, HeaderForm[]]),
]);

/** Null: not of that syntax, or a form that the field may not be had in. */
export function parseHeaderProperty(property: string): HeaderProperty | null {
  const match = /^header:([\x21-\x39\x3b-\x7e]+)(?::as([A-Za-z]+))?(:all)?$/.exec(property);
  if (!match) return null;
  const [, asWritten = '', form = 'Raw', all] = match;
  if (!FORMS.has(form)) return null;
  const name = asWritten.toLowerCase();
  const permitted = PERMITTED.get(name);
  if (form !== 'Raw' && permitted && !permitted.includes(form as HeaderForm)) return null;
  return { property, name, asWritten, form: form as HeaderForm, all: all !== undefined };
}

/** Its value in a header block: the last field of the name, or all of them. */
export function headerValue(property: HeaderProperty, fields: HeaderField[]): unknown {
  const values = fields
    .filter((field) => field.name.toLowerCase() === property.name)
    .map((field) => parsed(property.form, field.value));
  if (property.all) return values;
  return values.at(-1) ?? null;
}

function parsed(form: HeaderForm, value: string): unknown {
  switch (form) {
    case 'Raw':
      return asRaw(value);
    case 'Text':
      return asText(value);
    case 'Addresses':
      return asAddresses(value);
    case 'GroupedAddresses':
      return asGroupedAddresses(value);
    case 'MessageIds':
      return asMessageIds(value);
    case 'Date':
      return asDate(value);
    case 'URLs':
      return asURLs(value);
  }
}

/** The convenience properties and what they stand for (RFC 8621 §4.1.3). */
export const CONVENIENCE: ReadonlyMap<string, { name: string; form: HeaderForm }> = new Map<
  string,
  { name: string; form: HeaderForm }
>([
  ['messageId', { name: 'Message-ID', form: 'MessageIds' }],
  ['inReplyTo', { name: 'In-Reply-To', form: 'MessageIds' }],
  ['references', { name: 'References', form: 'MessageIds' }],
  ['sender', { name: 'Sender', form: 'Addresses' }],
  ['from', { name: 'From', form: 'Addresses' }],
  ['to', { name: 'To', form: 'Addresses' }],
  ['cc', { name: 'Cc', form: 'Addresses' }],
  ['bcc', { name: 'Bcc', form: 'Addresses' }],
  ['replyTo', { name: 'Reply-To', form: 'Addresses' }],
  ['subject', { name: 'Subject', form: 'Text' }],
  ['sentAt', { name: 'Date', form: 'Date' }],
]);
