import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld, type Json } from '../../../test/support/http.ts';
import { LIMITS } from '../limits.ts';

const world = await httpWorld();
after(() => world.close());
const { ana, ben } = world;

type Made = Record<string, Json & { id: string }>;
type Refused = Record<string, { type: string; properties?: string[]; existingId?: string }>;

let made = 0;

async function create(mailbox: Json = {}): Promise<string> {
  const { created, notCreated } = await ana.call('Mailbox/set', {
    create: { k: { name: `Box ${++made}`, ...mailbox } },
  });
  const id = (created as Made | null)?.['k']?.id;
  assert.ok(id, JSON.stringify(notCreated));
  return id;
}

/** Why a mailbox is refused: type, and properties or the one that has its name. */
async function refusal(mailbox: Json): Promise<unknown[]> {
  const { notCreated } = await ana.call('Mailbox/set', { create: { k: mailbox } });
  const error = (notCreated as Refused | null)?.['k'];
  return [error?.type, error?.properties ?? error?.existingId];
}

async function update(id: string, patch: Json): Promise<unknown> {
  const { updated, notUpdated } = await ana.call('Mailbox/set', { update: { [id]: patch } });
  return (notUpdated as Refused | null)?.[id]?.type ?? (updated as Json)[id];
}

async function destroy(id: string, more: Json = {}): Promise<string> {
  const { destroyed, notDestroyed } = await ana.call('Mailbox/set', { destroy: [id], ...more });
  return (notDestroyed as Refused | null)?.[id]?.type ?? (destroyed as string[])[0] ?? '';
}

const get = async (id: string): Promise<Json> =>
  ((await ana.call('Mailbox/get', { ids: [id] }))['list'] as Json[])[0] ?? {};

test('what is created: its id, and what its client did not say', async () => {
  const { created, oldState, newState } = await ana.call('Mailbox/set', {
    create: { k: { name: 'Plain' }, l: { name: 'Cafe\u0301', role: 'flagged', sortOrder: 3, isSubscribed: false } },
  });
  const { k, l } = created as Made;
  assert.deepEqual(
    { ...k, myRights: null },
    {
      id: k?.id,
      parentId: null,
      role: null,
      sortOrder: 0,
      isSubscribed: true,
      myRights: null,
      totalEmails: 0,
      unreadEmails: 0,
      totalThreads: 0,
      unreadThreads: 0,
    },
  );
  assert.equal((k?.['myRights'] as Json | undefined)?.['mayDelete'], true);
  // Names are in Normalization Form C (RFC 5198).
  assert.deepEqual([l?.['name'], Object.hasOwn(l ?? {}, 'role')], ['Caf\u00e9', false]);
  assert.notEqual(oldState, newState);
  assert.equal(newState, await ana.state('Mailbox'));
  const shown = await get(l?.id ?? '');
  assert.deepEqual(
    [shown['name'], shown['role'], shown['sortOrder'], shown['isSubscribed']],
    ['Café', 'flagged', 3, false],
  );
});

test('what cannot be created', async () => {
  for (const name of ['', '  ', 'a/b', 'a\nb', 'a\0b', '\ud800', 1, null, 'x'.repeat(256), 'ü'.repeat(128)]) {
    assert.deepEqual(await refusal({ name }), ['invalidProperties', ['name']], JSON.stringify(name));
  }
  for (const parentId of ['f999', 'x', '#nobody', 1]) {
    assert.deepEqual(await refusal({ name: 'x', parentId }), ['invalidProperties', ['parentId']]);
  }
  for (const role of ['inbox', 'king', 1, 'Archive']) {
    assert.deepEqual(await refusal({ name: 'x', role }), ['invalidProperties', ['role']]);
  }
  for (const sortOrder of [-1, 1.5, 2 ** 31, '1', null]) {
    assert.deepEqual(await refusal({ name: 'x', sortOrder }), ['invalidProperties', ['sortOrder']]);
  }
  assert.deepEqual(await refusal({ name: 'x', isSubscribed: null }), ['invalidProperties', ['isSubscribed']]);
  assert.deepEqual(await refusal({ name: 'x', totalEmails: 0 }), ['invalidProperties', ['totalEmails']]);
  assert.deepEqual(await refusal({ parentId: 'x', role: 'x' }), ['invalidProperties', ['name', 'parentId', 'role']]);
});

test('a name is had once among those of one parent, and the Inbox has its in any case', async () => {
  const id = await create({ name: 'Once' });
  assert.deepEqual(await refusal({ name: 'Once' }), ['alreadyExists', id]);
  assert.deepEqual(await refusal({ name: 'iNbOx' }), ['alreadyExists', 'f1']);
  const inner = await create({ name: 'Once', parentId: id });
  await create({ name: 'Inbox', parentId: id });
  assert.equal(await update(inner, { parentId: null }), 'alreadyExists');
  assert.equal(await update(inner, { parentId: null, name: 'Twice' }), null);
});

test('together, in any order; those within each other are none', async () => {
  const { created, notCreated } = await ana.call('Mailbox/set', {
    create: {
      leaf: { name: 'Leaf', parentId: '#branch' },
      branch: { name: 'Branch', parentId: '#root' },
      root: { name: 'Root' },
      a: { name: 'A', parentId: '#b' },
      b: { name: 'B', parentId: '#a' },
      self: { name: 'Self', parentId: '#self' },
      orphan: { name: 'Orphan', parentId: '#bad' },
      bad: { name: '' },
    },
    update: { '#leaf': { name: 'Leaf 2' }, '#nobody': { name: 'x' } },
  });
  const { root, branch, leaf } = created as Made;
  assert.deepEqual(Object.keys(created as Made).toSorted(), ['branch', 'leaf', 'root']);
  assert.deepEqual([branch?.['parentId'], leaf?.['parentId']], [root?.id, branch?.id]);
  assert.equal((await get(leaf?.id ?? ''))['name'], 'Leaf 2');
  for (const key of ['a', 'b', 'self', 'orphan']) {
    assert.deepEqual((notCreated as Refused)[key]?.properties, ['parentId'], key);
  }
});

test('names, roles and places change hands in one call, if all is well in the end', async () => {
  const [a, b] = [await create({ name: 'One' }), await create({ name: 'Two', role: 'memos' })];
  const inner = await create({ name: 'Inner', parentId: a });
  const names = async (): Promise<unknown[]> =>
    Promise.all([a, b, inner].map(async (id) => [(await get(id))['name'], (await get(id))['role']]));
  const set = async (args: Json): Promise<unknown[]> => {
    const { notCreated, notUpdated, notDestroyed } = await ana.call('Mailbox/set', args);
    return [notCreated, notUpdated, notDestroyed].map((refused) => refused && Object.keys(refused));
  };
  const none = [null, null, null];
  assert.deepEqual(
    await set({ update: { [a]: { name: 'Two', role: 'memos' }, [b]: { name: 'One', role: null } } }),
    none,
  );
  assert.deepEqual(await names(), [
    ['Two', 'memos'],
    ['One', null],
    ['Inner', null],
  ]);
  // What was within is now around.
  assert.deepEqual(await set({ update: { [a]: { parentId: inner }, [inner]: { parentId: null } } }), none);
  assert.deepEqual([(await get(a))['parentId'], (await get(inner))['parentId']], [inner, null]);
  assert.deepEqual(
    await set({ create: { k: { name: 'One', parentId: '#l' }, l: { name: 'One' } }, destroy: [b] }),
    none,
  );
  // Where it is not, each is for itself.
  const c = await create({ name: 'Three' });
  const two = { [a]: { parentId: null, name: 'Three' }, [c]: { name: 'Inner' } };
  assert.deepEqual(await set({ update: two }), [null, [a, c], null]);
  const loop = { [a]: { name: 'Looped' }, [inner]: { parentId: a } };
  assert.deepEqual(await set({ update: loop }), [null, [inner], null]);
  assert.deepEqual([(await get(a))['name'], (await get(inner))['parentId']], ['Looped', null]);
});

test('changes: one thing, a whole object, back to the default', async () => {
  const id = await create({ sortOrder: 7, role: 'important' });
  assert.equal(await update(id, { name: 'Renamed' }), null);
  assert.equal(await update(id, { ...(await get(id)), name: 'Again' }), null);
  assert.deepEqual(await update(id, { name: 'E\u0301' }), { name: 'É' });
  assert.equal(await update(id, { sortOrder: null, role: null }), null);
  const shown = await get(id);
  assert.deepEqual([shown['name'], shown['sortOrder'], shown['role']], ['É', 0, null]);
  assert.equal(await update(id, { totalEmails: 5 }), 'invalidProperties');
  assert.equal(await update(id, { 'myRights/mayDelete': false }), 'invalidProperties');
  assert.equal(await update(id, { nothing: 5 }), 'invalidProperties');
  assert.equal(await update(id, { 'name/x': 5 }), 'invalidPatch');
  assert.equal(await update('f999', { name: 'x' }), 'notFound');
});

test('what every account has stays what and where it is', async () => {
  const id = await create();
  assert.equal(await update('f1', { name: 'Mine' }), 'forbidden');
  assert.equal(await update('f4', { parentId: id }), 'forbidden');
  assert.equal(await update('f6', { role: null }), 'forbidden');
  assert.equal(await update('f1', { sortOrder: 3, isSubscribed: true }), null);
  assert.equal(await destroy('f1'), 'forbidden');
  assert.equal(await destroy('f5', { onDestroyRemoveEmails: true }), 'forbidden');
});

test('nothing lies within itself, or too deep', async () => {
  const chain: string[] = [];
  while (chain.length < LIMITS.maxMailboxDepth) chain.push(await create({ parentId: chain.at(-1) ?? null }));
  const [top = '', second = ''] = chain;
  assert.equal(await update(top, { parentId: chain.at(-1) ?? '' }), 'invalidProperties');
  assert.equal(await update(top, { parentId: top }), 'invalidProperties');
  assert.deepEqual(await refusal({ name: 'x', parentId: chain.at(-1) ?? '' }), ['invalidProperties', ['parentId']]);
  // With what is in it, it would be too deep.
  const other = await create();
  const inner = await create({ parentId: other });
  assert.equal(await update(second, { parentId: inner }), 'invalidProperties');
  assert.equal(await update(second, { parentId: other }), null);
});

test('gone: not with something in it, children first, and its number is never given again', async () => {
  const parent = await create();
  const child = await create({ parentId: parent });
  assert.equal(await destroy(parent), 'mailboxHasChild');
  assert.equal(await destroy(parent, { onDestroyRemoveEmails: true }), 'mailboxHasChild');
  const { destroyed } = await ana.call('Mailbox/set', { destroy: [parent, child] });
  assert.deepEqual((destroyed as string[]).toSorted(), [parent, child].toSorted());
  assert.equal(await destroy(child), 'notFound');
  assert.notEqual(await create(), child);
  assert.equal((await ana.call('Mailbox/set', { destroy: ['f999'] }))['destroyed'], null);
});

test('gone with its mail, if that is said', async () => {
  const id = await create();
  const { created } = await ana.call('Email/set', { create: { k: { mailboxIds: { [id]: true }, subject: 'In it' } } });
  const email = (created as Made)['k']?.id ?? '';
  const state = await ana.state('Email');
  assert.equal(await destroy(id), 'mailboxHasEmail');
  assert.equal((await get(id))['totalEmails'], 1);
  assert.equal(await destroy(id, { onDestroyRemoveEmails: true }), id);
  assert.deepEqual((await ana.call('Email/get', { ids: [email] }))['notFound'], [email]);
  assert.deepEqual((await ana.call('Email/changes', { sinceState: state }))['destroyed'], [email]);
});

test('what had been read leaves its trace at the delivery', async () => {
  const id = await create();
  const message = await world.deliver([ana.account], 'Read, moved, destroyed');
  const [email = ''] = (await ana.call('Email/query', { filter: { subject: 'destroyed' } }))['ids'] as string[];
  await ana.call('Email/set', { update: { [email]: { 'keywords/$seen': true, mailboxIds: { [id]: true } } } });
  assert.equal(await destroy(id, { onDestroyRemoveEmails: true }), id);
  const [row] = await world.sql<{ past_exposure: string }>(`SELECT past_exposure FROM delivery WHERE message_id = $1`, [
    message,
  ]);
  assert.equal(row?.past_exposure, 'opened');
});

test('what is just being recalled stays, and so does all else in the mailbox', async () => {
  const id = await create();
  const message = await world.deliver([ana.account], 'Being recalled');
  await world.deliver([ana.account], 'Beside it');
  const ids = (await ana.call('Email/query', { filter: { inMailbox: 'f1' } }))['ids'] as string[];
  await ana.call('Email/set', { update: Object.fromEntries(ids.map((one) => [one, { mailboxIds: { [id]: true } }])) });
  await world.sql(
    `INSERT INTO gate (tenant_id, message_id, recall_id, all_recipients, include_read) VALUES ($1, $2, 1, true, false)`,
    [world.tenant, message],
  );
  const before = await get(id);
  assert.equal(await destroy(id, { onDestroyRemoveEmails: true }), 'mailboxHasEmail');
  assert.deepEqual(await get(id), before);
  assert.ok(((await ana.call('Email/query', { filter: { subject: 'Beside' } }))['ids'] as string[]).length > 0);
  await world.sql(`DELETE FROM gate WHERE message_id = $1`, [message]);
  assert.equal(await destroy(id, { onDestroyRemoveEmails: true }), id);
});

test('ifInState, and that nothing changes nothing', async () => {
  const state = await ana.state('Mailbox');
  assert.equal(
    (await ana.call('Mailbox/set', { ifInState: '1', create: { k: { name: 'No' } } }))['error'],
    'stateMismatch',
  );
  const { oldState, newState } = await ana.call('Mailbox/set', { ifInState: state, create: { k: { name: '' } } });
  assert.deepEqual([oldState, newState], [state, state]);
  assert.equal(await ana.state('Mailbox'), state);
});

test('a shared account has mailboxes of its own, and strangers none of it', async () => {
  const accountId = `a${world.office}`;
  const { created } = await ben.call('Mailbox/set', { accountId, create: { k: { name: 'Desk' } } });
  const { id } = (created as Made)['k'] ?? {};
  const shown = await ana.call('Mailbox/get', { accountId, ids: [id], properties: ['name'] });
  assert.deepEqual(shown['list'], [{ id, name: 'Desk' }]);
  assert.equal((await world.zoe.call('Mailbox/get', { accountId }))['error'], 'accountNotFound');
});
