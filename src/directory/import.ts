// Many accounts from a list: all of them or none. One transaction, in chunks, so that memory stays flat however long the
// list is.

import { canonicalAddress, domainOf } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { appendAudit } from '../store/audit.ts';
import { takenAddresses, tenantsOfDomains } from '../store/directory.ts';
import { analyse, insertAccounts, type NewAccount } from '../store/directory-accounts.ts';
import { holdGroups, insertMembers } from '../store/directory-groups.ts';
import type { Transaction } from '../store/postgres.ts';
import { asTaken, tell, type AdminDeps } from './change.ts';
import { checkedAddress, checkedName, checkedTenant, checkPassword, refuse } from './checks.ts';
import { hashPasswords, isPasswordHash } from './passwords.ts';

export interface ImportLine {
  /** Where it is in the list, for complaints. */
  line: number;
  address: string;
  name?: string | undefined;
  kind?: string | undefined;
  /** In clear, or a PHC string of argon2id; none: nobody signs in. */
  password?: string | undefined;
  aliases: string[];
  /** Groups of its tenant, which are there already. */
  groups: string[];
  /** What the reader of the list found wrong with it. */
  fault?: string | undefined;
}

export interface ImportOptions {
  /** Every account is to be of this tenant. */
  tenant?: number | undefined;
  /** Checks everything and changes nothing. */
  dryRun?: boolean | undefined;
  /** After each chunk: lines so far. */
  onProgress?: ((lines: number) => void) | undefined;
}

export interface ImportReport {
  imported: number;
  /** The first 1,000 lines that are wrong, each with a sentence. */
  wrong: { line: number; why: string }[];
  /** How many are wrong altogether; if any, nothing was imported. */
  wrongLines: number;
}

/** Lines a chunk. */
const CHUNK = 4000;
const NAMED = 1000;
/** Passwords whose hashes are remembered: lines with the same password have the same hash. */
const HASHES = 10_000;
/** From so many on, the planner is told. */
const MANY = 1000;

/** Ends the transaction without a commit. */
class Undo extends Error {}

/** Reads the list once (again, should the database ask for it), answers when all is durable and told to every process. */
export async function importAccounts(
  deps: AdminDeps,
  lines: () => AsyncIterable<ImportLine>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { store, clock, actor } = deps;
  let report: ImportReport = { imported: 0, wrong: [], wrongLines: 0 };
  const work = async (tx: Transaction): Promise<void> => {
    report = { imported: 0, wrong: [], wrongLines: 0 };
    const importing = createImporting(tx, report, options, clock());
    for await (const chunk of inChunks(lines())) {
      await importing.take(chunk);
      options.onProgress?.(report.imported + report.wrongLines);
    }
    if (report.wrongLines > 0 || options.dryRun) throw new Undo();
    if (report.imported >= MANY) await analyse(tx);
    for (const [tenant, imported] of importing.tenants()) {
      const entry = { action: 'accounts.imported', subject: `${imported}`, detail: {} };
      appendAudit(tx, tenant, { at: clock(), actor, ...entry });
    }
  };
  try {
    await store.transact(work).catch(asTaken);
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
    return { ...report, imported: options.dryRun && report.wrongLines === 0 ? report.imported : 0 };
  }
  await tell(store);
  return report;
}

async function* inChunks(lines: AsyncIterable<ImportLine>): AsyncIterable<ImportLine[]> {
  let chunk: ImportLine[] = [];
  for await (const line of lines) {
    chunk.push(line);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

interface Checked extends NewAccount {
  tenant: number;
  groups: number[];
}

function createImporting(
  tx: Transaction,
  report: ImportReport,
  options: ImportOptions,
  at: Date,
): { take(chunk: ImportLine[]): Promise<void>; tenants(): [number, number][] } {
  const counts = new Map<number, number>();
  const domains = new Map<string, number | undefined>();
  const groups = new Map<string, number | undefined>();
  const hashes = new Map<string, string>();

  const learnDomains = async (addresses: string[]): Promise<void> => {
    const asked = [...new Set(addresses.map(domainOf))].filter((domain) => !domains.has(domain));
    if (asked.length === 0) return;
    const found = await tenantsOfDomains(tx, asked);
    for (const domain of asked) domains.set(domain, found.get(domain));
  };
  const learnGroups = async (addresses: string[]): Promise<void> => {
    const asked = [...new Set(addresses)].filter((address) => !groups.has(address));
    for (const [tenant, list] of Map.groupBy(asked, (address) => domains.get(domainOf(address)))) {
      const found = tenant === undefined ? undefined : await holdGroups(tx, tenant, list);
      for (const address of list) groups.set(address, found?.get(address));
    }
  };
  const learnHashes = async (passwords: string[]): Promise<void> => {
    if (hashes.size > HASHES) hashes.clear();
    const asked = [...new Set(passwords)].filter((password) => !hashes.has(password));
    const hashed = await hashPasswords(asked);
    asked.forEach((password, i) => hashes.set(password, hashed[i] ?? ''));
  };

  const hashOf = (password: string | null): string | null =>
    password !== null && isPasswordHash(password) ? password : (hashes.get(password ?? '') ?? null);

  const check = (line: ImportLine, taken: Set<string>): Checked => {
    if (line.fault !== undefined) refuse('badLine', line.fault);
    const [address, aliases] = [checkedAddress(line.address), line.aliases.map(checkedAddress)];
    const tenant = checkedTenant(address, domains.get(domainOf(address)), options.tenant);
    for (const alias of aliases) checkedTenant(alias, domains.get(domainOf(alias)), tenant);
    const name = checkedName(line.name, address);
    const kind = kindOf(line.kind);
    if (line.password !== undefined && !isPasswordHash(line.password)) checkPassword(line.password);
    const inGroups = line.groups.map((given) => {
      const group = checkedAddress(given);
      checkedTenant(group, domains.get(domainOf(group)), tenant);
      return groups.get(group) ?? refuse('notFound', `There is no group ${given}.`);
    });
    const own = new Set<string>();
    for (const one of [address, ...aliases]) {
      if (own.has(one)) refuse('taken', `${one} is named twice.`);
      if (taken.has(one)) refuse('taken', `${one} is taken, by an account or group that is there or by a line before.`);
      own.add(one);
    }
    for (const one of own) taken.add(one);
    return { tenant, address, name, kind, password: line.password ?? null, aliases, groups: inGroups };
  };

  return {
    tenants: () => [...counts].toSorted(([a], [b]) => a - b),
    async take(chunk) {
      const named = chunk
        .flatMap((line) => [line.address, ...line.aliases].map(canonicalAddress))
        .filter((one) => one !== null);
      const groupsNamed = chunk.flatMap((line) => line.groups.map(canonicalAddress)).filter((one) => one !== null);
      await learnDomains([...named, ...groupsNamed]);
      await learnGroups(groupsNamed);
      const taken = new Set(await takenAddresses(tx, named));
      const good: Checked[] = [];
      for (const line of chunk) {
        try {
          good.push(check(line, taken));
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          report.wrongLines++;
          if (report.wrong.length < NAMED) report.wrong.push({ line: line.line, why: error.message });
        }
      }
      const inClear = good.flatMap(({ password }) => (password === null || isPasswordHash(password) ? [] : [password]));
      // Once it is clear that nothing will come of it, the rest is only looked at.
      if (report.wrongLines === 0 && !options.dryRun) await learnHashes(inClear);
      for (const [tenant, list] of Map.groupBy(good, (one) => one.tenant)) {
        const accounts = list.map((one) => ({ ...one, password: hashOf(one.password) }));
        await insertAccounts(tx, tenant, accounts, at);
        await insertMembers(
          tx,
          tenant,
          list.flatMap((one) => one.groups.map((group) => ({ group, address: one.address }))),
        );
        counts.set(tenant, (counts.get(tenant) ?? 0) + list.length);
      }
      report.imported += good.length;
    },
  };
}

function kindOf(given = 'person'): NewAccount['kind'] {
  if (given === 'person' || given === 'shared' || given === 'service') return given;
  return refuse('badKind', `A kind is person, shared or service, not "${given}".`);
}
