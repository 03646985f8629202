// Who idles hears of everything, and how soon of a sweep (issue 5: within 20 ms of its commit).

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SILENT } from '../../src/mail/log.ts';
import { sweepStep } from '../../src/recall/sweep.ts';
import { startTestHoming } from '../support/homing.ts';
import { rawImap } from '../support/imap.ts';
import { askRecall, sendMail } from '../support/recalling.ts';

const ROUNDS = 15;
/** Milliseconds, of the round in the middle. The target is 20; a busy machine is no fault of the code. */
const BOUND = 100;

const homing = await startTestHoming();
after(() => homing.close());

test('IDLE hears of a removal at once', async (context) => {
  const { services, clock } = homing;
  const ana = await homing.client('ana@pigeon.test');
  const client = await rawImap(homing.ports.imaps, { user: 'ben@pigeon.test' });
  await client.run('SELECT INBOX');
  client.write('i IDLE\r\n');
  assert.equal(await client.line(), '+ idling');
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { emailId } = await sendMail(ana, ['ben@pigeon.test'], `Round ${round}`);
    await homing.settle();
    assert.match(await client.line(), /^\* \d+ EXISTS$/);
    assert.match(await client.line(), /^\* \d+ RECENT$/);
    await askRecall(ana, emailId);
    const deps = { store: services.store, progress: services.recalls.progress, clock, log: SILENT };
    let applied = 0;
    // All but the commit itself is done at 'applied': it counts here as if it took no time.
    const pause = async (point: string): Promise<void> => {
      if (point === 'applied') applied = performance.now();
    };
    const heard = client.line().then((line) => ({ line, at: performance.now() }));
    while (await sweepStep({ ...deps, pause }));
    const { line, at } = await heard;
    assert.match(line, /^\* \d+ EXPUNGE$/);
    took.push(at - applied);
    // The notice.
    assert.match(await client.line(), /^\* \d+ EXISTS$/);
    assert.match(await client.line(), /^\* \d+ RECENT$/);
    await homing.settle();
  }
  const sorted = took.toSorted((a, b) => a - b);
  const [middle, most] = [sorted[ROUNDS >> 1] ?? Infinity, sorted.at(-1) ?? Infinity];
  context.diagnostic(`IDLE heard after ${middle.toFixed(1)} ms, at most ${most.toFixed(1)} ms`);
  assert.ok(middle < BOUND, `${middle} ms`);
  client.close();
});

test('what a process changed that died before it told of it is noticed all the same', async () => {
  const { services } = homing;
  const client = await rawImap(homing.ports.imaps, { user: 'ben@pigeon.test' });
  await client.run('SELECT INBOX');
  client.write('i IDLE\r\n');
  assert.equal(await client.line(), '+ idling');
  await services.store.transact(async (tx) => {
    const state = await tx.row<{ account_id: number; modseq: number }>(
      `UPDATE account_state SET modseq = modseq + 1
       WHERE account_id = (SELECT account_id FROM address WHERE address = 'ben@pigeon.test') RETURNING account_id, modseq`,
    );
    await tx.run(`UPDATE copy SET flags = flags | 2, modseq = $2 WHERE account_id = $1 AND mailbox_id = 1`, [
      state?.account_id,
      state?.modseq,
    ]);
  });
  services.store.notifier.emit('look'); // as it does twice a minute
  assert.match(await client.line(), /^\* \d+ FETCH \(UID \d+ FLAGS \(.*\\Flagged/);
  client.close();
});

test('news that comes while IDLE begins is told once', async () => {
  const { services, tenant, sql } = homing;
  const client = await rawImap(homing.ports.imaps, { user: 'ben@pigeon.test' });
  await client.run('SELECT INBOX');
  const [{ account } = { account: 0 }] = await sql<{ account: number }>(
    `SELECT account_id AS account FROM address WHERE address = 'ben@pigeon.test'`,
  );
  await services.store.transact(async (tx) => {
    // Nobody reads news until this ends.
    await tx.run('LOCK TABLE tombstone IN ACCESS EXCLUSIVE MODE');
    await sql(`UPDATE account_state SET modseq = modseq + 1 WHERE account_id = $1`, [account]);
    await sql(
      `UPDATE copy SET flags = flags # 2, modseq = (SELECT modseq FROM account_state WHERE account_id = $1)
       WHERE account_id = $1 AND uid = (SELECT max(uid) FROM copy WHERE account_id = $1 AND mailbox_id = 1) AND mailbox_id = 1`,
      [account],
    );
    services.store.notifier.emit('accounts', tenant, new Set([account]));
    client.write('i IDLE\r\n');
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await sql(waiting)).length === 0);
    services.store.notifier.emit('accounts', tenant, new Set([account]));
  });
  assert.equal(await client.line(), '+ idling');
  assert.match(await client.line(), /^\* \d+ FETCH \(UID \d+ FLAGS /);
  client.write('DONE\r\n');
  assert.match(await client.line(), /^i OK/);
  client.close();
});

test('what could not be told before is told as IDLE begins', async () => {
  const [client, other] = [
    await rawImap(homing.ports.imaps, { user: 'ben@pigeon.test' }),
    await rawImap(homing.ports.imaps, { user: 'ben@pigeon.test' }),
  ];
  for (const one of [client, other]) await one.run('SELECT INBOX');
  for (const command of ['STORE 1 +FLAGS.SILENT (\\Deleted)', 'EXPUNGE']) await other.run(command);
  // A command that names numbers must not change them (RFC 9051 §7.5.1).
  while (!(await client.run('FETCH 2 FLAGS')).at(-1)?.startsWith('OK [EXPUNGEISSUED]'));
  client.write('i IDLE\r\n');
  assert.equal(await client.line(), '+ idling');
  assert.equal(await client.line(), '* 1 EXPUNGE');
  client.close();
  other.close();
});
