import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { refused, testDirectory } from '../../test/support/directory.ts';
import { wayDown } from './groups.ts';

const t = await testDirectory();
after(() => t.close());
const { admin, pigeon } = t;

async function members(address: string): Promise<string[]> {
  const rows = await t.sql<{ address: string }>(
    `SELECT m.address FROM group_member m JOIN mail_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id WHERE g.address = $1 ORDER BY 1`,
    [address],
  );
  return rows.map((row) => row.address);
}

test('members are accounts, aliases, groups and addresses outside', async () => {
  await admin.addGroup({ address: 'inner@pigeon.test', name: 'Inner', membersVisibleTo: 'members' });
  const given = [
    'Ana@pigeon.test',
    'benjamin@dove.test',
    'inner@pigeon.test',
    'Anyone@Outside.test',
    'zoe@other.test',
    'ana@pigeon.test',
  ];
  await admin.addGroup({ address: 'outer@pigeon.test', members: given });
  assert.deepEqual(await members('outer@pigeon.test'), [
    'ana@pigeon.test',
    'anyone@outside.test',
    'benjamin@dove.test',
    'inner@pigeon.test',
    'zoe@other.test',
  ]);
  assert.deepEqual(await t.sql(`SELECT name, everybody, members_visible_to FROM mail_group ORDER BY address`), [
    { name: 'Inner', everybody: false, members_visible_to: 'members' },
    { name: 'outer', everybody: false, members_visible_to: 'everyone' },
  ]);
  const { action, subject, detail } = (await t.audited(pigeon)) ?? {};
  assert.deepEqual([action, subject, detail?.['members']], ['group.added', 'outer@pigeon.test', given]);
});

test('what may not be added, and why', async () => {
  assert.equal(await refused(admin.addGroup({ address: 'ana@pigeon.test' }), 'taken'), 'ana@pigeon.test is taken.');
  await refused(admin.addGroup({ address: 'x@outside.test' }), 'notLocal');
  assert.equal(
    await refused(admin.addGroup({ address: 'x@pigeon.test', members: ['nobody@pigeon.test'] }), 'notFound'),
    'There is no nobody@pigeon.test here.',
  );
  await refused(admin.addGroup({ address: 'x@pigeon.test', members: ['nobody'] }), 'badAddress');
  assert.equal((await t.directory.resolve('x@pigeon.test')).kind, 'unknown');
  assert.equal(
    await refused(admin.setGroup('ana@pigeon.test', { name: 'Ana' }), 'notFound'),
    'There is no group ana@pigeon.test.',
  );
});

test('a change is made whole or not at all', async () => {
  await admin.setGroup('inner@pigeon.test', {
    name: 'Within',
    everybody: true,
    membersVisibleTo: 'administrators',
    add: ['ana@pigeon.test', 'ben@pigeon.test'],
  });
  await admin.setGroup('inner@pigeon.test', { remove: ['ben@pigeon.test'], add: ['cho@pigeon.test'] });
  assert.deepEqual(await members('inner@pigeon.test'), ['ana@pigeon.test', 'cho@pigeon.test']);
  const read = `SELECT name, everybody, members_visible_to FROM mail_group WHERE address = 'inner@pigeon.test'`;
  const changed = [{ name: 'Within', everybody: true, members_visible_to: 'administrators' }];
  assert.deepEqual(await t.sql(read), changed);
  assert.equal(
    await refused(
      admin.setGroup('inner@pigeon.test', { name: 'No', add: ['ben@pigeon.test'], remove: ['zoe@other.test'] }),
      'notMember',
    ),
    'zoe@other.test is no member of inner@pigeon.test.',
  );
  await refused(admin.setGroup('inner@pigeon.test', { name: 'No', add: ['nobody@pigeon.test'] }), 'notFound');
  assert.deepEqual(await t.sql(read), changed);
  assert.deepEqual(await members('inner@pigeon.test'), ['ana@pigeon.test', 'cho@pigeon.test']);
});

test('a loop is refused, with the way it goes', async () => {
  for (const name of ['a', 'b', 'c']) await admin.addGroup({ address: `${name}@pigeon.test` });
  await admin.setGroup('a@pigeon.test', { add: ['b@pigeon.test'] });
  await admin.setGroup('b@pigeon.test', { add: ['c@pigeon.test'] });
  assert.equal(
    await refused(admin.setGroup('c@pigeon.test', { add: ['ana@pigeon.test', 'a@pigeon.test'] }), 'loop'),
    'That would be a loop: c@pigeon.test → a@pigeon.test → b@pigeon.test → c@pigeon.test.',
  );
  assert.equal(
    await refused(admin.setGroup('c@pigeon.test', { add: ['c@pigeon.test'] }), 'loop'),
    'That would be a loop: c@pigeon.test → c@pigeon.test.',
  );
  assert.deepEqual(await members('c@pigeon.test'), []);
  await admin.setGroup('a@pigeon.test', { add: ['c@pigeon.test'] }); // by two ways, but no loop
});

test('two who would close a loop together: the second is refused', async () => {
  for (const name of ['left', 'right']) await admin.addGroup({ address: `${name}@pigeon.test` });
  const { slow, reached, go } = t.slowAdmin();
  const first = slow.setGroup('left@pigeon.test', { add: ['right@pigeon.test'] });
  await reached;
  const second = refused(admin.setGroup('right@pigeon.test', { add: ['left@pigeon.test'] }), 'loop');
  await t.blocked();
  go();
  await first;
  assert.equal(await second, 'That would be a loop: right@pigeon.test → left@pigeon.test → right@pigeon.test.');
});

test('a member that is being removed', async () => {
  const { slow, reached, go } = t.slowAdmin();
  await admin.addAccount({ address: 'leaving@pigeon.test' });
  const removal = slow.removeAccount('leaving@pigeon.test');
  await reached;
  const adding = refused(admin.setGroup('left@pigeon.test', { add: ['leaving@pigeon.test'] }), 'notFound');
  await t.blocked();
  go();
  await Promise.all([removal, adding]);
});

test('many ways through many groups are looked through once each', async () => {
  // Twenty layers of two, each group in both of the layer above: a million ways from top to bottom.
  const at = (layer: number, side: string): string => `layer${layer}${side}@pigeon.test`;
  for (let layer = 0; layer < 20; layer++) {
    const members = layer === 0 ? [] : [at(layer - 1, 'a'), at(layer - 1, 'b')];
    for (const side of ['a', 'b']) await admin.addGroup({ address: at(layer, side), members });
  }
  assert.match(
    await refused(admin.setGroup(at(0, 'a'), { add: [at(19, 'b')] }), 'loop'),
    /^That would be a loop: layer0a@.* → layer0a@pigeon.test\.$/,
  );
});

test('a removed group leaves its members, and the groups it was in', async () => {
  await admin.removeGroup('b@pigeon.test');
  assert.deepEqual(await members('a@pigeon.test'), ['c@pigeon.test']);
  assert.equal((await t.directory.resolve('b@pigeon.test')).kind, 'unknown');
  assert.equal((await t.directory.resolve('c@pigeon.test')).kind, 'group');
  assert.deepEqual(
    await t.sql(`SELECT 1 FROM group_member m WHERE NOT EXISTS (SELECT FROM mail_group g WHERE g.id = m.group_id)`),
    [],
  );
  await refused(admin.removeGroup('b@pigeon.test'), 'notFound');
});

test('a long list of members is counted in the audit log, not told', async () => {
  const people = Array.from({ length: 101 }, (_, i) => `someone${i}@outside.test`);
  await admin.addGroup({ address: 'long@pigeon.test', members: people });
  assert.equal((await t.audited(pigeon))?.detail['members'], 101);
  assert.equal((await members('long@pigeon.test')).length, 101);
});

test('finds the shortest way down', () => {
  const edge = (of: number, id: number): { of: number; id: number; address: string } => ({ of, id, address: `g${id}` });
  const edges = [edge(1, 2), edge(2, 3), edge(3, 1), edge(1, 4), edge(4, 3)];
  assert.deepEqual(wayDown(edges, 1, 3), ['g2', 'g3']);
  assert.deepEqual(wayDown(edges, 1, 1), []);
  assert.equal(wayDown(edges, 1, 9), undefined);
});
