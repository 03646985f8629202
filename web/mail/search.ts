// What a person types into the search box, as JMAP filters it (RFC 8621 §4.4.1). Pure.

import type { Json, Mailbox } from '../jmap/types.ts';

export interface Search {
  filter: Json;
  /** In every mailbox, because no in: says otherwise. */
  everywhere: boolean;
}

export const OPERATORS: readonly { text: string; means: string }[] = [
  { text: 'from:', means: 'who wrote it' },
  { text: 'to:', means: 'whom it went to' },
  { text: 'subject:', means: 'words of the subject' },
  { text: 'body:', means: 'words of the text' },
  { text: 'has:attachment', means: 'with files' },
  { text: 'is:unread', means: 'not read yet' },
  { text: 'is:flagged', means: 'with a flag' },
  { text: 'before:', means: 'a day, as 2026-11-24' },
  { text: 'after:', means: 'a day, as 2026-11-24' },
  { text: 'in:', means: 'a mailbox' },
];

/** `roof from:ben has:attachment before:2026-11-01 in:archive "as a whole"`. What is no operator is looked for as it stands. */
export function parseSearch(text: string, mailboxes: readonly Pick<Mailbox, 'id' | 'name' | 'role'>[]): Search {
  const conditions: Json[] = [];
  const words: string[] = [];
  let everywhere = true;
  for (const [whole, not = '', name, quoted, bare] of text.matchAll(/(-)?(?:([a-z]+):)?(?:"([^"]*)"?|([^\s"]+))/gi)) {
    const value = quoted ?? bare ?? '';
    if (value === '') continue;
    const condition = name === undefined ? undefined : operator(name.toLowerCase(), value, mailboxes);
    if (condition) {
      if ('inMailbox' in condition) everywhere = false;
      conditions.push(not ? { operator: 'NOT', conditions: [condition] } : condition);
    } else if (not) {
      conditions.push({
        operator: 'NOT',
        conditions: [{ text: quoted === undefined ? whole.slice(1) : `"${quoted}"` }],
      });
    } else words.push(quoted === undefined ? whole : name === undefined ? `"${quoted}"` : whole);
  }
  if (words.length > 0) conditions.unshift({ text: words.join(' ') });
  const [only = {}] = conditions;
  return { filter: conditions.length < 2 ? only : { operator: 'AND', conditions }, everywhere };
}

function operator(
  name: string,
  value: string,
  mailboxes: readonly Pick<Mailbox, 'id' | 'name' | 'role'>[],
): Json | undefined {
  const word = value.toLowerCase();
  switch (name) {
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc':
    case 'subject':
    case 'body':
      return { [name]: value };
    case 'has':
      return /^attachments?$/.test(word) ? { hasAttachment: true } : undefined;
    case 'is':
      if (word === 'unread') return { notKeyword: '$seen' };
      if (word === 'read') return { hasKeyword: '$seen' };
      return word === 'flagged' ? { hasKeyword: '$flagged' } : undefined;
    case 'before':
    case 'after': {
      const day = dayOf(value);
      return day === undefined ? undefined : { [name]: day };
    }
    case 'in': {
      const box = mailboxes.find((one) => one.role === word || one.name.toLowerCase() === word);
      return box ? { inMailbox: box.id } : undefined;
    }
    default:
      return undefined;
  }
}

/** Midnight of the day where the reader is, in UTC. */
function dayOf(value: string): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(value) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  return date.getMonth() === Number(month) - 1 ? date.toISOString().replace(/\.\d+Z$/, 'Z') : undefined;
}
