import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { raise } from '../store/account-state.ts';
import { placeCopies } from '../store/placing.ts';
import { NOW, refused, testDirectory } from '../../test/support/directory.ts';
import { testMail } from '../../test/support/mailboxes.ts';
import { createAdmin, type AccountInput } from './admin.ts';
import { hashPassword } from './passwords.ts';

const t = await testDirectory();
after(() => t.close());
const { admin, pigeon } = t;

test('an account has its mailboxes, its addresses and a modseq', async () => {
  const id = await admin.addAccount({
    address: 'Eli@Pigeon.test',
    name: '  Eli Novak ',
    aliases: ['e.novak@pigeon.test'],
  });
  const boxes = await t.sql(
    `SELECT id, name, role, uid_validity::int AS uid_validity, uid_next::int AS uid_next FROM mailbox WHERE account_id = $1 ORDER BY id`,
    [id],
  );
  const box = (n: number, name: string, role: string): object => ({
    id: n,
    name,
    role,
    uid_validity: NOW.getTime() / 1000,
    uid_next: 1,
  });
  assert.deepEqual(boxes, [
    box(1, 'Inbox', 'inbox'),
    box(2, 'Drafts', 'drafts'),
    box(3, 'Sent Items', 'sent'),
    box(4, 'Archive', 'archive'),
    box(5, 'Junk', 'junk'),
    box(6, 'Trash', 'trash'),
  ]);
  assert.deepEqual(await t.sql(`SELECT address FROM address WHERE account_id = $1 ORDER BY 1`, [id]), [
    { address: 'e.novak@pigeon.test' },
    { address: 'eli@pigeon.test' },
  ]);
  assert.deepEqual(await t.sql(`SELECT modseq::int AS modseq FROM account_state WHERE account_id = $1`, [id]), [
    { modseq: 1 },
  ]);
  assert.deepEqual(await t.sql(`SELECT address, name, kind, password FROM account WHERE id = $1`, [id]), [
    { address: 'eli@pigeon.test', name: 'Eli Novak', kind: 'person', password: null },
  ]);
  const { actor, action, subject, detail, at } = (await t.audited(pigeon)) ?? {};
  assert.deepEqual(
    { actor, action, subject, detail, at },
    {
      actor: 'root',
      action: 'account.added',
      subject: 'eli@pigeon.test',
      detail: { kind: 'person', aliases: ['e.novak@pigeon.test'] },
      at: NOW,
    },
  );
});

test('what may not be added, and why', async () => {
  const before = await t.sql(`SELECT count(*) FROM address`);
  const add = (account: AccountInput): Promise<number> => admin.addAccount(account);
  assert.equal(await refused(add({ address: 'ana' }), 'badAddress'), '"ana" is not an address.');
  assert.equal(
    await refused(add({ address: 'ana@outside.test' }), 'notLocal'),
    'outside.test is not a domain of this server.',
  );
  assert.equal(await refused(add({ address: 'ANA@pigeon.test' }), 'taken'), 'ana@pigeon.test is taken.');
  assert.equal(
    await refused(add({ address: 'x@pigeon.test', aliases: ['benjamin@dove.test'] }), 'taken'),
    'benjamin@dove.test is taken.',
  );
  assert.equal(
    await refused(add({ address: 'x@pigeon.test', aliases: ['X@pigeon.test'] }), 'taken'),
    'x@pigeon.test is named twice.',
  );
  assert.equal(
    await refused(add({ address: 'x@pigeon.test', aliases: ['x@other.test'] }), 'notLocal'),
    'other.test is a domain of another organisation.',
  );
  await refused(add({ address: 'x@pigeon.test', name: 'X\r\nBcc: y@outside.test' }), 'badName');
  await refused(add({ address: 'x@pigeon.test', name: 'x'.repeat(201) }), 'badName');
  assert.equal(
    await refused(add({ address: 'x@pigeon.test', password: 'abc' }), 'badPassword'),
    'A password has 4 to 1000 characters.',
  );
  assert.deepEqual(await t.sql(`SELECT count(*) FROM address`), before);
});

test('of two who want one address at the same time, one gets it', async () => {
  const results = await Promise.allSettled(
    [1, 2, 3, 4].map((n) => admin.addAccount({ address: 'race@pigeon.test', name: `${n}` })),
  );
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  for (const result of results)
    if (result.status === 'rejected') await refused(Promise.reject(result.reason as Error), 'taken');
});

test('thousands at once', async () => {
  const passwordHash = await hashPassword('homing');
  const people = Array.from({ length: 3000 }, (_, i) => ({
    address: `q${i}@pigeon.test`,
    name: `Q ${i}`,
    passwordHash,
    aliases: i === 7 ? ['seven@dove.test'] : [],
  }));
  await admin.addAccounts(pigeon, people);
  assert.equal((await t.directory.authenticate('seven@dove.test', 'homing'))?.address, 'q7@pigeon.test');
  assert.deepEqual(
    await t.sql(
      `SELECT count(*)::int AS n FROM mailbox b JOIN account p ON p.id = b.account_id WHERE p.address ~ '^q[0-9]'`,
    ),
    [{ n: 18_000 }],
  );
  const again = [
    { address: 'new@pigeon.test', name: '', passwordHash: null },
    { address: 'q5@pigeon.test', name: '', passwordHash: null },
  ];
  assert.equal(await refused(admin.addAccounts(pigeon, again), 'taken'), 'q5@pigeon.test is taken.');
  await refused(admin.addAccounts(pigeon, [{ address: 'x@other.test', name: '', passwordHash: null }]), 'notLocal');
  assert.equal((await t.directory.resolve('new@pigeon.test')).kind, 'unknown');
});

test('a change is made whole or not at all', async () => {
  await admin.setAccount('ben@pigeon.test', {
    name: 'Ben Okafor',
    kind: 'service',
    acceptsRecalls: false,
    addAliases: ['b@pigeon.test'],
    removeAliases: ['benjamin@dove.test'],
  });
  const read = `SELECT name, kind, accepts_recalls, password FROM account WHERE address = 'ben@pigeon.test'`;
  const changed = [{ name: 'Ben Okafor', kind: 'service', accepts_recalls: false, password: null }];
  assert.deepEqual(await t.sql(read), changed);
  assert.deepEqual(await t.directory.addressesOf(pigeon, t.ben), ['ben@pigeon.test', 'b@pigeon.test']);
  assert.equal(
    await refused(admin.setAccount('ben@pigeon.test', { name: 'No', removeAliases: ['ben@pigeon.test'] }), 'notFound'),
    'ben@pigeon.test is no alias of ben@pigeon.test.',
  );
  await refused(
    admin.setAccount('ben@pigeon.test', {
      name: 'No',
      removeAliases: ['b@pigeon.test'],
      addAliases: ['ana@pigeon.test'],
    }),
    'taken',
  );
  await refused(admin.setAccount('nobody@pigeon.test', { name: 'No' }), 'notFound');
  assert.deepEqual(await t.sql(read), changed);
  assert.equal((await t.directory.resolve('b@pigeon.test')).kind, 'account');
});

test('a new password is audited, the word itself is nowhere', async () => {
  await admin.setAccount('ana@pigeon.test', { password: 'ein neues Wort' });
  assert.deepEqual((await t.audited(pigeon))?.detail, { password: 'changed' });
  const found = await t.sql(`SELECT 1 FROM audit WHERE audit::text ~ 'neues'`);
  assert.deepEqual(found, []);
});

test('rights are added one to another, and taken all at once', async () => {
  const rights = async (): Promise<unknown> =>
    (
      await t.sql<{ rights: string }>(
        `SELECT array_to_string(rights, ' ') AS rights FROM delegation WHERE account_id = $1`,
        [t.ben],
      )
    ).map((row) => row.rights);
  await admin.setAccount('ben@pigeon.test', { grant: { 'ana@pigeon.test': ['send-as'] } });
  await admin.setAccount('ben@pigeon.test', { grant: { 'ana@pigeon.test': ['full', 'send-as'] } });
  assert.deepEqual(await rights(), ['full send-as']);
  await admin.setAccount('ben@pigeon.test', { revoke: ['ana@pigeon.test'] });
  assert.deepEqual(await rights(), []);
  await refused(admin.setAccount('ben@pigeon.test', { grant: { 'zoe@other.test': ['full'] } }), 'notLocal');
  await refused(admin.setAccount('ben@pigeon.test', { grant: { 'b@pigeon.test': ['full'] } }), 'badDelegate');
  await refused(admin.delegate('ben@pigeon.test', 'nobody@pigeon.test', ['full']), 'notFound');
});

test('an alias that goes leaves its account in the groups that named it', async () => {
  await admin.addGroup({ address: 'by-alias@pigeon.test', members: ['b@pigeon.test'] });
  await admin.setAccount('ben@pigeon.test', { removeAliases: ['b@pigeon.test'] });
  const members = await t.sql(
    `SELECT m.address FROM group_member m JOIN mail_group g ON g.id = m.group_id WHERE g.address = 'by-alias@pigeon.test'`,
  );
  assert.deepEqual(members, [{ address: 'ben@pigeon.test' }]);
});

test('nothing is left of a removed account, and its address is free', async () => {
  const id = await admin.addAccount({ address: 'gone@pigeon.test', aliases: ['gone2@pigeon.test'] });
  await admin.addGroup({ address: 'leaving@pigeon.test', members: ['gone2@pigeon.test', 'ana@pigeon.test'] });
  await admin.delegate('gone@pigeon.test', 'ana@pigeon.test', ['full']);
  await admin.delegate('ana@pigeon.test', 'gone@pigeon.test', ['full']);
  await admin.removeAccount('gone2@pigeon.test');
  for (const table of ['account_state', 'mailbox', 'copy', 'address']) {
    assert.deepEqual(await t.sql(`SELECT 1 FROM ${table} WHERE account_id = $1`, [id]), [], table);
  }
  assert.deepEqual(await t.sql(`SELECT 1 FROM delegation WHERE account_id = $1 OR delegate_id = $1`, [id]), []);
  const members = await t.sql(
    `SELECT m.address FROM group_member m JOIN mail_group g ON g.id = m.group_id WHERE g.address = 'leaving@pigeon.test'`,
  );
  assert.deepEqual(members, [{ address: 'ana@pigeon.test' }]);
  const { action, subject } = (await t.audited(pigeon)) ?? {};
  assert.deepEqual([action, subject], ['account.removed', 'gone@pigeon.test']);
  await refused(admin.removeAccount('gone@pigeon.test'), 'notFound');
  assert.notEqual(await admin.addAccount({ address: 'gone@pigeon.test' }), id);
});

test('a change and a removal at the same time, in both orders', async () => {
  await admin.addAccount({ address: 'both@pigeon.test' });
  const change = { addAliases: ['both2@pigeon.test'] };
  const one = t.slowAdmin();
  const changing = one.slow.setAccount('both@pigeon.test', change);
  await one.reached;
  const removing = admin.removeAccount('both@pigeon.test');
  await t.blocked();
  one.go();
  await Promise.all([changing, removing]);
  assert.deepEqual(await t.sql(`SELECT 1 FROM address WHERE address ~ '^both'`), []);

  await admin.addAccount({ address: 'both@pigeon.test' });
  const other = t.slowAdmin();
  const first = other.slow.removeAccount('both@pigeon.test');
  await other.reached;
  const late = refused(admin.setAccount('both@pigeon.test', change), 'notFound');
  await t.blocked();
  other.go();
  await Promise.all([first, late]);
  assert.deepEqual(await t.sql(`SELECT 1 FROM address WHERE address ~ '^both'`), []);
});

test('deliveries remember what had happened to the copies of a removed account', async (context) => {
  const mail = await testMail();
  context.after(() => mail.close());
  const people = createAdmin({ store: mail.store, clock: () => NOW, actor: 'root' });
  const [gone, stays] = [
    await people.addAccount({ address: 'gone@pigeon.test' }),
    await people.addAccount({ address: 'stays@pigeon.test' }),
  ];
  const letters = await Promise.all(
    ['opened', 'downloaded', 'listed', 'nothing'].map((word) =>
      mail.deliver([gone, stays], `Subject: ${word}\n\n${word}\n`),
    ),
  );
  const numbers = letters.map((letter) => letter.messageId);
  await mail.sql(`UPDATE copy SET listed_at = $2 WHERE message_id = ANY ($1) AND account_id = $3`, [
    numbers.slice(0, 3),
    NOW,
    gone,
  ]);
  await mail.sql(
    `UPDATE copy SET downloaded_at = $2, downloaded_by = 'a phone' WHERE message_id = ANY ($1) AND account_id = $3`,
    [numbers.slice(0, 2), NOW, gone],
  );
  await mail.sql(`UPDATE copy SET opened_at = $2 WHERE message_id = $1 AND account_id = $3`, [numbers[0], NOW, gone]);
  await people.removeAccount('gone@pigeon.test');
  const rows = await mail.sql<{ past_exposure: string; past_downloaded_by: string | null }>(
    `SELECT past_exposure, past_downloaded_by FROM delivery WHERE account_id = $1 ORDER BY array_position($2, message_id)`,
    [gone, numbers],
  );
  assert.deepEqual(
    rows.map((row) => [row.past_exposure, row.past_downloaded_by]),
    [
      ['opened', 'a phone'],
      ['downloaded', 'a phone'],
      ['listed', null],
      ['none', null],
    ],
  );
  assert.deepEqual(await mail.sql(`SELECT DISTINCT past_exposure FROM delivery WHERE account_id = $1`, [stays]), [
    { past_exposure: 'none' },
  ]);
});

test('mail that is being put into an account as it is removed goes with it', async (context) => {
  const mail = await testMail();
  context.after(() => mail.close());
  const people = createAdmin({ store: mail.store, clock: () => NOW, actor: 'root' });
  const gone = await people.addAccount({ address: 'gone@pigeon.test' });
  const stays = await people.addAccount({ address: 'stays@pigeon.test' });
  const { messageId } = await mail.deliver([stays], 'Subject: late\n\nlate\n');
  let removal: Promise<void> | undefined;
  await mail.store.transact(async (tx) => {
    const modseq = (await raise(tx, mail.tenant, gone)) ?? 0;
    removal = people.removeAccount('gone@pigeon.test');
    while (
      (await mail.sql(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`))
        .length === 0
    );
    await placeCopies(tx, mail.tenant, [
      { account: gone, message: messageId, thread: messageId, receivedAt: NOW, n: 2, modseq },
    ]);
  });
  await removal;
  assert.deepEqual(await mail.sql(`SELECT 1 FROM copy WHERE account_id = $1`, [gone]), []);
  assert.equal(await mail.store.transact((tx) => raise(tx, mail.tenant, gone)), undefined);
});
