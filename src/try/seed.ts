// The people of try mode, and a little mail among them. Run at every start: what is there stays, what is missing is added.

import type { Admin } from '../directory/admin.ts';
import type { Directory } from '../directory/directory.ts';
import { hashPassword } from '../directory/passwords.ts';
import type { Accept } from '../delivery/accept.ts';
import { simpleMessage } from '../mail/mime/compose.ts';
import { letters } from './letters.ts';

export const PASSWORD = 'homing';
export const TENANT = 'pigeon.test';

const PEOPLE = [
  ['ana', 'Ana Silva'],
  ['ben', 'Ben Okafor'],
  ['cho', 'Cho Min-jun'],
  ['dia', 'Dia Rahman'],
  ['eli', 'Eli Novak'],
] as const;

const FIRST = ['Ada', 'Bruno', 'Chiara', 'Dmitri', 'Esra', 'Femi', 'Greta', 'Hana', 'Ivo', 'Jun', 'Kofi', 'Lena', 'Mira', 'Noor', 'Otto', 'Paz', 'Quinn', 'Rosa', 'Sven', 'Tala'];
const LAST = ['Adeyemi', 'Berg', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Haddad', 'Ito', 'Jansen', 'Kaya', 'Larsen', 'Moreau', 'Nowak', 'Okeke', 'Petrov', 'Rossi'];

/** Accounts a transaction. */
const CHUNK = 5000;

export interface SeedDeps {
  admin: Admin;
  directory: Directory;
  accept: Accept;
  clock: () => Date;
}

/** Adds what is missing; `people` more accounts p1 … p<people>@pigeon.test. Answers how many accounts were added. */
export async function seed(deps: SeedDeps, people: number): Promise<number> {
  const { admin, directory } = deps;
  let added = 0;
  let hash: string | undefined;
  const password = async (): Promise<string> => (hash ??= await hashPassword(PASSWORD));
  const ana = await directory.resolve(`ana@${TENANT}`);
  if (ana.kind === 'outside') {
    const tryPolicy = { rateLimit: 0, maxRecipients: 10_000 };
    const tenant = await admin.addTenant({ name: TENANT, domains: [TENANT], policy: tryPolicy });
    await admin.addAccounts(
      tenant,
      await Promise.all(PEOPLE.map(async ([local, name]) => ({ address: `${local}@${TENANT}`, name, passwordHash: await password() }))),
    );
    await admin.addAccount({ address: `office@${TENANT}`, name: 'Office', kind: 'shared' });
    for (const local of ['ana', 'ben']) await admin.delegate(`office@${TENANT}`, `${local}@${TENANT}`, ['full', 'send-as']);
    await admin.addGroup({ address: `all@${TENANT}`, name: 'Everybody', everybody: true });
    const other = await admin.addTenant({ name: 'other.test', domains: ['other.test'], policy: tryPolicy });
    await admin.addAccounts(other, [{ address: 'zoe@other.test', name: 'Zoe Lindqvist', passwordHash: await password() }]);
    added += PEOPLE.length + 2;
    await sendLetters(deps);
  }
  const target = await directory.resolve(`ana@${TENANT}`);
  if (target.kind !== 'account') throw new Error(`ana@${TENANT} is not there`);
  const before = await peopleThere(directory, people);
  for (let from = before + 1; from <= people; from += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, people - from + 1) }, (_, i) => from + i);
    const hashed = await password();
    await admin.addAccounts(
      target.tenant,
      numbers.map((n) => ({ address: `p${n}@${TENANT}`, name: `${FIRST[n % FIRST.length]} ${LAST[n % LAST.length]}`, passwordHash: hashed })),
    );
  }
  if (people > before) await admin.analyse();
  return added + Math.max(0, people - before);
}

/** Highest n of p1 … pn: they are added in order, in whole chunks. */
async function peopleThere(directory: Directory, people: number): Promise<number> {
  let [low, high] = [0, people];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await directory.resolve(`p${middle}@${TENANT}`)).kind === 'account') low = middle;
    else high = middle - 1;
  }
  return low;
}

async function sendLetters({ accept, directory, clock }: SeedDeps): Promise<void> {
  for (const letter of letters) {
    const from = PEOPLE.find(([local]) => local === letter.from) ?? PEOPLE[0];
    const sender = await directory.resolve(`${from[0]}@${TENANT}`);
    if (sender.kind !== 'account') continue;
    const to = letter.to.map((local) => ({ name: PEOPLE.find(([one]) => one === local)?.[1] ?? null, email: `${local}@${TENANT}` }));
    const bytes = simpleMessage({
      from: { name: from[1], email: sender.address },
      to,
      subject: letter.subject,
      date: clock(),
      messageId: `${letter.id}@${TENANT}`,
      text: letter.text,
      headers: letter.replyTo ? [{ name: 'In-Reply-To', value: `<${letter.replyTo}@${TENANT}>`, raw: true }] : [],
    });
    await accept({
      tenant: sender.tenant,
      origin: { kind: 'submission', account: sender.account, submittedBy: sender.account, source: 'smtp' },
      mailFrom: sender.address,
      recipients: to.map((one) => ({ address: one.email })),
      bytes,
    });
  }
}
