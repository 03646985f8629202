import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createAdmin } from '../../directory/admin.ts';
import { mail } from '../../../test/support/mailboxes.ts';
import { createWorld } from '../../../test/support/world.ts';
import { parseMessage } from '../../mail/mime/parse.ts';
import { storeMessage } from '../../store/messages.ts';
import { createRecalls } from '../recalls.ts';

const world = await createWorld();
after(() => world.close());
const { blobs, directory, ids, recalls } = world.services;

test('a delegate’s replacement is told of in the account whose recall it is, and of none that is not there', async () => {
  const firm = await world.firm(3);
  const delegate = (await directory.account(firm.tenant, firm.people[0] ?? 0)) ?? assert.fail();
  const admin = createAdmin({ store: world.store, clock: world.clock, actor: 'test' });
  await admin.delegate(firm.ana.address, delegate.address, ['recall', 'send-as']);
  const sent = await world.send(firm);
  await world.fanOut();
  const id = await world.recall(firm, sent, { actor: delegate, mode: 'replace' });
  await recalls.worker.drain();
  // The delegate's own mailbox has changed far more often than the sender's.
  await world.sql(`UPDATE account_state SET modseq = 100000 WHERE tenant_id = $1 AND account_id = $2`, [
    firm.tenant,
    delegate.id,
  ]);
  const correction = {
    mailFrom: delegate.address,
    recipients: [`p2@${firm.domain}`],
    bytes: Buffer.from(mail('Correction', { from: firm.ana.address, to: `p2@${firm.domain}` })),
    emailId: null,
  };
  await assert.rejects(recalls.replace(delegate, delegate.id, 999_999, correction), { reason: 'notFound' });
  await recalls.replace(delegate, delegate.id, id, correction);
  const [state] = await world.sql<{ modseq: string; highest: string }>(
    `SELECT s.modseq, a.modseq AS highest FROM recall_state s JOIN account_state a USING (tenant_id, account_id) WHERE s.tenant_id = $1 AND s.recall_id = $2`,
    [firm.tenant, id],
  );
  assert.equal(state?.modseq, state?.highest);
});

test('it stands where the notice of an earlier recall stood, whose sender thought of a correction later', async () => {
  const firm = await world.firm(2);
  const sent = await world.send(firm);
  await world.fanOut();
  await world.recall(firm, sent, {});
  await recalls.worker.drain();
  const later = await world.recall(firm, sent, { mode: 'replace' });
  await recalls.worker.drain();
  const standing = (): Promise<{ account: number; mailbox: number; notice: boolean; mine: boolean }[]> =>
    world.sql(
      `SELECT account_id AS account, mailbox_id AS mailbox, notice_of IS NOT NULL AS notice, received_at = (SELECT created_at FROM message m WHERE m.tenant_id = c.tenant_id AND m.id = $3) AS mine
       FROM copy c WHERE tenant_id = $1 AND account_id = ANY ($2) AND thread_id = (SELECT thread_id FROM copy WHERE tenant_id = $1 AND message_id = $3 LIMIT 1) ORDER BY 1`,
      [firm.tenant, firm.people, sent.message],
    );
  const before = await standing();
  assert.deepEqual(
    before.map((copy) => copy.notice),
    [true, true],
  );
  await recalls.replace(firm.ana, firm.ana.id, later, {
    mailFrom: firm.ana.address,
    recipients: [`p1@${firm.domain}`],
    bytes: Buffer.from(mail('Correction', { from: firm.ana.address, to: `p1@${firm.domain}` })),
    emailId: null,
  });
  await world.drain();
  assert.deepEqual(
    await standing(),
    before.map((copy, i) => ({ ...copy, notice: i === 1 })),
    'p1 has it where the notice stood, p2 has the notice',
  );
  const [others] = await world.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM copy WHERE tenant_id = $1 AND account_id = ANY ($2)`,
    [firm.tenant, firm.people],
  );
  assert.equal(others?.n, 2);
});

test('what is outside already gets no replacement, in whatever case either was addressed', async () => {
  const firm = await world.firm(1);
  const outgoing = world.outgoing();
  const submit = async (to: string): Promise<string> =>
    (
      await world.services.accept({
        tenant: firm.tenant,
        origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'jmap' },
        mailFrom: firm.ana.address,
        recipients: [{ address: to }],
        bytes: Buffer.from(mail('Case', { from: firm.ana.address, to })),
      })
    ).messageIdHeader;
  const header = await submit('Jane.Roe@outside.test');
  await outgoing.run();
  const id = await world.recall(firm, { message: 0, header, subject: '', outside: '' }, { mode: 'replace' });
  await recalls.replace(firm.ana, firm.ana.id, id, {
    mailFrom: firm.ana.address,
    recipients: ['jane.roe@outside.test'],
    bytes: Buffer.from(mail('Correction', { from: firm.ana.address, to: 'jane.roe@outside.test' })),
    emailId: null,
  });
  await world.drain();
  const arrived = world.outside.received().filter((one) => /^jane\.roe@/i.test(one.to.join()));
  assert.equal(arrived.length, 1);
});

// A process may die at any moment after a commit: what follows from it is in it, or it never comes.
for (const sentFirst of [true, false]) {
  const when = sentFirst ? 'sent while the recall is under way' : 'sent after the recall has ended';
  test(`a replacement ${when} goes outside though the process dies at the end`, async () => {
    const firm = await world.firm(1);
    const sent = await world.send(firm);
    await world.fanOut();
    const id = await world.recall(firm, sent, { mode: 'replace' });
    let deaths = 0;
    const dying = createRecalls({
      ...world.services,
      people: directory,
      submit: world.services.accept,
      storeMessage: async (tx, tenant, bytes, at) =>
        (await storeMessage(tx, { blobs, ids }, tenant, { bytes, parsed: parseMessage(bytes) }, at)).id,
      ended: () => {
        deaths++;
        throw new Error('the process died');
      },
    });
    const end = (): Promise<void> => dying.worker.drain();
    const to = `new-${sentFirst ? 1 : 2}@outside.test`;
    const replace = (): Promise<unknown> =>
      world.services.accept({
        tenant: firm.tenant,
        origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'jmap' },
        mailFrom: firm.ana.address,
        recipients: [{ address: to }],
        bytes: Buffer.from(mail('Correction', { from: firm.ana.address, to })),
        sentCopy: 'create',
        replaces: { recallId: id, by: firm.ana.address },
      });
    if (sentFirst) {
      await dying.progress.open(firm.tenant, id);
      await replace();
      await end();
    } else {
      await end();
      await replace();
    }
    const rows = await world.sql(`SELECT state, due_at IS NOT NULL AS due FROM delivery WHERE recipient = $1`, [to]);
    const [told] = await world.sql(
      `SELECT count(*)::int AS times FROM audit WHERE tenant_id = $1 AND action = 'recall.replaced' AND subject = $2`,
      [firm.tenant, `r${id}`],
    );
    assert.deepEqual(told, { times: 1 });
    assert.deepEqual([deaths, rows], [1, [{ state: 'queued', due: true }]]);
  });
}
