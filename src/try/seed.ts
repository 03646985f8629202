// The people of try mode, and a little mail among them. Runs at every start, before a port is open: what is there stays,
// what an earlier start did not finish is finished, and what somebody removed since does not come back.

import type { Admin } from '../directory/admin.ts';
import type { Directory } from '../directory/directory.ts';
import { hashPassword } from '../directory/passwords.ts';
import type { Accept } from '../delivery/accept.ts';
import { simpleMessage } from '../mail/mime/compose.ts';
import { appendAudit, auditPage } from '../store/audit.ts';
import { domainTenant, takenAddresses } from '../store/directory.ts';
import { highestNumbered } from '../store/directory-accounts.ts';
import type { Store } from '../store/postgres.ts';
import { submissionsByMessageId } from '../store/recalls.ts';
import { letters, type Letter } from './letters.ts';

export const PASSWORD = 'homing';
export const TENANT = 'pigeon.test';
const OTHER = 'other.test';

const PEOPLE: readonly [local: string, name: string][] = [
  ['ana', 'Ana Silva'],
  ['ben', 'Ben Okafor'],
  ['cho', 'Cho Min-jun'],
  ['dia', 'Dia Rahman'],
  ['eli', 'Eli Novak'],
];

const POLICY = { rateLimit: 0, maxRecipients: 10_000 };

const FIRST =
  'Ada Bruno Chiara Dmitri Esra Femi Greta Hana Ivo Jun Kofi Lena Mira Noor Otto Paz Quinn Rosa Sven Tala'.split(' ');
const LAST =
  'Adeyemi Berg Costa Dubois Eriksen Fischer Garcia Haddad Ito Jansen Kaya Larsen Moreau Nowak Okeke Petrov Rossi'.split(
    ' ',
  );

/** Accounts a transaction. */
const CHUNK = 5000;

export interface SeedDeps {
  store: Store;
  admin: Admin;
  directory: Directory;
  accept: Accept;
  clock: () => Date;
}

/** `people` more accounts: p1 … p<people>@pigeon.test. Answers how many accounts were added. */
export async function seed(deps: SeedDeps, people: number): Promise<number> {
  let hash: Promise<string> | undefined;
  const password = (): Promise<string> => (hash ??= hashPassword(PASSWORD));
  const tenant = await tenantNamed(deps, TENANT);
  const begun = await wasSeeded(deps.store, tenant);
  const added = begun ? 0 : await addFirst(deps, tenant, password);
  if (!begun) await sendLetters(deps, tenant);
  if (!begun) await markSeeded(deps, tenant);
  return added + (await addPeople(deps, tenant, people, password));
}

async function tenantNamed({ store, admin }: SeedDeps, name: string): Promise<number> {
  return (await domainTenant(store, name)) ?? (await admin.addTenant({ name, domains: [name], policy: POLICY }));
}

const SEEDED = 'try.seeded';

/** The audit log remembers for ever, and this is among the first that it remembers. */
async function wasSeeded(store: Store, tenant: number): Promise<boolean> {
  return (await auditPage(store, tenant, 0, 100)).some((entry) => entry.action === SEEDED);
}

async function markSeeded({ store, clock }: SeedDeps, tenant: number): Promise<void> {
  const entry = { at: clock(), actor: 'homing', action: SEEDED, subject: TENANT, detail: {} };
  await store.transact(async (tx) => appendAudit(tx, tenant, entry));
}

async function addFirst(deps: SeedDeps, tenant: number, password: () => Promise<string>): Promise<number> {
  const { admin } = deps;
  const people = PEOPLE.map(([local, name]) => ({ address: `${local}@${TENANT}`, name }));
  let added = await addMissing(deps, tenant, people, password);
  if (await isMissing(deps, `office@${TENANT}`)) {
    await admin.addAccount({ address: `office@${TENANT}`, name: 'Office', kind: 'shared' });
    added++;
  }
  for (const local of ['ana', 'ben']) {
    await admin.delegate(`office@${TENANT}`, `${local}@${TENANT}`, ['full', 'send-as']);
  }
  if (await isMissing(deps, `all@${TENANT}`)) {
    await admin.addGroup({ address: `all@${TENANT}`, name: 'Everybody', everybody: true });
  }
  const other = await tenantNamed(deps, OTHER);
  return added + (await addMissing(deps, other, [{ address: `zoe@${OTHER}`, name: 'Zoe Lindqvist' }], password));
}

async function isMissing({ store }: SeedDeps, address: string): Promise<boolean> {
  return (await takenAddresses(store, [address])).length === 0;
}

async function addMissing(
  { store, admin }: SeedDeps,
  tenant: number,
  people: { address: string; name: string }[],
  password: () => Promise<string>,
): Promise<number> {
  const there = new Set(
    await takenAddresses(
      store,
      people.map(({ address }) => address),
    ),
  );
  const missing = people.filter(({ address }) => !there.has(address));
  if (missing.length === 0) return 0;
  const passwordHash = await password();
  await admin.addAccounts(
    tenant,
    missing.map((person) => ({ ...person, passwordHash })),
  );
  return missing.length;
}

/** Those after the last one that is there. */
async function addPeople(
  deps: SeedDeps,
  tenant: number,
  people: number,
  password: () => Promise<string>,
): Promise<number> {
  if (people === 0 || !(await isMissing(deps, `p${people}@${TENANT}`))) return 0;
  const there = await highestNumbered(deps.store, tenant, 'p', TENANT);
  let added = 0;
  for (let from = there + 1; from <= people; from += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, people - from + 1) }, (_, i) => from + i);
    added += await addMissing(
      deps,
      tenant,
      numbers.map((n) => ({ address: `p${n}@${TENANT}`, name: nameOf(n) })),
      password,
    );
  }
  if (added > 0) await deps.admin.analyse();
  return added;
}

function nameOf(n: number): string {
  return `${FIRST[n % FIRST.length]} ${LAST[n % LAST.length]}`;
}

async function sendLetters(deps: SeedDeps, tenant: number): Promise<void> {
  for (const letter of letters) {
    const sender = await deps.directory.resolve(`${letter.from}@${TENANT}`);
    if (sender.kind !== 'account') continue;
    const sent = { tenant, account: sender.account, messageId: messageIdOf(letter.id) };
    if ((await submissionsByMessageId(deps.store, sent)).length > 0) continue;
    const to = letter.to.map((local) => ({ name: nameIn(local), email: `${local}@${TENANT}` }));
    await deps.accept({
      tenant,
      origin: { kind: 'submission', account: sender.account, submittedBy: sender.account, source: 'smtp' },
      mailFrom: sender.address,
      recipients: to.map((one) => ({ address: one.email })),
      bytes: written(letter, sender.address, to, deps.clock()),
    });
  }
}

function written(letter: Letter, email: string, to: { name: string | null; email: string }[], date: Date): Buffer {
  const inReplyTo = letter.replyTo && `<${messageIdOf(letter.replyTo)}>`;
  return simpleMessage({
    from: { name: nameIn(letter.from), email },
    to,
    subject: letter.subject,
    date,
    messageId: messageIdOf(letter.id),
    text: letter.text,
    headers: inReplyTo ? ['In-Reply-To', 'References'].map((name) => ({ name, value: inReplyTo, raw: true })) : [],
  });
}

const messageIdOf = (id: string): string => `${id}@${TENANT}`;

function nameIn(local: string): string | null {
  return PEOPLE.find(([one]) => one === local)?.[1] ?? null;
}
