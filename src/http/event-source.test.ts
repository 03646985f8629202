import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { changedOf, listen, type Stream } from '../../test/support/event-source.ts';
import { httpWorld, PASSWORD, type Client, type Json } from '../../test/support/http.ts';
import { raise } from '../store/account-state.ts';
import { accountChanged } from '../store/notify.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben, zoe } = world;

const newMailbox = async (client: Client, name: string): Promise<Json> =>
  client.call('Mailbox/set', { create: { k: { name } } });

test('what is no type, closeafter or ping', async () => {
  const queries: Record<string, string>[] = [
    { types: '' },
    { types: 'Email;Mailbox' },
    { closeafter: 'never' },
    { ping: '-1' },
    { ping: 'x' },
  ];
  for (const query of queries) {
    const stream = await listen(ana, query);
    assert.equal(stream.status, 400, JSON.stringify(query));
    stream.close();
  }
});

test('a change is told to whoever may see the account, and to nobody else', async () => {
  const [hers, his, strangers] = [await listen(ana), await listen(ben), await listen(zoe)];
  assert.equal(hers.status, 200);
  const { newState } = await newMailbox(ana, 'Told');
  const [Email, Thread] = [await ana.state('Email'), await ana.state('Thread')];
  assert.deepEqual(changedOf(await hers.next()), { [ana.accountId]: { Email, Mailbox: newState, Thread } });
  // Both share the office's mailbox; of each other they hear nothing.
  await ana.call('Mailbox/set', { accountId: `a${world.office}`, create: { k: { name: 'Ours' } } });
  for (const stream of [hers, his]) assert.deepEqual(Object.keys(changedOf(await stream.next())), [`a${world.office}`]);
  await newMailbox(zoe, 'Hers');
  assert.deepEqual(Object.keys(changedOf(await strangers.next())), [zoe.accountId]);
  for (const stream of [hers, his, strangers]) stream.close();
});

test('only the types asked for', async () => {
  const stream = await listen(ben, { types: 'EmailDelivery,Mailbox' });
  await newMailbox(ben, 'Box');
  assert.deepEqual(Object.keys(changedOf(await stream.next())[ben.accountId] ?? {}), ['Mailbox']);
  stream.close();
});

test('an absence and an identity are told of where they have changed', async () => {
  const { list } = await ben.call('Identity/get'); // makes them
  const stream = await listen(ben, { types: 'VacationResponse,Identity' });
  await newMailbox(ben, 'Neither');
  const { newState } = await ben.call('VacationResponse/set', { update: { singleton: { textBody: 'Away.' } } });
  assert.deepEqual(changedOf(await stream.next()), { [ben.accountId]: { VacationResponse: newState } });
  const [{ id } = { id: '' }] = list as { id: string }[];
  const { newState: state } = await ben.call('Identity/set', { update: { [id]: { textSignature: 'Ben' } } });
  assert.deepEqual(changedOf(await stream.next())[ben.accountId]?.['Identity'], state);
  stream.close();
});

test('new mail rings; what its owner does with it does not', async () => {
  const stream = await listen(ben);
  const typesOf = async (): Promise<string[]> => Object.keys(changedOf(await stream.next())[ben.accountId] ?? {});
  await world.deliver([ben.account], 'Ring');
  assert.ok((await typesOf()).includes('EmailDelivery'));
  const { ids } = await ben.call('Email/query', { filter: { subject: 'Ring' } });
  const [id] = ids as string[];
  for (const patch of [{ 'keywords/$flagged': true }, { mailboxIds: { f4: true } }]) {
    await ben.call('Email/set', { update: { [id ?? '']: patch } });
    assert.deepEqual(await typesOf(), ['Email', 'Mailbox', 'Thread'], 'no more is taken up than before');
  }
  await ben.call('Email/set', {
    create: { k: { mailboxIds: { f2: true }, subject: 'Draft', keywords: { $draft: true } } },
  });
  assert.deepEqual(await typesOf(), ['Email', 'Mailbox', 'Thread', 'Quota']);
  stream.close();
});

test("a copy of what was there, and a recall's replacement in its place, do not ring", async () => {
  const message = await world.deliver([ben.account], 'Once');
  const stream = await listen(ben, { types: 'EmailDelivery,Mailbox' });
  const { store } = world.services;
  const at = { tenant: world.tenant, account: ben.account };
  for (const change of ['', `, received_at = received_at - interval '1 hour'`]) {
    await store.transact(async (tx) => {
      const modseq = await raise(tx, at.tenant, at.account);
      if (change === '') {
        await tx.run(
          `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, delivery_n)
           SELECT tenant_id, account_id, mailbox_id, uid + 1000, $3, $3, message_id, thread_id, received_at, delivery_n FROM copy
           WHERE tenant_id = $1 AND message_id = $2`,
          [at.tenant, message, modseq],
        );
      } else {
        await tx.run(`DELETE FROM copy WHERE tenant_id = $1 AND message_id = $2 AND uid > 1000`, [at.tenant, message]);
        await tx.run(`UPDATE copy SET email_id = $3, modseq = $3 ${change} WHERE tenant_id = $1 AND message_id = $2`, [
          at.tenant,
          message,
          modseq,
        ]);
      }
      accountChanged(tx.changes, at.tenant, at.account);
    });
    await newMailbox(ben, `After ${change.length}`);
    const { Mailbox, ...more } = changedOf(await stream.next())[ben.accountId] ?? {};
    assert.ok(Number(Mailbox) > 0);
    assert.deepEqual(more, {});
    if (Mailbox !== (await ben.state('Mailbox')))
      assert.deepEqual(Object.keys(changedOf(await stream.next())), [ben.accountId]);
  }
  stream.close();
});

test('many accounts at once: each is looked at', async () => {
  const streams = [await listen(ana), await listen(ben)];
  await world.services.store.transact(async (tx) => {
    for (const account of [ana.account, ben.account]) await raise(tx, world.tenant, account);
    tx.changes.tenants.add(world.tenant);
  });
  const told = await Promise.all(streams.map(async (stream) => Object.keys(changedOf(await stream.next()))));
  assert.deepEqual(told, [[ana.accountId], [ben.accountId]]);
  for (const stream of streams) stream.close();
});

test('who comes back with the last id is told what was missed, and nothing when nothing was', async () => {
  const first = await listen(ana);
  await newMailbox(ana, 'Seen');
  const { id } = (await first.next()) ?? {};
  assert.ok(id);
  first.close();
  await newMailbox(ana, 'Missed');
  const again = await listen(ana, {}, { 'last-event-id': id });
  const event = await again.next();
  assert.deepEqual(changedOf(event)[ana.accountId]?.['Mailbox'], await ana.state('Mailbox'));
  again.close();
  const third = await listen(ana, {}, { 'last-event-id': event?.id ?? '' });
  const { newState } = await newMailbox(ana, 'Later');
  assert.equal(changedOf(await third.next())[ana.accountId]?.['Mailbox'], newState);
  third.close();
  for (const odd of ['x', '1', '1.2.3', '999.1.0.0', '1.1.0.0,'.repeat(10)]) {
    const stream = await listen(ana, {}, { 'last-event-id': odd });
    assert.equal(stream.status, 200, odd);
    stream.close();
  }
});

test('closeafter=state ends with the first', async () => {
  const stream = await listen(ana, { closeafter: 'state' });
  await newMailbox(ana, 'Last');
  assert.ok(changedOf(await stream.next()));
  assert.equal(await stream.next(), undefined);
});

test('pings say how often they come, at least every five seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const stream = await listen(ana, { ping: '1' });
  t.mock.timers.tick(5000);
  assert.deepEqual(await stream.next(), { event: 'ping', data: { interval: 5 } });
  stream.close();
});

test('who may not listen any more has to come again', async () => {
  const stream = await listen(ben);
  const hers = await listen(ana);
  await world.admin.setAccount('ben@pigeon.test', { password: 'changed' });
  assert.equal(await stream.next(), undefined);
  await world.admin.setAccount('ben@pigeon.test', { password: PASSWORD });
  const again = await listen(ben);
  await world.admin.delegate('office@pigeon.test', 'ben@pigeon.test', []);
  assert.equal(await again.next(), undefined);
  // To Ana nothing of that matters.
  const { newState } = await newMailbox(ana, 'Still');
  assert.equal(changedOf(await hers.next())[ana.accountId]?.['Mailbox'], newState);
  hers.close();
});

test('one person listens so often, and no more', async () => {
  const streams: Stream[] = [];
  while (streams.length < 40) {
    const stream = await listen(zoe);
    streams.push(stream);
    if (stream.status !== 200) break;
  }
  assert.equal(streams.at(-1)?.status, 429);
  assert.equal(streams.length, 33);
  for (const stream of streams) stream.close();
});
