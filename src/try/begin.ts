// What Begin on /try does: Ana sends everybody, and two people outside, what she should not have.

import { randomUUID } from 'node:crypto';
import type { Accept } from '../delivery/accept.ts';
import type { Directory } from '../directory/directory.ts';
import { Refusal } from '../mail/errors.ts';
import { simpleMessage } from '../mail/mime/compose.ts';
import { PASSWORD, TENANT } from './seed.ts';

/** Sessions /u/0/ and /u/1/. */
export const TRY_PEOPLE = ['ana', 'ben'].map((local) => ({ address: `${local}@${TENANT}`, password: PASSWORD }));

const OUTSIDE = [
  { name: 'Nora Lind', email: 'nora@outside.test' },
  { name: 'Printers on the Quay', email: 'quay@outside.test' },
];

const TEXT = `All,

here are the salaries for 2026, for the board's eyes only until March.

  Ana Silva      71,000
  Ben Okafor     68,500
  Cho Min-jun    64,000
  Dia Rahman     66,200
  Eli Novak      59,800

Ana
`;

export interface BeginDeps {
  directory: Directory;
  accept: Accept;
  clock: () => Date;
}

/** Sends it now, by the ordinary way, so that its hold counts down. `emailId` is the copy in her Sent. */
export async function sendSalaries(deps: BeginDeps): Promise<{ emailId: string; messageId: string; total: number }> {
  const { directory, accept, clock } = deps;
  const address = TRY_PEOPLE[0]?.address ?? '';
  const sender = await directory.resolve(address);
  if (sender.kind !== 'account') throw new Refusal('notFound', `There is no account ${address}.`);
  const messageId = `${randomUUID()}@${TENANT}`;
  const to = [{ name: 'Everybody', email: `all@${TENANT}` }, ...OUTSIDE];
  const accepted = await accept({
    tenant: sender.tenant,
    origin: { kind: 'submission', account: sender.account, submittedBy: sender.account, source: 'jmap' },
    mailFrom: address,
    recipients: to.map(({ email }) => ({ address: email })),
    bytes: simpleMessage({
      from: { name: 'Ana Silva', email: address },
      to,
      subject: 'Salaries 2026',
      date: clock(),
      messageId,
      text: TEXT.replaceAll('\n', '\r\n'),
      headers: [],
    }),
  });
  return { emailId: `m${accepted.sentEmailId}`, messageId, total: accepted.total };
}
