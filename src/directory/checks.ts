// What administrators type, checked: each refusal is one sentence.

import { canonicalAddress, canonicalDomain, domainOf } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { addressRow, takenAddresses, tenantsOfDomains } from '../store/directory.ts';
import { groupById, type GroupRow } from '../store/directory-groups.ts';
import type { Reader } from '../store/postgres.ts';

/** Throws Refusal. */
export function refuse(reason: string, sentence: string): never {
  throw new Refusal(reason, sentence);
}

export function checkedAddress(given: string): string {
  return canonicalAddress(given) ?? refuse('badAddress', `"${given}" is not an address.`);
}

export function checkedDomain(given: string): string {
  return canonicalDomain(given) ?? refuse('badDomain', `"${given}" is not a domain.`);
}

const NAME_LENGTH = 200;

/** A display name, which will stand in header fields; without one, the address's local part. */
export function checkedName(given: string | undefined, address: string): string {
  const name = given?.normalize('NFC').trim() ?? '';
  if (/[\p{Cc}\u2028\u2029\ufffd]/u.test(name))
    refuse('badName', 'A name is one line of text, without control characters.');
  if (name.length > NAME_LENGTH) refuse('badName', `A name has ${NAME_LENGTH} characters at most.`);
  return name === '' ? address.slice(0, address.lastIndexOf('@')) : name;
}

export function checkPassword(password: string): void {
  if (password.length < 4 || password.length > 1000) refuse('badPassword', 'A password has 4 to 1000 characters.');
}

/** An address in a domain of this server; where `tenant` is given, of that tenant. */
export async function localAddress(
  reader: Reader,
  given: string,
  tenant?: number,
): Promise<{ tenant: number; address: string }> {
  const address = checkedAddress(given);
  const of = (await tenantsOfDomains(reader, [domainOf(address)])).get(domainOf(address));
  return { tenant: checkedTenant(address, of, tenant), address };
}

/** `of`: whose the address's domain is; `tenant`: whose it should be. Answers the tenant. */
export function checkedTenant(address: string, of: number | undefined, tenant?: number): number {
  if (of === undefined) return refuse('notLocal', `${domainOf(address)} is not a domain of this server.`);
  if (tenant !== undefined && of !== tenant) {
    refuse('notLocal', `${domainOf(address)} is a domain of another organisation.`);
  }
  return of;
}

export async function refuseTaken(reader: Reader, addresses: string[]): Promise<void> {
  const once = new Set<string>();
  for (const address of addresses) {
    if (once.has(address)) refuse('taken', `${address} is named twice.`);
    once.add(address);
  }
  const [taken] = await takenAddresses(reader, addresses);
  if (taken !== undefined) refuse('taken', `${taken} is taken.`);
}

export interface Found {
  tenant: number;
  account: number;
  /** Its own address. */
  own: string;
}

/** The account that an address leads to. */
export async function existingAccount(reader: Reader, given: string): Promise<Found> {
  const row = await addressRow(reader, checkedAddress(given));
  if (!row || row.account_id === null) return refuse('notFound', `There is no account ${given}.`);
  return { tenant: row.tenant_id, account: row.account_id, own: row.own ?? given };
}

export async function existingGroup(reader: Reader, given: string): Promise<GroupRow> {
  const row = await addressRow(reader, checkedAddress(given));
  const group = row && row.group_id !== null ? await groupById(reader, row.tenant_id, row.group_id) : undefined;
  return group ?? refuse('notFound', `There is no group ${given}.`);
}
