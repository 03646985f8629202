import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { toKeywords } from '../mail/keywords.ts';
import { moveCopies, removeCopies, setKeywords } from './email-change.ts';
import { emailChanges, WHOLE, type Since } from './email-history.ts';

const t = await testMail();
after(() => t.close());
const { store, tenant } = t;
const now = new Date('2026-11-23T13:00:00Z');
const since = (modseq: number): Since => ({ modseq, emailId: WHOLE });
const flag = (account: number, emailIds: number[]) =>
  store.transact((tx) =>
    setKeywords(tx, { tenant, account, now }, { emailIds }, (copy) => ({
      add: toKeywords([`k${copy.modseq}`]),
      remove: toKeywords([]),
    })),
  );

test('what is created, updated, moved and destroyed is told once, as the last thing it is', async () => {
  const account = await t.newAccount('one');
  const at = { tenant, account };
  const start = (await emailChanges(store, at, since(1), 10))?.until ?? since(0);
  assert.deepEqual(start, since(1));
  const a = await t.append(account, 1, mail('a'));
  const b = await t.append(account, 1, mail('b'));
  const mid = (await emailChanges(store, at, start, 10))?.until ?? since(0);
  const c = await t.append(account, 1, mail('c'));
  await flag(account, [a, c]);
  await store.transact((tx) => moveCopies(tx, { ...at, now }, { emailIds: [b] }, () => 4));
  const d = await t.append(account, 1, mail('d'));
  await store.transact((tx) => removeCopies(tx, at, { emailIds: [a, d] }));
  const all = await emailChanges(store, at, start, 10);
  assert.deepEqual([all?.created, all?.updated, all?.destroyed, all?.hasMore], [[b, c], [], [], false]);
  const later = await emailChanges(store, at, mid, 10);
  assert.deepEqual([later?.created, later?.updated, later?.destroyed], [[c], [b], [a]]);
  assert.equal(await emailChanges(store, at, since(10_000), 10), undefined, 'a state that is yet to come');
});

test('changes of one transaction are told in pieces', async () => {
  const account = await t.newAccount('pieces');
  const at = { tenant, account };
  const ids: number[] = [];
  for (let i = 0; i < 5; i++) ids.push(await t.append(account, 1, mail(`m${i}`)));
  const before = (await emailChanges(store, at, since(1), 100))?.until ?? since(0);
  await flag(account, ids);
  const told: number[] = [];
  let point = before;
  for (let more = true; more;) {
    const part = await emailChanges(store, at, point, 2);
    assert.ok(part && part.updated.length <= 2);
    told.push(...part.updated);
    point = part.until;
    more = part.hasMore;
  }
  assert.deepEqual(told, ids);
});

test('a client that follows with any page size ends with what is there', async () => {
  let run = 0;
  const step = fc.record({
    what: fc.constantFrom('append', 'flag', 'move', 'remove', 'sync'),
    pick: fc.nat(7),
    many: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), fc.integer({ min: 1, max: 3 }), async (steps, page) => {
      const account = await t.newAccount(`run${run++}`);
      const at = { tenant, account };
      const cache = new Map<number, number>();
      let point = since(1);
      /** One page at a time, with changes in between as they come. */
      const sync = async (): Promise<boolean> => {
        const part = await emailChanges(store, at, point, page);
        assert.ok(part);
        assert.ok(part.created.length + part.updated.length + part.destroyed.length <= page);
        const rows = await t.sql<{ email_id: string; modseq: string }>(
          `SELECT email_id, modseq FROM copy WHERE tenant_id = $1 AND account_id = $2 AND email_id = ANY ($3)`,
          [tenant, account, [...part.created, ...part.updated]],
        );
        for (const id of part.created) assert.ok(!cache.has(id), 'created twice');
        for (const id of part.updated) assert.ok(cache.has(id), 'updated, but never created');
        for (const row of rows) cache.set(Number(row.email_id), Number(row.modseq));
        for (const id of part.destroyed) cache.delete(id);
        point = part.until;
        return part.hasMore;
      };
      const ids: number[] = [];
      for (const { what, pick, many } of steps) {
        const chosen = many ? ids : ids.slice(pick % (ids.length || 1), (pick % (ids.length || 1)) + 1);
        if (what === 'append') ids.push(await t.append(account, 1, mail('x')));
        else if (what === 'sync') await sync();
        else if (what === 'flag') await flag(account, chosen);
        else if (what === 'move')
          await store.transact((tx) =>
            moveCopies(tx, { ...at, now }, { emailIds: chosen }, (copy) => (copy.mailbox_id === 1 ? 4 : 1)),
          );
        else {
          await store.transact((tx) => removeCopies(tx, at, { emailIds: chosen }));
          for (const id of chosen) ids.splice(ids.indexOf(id), 1);
        }
      }
      while (await sync());
      const rows = await t.sql<{ email_id: string; modseq: string }>(
        `SELECT email_id, modseq FROM copy WHERE tenant_id = $1 AND account_id = $2`,
        [tenant, account],
      );
      const there = new Map(rows.map((row) => [Number(row.email_id), Number(row.modseq)]));
      assert.deepEqual(
        new Map([...cache].toSorted(([a], [b]) => a - b)),
        new Map([...there].toSorted(([a], [b]) => a - b)),
      );
    }),
    { numRuns: 30 },
  );
});
