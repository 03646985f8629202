// Every verb against a copy that a gate covers: it gets existence at most (number, UID, flags), and nothing of it changes.
// Driven from the registry, so that a verb without an entry here fails.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { VERBS } from '../../src/imap/registry.ts';
import { imapMail } from '../support/imap-mail.ts';
import { mail } from '../support/mailboxes.ts';
import type { RawImap } from '../support/imap.ts';

const SECRET = 'xyzzy';
const NOTHING = 'names no message and shows nothing of one';

/** Commands of a verb against the only copy in the mailbox, which is marked as deleted; and what must be answered. */
type Probe = [command: string, answer: RegExp][];

const GONE = /^NO \[EXPUNGEISSUED\] They are gone\.$/;
const SILENT = /^OK [^*]*$/;

const content = [
  'BODY[]',
  'BODY[HEADER]',
  'BODY[TEXT]',
  'BODY[1]',
  'BODY[1.MIME]',
  'BODY[HEADER.FIELDS (Subject)]',
  'BODY.PEEK[]',
  'BODY.PEEK[HEADER]',
  'BODY.PEEK[HEADER.FIELDS (X-Secret)]',
  'BODY.PEEK[HEADER.FIELDS.NOT (To)]',
  'BODY.PEEK[TEXT]',
  'BODY.PEEK[1]<0.5>',
  'BINARY[1]',
  'BINARY.PEEK[1]',
  'BINARY.SIZE[1]',
  'RFC822',
  'RFC822.HEADER',
  'RFC822.TEXT',
  'RFC822.SIZE',
  'ENVELOPE',
  'BODY',
  'BODYSTRUCTURE',
  'INTERNALDATE',
  'EMAILID',
  'THREADID',
  'PREVIEW',
  'PREVIEW (LAZY)',
  'SAVEDATE',
  'ALL',
  'FAST',
  'FULL',
  '(FLAGS ENVELOPE)',
];

const PROBES: Record<string, Probe | string> = {
  CAPABILITY: NOTHING,
  NOOP: NOTHING,
  LOGOUT: NOTHING,
  STARTTLS: NOTHING,
  NAMESPACE: NOTHING,
  IDLE: NOTHING,
  CHECK: NOTHING,
  CLOSE: [['CLOSE', /^OK/]],
  UNSELECT: NOTHING,
  AUTHENTICATE: NOTHING,
  LOGIN: NOTHING,
  ID: NOTHING,
  ENABLE: NOTHING,
  COMPRESS: NOTHING,
  SELECT: NOTHING,
  EXAMINE: NOTHING,
  CREATE: NOTHING,
  DELETE: [['DELETE Desk', /^NO \[INUSE\]/]],
  SUBSCRIBE: NOTHING,
  UNSUBSCRIBE: NOTHING,
  GETQUOTAROOT: NOTHING,
  GETQUOTA: NOTHING,
  RENAME: NOTHING,
  LIST: NOTHING,
  LSUB: NOTHING,
  STATUS: NOTHING,
  APPEND: NOTHING,
  SEARCH: [
    'ALL',
    'UNSEEN',
    'DELETED',
    '1',
    'UID 1',
    `SUBJECT ${SECRET}`,
    `FROM ${SECRET}`,
    `TEXT ${SECRET}`,
    `BODY ${SECRET}`,
    `HEADER X-Secret ""`,
    'LARGER 1',
    'SINCE 1-Jan-2020',
    'SENTSINCE 1-Jan-2020',
    'NOT SEEN',
    'MODSEQ 1',
  ].flatMap((criteria): Probe => [
    [`SEARCH ${criteria}`, /^\* SEARCH\nOK/],
    [`UID SEARCH RETURN (COUNT ALL) ${criteria}`, /^\* ESEARCH \(TAG "a\d+"\) UID COUNT 0\nOK/],
    [`SEARCH RETURN (PARTIAL -1:-9 UPDATE) ${criteria}`, /^\* ESEARCH \(TAG "a\d+"\) PARTIAL \(-1:-9 NIL\)\n/],
  ]),
  CANCELUPDATE: NOTHING,
  SORT: [
    ['SORT (SUBJECT) UTF-8 ALL', /^\* SORT\nOK/],
    ['UID SORT RETURN (COUNT ALL) (REVERSE ARRIVAL) UTF-8 UNSEEN', /^\* ESEARCH \(TAG "a\d+"\) UID COUNT 0\nOK/],
  ],
  THREAD: [
    ['THREAD REFERENCES UTF-8 ALL', /^\* THREAD\nOK/],
    ['UID THREAD ORDEREDSUBJECT UTF-8 ALL', /^\* THREAD\nOK/],
  ],
  FETCH: content.flatMap((items): Probe => [
    [`FETCH 1 ${items}`, GONE],
    [`UID FETCH 1 ${items}`, SILENT],
  ]),
  STORE: [
    ['STORE 1 +FLAGS (\\Seen)', GONE],
    ['STORE 1 -FLAGS.SILENT (\\Deleted)', GONE],
    ['UID STORE 1 FLAGS ()', SILENT],
  ],
  COPY: [
    ['COPY 1 Archive', GONE],
    ['UID COPY 1 Archive', SILENT],
  ],
  MOVE: [
    ['MOVE 1 Archive', GONE],
    ['UID MOVE 1 Archive', SILENT],
  ],
  EXPUNGE: [
    ['EXPUNGE', /^OK/],
    ['UID EXPUNGE 1:*', /^OK/],
  ],
};

const t = await imapMail();
after(() => t.close());
let people = 0;

/** Somebody with the secret, marked as deleted, in a mailbox of their own; `gated` or not. */
async function newPerson(gated: boolean): Promise<{ name: string; account: number }> {
  const name = `p${++people}`;
  const account = await t.newAccount(name);
  const { messageId, emailIds } = await t.deliver([account], secretMail());
  const client = await t.signIn(name);
  for (const command of ['CREATE Desk', 'SELECT INBOX', 'STORE 1 +FLAGS.SILENT (\\Deleted)', 'MOVE 1 Desk'])
    assert.match((await client.run(command)).at(-1) ?? '', /^OK/);
  client.close();
  assert.equal(emailIds.length, 1);
  if (gated) await t.gate(messageId);
  return { name, account };
}

function secretMail(): string {
  return mail(`Secret ${SECRET}`, {
    from: `${SECRET} <ben@pigeon.test>`,
    body: `The ${SECRET} is here.`,
    headers: [`X-Secret: ${SECRET}`],
  });
}

async function everything(): Promise<unknown[]> {
  const tables = ['copy', 'tombstone', 'message', 'delivery', 'gate', 'mailbox_tombstone'];
  return Promise.all(tables.map((table) => t.sql(`SELECT * FROM ${table} ORDER BY 1, 2, 3, 4`)));
}

async function ask(client: RawImap, mailbox: string, command: string): Promise<string> {
  await client.run(`SELECT "${mailbox}" (CONDSTORE)`);
  return (await client.run(command)).join('\n');
}

const gated = await newPerson(true);
const helper = await t.newAccount('helper');
await t.sql(`INSERT INTO delegation VALUES ($1, $2, $3, '{full}')`, [t.tenant, gated.account, helper]);

test('every verb has an entry, and every entry a verb', () => {
  assert.deepEqual(Object.keys(PROBES).toSorted(), Object.keys(VERBS).toSorted());
});

for (const [verb, probes] of Object.entries(PROBES)) {
  if (typeof probes === 'string') continue;
  test(`${verb}: existence at most, and it is no dead letter`, async () => {
    const [owner, other] = [await t.signIn(gated.name), await t.signIn('helper')];
    const before = await everything();
    for (const [command, answer] of probes) {
      for (const [client, mailbox] of [
        [owner, 'Desk'],
        [other, `Other Users/${gated.name}@pigeon.test/Desk`],
      ] as const) {
        const told = await ask(client, mailbox, command.replace('DELETE Desk', `DELETE "${mailbox}"`));
        assert.match(told, answer, command);
        assert.ok(!told.includes(SECRET), told);
      }
    }
    assert.deepEqual(await everything(), before, 'nothing has changed');
    owner.close();
    other.close();
    // The same of a copy that no gate covers tells of it, or changes it.
    for (const [command, answer] of probes) {
      const { name, account } = await newPerson(false);
      const client = await t.signIn(name);
      const were = await everything();
      const told = await ask(client, 'Desk', command);
      const changed = JSON.stringify(await everything()) !== JSON.stringify(were);
      assert.ok(changed || !answer.test(told), `${command} of account ${account}: ${told}`);
      client.close();
    }
  });
}

test('number, UID and flags stay, whatever else is asked for is left out', async () => {
  const name = `p${++people}`;
  const account = await t.newAccount(name);
  const ids: number[] = [];
  for (const subject of ['one', 'two', 'three']) ids.push((await t.deliver([account], mail(subject))).messageId);
  const client = await t.signIn(name);
  await client.run('SELECT INBOX');
  await t.gate(ids[1] ?? 0);
  assert.deepEqual(await client.run('FETCH 1:* (UID FLAGS)'), [
    '* 1 FETCH (UID 1 FLAGS (\\Recent))',
    '* 2 FETCH (UID 2 FLAGS (\\Recent))',
    '* 3 FETCH (UID 3 FLAGS (\\Recent))',
    'OK That is all.',
  ]);
  const some = await client.run('FETCH 1:* RFC822.SIZE');
  assert.match(some[0] ?? '', /^\* 1 FETCH/);
  assert.match(some[1] ?? '', /^\* 3 FETCH/);
  assert.match(some[2] ?? '', /^OK \[EXPUNGEISSUED\]/);
  assert.deepEqual(await client.run('UID FETCH 2 ENVELOPE'), ['OK That is all.']);
  assert.ok((await client.run('STATUS INBOX (MESSAGES UNSEEN)')).includes('* STATUS INBOX (MESSAGES 3 UNSEEN 3)'));
  await t.ungate(ids[1] ?? 0);
  assert.equal((await client.run('FETCH 1:* RFC822.SIZE')).length, 4);
  client.close();
});

test('exposure is as recall.md has it, under the name that ID gave', async () => {
  const cases: [items: string, exposure: string][] = [
    ['(UID FLAGS INTERNALDATE RFC822.SIZE)', 'none'],
    ['ENVELOPE', 'listed'],
    ['RFC822.HEADER', 'listed'],
    ['BODY.PEEK[HEADER.FIELDS (From)]', 'listed'],
    ['PREVIEW', 'listed'],
    ['BODYSTRUCTURE', 'listed'],
    ['BODY.PEEK[]', 'downloaded'],
    ['BODY.PEEK[TEXT]<0.1>', 'downloaded'],
    ['BODY.PEEK[1]', 'downloaded'],
    ['BINARY.PEEK[1]', 'downloaded'],
    ['BODY[HEADER]', 'opened'],
    ['BODY[TEXT]', 'opened'],
    ['RFC822', 'opened'],
    ['RFC822.TEXT', 'opened'],
    ['BINARY[1]', 'opened'],
  ];
  for (const [items, expected] of cases) {
    for (const open of ['SELECT', 'EXAMINE']) {
      const name = `p${++people}`;
      const account = await t.newAccount(name);
      await t.deliver([account], mail('exposed'));
      const client = await t.signIn(name);
      await client.run('ID ("name" "Test Phone" "version" "7")');
      await client.run(`${open} INBOX`);
      const told = await client.run(`FETCH 1 ${items}`);
      const [row] = await t.sql<Record<string, unknown>>(
        `SELECT CASE WHEN opened_at IS NOT NULL THEN 'opened' WHEN downloaded_at IS NOT NULL THEN 'downloaded' WHEN listed_at IS NOT NULL THEN 'listed' ELSE 'none' END AS exposure,
           downloaded_by, flags FROM copy WHERE account_id = $1`,
        [account],
      );
      assert.equal(row?.['exposure'], expected, `${open} ${items}`);
      assert.equal(row?.['downloaded_by'], expected === 'downloaded' ? 'Test Phone 7' : null);
      const seen = expected === 'opened' && open === 'SELECT';
      assert.equal(row?.['flags'], seen ? 1 : 0);
      assert.equal(told.join().includes('\\Seen'), seen, told.join());
      client.close();
    }
  }
});
