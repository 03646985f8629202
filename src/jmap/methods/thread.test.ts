import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Json } from '../../../test/support/http.ts';
import { raise } from '../../store/account-state.ts';

const world = await httpWorld();
after(() => world.close());
const { ben } = world;

let messages = 0;

/** A message, or an answer to one: its Message-ID, Email and Thread. */
async function deliver(subject: string, answers?: string): Promise<{ header: string; email: string; thread: string }> {
  const header = `<${++messages}@x>`;
  world.advance(1000);
  const headers = [`Message-ID: ${header}`, ...(answers === undefined ? [] : [`References: ${answers}`])];
  await world.deliver([ben.account], subject, { headers });
  const [id = ''] = (await ben.call('Email/query', { filter: { header: ['Message-ID', header] } }))['ids'] as string[];
  const { list } = await ben.call('Email/get', { ids: [id], properties: ['threadId'] });
  return { header, email: id, thread: (list as { threadId: string }[])[0]?.threadId ?? '' };
}

const emailsOf = async (thread: string): Promise<unknown> =>
  ((await ben.call('Thread/get', { ids: [thread] }))['list'] as Json[])[0]?.['emailIds'];

const destroy = (id: string): Promise<Json> => ben.call('Email/set', { destroy: [id] });

async function changes(sinceState: string, more: Json = {}): Promise<Json> {
  const { created, updated, destroyed, newState, hasMoreChanges, error } = await ben.call('Thread/changes', {
    sinceState,
    ...more,
  });
  return { created, updated, destroyed, newState, hasMoreChanges, ...(error ? { error } : {}) };
}

test('the Emails of a thread, oldest first', async () => {
  const first = await deliver('Boat');
  const second = await deliver('Re: Boat', first.header);
  const third = await deliver('AW: Boat', `${first.header} ${second.header}`);
  const alone = await deliver('Boat', '<unrelated@x>');
  assert.deepEqual([second.thread, third.thread], [first.thread, first.thread]);
  assert.notEqual(alone.thread, first.thread);
  assert.deepEqual(await emailsOf(first.thread), [first.email, second.email, third.email]);
  const { list, notFound } = await ben.call('Thread/get', {
    ids: [alone.thread, 't999', 'x', first.thread],
    properties: [],
  });
  assert.deepEqual(
    [list, notFound],
    [
      [{ id: alone.thread }, { id: first.thread }],
      ['t999', 'x'],
    ],
  );
  assert.equal(((await ben.call('Thread/get'))['list'] as Json[]).length, 2);
});

test('what a gate covers is in no thread; what the recall lets go is, and clients hear of it', async () => {
  const first = await deliver('Gated');
  const second = await deliver('Re: Gated', first.header);
  const [row] = await world.sql<{ message_id: string }>(
    `SELECT message_id FROM copy WHERE account_id = $1 AND email_id = $2`,
    [ben.account, second.email.slice(1)],
  );
  await world.sql(
    `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, 1, true, false)`,
    [world.tenant, row?.message_id],
  );
  assert.deepEqual(await emailsOf(first.thread), [first.email]);
  const since = await ben.state('Thread');
  // As the sweep keeps a copy.
  await world.services.store.transact(async (tx) => {
    const modseq = await raise(tx, world.tenant, ben.account);
    await tx.run(`UPDATE copy SET passed_recall = 1, modseq = $3 WHERE tenant_id = $1 AND message_id = $2`, [
      world.tenant,
      row?.message_id,
      modseq,
    ]);
  });
  await world.sql(`DELETE FROM gate`);
  assert.deepEqual(await emailsOf(first.thread), [first.email, second.email]);
  assert.deepEqual((await changes(since))['updated'], [first.thread]);
});

test('changes: new, longer, shorter, gone; not what was only read or moved', async () => {
  const old = await deliver('Old');
  const since = await ben.state('Thread');
  const nothing = { created: [], updated: [], destroyed: [], hasMoreChanges: false };
  assert.deepEqual(await changes(since), { ...nothing, newState: since });
  const fresh = await deliver('New');
  const reply = await deliver('Re: Old', old.header);
  await ben.call('Email/set', { update: { [fresh.email]: { 'keywords/$seen': true, mailboxIds: { f4: true } } } });
  const all = await changes(since);
  assert.deepEqual([all['created'], all['updated'], all['destroyed']], [[fresh.thread], [old.thread], []]);

  const middle = all['newState'] as string;
  await ben.call('Email/set', { update: { [fresh.email]: { 'keywords/$seen': null, mailboxIds: { f1: true } } } });
  const quiet = await changes(middle);
  assert.deepEqual([quiet['created'], quiet['updated'], quiet['destroyed']], [[], [], []]);
  await destroy(reply.email);
  await destroy(fresh.email);
  const passing = await deliver('Came and went');
  await destroy(passing.email);
  const later = await changes(middle);
  assert.deepEqual([later['created'], later['updated'], later['destroyed']], [[], [old.thread], [fresh.thread]]);
  // Since before it came, it never was.
  assert.deepEqual((await changes(since))['destroyed'], []);
  assert.equal((await changes('99999999'))['error'], 'cannotCalculateChanges');
});

test('changes in steps: a thread is new before it is longer', async () => {
  const since = await ben.state('Thread');
  const a = await deliver('Step A');
  const b = await deliver('Step B');
  const longer = await deliver('Re: Step A', a.header);
  const told: string[] = [];
  for (let state = since, more = true; more;) {
    const step = await changes(state, { maxChanges: 1 });
    told.push(...(step['created'] as string[]).map((id) => `+${id}`), ...(step['updated'] as string[]));
    state = step['newState'] as string;
    more = step['hasMoreChanges'] as boolean;
  }
  assert.equal(longer.thread, a.thread);
  assert.deepEqual(told, [`+${a.thread}`, `+${b.thread}`, a.thread]);
});
