// Header fields of a message to be created, from the values that a client gives them (RFC 8621 §4.1.2, §4.6).

import type { AddressGroup, EmailAddress } from '../../mail/message.ts';
import { encodeAddressList, encodeText, type ComposeHeader } from '../../mail/mime/compose.ts';
import { readDate } from '../dates.ts';
import type { HeaderForm } from './header-property.ts';

type Json = Record<string, unknown>;

/** What is wrong with an object, by property. */
export class Faults {
  readonly properties = new Set<string>();
  readonly reasons: string[] = [];

  add(property: string, reason: string): void {
    this.properties.add(property);
    this.reasons.push(`${property}: ${reason}`);
  }
}

/** The fields that one property stands for; null gives none, and neither does an empty list: no such field may be empty. */
export function fieldsOf(
  property: string,
  name: string,
  form: HeaderForm,
  all: boolean,
  value: unknown,
  faults: Faults,
): ComposeHeader[] {
  if (value === null || value === undefined) return [];
  const values = all ? value : [value];
  if (!Array.isArray(values)) {
    faults.add(property, 'is not an array');
    return [];
  }
  return values.flatMap((each): ComposeHeader[] => {
    if (LISTS.has(form) && Array.isArray(each) && each.length === 0) return [];
    const written = writeField(form, each);
    if (written !== null) return [{ name, ...written }];
    faults.add(property, `is no value of the form ${form}`);
    return [];
  });
}

/** RFC 5322 §3.4, §3.6.4; RFC 2369 §2: one at the least. */
const LISTS: ReadonlySet<HeaderForm> = new Set<HeaderForm>(['Addresses', 'GroupedAddresses', 'MessageIds', 'URLs']);

function writeField(form: HeaderForm, value: unknown): Omit<ComposeHeader, 'name'> | null {
  switch (form) {
    case 'Raw':
      return typeof value === 'string' ? { value, raw: true } : null;
    case 'Text':
      return typeof value === 'string' ? { value } : null;
    case 'Addresses':
      return isAddresses(value) ? { value: encodeAddressList(value), raw: true } : null;
    case 'GroupedAddresses':
      return isGroups(value) ? { value: value.map(writeGroup).join(',\r\n '), raw: true } : null;
    case 'MessageIds':
      return isStrings(value) && value.every((id) => /^[^\s<>]+$/.test(id))
        ? { value: value.map((id) => `<${id}>`).join('\r\n '), raw: true }
        : null;
    case 'URLs':
      return isStrings(value) && value.every((url) => /^[^\s<>]+$/.test(url))
        ? { value: value.map((url) => `<${url}>`).join(',\r\n '), raw: true }
        : null;
    case 'Date': {
      const written = typeof value === 'string' ? writeDate(value) : null;
      return written === null ? null : { value: written, raw: true };
    }
  }
}

export const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

function isAddress(value: unknown): value is EmailAddress {
  if (typeof value !== 'object' || value === null) return false;
  const { name = null, email } = value as Json;
  return (name === null || typeof name === 'string') && typeof email === 'string';
}

const isAddresses = (value: unknown): value is EmailAddress[] => Array.isArray(value) && value.every(isAddress);

function isGroups(value: unknown): value is AddressGroup[] {
  return (
    Array.isArray(value) &&
    value.every(
      (group: Json | null) =>
        group !== null &&
        (group['name'] === null || typeof group['name'] === 'string') &&
        isAddresses(group['addresses']),
    )
  );
}

function writeGroup({ name, addresses }: AddressGroup): string {
  const list = encodeAddressList(addresses);
  if (name === null) return list;
  const plain = /^[\w !#$%&'*+\-/=?^`{|}~]+$/.test(name);
  const phrase = plain ? name : /^[\x20-\x7e]*$/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : encodeText(name);
  return `${phrase}: ${list};`;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 8620 §1.4 Date to RFC 5322 §3.3, its offset kept. */
function writeDate(value: string): string | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(value);
  if (!match || !readDate(value)) return null;
  const [, year = '', month = '', day = '', time = '', zone = ''] = match;
  const weekday = DAYS[new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDay()];
  return `${weekday}, ${day} ${MONTHS[Number(month) - 1]} ${year} ${time} ${zone === 'Z' ? '+0000' : zone.replace(':', '')}`;
}
