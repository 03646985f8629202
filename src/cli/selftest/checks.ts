// What selftest looks at, in order: from the submission to the end of the restore, as the sender's and the recipients' own
// programs are shown it.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { simpleMessage } from '../../mail/mime/compose.ts';
import { auditPage } from '../../store/audit.ts';
import type { Store } from '../../store/postgres.ts';
import { verifyTenant } from '../../store/verify/verify.ts';
import { openJmap, submit, type Faces, type JmapClient, type Json } from './faces.ts';
import { ROLES, type Probes, type Role } from './probes.ts';

export interface Checked {
  check: string;
  passed: boolean;
  ms: number;
  /** What was wrong, or a figure. */
  says?: string;
}

export interface CheckDeps {
  store: Store;
  clock: () => Date;
  faces: Faces;
  probes: Probes;
  /** Milliseconds that anything may take. */
  timeoutMs: number;
  told: (checked: Checked) => void;
}

/** Who loses the message, as recall.md's table has it. */
const OUTCOMES: Record<Exclude<Role, 'sender'>, [outcome: string, exposure: string]> = {
  unread: ['recalled', 'none'],
  listed: ['recalled', 'listed'],
  downloaded: ['recalled', 'downloaded'],
  read: ['kept-read', 'opened'],
  deleted: ['already-deleted', 'none'],
};
const TAKEN = ['unread', 'listed', 'downloaded'] as const;
const COUNTS = { recalled: 3, 'kept-read': 1, 'already-deleted': 1, intercepted: 1 };

class Wrong extends Error {}

function expect(what: string, found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected))
    throw new Wrong(`${what}: ${JSON.stringify(found)}, and should be ${JSON.stringify(expected)}`);
}

/** Answers false as soon as something is wrong that what follows needs. */
export async function runChecks(deps: CheckDeps): Promise<boolean> {
  const { faces, probes, timeoutMs } = deps;
  const secret = randomBytes(12).toString('hex');
  const subject = `Homing selftest ${secret}`;
  const clients = {} as Record<Role, JmapClient>;
  const emails = {} as Record<Role, string>;
  let recallId = '';
  let passed = true;

  const check = async (name: string, work: () => Promise<string | void>): Promise<boolean> => {
    const began = performance.now();
    const tell = (ok: boolean, says?: string): void =>
      deps.told({ check: name, passed: ok, ms: Math.round(performance.now() - began), ...(says ? { says } : {}) });
    try {
      tell(true, (await work()) ?? undefined);
      return true;
    } catch (error) {
      tell(false, (error as Error).message);
      return (passed = false);
    }
  };
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + timeoutMs;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Wrong(`not within ${timeoutMs / 1000} s: ${what}`);
      await sleep(50);
    }
  };
  const found = async (role: Role, filter: Json): Promise<string[]> =>
    (await clients[role].call('Email/query', { filter }))['ids'] as string[];
  const shown = async (role: Role, id: string, more: Json = {}): Promise<Json | undefined> =>
    ((await clients[role].call('Email/get', { ids: [id], ...more }))['list'] as Json[])[0];
  const arrived = async (role: Role): Promise<void> =>
    until(`the message at ${role}'s`, async () => {
      const [id] = await found(role, { subject });
      if (id !== undefined) emails[role] = id;
      return id !== undefined;
    });

  const sent = await check('submission: accepted over TLS', async () => {
    const message = simpleMessage({
      from: { name: null, email: probes.people.sender.address },
      to: [{ name: null, email: probes.group }],
      subject,
      date: deps.clock(),
      messageId: `${secret}@selftest.invalid`,
      text: `The word is ${secret}.\r\n`,
    });
    return submit(faces, probes.people.sender, [probes.group, probes.outside], message, timeoutMs);
  });
  if (!sent) return false;
  const there = await check('delivery: everybody inside has it', async () => {
    for (const role of ROLES) clients[role] = await openJmap(faces, probes.people[role], timeoutMs);
    for (const role of ROLES) await arrived(role);
  });
  if (!there) return false;

  await check('reading: listed, downloaded, opened and destroyed by their owners', async () => {
    expect('the subject', (await shown('listed', emails.listed, { properties: ['subject'] }))?.['subject'], subject);
    const blob = String((await shown('downloaded', emails.downloaded, { properties: ['blobId'] }))?.['blobId']);
    expect('a download', await clients.downloaded.download(blob), 200);
    await clients.read.call('Email/set', { update: { [emails.read]: { 'keywords/$seen': true } } });
    await clients.deleted.call('Email/set', { destroy: [emails.deleted] });
  });

  const blobs = {} as Record<Role, string>;
  for (const role of ['listed', 'downloaded'] as const)
    blobs[role] = String((await shown(role, emails[role], { properties: ['blobId'] }))?.['blobId']);
  const gated = await check('recall: the gate stands', async () => {
    const asked = { emailId: emails.sender, mode: 'delete', recipients: null, notifyMe: true, reason: 'selftest' };
    const { created, notCreated } = await clients.sender.call('Recall/set', { create: { r: asked } });
    const made = (created as Record<string, Json> | null)?.['r'];
    if (!made) throw new Wrong(JSON.stringify(notCreated));
    recallId = String(made['id']);
    expect('deliveries in scope', made['total'], 6);
    return `${Math.round(Number(made['gateMs']) * 10) / 10} ms in the server`;
  });
  if (!gated) return false;
  await check('P1: no unopened copy can be shown, found or downloaded', async () => {
    for (const role of TAKEN) {
      expect(`what ${role} is shown`, await shown(role, emails[role]), undefined);
      expect(`what ${role} finds by its words`, await found(role, { text: secret }), []);
      if (role !== 'unread') expect(`${role}'s download`, await clients[role].download(blobs[role]), 404);
    }
  });
  const done = await check('P2: every recipient has an outcome', async () => {
    let recall: Json = {};
    await until('the recall is done', async () => {
      recall = ((await clients.sender.call('Recall/get', { ids: [recallId] }))['list'] as Json[])[0] ?? {};
      return recall['status'] === 'done';
    });
    expect('the counts', sorted(recall['counts'] as Json), sorted(COUNTS));
    const { ids } = await clients.sender.call('RecallOutcome/query', { filter: { recallId } });
    const { list } = await clients.sender.call('RecallOutcome/get', { ids });
    const rows = new Map((list as Json[]).map((row) => [row['recipient'], [row['outcome'], row['exposure']]]));
    for (const [role, outcome] of Object.entries(OUTCOMES))
      expect(`${role}'s outcome`, rows.get(probes.people[role as Role].address), outcome);
    expect('the outcome outside', rows.get(probes.outside)?.[0], 'intercepted');
    expect('rows', rows.size, 6);
  });
  await check('notices: one in the place of each copy taken, and nothing of the message in it', async () => {
    for (const role of TAKEN) {
      const ids = await found(role, { inMailbox: 'f1' });
      expect(`Emails in ${role}'s Inbox`, ids.length, 1);
      const notice = await shown(role, ids[0] ?? '', {
        properties: ['subject', 'keywords', 'recallNotice', 'bodyValues', 'preview', 'messageId', 'references'],
        fetchAllBodyValues: true,
      });
      expect(`${role}'s notice`, [notice?.['recallNotice'], notice?.['keywords']], [recallId, { $seen: true }]);
      if (JSON.stringify(notice).includes(secret)) throw new Wrong(`${role}'s notice tells of the message`);
    }
  });
  await check('counts: mailboxes are as they say', async () => {
    for (const role of ROLES) {
      const { list } = await clients[role].call('Mailbox/get');
      for (const { id, totalEmails, unreadEmails } of list as Record<string, string | number>[]) {
        const all = await found(role, { inMailbox: id });
        const unread = await found(role, { inMailbox: id, notKeyword: '$seen' });
        expect(`${role}'s mailbox ${id}`, [totalEmails, unreadEmails], [all.length, unread.length]);
      }
    }
  });
  await check('P3: what was read is where it was, and the sender has their own', async () => {
    for (const role of ['read', 'sender'] as const) {
      const email = await shown(role, emails[role], { fetchTextBodyValues: true });
      if (!JSON.stringify(email?.['bodyValues'] ?? '').includes(secret)) throw new Wrong(`${role} cannot read it`);
    }
  });
  await check('report: the sender was told', async () =>
    until(
      'the report',
      async () => (await found('sender', { inMailbox: 'f1', subject: 'Recall report' })).length === 1,
    ),
  );
  if (done)
    await check('restore: what was taken is back, unread', async () => {
      await clients.sender.call('Recall/restore', { recallId });
      for (const role of TAKEN) {
        await arrived(role);
        const email = await shown(role, emails[role], { fetchTextBodyValues: true });
        expect(`${role}'s keywords`, email?.['keywords'], {});
        if (!JSON.stringify(email?.['bodyValues']).includes(secret)) throw new Wrong(`${role} cannot read it`);
      }
      const { ids } = await clients.sender.call('RecallOutcome/query', { filter: { recallId, outcome: 'recalled' } });
      const { list } = await clients.sender.call('RecallOutcome/get', { ids });
      expect('outcomes restored', (list as Json[]).filter((row) => row['restoredAt'] !== null).length, 3);
    });
  await check('P8: the audit log has it', () => audited(deps, recallId));
  await check('store: as it must be (homing verify)', () => verified(deps));
  return passed;
}

function sorted(counts: object): [string, unknown][] {
  return Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

async function audited({ store, probes }: CheckDeps, recallId: string): Promise<void> {
  const actions: string[] = [];
  for (let after = 0; ;) {
    const page = await auditPage(store, probes.tenant, after, 1000);
    actions.push(...page.filter((entry) => entry.subject === recallId).map((entry) => entry.action));
    if (page.length === 0) break;
    after = page.at(-1)?.seq ?? 0;
  }
  for (const action of ['recall.created', 'recall.done', 'recall.restore-requested'])
    expect(`entries ${action}`, actions.filter((one) => one === action).length, 1);
}

/** Its own organisation, the audit log's chain too. */
export async function verified({ store, probes, clock }: Pick<CheckDeps, 'store' | 'probes' | 'clock'>): Promise<void> {
  for await (const page of verifyTenant(store, probes.tenant, clock()))
    for (const { says, of } of page) throw new Wrong(`not so: ${says} ${JSON.stringify(of)}`);
}
