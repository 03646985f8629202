import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { toKeywords } from '../mail/keywords.ts';
import { moveCopies, setKeywords } from './email-change.ts';
import { markListed, readContent } from './exposure.ts';
import { readEmails } from './emails.ts';

const t = await testMail();
after(() => t.close());
const { store, tenant } = t;
const now = new Date('2026-11-23T13:00:00Z');
const later = new Date('2026-11-23T14:00:00Z');
const given = { program: 'Test Mail', now };

interface Marks {
  listed_at: Date | null;
  downloaded_at: Date | null;
  downloaded_by: string | null;
}

async function marks(account: number, emailId: number): Promise<Marks | undefined> {
  const [row] = await t.sql<Marks>(
    `SELECT listed_at, downloaded_at, downloaded_by FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
    [tenant, account, emailId],
  );
  return row;
}

test('a list is recorded before it is handed out, the first time only', async () => {
  const account = await t.newAccount('list');
  const { emailIds } = await t.deliver([account], mail('One'));
  const own = await t.append(account, 2, mail('Draft'));
  const [id = 0] = emailIds;
  const at = { tenant, account };
  const bare = await readEmails(store, at, [id, own], 'copy', null);
  assert.equal(bare.rows.length, 2);
  assert.equal((await marks(account, id))?.listed_at, null, 'ids and keywords are no exposure');
  const read = await readEmails(store, at, [id, own], 'envelope', { ...given, what: 'listed' });
  assert.deepEqual(new Set(read.rows.map((row) => row.envelope.subject)), new Set(['Draft', 'One']));
  assert.deepEqual(await marks(account, id), { listed_at: now, downloaded_at: null, downloaded_by: null });
  assert.equal((await marks(account, own))?.listed_at, null, "an owner's own copy has nothing to record");
  await readEmails(store, at, [id], 'envelope', { ...given, now: later, what: 'listed' });
  assert.deepEqual((await marks(account, id))?.listed_at, now);
  assert.deepEqual(
    await markListed(store, at, [own], now),
    new Map([[own, read.rows.find((row) => row.email_id === own)?.message_id]]),
  );
});

test('content is recorded with the program that got it first', async () => {
  const account = await t.newAccount('content');
  const { emailIds, messageId } = await t.deliver([account], mail('Two'));
  const [id = 0] = emailIds;
  const at = { tenant, account, emailId: id };
  assert.equal((await readContent(store, at, given))?.message_id, messageId);
  assert.equal((await readContent(store, at, { program: 'Another', now: later }))?.message_id, messageId);
  assert.deepEqual(await marks(account, id), { listed_at: null, downloaded_at: now, downloaded_by: 'Test Mail' });
});

test('a gate between looking and recording: nothing is handed out, nothing is recorded', async () => {
  const account = await t.newAccount('gated');
  const { emailIds, messageId } = await t.deliver([account], mail('Three'));
  const [id = 0] = emailIds;
  const gateAt = async (point: string): Promise<void> => {
    if (point === 'looked') await t.gate(messageId);
  };
  assert.equal(await readContent(store, { tenant, account, emailId: id }, given, gateAt), undefined);
  await t.ungate(messageId);
  const read = await readEmails(
    store,
    { tenant, account },
    [id],
    'structure',
    { ...given, what: 'downloaded' },
    gateAt,
  );
  assert.deepEqual(read.rows, []);
  await t.ungate(messageId);
  const listed = await readEmails(store, { tenant, account }, [id], 'envelope', { ...given, what: 'listed' }, gateAt);
  assert.deepEqual(listed.rows, []);
  assert.deepEqual(await marks(account, id), { listed_at: null, downloaded_at: null, downloaded_by: null });
});

test('a gate after recording: what is handed out was counted', async () => {
  const account = await t.newAccount('late');
  const { emailIds, messageId } = await t.deliver([account], mail('Four'));
  const [id = 0] = emailIds;
  const content = await readContent(store, { tenant, account, emailId: id }, given, async (point) => {
    if (point === 'recorded') await t.gate(messageId);
  });
  assert.equal(content?.message_id, messageId);
  assert.equal((await marks(account, id))?.downloaded_by, 'Test Mail');
  assert.equal(await readContent(store, { tenant, account, emailId: id }, given), undefined, 'and no more after it');
});

test('a sweep that turns the copy into a notice while its mark waits: nothing is handed out', async () => {
  const account = await t.newAccount('swept');
  const { emailIds } = await t.deliver([account], mail('Five'));
  const [id = 0] = emailIds;
  const notice = await t.deliver([account], mail('Notice'));
  let reading: Promise<unknown> | undefined;
  await store.transact(async (tx) => {
    await tx.run(
      `UPDATE copy SET email_id = 9999, uid = 9999, message_id = $4 WHERE tenant_id = $1 AND account_id = $2 AND email_id = $3`,
      [tenant, account, id, notice.messageId],
    );
    reading = readContent(store, { tenant, account, emailId: id }, given);
    // It waits for our row: only then may we commit.
    for (;;) {
      const [row] = await t.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      if (row && row.n > 0) break;
    }
  });
  assert.equal(await reading, undefined);
  assert.equal((await marks(account, 9999))?.downloaded_at, null);
});

test("a stranger's copy is not there", async () => {
  const [mine, theirs] = [await t.newAccount('mine'), await t.newAccount('theirs')];
  const { emailIds } = await t.deliver([theirs], mail('Six'));
  const [id = 0] = emailIds;
  assert.equal(await readContent(store, { tenant, account: mine, emailId: id }, given), undefined);
  assert.equal(await readContent(store, { tenant: tenant + 1, account: theirs, emailId: id }, given), undefined);
});

test('recording many, beside changes of the same copies, never waits in a circle', async () => {
  const account = await t.newAccount('busy');
  const at = { tenant, account };
  const ids: number[] = [];
  for (let i = 0; i < 30; i++) ids.push(...(await t.deliver([account], mail(`Busy ${i}`))).emailIds);
  const shuffled = (round: number): number[] =>
    ids.toSorted((a, b) => ((a * 7919 * (round + 1)) % 101) - ((b * 7919 * (round + 1)) % 101));
  const work: Promise<unknown>[] = [];
  for (let round = 0; round < 25; round++) {
    const which = { emailIds: shuffled(round) };
    work.push(
      readEmails(store, at, which.emailIds, 'envelope', { ...given, what: round % 2 ? 'listed' : 'downloaded' }),
      markListed(store, at, shuffled(round + 3), now),
      store.transact((tx) => moveCopies(tx, { ...at, now }, which, (copy) => (copy.mailbox_id === 1 ? 4 : 1))),
      store.transact((tx) =>
        setKeywords(tx, { ...at, now }, which, (copy) => ({
          add: toKeywords([`k${copy.modseq}`]),
          remove: toKeywords(copy.keywords ?? []),
        })),
      ),
    );
  }
  // A deadlock would reject: what records is one statement, tried once.
  await Promise.all(work);
  const [row] = await t.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM copy WHERE tenant_id = $1 AND account_id = $2 AND downloaded_at IS NOT NULL`,
    [tenant, account],
  );
  assert.equal(row?.n, 30);
});
