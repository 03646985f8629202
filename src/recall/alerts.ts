// Telling administrators by mail of recalls that are unusual, and of requests that wait for one of them.

import { domainOf } from '../mail/address.ts';
import { simpleMessage } from '../mail/mime/compose.ts';
import type { Policy } from '../mail/policy.ts';
import { DUTIES, GIVEN_ROLES } from '../mail/roles.ts';
import { accountsWithRoles } from '../store/directory.ts';
import type { Store } from '../store/postgres.ts';
import { markTold, takeAlert, type AlertCause } from '../store/recall-alerts.ts';
import { recallRequests } from '../store/recall-requests.ts';
import { messagesFound } from '../store/messages-found.ts';
import { recallById, type RecallRow } from '../store/recalls.ts';
import type { AccountInfo, People, SubmitMail } from './ports.ts';

const DAY_MS = 86_400_000;

/** Why this recall is unusual. `recent`: the actor's recalls within the hour, with this one. */
export function unusual(
  recall: Pick<RecallRow, 'total' | 'include_read' | 'gated_at'>,
  policy: Policy,
  sent: { acceptedAt: Date; recent: number },
): AlertCause[] {
  const age = recall.gated_at.getTime() - sent.acceptedAt.getTime();
  const causes: [AlertCause, boolean][] = [
    ['old', policy.alertAgeDays > 0 && age >= policy.alertAgeDays * DAY_MS],
    ['large', policy.alertRecipients > 0 && recall.total >= policy.alertRecipients],
    ['many', policy.alertPerHour > 0 && sent.recent >= policy.alertPerHour],
    ['read-copies', policy.alertReadCopies && recall.include_read],
  ];
  return causes.filter(([, is]) => is).map(([cause]) => cause);
}

const SENTENCES: Record<AlertCause, string> = {
  old: 'The message had been sent long before.',
  large: 'It is taken back from many recipients.',
  many: 'It is one of many recalls within an hour by the same person.',
  'read-copies': 'It takes back copies that were read.',
  waiting: 'It waits for a second administrator to approve it; until then nothing happens.',
};

/** Alerts that one round tells of. */
const AT_ONCE = 20;

export interface AlertDeps {
  store: Store;
  people: People;
  submit: SubmitMail;
  clock: () => Date;
}

/**
 * Mails what has not been told yet to everybody whose role includes recalling. A process that dies in the middle of it
 * leaves it untold: somebody may hear of it twice, nobody never.
 */
export async function tellAlerts(deps: AlertDeps): Promise<void> {
  for (let i = 0; i < AT_ONCE && (await tellOne(deps)); i++);
}

function tellOne(deps: AlertDeps): Promise<boolean> {
  const { store, people, submit, clock } = deps;
  return store.transact(async (tx) => {
    const alert = await takeAlert(tx);
    if (!alert) return false;
    const { tenant, recall, causes } = alert;
    const text = await describe(deps, tenant, recall, causes);
    const roles = GIVEN_ROLES.filter((role) => DUTIES[role].includes('recall'));
    for (const { id } of text ? await accountsWithRoles(store, tenant, roles) : []) {
      const to = await people.account(tenant, id);
      if (!to || !text) continue;
      const bytes = compose(to, `recall-${recall}.alert-${causes.join('-')}.${id}`, text, clock());
      await submit({ tenant, origin: { kind: 'server' }, mailFrom: '', recipients: [{ address: to.address }], bytes });
    }
    await markTold(tx, tenant, recall, clock());
    return true;
  });
}

interface Described {
  subject: string;
  lines: string[];
}

async function describe(
  { store, people }: AlertDeps,
  tenant: number,
  id: number,
  causes: AlertCause[],
): Promise<Described | undefined> {
  const recall = await recallById(store, tenant, id);
  const [request] = recall ? [] : await recallRequests(store, tenant, [id], 1);
  const row = recall ?? request;
  if (!row) return undefined;
  const [message] = await messagesFound(store, tenant, [row.message_id]);
  const by = (await people.account(tenant, row.requested_by))?.address ?? 'an account that is gone';
  const kind = recall?.by_administrator === false ? 'Recall' : "Administrator's recall";
  return {
    subject: request ? `Approval needed: recall by ${by}` : `Unusual recall by ${by}`,
    lines: [
      `${kind} r${id} by ${by}, ${row.created_at.toISOString().slice(0, 16).replace('T', ' at ')} UTC.`,
      '',
      `  Subject:     ${message?.subject ?? ''}`,
      `  Message-ID:  ${message?.message_id_header ?? ''}`,
      `  Sent:        ${message?.accepted_at.toISOString().slice(0, 16).replace('T', ' ') ?? ''}`,
      `  Recipients:  ${recall?.total ?? request?.recipients?.length ?? message?.deliveries ?? 0}`,
      ...(row.reason ? [`  Reason:      ${row.reason}`] : []),
      '',
      ...causes.map((cause) => SENTENCES[cause]),
      '',
      request
        ? `homing recall approve r${id} --by YOU, or deny.`
        : `homing recall restore r${id} --by YOU brings back what it took; homing recalls undo takes back all of one account's.`,
    ],
  };
}

function compose(to: AccountInfo, id: string, { subject, lines }: Described, now: Date): Buffer {
  const domain = domainOf(to.address);
  return simpleMessage({
    from: { name: 'Homing', email: `postmaster@${domain}` },
    to: [{ name: to.name, email: to.address }],
    subject,
    date: now,
    messageId: `${id}@${domain}`,
    text: `${lines.join('\r\n')}\r\n`,
    headers: [{ name: 'Auto-Submitted', value: 'auto-generated' }],
  });
}
