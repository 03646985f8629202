import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { SEEN } from '../mail/keywords.ts';
import { raise, raiseEach } from './account-state.ts';
import { moveCopies, removeCopies, setKeywords } from './email-change.ts';
import { holdCopies, lockAccount } from './held-copies.ts';
import { undoable } from './mailboxes.ts';
import type { Transaction } from './postgres.ts';

const t = await testMail();
after(() => t.close());
const account = await t.newAccount('ana');
const at = { tenant: t.tenant, account };
const now = new Date('2026-11-23T12:00:00Z');
const none = { flags: 0, others: null };

const modseqNow = async (): Promise<number> =>
  Number(
    (await t.sql<{ modseq: string }>('SELECT modseq FROM account_state WHERE account_id = $1', [account]))[0]?.modseq,
  );

/** The transaction, and the statements of it that ask for an account's lock. */
function watched(tx: Transaction): { tx: Transaction; locking: string[] } {
  const locking: string[] = [];
  const rows: Transaction['rows'] = (sql, params) => {
    if (/FROM account_state[^]*FOR NO KEY UPDATE/.test(sql)) locking.push(sql);
    return tx.rows(sql, params);
  };
  return { tx: { ...tx, rows }, locking };
}

test('a transaction asks for the lock once, whatever it does under it, and knows the modseq by itself', async () => {
  const ids = [];
  for (const subject of ['one', 'two', 'three']) ids.push(await t.append(account, 1, mail(subject)));
  const before = await modseqNow();
  const [first, last, locking] = await t.store.transact(async (real) => {
    const { tx, locking: asked } = watched(real);
    const begun = await lockAccount(tx, at);
    const held = await holdCopies(tx, at, { mailbox: 1, all: true });
    const [one = 0, two = 0, three = 0] = held.map((copy) => copy.email_id);
    await setKeywords(tx, { ...at, now }, { emailIds: [one] }, () => ({
      add: { flags: SEEN, others: null },
      remove: none,
    }));
    await moveCopies(tx, { ...at, now }, { emailIds: [two] }, () => 2);
    await removeCopies(tx, at, { emailIds: [three] });
    return [begun, await lockAccount(tx, at), asked] as const;
  });
  assert.equal(locking.length, 1);
  assert.equal(first, before);
  assert.equal(last, before + 3);
  assert.equal(await modseqNow(), last);
});

test('what a savepoint undoes is undone here too', async () => {
  const before = await modseqNow();
  await t.store.transact(async (tx) => {
    await undoable(tx, async () => {
      await raise(tx, at.tenant, at.account, 7);
      throw new Error('no');
    }).catch(() => undefined);
    assert.equal(tx.locked.size, 0, 'the lock went with it');
    assert.equal(await lockAccount(tx, at), before);
    await undoable(tx, async () => {
      await raise(tx, at.tenant, at.account, 7);
      throw new Error('no');
    }).catch(() => undefined);
    assert.equal(await lockAccount(tx, at), before);
    await undoable(tx, async () => void (await raise(tx, at.tenant, at.account)));
    assert.equal(await lockAccount(tx, at), before + 1);
  });
  assert.equal(await modseqNow(), before + 1);
});

test('several accounts are raised from what they are once they are locked', async () => {
  const other = await t.newAccount('ben');
  const [held, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = t.store.transact(async (tx) => {
    await raise(tx, at.tenant, at.account, 5);
    held.resolve();
    await asked.promise;
  });
  await held.promise;
  const before = await modseqNow();
  const second = t.store.transact((tx) => raiseEach(tx, at.tenant, [other, at.account], [1, 2]));
  while (
    (await t.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`))
      .length === 0
  );
  asked.resolve();
  await first;
  const raised = await second;
  assert.equal(raised.get(at.account), before + 7);
  assert.equal(await modseqNow(), before + 7);
  assert.ok(raised.has(other));
});
