import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorld, type Firm, type Sent } from '../../test/support/world.ts';
import { mail } from '../../test/support/mailboxes.ts';

const world = await createWorld();
after(() => world.close());
const { accept, recalls } = world.services;

/** To everyone in an hour. */
async function schedule(firm: Firm): Promise<Sent> {
  const subject = 'Later';
  const { messageId, messageIdHeader } = await accept({
    tenant: firm.tenant,
    origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'jmap' },
    mailFrom: firm.ana.address,
    recipients: [{ address: `everyone@${firm.domain}` }],
    bytes: Buffer.from(mail(subject, { from: firm.ana.address, to: `everyone@${firm.domain}` })),
    sendAt: new Date(world.clock().getTime() + 3_600_000),
  });
  return { message: messageId, header: messageIdHeader, subject, outside: '' };
}

const states = async (firm: Firm, { message }: Sent): Promise<string[]> =>
  (
    await world.sql<{ state: string }>(
      `SELECT state FROM delivery WHERE tenant_id = $1 AND message_id = $2 ORDER BY n`,
      [firm.tenant, message],
    )
  ).map((row) => row.state);

const undoStatus = async (firm: Firm, { message }: Sent): Promise<unknown> =>
  (
    await world.sql<{ undo_status: string }>(`SELECT undo_status FROM submission WHERE tenant_id = $1 AND id = $2`, [
      firm.tenant,
      message,
    ])
  )[0]?.undo_status;

test('a recall that is cancelled lets go what is to be sent later, and it goes no sooner than it was to', async () => {
  const firm = await world.firm(2);
  const sent = await schedule(firm);
  const id = await world.recall(firm, sent);
  await recalls.cancel(firm.ana, firm.ana.id, id);
  await recalls.worker.drain();
  await world.fanOut();
  assert.deepEqual(await states(firm, sent), ['held', 'held']);
  world.advance(3_600_000);
  await world.fanOut();
  assert.deepEqual(await states(firm, sent), ['delivered', 'delivered']);
  assert.equal(await undoStatus(firm, sent), 'final');
});

test('what was to be sent later and is taken back from everyone is unsent; from some, it is not', async () => {
  const firm = await world.firm(2);
  const sent = await schedule(firm);
  await world.recall(firm, sent, { recipients: [`p1@${firm.domain}`] });
  await recalls.worker.drain();
  assert.equal(await undoStatus(firm, sent), 'pending');
  await world.recall(firm, sent);
  await recalls.worker.drain();
  assert.deepEqual(await states(firm, sent), ['stopped', 'stopped']);
  assert.equal(await undoStatus(firm, sent), 'canceled');
});
