import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import { toKeywords } from '../mail/keywords.ts';
import { moveCopies, removeCopies, setKeywords } from './email-change.ts';
import { searchTerms, type EmailFilter } from './email-filter.ts';
import { emailQueryChanges, queryEmails, type EmailQuery, type EmailSort, type Window } from './email-query.ts';

const t = await testMail();
after(() => t.close());
const { store, tenant, searched } = t;
const ALL: EmailFilter = { kind: 'and', of: [] };
const day = (n: number): Date => new Date(Date.UTC(2026, 10, n));

const account = await t.newAccount('ben');
const at = { tenant, account };
const thread = '<root@pigeon.test>';
const ids = {
  plain: await t.append(
    account,
    1,
    mail('Meeting tomorrow', { from: 'Alice Sender <alice@example.com>', body: 'In the conference room, at nine.' }),
    ['$seen'],
    day(1),
  ),
  report: await t.append(
    account,
    1,
    [
      'From: "Jones, Bob" <bob@example.org>',
      'To: =?utf-8?Q?J=C3=BCrgen?= <jj@example.net>, second@example.net',
      'Cc: Charlie <charlie@example.net>',
      'Subject: Re: Q3 Financial Report 100%',
      'Date: Mon, 02 Nov 2026 12:00:00 +0000',
      'Message-ID: <q3@example.org>',
      'X-Custom-Header: custom-value-12345',
      'X-Folded: one',
      '  two (three) four\\five',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/html',
      '',
      '<p>Please find it <b>attached</b>.</p>',
      '--b',
      'Content-Type: application/pdf; name=report.pdf',
      'Content-Disposition: attachment',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('x'.repeat(3000)).toString('base64'),
      '--b--',
      '',
    ].join('\r\n'),
    ['$seen', '$flagged', 'custom_label'],
    day(2),
  ),
  starter: await t.append(account, 4, mail('Project Alpha', { headers: [`References: ${thread}`] }), ['$seen'], day(3)),
  reply: await t.append(
    account,
    1,
    mail('Re: Project Alpha', { headers: [`References: ${thread}`], body: 'xylophone' }),
    ['$answered'],
    day(4),
  ),
};
const name = (id: number): string => Object.entries(ids).find(([, each]) => each === id)?.[0] ?? String(id);

async function find(filter: EmailFilter, sort: EmailSort[] = [], collapseThreads = false): Promise<string[]> {
  const page = await queryEmails(searched, at, { filter, sort, collapseThreads }, { position: 0, limit: 100 }, true);
  assert.equal(page?.total, page?.ids.length);
  return (page?.ids ?? []).map(name);
}

const sorted = async (filter: EmailFilter): Promise<string[]> => (await find(filter)).toSorted();
const text = (kind: 'text' | 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'body', words: string): Promise<string[]> =>
  sorted({ kind, text: words });

test('filters of the copy', async () => {
  assert.deepEqual(await find(ALL), ['reply', 'starter', 'report', 'plain'], 'newest first');
  assert.deepEqual(await find({ kind: 'inMailbox', mailbox: 4 }), ['starter']);
  assert.deepEqual(await find({ kind: 'inMailboxOtherThan', mailboxes: [1, 5] }), ['starter']);
  assert.deepEqual(await sorted({ kind: 'before', date: day(2) }), ['plain']);
  assert.deepEqual(await sorted({ kind: 'after', date: day(3) }), ['reply', 'starter']);
  assert.deepEqual(await sorted({ kind: 'hasKeyword', keyword: '$flagged' }), ['report']);
  assert.deepEqual(await sorted({ kind: 'hasKeyword', keyword: 'custom_label' }), ['report']);
  assert.deepEqual(await sorted({ kind: 'notKeyword', keyword: 'custom_label' }), ['plain', 'reply', 'starter']);
  assert.deepEqual(await sorted({ kind: 'notKeyword', keyword: '$seen' }), ['reply']);
  assert.deepEqual(await sorted({ kind: 'someInThreadHaveKeyword', keyword: '$answered' }), ['reply', 'starter']);
  assert.deepEqual(await sorted({ kind: 'noneInThreadHaveKeyword', keyword: '$answered' }), ['plain', 'report']);
  assert.deepEqual(await sorted({ kind: 'allInThreadHaveKeyword', keyword: '$seen' }), ['plain', 'report']);
});

test('filters of the message', async () => {
  assert.deepEqual(await sorted({ kind: 'minSize', octets: 3000 }), ['report']);
  assert.deepEqual(await sorted({ kind: 'maxSize', octets: 3000 }), ['plain', 'reply', 'starter']);
  assert.deepEqual(await sorted({ kind: 'hasAttachment', value: true }), ['report']);
  assert.deepEqual(await sorted({ kind: 'hasAttachment', value: false }), ['plain', 'reply', 'starter']);
});

test('text, by field', async () => {
  assert.deepEqual(await text('from', 'alice@example.com'), ['plain']);
  assert.deepEqual(await text('from', 'sender ALICE'), ['plain']);
  assert.deepEqual(await text('from', '"Jones, Bob"'), ['report']);
  assert.deepEqual(await text('from', '"Bob Jones"'), [], 'a phrase is in that order');
  assert.deepEqual(await text('to', 'JÜRGEN'), ['report']);
  assert.deepEqual(await text('to', 'second@'), ['report']);
  assert.deepEqual(await text('cc', 'charlie'), ['report']);
  assert.deepEqual(await text('bcc', 'charlie'), []);
  assert.deepEqual(await text('subject', 'financial report'), ['report']);
  assert.deepEqual(await text('subject', '100%'), ['report']);
  assert.deepEqual(await text('subject', 'Q_'), [], 'an underscore is an underscore');
  assert.deepEqual(await text('body', 'conference room'), ['plain']);
  assert.deepEqual(await text('body', "'conference room'"), ['plain']);
  assert.deepEqual(await text('body', '"room conference"'), []);
  assert.deepEqual(await text('body', 'attach'), ['report'], 'by the beginning of a word');
  assert.deepEqual(await text('body', 'Financial'), [], 'the subject is no body');
  assert.deepEqual(await text('body', '<b>'), await text('body', 'b'), 'markup is none either');
  assert.deepEqual(await text('text', 'xylophone'), ['reply']);
  assert.deepEqual(await text('text', 'xylophone alpha'), ['reply'], 'words may be in different places');
  assert.deepEqual(await text('text', 'example.net report'), ['report']);
  assert.deepEqual(await text('text', "it's \\ \" ' :* & | ! <-> nothing"), []);
  assert.deepEqual((await text('text', '   ')).length, 4);
});

test('words and phrases', () => {
  const terms = (words: string): string[] =>
    searchTerms(words).map((term) => (term.phrase ? `[${term.text}]` : term.text));
  assert.deepEqual(terms(`a "b c" d`), ['a', '[b c]', 'd']);
  assert.deepEqual(terms(`'it\\'s \\\\ fine'`), [`[it's \\ fine]`]);
  assert.deepEqual(terms(`don't stop "now`), [`don't`, 'stop', '"now']);
});

test('header fields', async () => {
  const header = (field: string, value: string | null = null): Promise<string[]> =>
    sorted({ kind: 'header', name: field, text: value });
  assert.deepEqual(await header('x-custom-header'), ['report']);
  assert.deepEqual(await header('X-Custom-Header', 'VALUE-12345'), ['report']);
  assert.deepEqual(await header('X-Custom-Header', 'value-99'), []);
  assert.deepEqual(await header('X-Custom'), [], 'a whole name');
  assert.deepEqual(await header('X-Folded', 'one two'), ['report']);
  assert.deepEqual(await header('X-Folded', '(three) four\\five'), ['report']);
  assert.deepEqual(await header('X-Folded', 'tw.'), [], 'no pattern');
  assert.deepEqual(await header('To', 'Jürgen'), ['report'], 'decoded');
  assert.deepEqual(await header('X-Folded', 'five Content-Type'), [], 'no further than the field');
  assert.deepEqual((await header('Content-Disposition')).length, 0, "a part's field is no field of the message");
});

test('a header that is kept, and one that is read from the bytes, are looked through alike', async () => {
  const reader = await t.newAccount('headers');
  const there = { tenant: t.tenant, account: reader };
  const fields = ['X-Octets: café あ "two\\one"', 'X-Folded: a*b', '\tc  d', 'X-Next: e'];
  const put = (extra: string[]): Promise<number> =>
    t.append(reader, 1, mail('Header', { headers: [...fields, ...extra] }));
  const both = [await put([]), await put([`X-Long: ${'x'.repeat(70_000)}`]), await put(['X-Nul: \0'])];
  const kept = await store.rows<{ kept: boolean }>(
    `SELECT m.header IS NOT NULL AS kept FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
     WHERE c.tenant_id = $1 AND c.account_id = $2 ORDER BY c.uid`,
    [there.tenant, there.account],
  );
  assert.deepEqual(
    kept.map((row) => row.kept),
    [true, false, false],
  );
  for (const [field, text, found] of [
    ['x-octets', null, true],
    ['X-Octets', 'CAFé', true],
    ['X-Octets', 'cafè', false],
    ['X-Octets', 'Á', false],
    ['X-Octets', 'o\\o', true],
    ['X-Octets', 'o\\\\o', false],
    ['X-Octets', 'a*b', false],
    ['X-Folded', 'A*B C D', true],
    ['X-Folded', 'c d', true],
    ['X-Folded', 'd X-Next', false],
    ['X-Folded', 'ab', false],
    ['X-Fol', null, false],
  ] as const) {
    const query = { filter: { kind: 'header', name: field, text } as const, sort: [], collapseThreads: false };
    const page = await queryEmails(searched, there, query, { position: 0, limit: 100 }, true);
    const expected = found ? both : [];
    assert.deepEqual(
      page?.ids.toSorted((a, b) => a - b),
      expected,
      `${field}: ${text}`,
    );
  }
});

test('operators', async () => {
  const seen: EmailFilter = { kind: 'hasKeyword', keyword: '$seen' };
  const inbox: EmailFilter = { kind: 'inMailbox', mailbox: 1 };
  assert.deepEqual(await sorted({ kind: 'and', of: [seen, inbox] }), ['plain', 'report']);
  assert.deepEqual(
    await sorted({
      kind: 'or',
      of: [
        { kind: 'hasKeyword', keyword: '$answered' },
        { kind: 'not', of: [inbox] },
      ],
    }),
    ['reply', 'starter'],
  );
  assert.deepEqual(await sorted({ kind: 'not', of: [seen, { kind: 'bcc', text: 'x' }] }), ['reply']);
  assert.deepEqual(await sorted({ kind: 'or', of: [] }), []);
  assert.deepEqual((await sorted({ kind: 'not', of: [] })).length, 4);
});

test('sorts', async () => {
  const by = (sort: EmailSort): Promise<string[]> => find(ALL, [sort]);
  const collation = 'i;unicode-casemap';
  assert.deepEqual(await by({ by: 'receivedAt', descending: false }), ['plain', 'report', 'starter', 'reply']);
  assert.equal((await by({ by: 'size', descending: true }))[0], 'report');
  assert.equal((await by({ by: 'sentAt', descending: false }))[0], 'report');
  assert.deepEqual((await by({ by: 'from', descending: false, collation })).slice(0, 1), ['plain']);
  assert.deepEqual((await by({ by: 'from', descending: true, collation })).slice(0, 1), ['report']);
  assert.deepEqual((await by({ by: 'to', descending: true, collation })).slice(0, 1), ['report']);
  assert.deepEqual(
    await by({ by: 'subject', descending: false, collation }),
    ['plain', 'reply', 'starter', 'report'],
    'without Re:',
  );
  assert.deepEqual((await by({ by: 'hasKeyword', keyword: '$flagged', descending: true }))[0], 'report');
  assert.deepEqual((await by({ by: 'someInThreadHaveKeyword', keyword: '$answered', descending: true })).slice(0, 2), [
    'reply',
    'starter',
  ]);
  assert.deepEqual((await by({ by: 'allInThreadHaveKeyword', keyword: '$seen', descending: false })).slice(0, 2), [
    'reply',
    'starter',
  ]);
  for (const each of ['i;ascii-casemap', 'i;ascii-numeric', 'i;octet'] as const)
    assert.equal((await by({ by: 'from', descending: false, collation: each })).length, 4);
});

test('windows', async () => {
  const all = await find(ALL);
  const page = async (window: Window): Promise<[number, string[]] | undefined> => {
    const found = await queryEmails(searched, at, { filter: ALL, sort: [], collapseThreads: false }, window, false);
    assert.equal(found?.total ?? null, null);
    return found && [found.position, found.ids.map(name)];
  };
  assert.deepEqual(await page({ position: 1, limit: 2 }), [1, all.slice(1, 3)]);
  assert.deepEqual(await page({ position: -1, limit: 5 }), [3, all.slice(3)]);
  assert.deepEqual(await page({ position: -9, limit: 1 }), [0, all.slice(0, 1)]);
  assert.deepEqual(await page({ position: 9, limit: 5 }), [9, []]);
  assert.deepEqual(await page({ anchor: ids.report, offset: 0, limit: 5 }), [2, all.slice(2)]);
  assert.deepEqual(await page({ anchor: ids.report, offset: -1, limit: 1 }), [1, all.slice(1, 2)]);
  assert.deepEqual(await page({ anchor: ids.report, offset: -5, limit: 1 }), [0, all.slice(0, 1)]);
  assert.equal(await page({ anchor: 12345, offset: 0, limit: 1 }), undefined);
});

test('a thread appears once, at its first', async () => {
  assert.deepEqual(await find(ALL, [], true), ['reply', 'report', 'plain']);
  assert.deepEqual(await find(ALL, [{ by: 'receivedAt', descending: false }], true), ['plain', 'report', 'starter']);
});

test('a covered copy is found by nothing', async () => {
  const account = await t.newAccount('covered');
  const { messageId, emailIds } = await t.deliver([account], mail('Secret salaries', { body: 'salaries' }));
  const other = await t.deliver([account], mail('Re: other'));
  const there = { tenant, account };
  const query = (filter: EmailFilter, window: Window = { position: 0, limit: 10 }) =>
    queryEmails(searched, there, { filter, sort: [], collapseThreads: false }, window, true);
  const before = await query(ALL);
  await t.gate(messageId);
  const gated = await query(ALL);
  assert.deepEqual([gated?.ids, gated?.total], [other.emailIds, 1]);
  assert.notEqual(gated?.covered, before?.covered, 'the result has changed, and so its state');
  for (const filter of [
    { kind: 'text', text: 'salaries' },
    { kind: 'body', text: 'salaries' },
    { kind: 'subject', text: 'secret' },
    { kind: 'header', name: 'subject', text: 'secret' },
  ] as const) {
    assert.deepEqual((await query(filter))?.ids, []);
  }
  assert.equal(await query(ALL, { anchor: emailIds[0] ?? 0, offset: 0, limit: 1 }), undefined);
  const changes = await emailQueryChanges(
    searched,
    there,
    { filter: ALL, sort: [], collapseThreads: false },
    before?.state ?? 0,
    10,
    true,
  );
  assert.ok(changes && changes !== 'tooMany');
  assert.deepEqual([changes.removed, changes.added, changes.total], [emailIds, [], 1]);
});

test('queryChanges turns the old result into the new one', async () => {
  const filters: EmailFilter[] = [
    ALL,
    { kind: 'inMailbox', mailbox: 1 },
    { kind: 'notKeyword', keyword: '$flagged' },
    { kind: 'someInThreadHaveKeyword', keyword: '$flagged' },
  ];
  const sorts: EmailSort[][] = [
    [],
    [{ by: 'hasKeyword', keyword: '$flagged', descending: true }],
    [{ by: 'allInThreadHaveKeyword', keyword: '$flagged', descending: false }],
  ];
  const step = fc.record({
    what: fc.constantFrom('append', 'flag', 'move', 'remove', 'gate'),
    pick: fc.nat(9),
    subject: fc.constantFrom('a', 'b'),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 6 }),
      fc.array(step, { maxLength: 5 }),
      fc.constantFrom(...filters),
      fc.constantFrom(...sorts),
      fc.boolean(),
      async (first, then, filter, sort, collapseThreads) => {
        const account = await t.newAccount(`changes${run++}`);
        const here = { tenant, account };
        const known: number[] = [];
        const gates: number[] = [];
        const play = async (steps: typeof first): Promise<void> => {
          for (const { what, pick, subject } of steps) {
            const id = known[pick % (known.length || 1)] ?? 0;
            if (what === 'append')
              known.push(
                await t.append(account, 1, mail(subject, { headers: ['References: <r@x>'] }), [], day(1 + (pick % 3))),
              );
            else if (what === 'gate') {
              const { messageId, emailIds } = await t.deliver(
                [account],
                mail(subject, { headers: ['References: <r@x>'] }),
                day(1 + (pick % 3)),
              );
              known.push(...emailIds);
              if (pick % 2) {
                gates.push(messageId);
                await t.gate(messageId);
              }
            } else if (what === 'flag') {
              await store.transact((tx) =>
                setKeywords(tx, { ...here, now: day(1) }, { emailIds: [id] }, (copy) =>
                  copy.flags & 2
                    ? { add: toKeywords([]), remove: toKeywords(['$flagged']) }
                    : { add: toKeywords(['$flagged']), remove: toKeywords([]) },
                ),
              );
            } else if (what === 'move')
              await store.transact((tx) =>
                moveCopies(tx, { ...here, now: day(1) }, { emailIds: [id] }, (copy) => 5 - copy.mailbox_id),
              );
            else await store.transact((tx) => removeCopies(tx, here, { emailIds: [id] }));
          }
        };
        const query: EmailQuery = { filter, sort, collapseThreads };
        const ask = async () => {
          const page = await queryEmails(searched, here, query, { position: 0, limit: 100 }, true);
          assert.ok(page);
          return page;
        };
        await play([
          { what: 'append', pick: 0, subject: 'a' },
          { what: 'append', pick: 1, subject: 'a' },
          { what: 'append', pick: 2, subject: 'b' },
          ...first,
        ]);
        const old = await ask();
        await play(then);
        const current = await ask();
        const changes = await emailQueryChanges(searched, here, query, old.state, 1000, true);
        assert.ok(changes && changes !== 'tooMany');
        const spliced = old.ids.filter((id) => !changes.removed.includes(id));
        for (const { id, index } of changes.added) spliced.splice(index, 0, id);
        assert.deepEqual(spliced, current.ids);
        assert.deepEqual(
          [changes.total, changes.state, changes.covered],
          [current.total, current.state, current.covered],
        );
        if (changes.removed.length + changes.added.length > 1)
          assert.equal(await emailQueryChanges(searched, here, query, old.state, 1, false), 'tooMany');
        for (const message of gates) await t.ungate(message);
      },
    ),
    { numRuns: 40 },
  );
});

test('the subject that is sorted by is what RFC 5256 makes of it, marks at its end too', async () => {
  const sorter = await t.newAccount('sorter');
  const subjects = ['Re: d (fwd)', '[list] c', 'b', '[Fwd: Re: a]', 'Re[2]: e'];
  const named = new Map<number, string>();
  for (const subject of subjects) named.set(await t.append(sorter, 1, mail(subject)), subject);
  const sort: EmailSort[] = [{ by: 'subject', descending: false, collation: 'i;unicode-casemap' }];
  const page = await queryEmails(
    searched,
    { tenant, account: sorter },
    { filter: ALL, sort, collapseThreads: false },
    { position: 0, limit: 10 },
    false,
  );
  assert.deepEqual(
    page?.ids.map((id) => named.get(id)),
    ['[Fwd: Re: a]', 'b', '[list] c', 'Re: d (fwd)', 'Re[2]: e'],
  );
});
