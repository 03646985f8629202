import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail } from '../../test/support/mailboxes.ts';
import { createWorld } from '../../test/support/world.ts';
import { createAdmin } from '../directory/admin.ts';
import { Refusal } from '../mail/errors.ts';

const world = await createWorld();
after(() => world.close());
const { recalls } = world.services;

test('a gate waits for nobody, though all of the faces’ connections wait for an account’s lock', async () => {
  const { store } = world;
  const firm = await world.firm(2);
  const sent = await world.send(firm);
  await world.fanOut();
  const released = Promise.withResolvers<void>();
  const holding: Promise<void>[] = [];
  // More than there are (test/support/world.ts).
  for (let i = 0; i < 20; i++) holding.push(store.transact(() => released.promise));
  try {
    assert.ok((await world.recall(firm, sent)) > 0);
  } finally {
    released.resolve();
    await Promise.allSettled(holding);
  }
});

const refused = (reason: string) => (error: unknown) => error instanceof Refusal && error.reason === reason;

test('asked again while it is being cancelled, it is not said to be under way', async () => {
  const firm = await world.firm(2);
  const sent = await world.send(firm);
  await world.fanOut();
  const id = await world.recall(firm, sent);
  await assert.rejects(world.recall(firm, sent), refused('alreadyExists'));
  await recalls.cancel(firm.ana, firm.ana.id, id);
  await assert.rejects(world.recall(firm, sent), refused('underWay'));
  await world.drain();
  assert.ok((await world.recall(firm, sent)) > id);
});

test('whatever is refused of a recall is in the audit log', async () => {
  const firm = await world.firm(1);
  const sent = await world.send(firm);
  const id = await world.recall(firm, sent);
  await assert.rejects(recalls.restore(firm.ana, firm.ana.id, id), refused('sweeping'));
  await world.drain();
  await assert.rejects(recalls.cancel(firm.ana, firm.ana.id, id), refused('done'));
  await assert.rejects(recalls.administrators.cancel(firm.ana, id), refused('forbidden'));
  await assert.rejects(recalls.restore(firm.ana, null, id), refused('forbidden'));
  const undo = { actor: firm.ana, account: firm.ana.id, since: world.clock(), dryRun: true };
  await assert.rejects(recalls.administrators.undo(undo), refused('forbidden'));
  const preview = { actor: firm.ana, message: sent.message, recipients: null, forwards: false };
  await assert.rejects(recalls.administrators.preview(preview), refused('forbidden'));
  const entries = await world.sql<{ subject: string; reason: string }>(
    `SELECT subject, detail ->> 'reason' AS reason FROM audit WHERE tenant_id = $1 AND action = 'recall.refused' ORDER BY seq`,
    [firm.tenant],
  );
  assert.deepEqual(
    entries.map(({ subject, reason }) => `${subject} ${reason}`),
    [
      ...['sweeping', 'done', 'forbidden', 'forbidden'].map((reason) => `r${id} ${reason}`),
      `account ${firm.ana.id} forbidden`,
      `message ${sent.message} forbidden`,
    ],
  );
});

test('whoever got it can be ticked under the address that it went to, though that leads elsewhere by now', async () => {
  const firm = await world.firm(3);
  const sent = await world.send(firm);
  await world.fanOut();
  const [gone, renamed] = [`p1@${firm.domain}`, `p2@${firm.domain}`];
  const admin = createAdmin({ store: world.store, clock: world.clock, actor: 'test' });
  await admin.removeAccount(gone);
  await world.sql(`UPDATE address SET address = $2 WHERE address = $1`, [renamed, `other@${firm.domain}`]);
  await world.sql(`UPDATE account SET address = $2 WHERE address = $1`, [renamed, `other@${firm.domain}`]);
  const id = await world.recall(firm, sent, { recipients: [gone, renamed] });
  await world.drain();
  const outcomes = await world.sql(`SELECT outcome FROM outcome WHERE tenant_id = $1 AND recall_id = $2 ORDER BY n`, [
    firm.tenant,
    id,
  ]);
  assert.deepEqual(outcomes, [{ outcome: 'no-mailbox' }, { outcome: 'recalled' }]);
  const nobody = world.recall(firm, sent, { recipients: [`nobody@${firm.domain}`] });
  await assert.rejects(nobody, refused('unknownRecipient'));
});

test('an address outside can be ticked in whatever case it was written', async () => {
  const firm = await world.firm(1);
  const { messageIdHeader } = await world.services.accept({
    tenant: firm.tenant,
    origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'jmap' },
    mailFrom: firm.ana.address,
    recipients: [{ address: 'John.Doe@outside.test' }],
    bytes: Buffer.from(mail('Case', { from: firm.ana.address, to: 'John.Doe@outside.test' })),
  });
  const message = { messageId: messageIdHeader };
  const { total } = await recalls.request({
    actor: firm.ana,
    account: firm.ana.id,
    message,
    mode: 'delete',
    recipients: ['john.doe@OUTSIDE.test'],
    includeRead: false,
    notifyMe: false,
    reason: null,
  });
  assert.equal(total, 1);
});

test('an alias or a group that is gone since still names those whom it led to', async () => {
  const firm = await world.firm(3);
  const admin = createAdmin({ store: world.store, clock: world.clock, actor: 'test' });
  const [alias, group] = [`desk@${firm.domain}`, `team@${firm.domain}`];
  await admin.setAccount(`p1@${firm.domain}`, { addAliases: [alias] });
  await admin.addGroup({ address: group, members: [`p2@${firm.domain}`, 'far@outside.test'] });
  const { messageId, messageIdHeader: header } = await world.services.accept({
    tenant: firm.tenant,
    origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'jmap' },
    mailFrom: firm.ana.address,
    recipients: [alias, group, `p3@${firm.domain}`].map((address) => ({ address })),
    bytes: Buffer.from(mail('Gone since', { from: firm.ana.address })),
  });
  await admin.setAccount(`p1@${firm.domain}`, { removeAliases: [alias] });
  await admin.removeGroup(group);
  const sent = { message: messageId, header, subject: '', outside: '' };
  const id = await world.recall(firm, sent, { recipients: [alias, group] });
  const scope = await world.sql<{ recipient: string }>(
    `SELECT d.recipient FROM recall_scope s JOIN delivery d ON d.tenant_id = s.tenant_id AND d.message_id = $2 AND d.n = s.n
     WHERE s.tenant_id = $1 AND s.recall_id = $3 ORDER BY 1`,
    [firm.tenant, messageId, id],
  );
  assert.deepEqual(
    scope.map((row) => row.recipient),
    ['far@outside.test', `p1@${firm.domain}`, `p2@${firm.domain}`],
  );
});
