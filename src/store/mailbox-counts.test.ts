import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { toKeywords } from '../mail/keywords.ts';
import { copyCopies, moveCopies, removeCopies, setKeywords } from './email-change.ts';
import { createMailboxCounts } from './mailbox-counts.ts';
import { mailboxesOf } from './mailboxes.ts';

const t = await testMail();
after(() => t.close());
const { store, tenant } = t;
const NOW = new Date('2026-11-23T12:00:00Z');
let accounts = 0;

test('counts that are remembered are those that counting finds, whatever happens in between', async () => {
  const step = fc.record({
    what: fc.constantFrom('append', 'deliver', 'flag', 'move', 'copy', 'remove', 'ask'),
    pick: fc.nat(20),
    keyword: fc.constantFrom('$seen', '$draft', '$flagged'),
    box: fc.constantFrom(1, 2, 6),
    subject: fc.constantFrom('a', 'b', 'c'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 15 }), async (steps) => {
      const account = await t.newAccount(`counted${++accounts}`);
      const at = { tenant, account };
      const counts = createMailboxCounts(store, { large: 0 });
      const known: number[] = [];
      const same = async (): Promise<void> =>
        assert.deepEqual(await counts.mailboxes(at), await mailboxesOf(store, at, true));
      for (const { what, pick, keyword, box, subject } of steps) {
        const which = { emailIds: [known[pick % (known.length || 1)] ?? 0] };
        const message = mail(subject, { headers: [`References: <${subject}${account}@x>`] });
        if (what === 'append') known.push(await t.append(account, box, message, [keyword]));
        else if (what === 'deliver') known.push(...(await t.deliver([account], message)).emailIds);
        else if (what === 'flag')
          await store.transact((tx) =>
            setKeywords(tx, { ...at, now: NOW }, which, (copy) => {
              const [add, remove] = copy.flags & 1 ? [[], [keyword]] : [[keyword], []];
              return { add: toKeywords(add), remove: toKeywords(remove) };
            }),
          );
        else if (what === 'move') await store.transact((tx) => moveCopies(tx, { ...at, now: NOW }, which, () => box));
        else if (what === 'copy')
          known.push(
            ...(await store.transact((tx) => copyCopies(tx, { ...at, now: NOW }, which, box))).map(
              (copy) => copy.email_id,
            ),
          );
        else if (what === 'remove') await store.transact((tx) => removeCopies(tx, at, which));
        else await same();
      }
      await same();
      await same();
    }),
    { numRuns: 40 },
  );
});

test('two who ask at once, and no more remembered than there is room for', async () => {
  const counts = createMailboxCounts(store, { large: 0, remembered: 2 });
  const people = [await t.newAccount('one'), await t.newAccount('two')];
  for (const round of [1, 2, 3]) {
    await Promise.all(
      people.flatMap((account) => {
        const at = { tenant, account };
        const isRight = async (): Promise<void> => {
          const { modseq, list } = await counts.mailboxes(at);
          const counted = await mailboxesOf(store, at, true);
          if (modseq === counted.modseq) assert.deepEqual(list, counted.list);
        };
        return [isRight(), t.append(account, 1, mail(`round ${round}`)), isRight(), isRight()];
      }),
    );
  }
  for (const account of people)
    assert.deepEqual(await counts.mailboxes({ tenant, account }), await mailboxesOf(store, { tenant, account }, true));
  assert.deepEqual(await counts.mailboxes({ tenant, account: 999_999 }), { modseq: 0, list: [] });
});
