// Addresses as people type and paste them.

import type { EmailAddress } from '../jmap/types.ts';

/** One in a recipient field, good or not. */
export interface Recipient {
  name: string | null;
  /** As it was typed where it is no address. */
  email: string;
}

/** Local part, "@", a domain of at least one label; what a server would refuse later is not for here to know. */
const ADDRESS = /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\.]+(?:\.[^\s@<>()[\],;:"\\.]+)*$/u;
const QUOTED_LOCAL = /^"(?:[^"\\]|\\.)*"@[^\s@<>()[\],;:"\\]+$/u;

export const isAddress = (email: string): boolean =>
  email.length <= 320 && (ADDRESS.test(email) || QUOTED_LOCAL.test(email));

/** What makes two of them the same. */
export const keyOf = (email: string): string => email.trim().toLowerCase();

export const domainOf = (email: string): string => keyOf(email.slice(email.lastIndexOf('@') + 1));

export const isOutside = (email: string, domains: readonly string[]): boolean =>
  isAddress(email) && !domains.includes(domainOf(email));

/**
 * A pasted list: commas, semicolons, line ends and tabs part it, but not within quotes or angle brackets; addresses with
 * nothing but spaces between them are several too. "Silva, Ana <ana@pigeon.test>" of other programs is one.
 */
export function parseAddressList(text: string): Recipient[] {
  const parts = splitList(text);
  const merged: string[] = [];
  for (const part of parts) {
    const before = merged.at(-1);
    // "Silva" before "Ana <ana@…>" is the rest of a name that nobody quoted.
    if (before !== undefined && !before.includes('@') && part.separator === ',' && /<[^<>]+>$/.test(part.text))
      merged[merged.length - 1] = `${before}, ${part.text}`;
    else merged.push(part.text);
  }
  return merged.flatMap(parseOne);
}

function splitList(text: string): { text: string; separator: string }[] {
  const parts: { text: string; separator: string }[] = [];
  let current = '';
  let separator = '';
  let quoted = false;
  let angle = false;
  const end = (next: string): void => {
    const trimmed = current.trim();
    if (trimmed !== '') {
      parts.push({ text: trimmed, separator });
      separator = next;
    } else if (next !== ',') separator = next;
    current = '';
  };
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '\\' && quoted) {
      current += char + text.charAt(++i);
      continue;
    }
    if (char === '"') quoted = !quoted;
    else if (char === '<' && !quoted) angle = true;
    else if (char === '>' && !quoted) angle = false;
    if (/[\r\n]/.test(char)) {
      quoted = angle = false;
      end('\n');
    } else if (!quoted && !angle && /[,;\t]/.test(char)) end(char);
    else current += char;
  }
  end('');
  return parts;
}

function parseOne(text: string): Recipient[] {
  const named = /^(.*?)\s*<\s*([^<>]*?)\s*>$/s.exec(text);
  if (named) {
    const name = unquoted(named[1] ?? '');
    return [{ name: name === '' || keyOf(name) === keyOf(named[2] ?? '') ? null : name, email: bare(named[2] ?? '') }];
  }
  const email = bare(text);
  const words = email.split(/\s+/);
  if (words.length > 1 && words.every((word) => isAddress(word)))
    return words.map((word) => ({ name: null, email: word }));
  return [{ name: null, email }];
}

const bare = (email: string): string => email.replace(/^mailto:/i, '').trim();

function unquoted(name: string): string {
  const inner = /^"((?:[^"\\]|\\.)*)"$/s.exec(name.trim())?.[1];
  return (inner === undefined ? name : inner.replaceAll(/\\(.)/gs, '$1')).replaceAll(/\s+/g, ' ').trim();
}

/** As a field would have it: what a chip becomes when it is edited again. */
export function formatAddress({ name, email }: Recipient): string {
  if (name === null || name === '') return email;
  return /^[\p{L}\p{N} .'_-]+$/u.test(name)
    ? `${name} <${email}>`
    : `"${name.replaceAll(/["\\]/g, '\\$&')}" <${email}>`;
}

/** Each once; the first stays. */
export function uniqueRecipients<T extends Recipient>(list: readonly T[], not: readonly Recipient[] = []): T[] {
  const seen = new Set(not.map(({ email }) => keyOf(email)));
  return list.filter(({ email }) => !seen.has(keyOf(email)) && seen.add(keyOf(email)));
}

export const toAddresses = (list: readonly Recipient[]): EmailAddress[] =>
  list.map(({ name, email }) => ({ name, email }));
