import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail } from '../../test/support/mailboxes.ts';
import { addRule } from '../../test/support/rules.ts';
import { createWorld, type Firm } from '../../test/support/world.ts';
import { checkEnd, checkMailboxes } from '../../test/support/invariants.ts';
import { createAdmin } from '../directory/admin.ts';
import { listRecipients } from '../recall/recipients.ts';
import { sentenceOf } from '../recall/sentences.ts';
import { outcomesByNumber } from '../store/outcomes.ts';
import { addressees } from '../store/submissions-read.ts';
import type { Accepted, AcceptInput } from './accept.ts';
import { inWords } from './rules.ts';

const world = await createWorld();
after(() => world.close());
const { store, sql } = world;
const { accept, recalls, directory } = world.services;
const admin = createAdmin({ store, clock: world.clock, actor: 'test' });

test.afterEach(async () => {
  for (const { id } of await sql<{ id: number }>(`SELECT id FROM tenant`))
    await checkMailboxes(world, { tenant: id }, []);
});

const [ARCHIVE, TRASH] = [4, 6];

async function send(
  firm: Firm,
  to: string[],
  more: Partial<AcceptInput> & { subject?: string } = {},
): Promise<Accepted> {
  const { subject = 'Figures', ...rest } = more;
  return accept({
    tenant: firm.tenant,
    origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'smtp' },
    mailFrom: firm.ana.address,
    recipients: to.map((address) => ({ address })),
    bytes: Buffer.from(mail(subject, { from: firm.ana.address, to: to[0] ?? '' })),
    ...rest,
  });
}

/** "p1 4 1": whose copy, in which mailbox, with which flags. */
async function copies(firm: Firm, message: number): Promise<string[]> {
  const rows = await sql<{ row: string }>(
    `SELECT split_part(a.address, '@', 1) || ' ' || c.mailbox_id || ' ' || c.flags AS row FROM copy c
     JOIN account a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
     WHERE c.tenant_id = $1 AND c.message_id = $2 AND c.delivery_n IS NOT NULL ORDER BY a.id`,
    [firm.tenant, message],
  );
  return rows.map(({ row }) => row);
}

interface Row {
  n: number;
  recipient: string;
  via: string | null;
  redirect_of: number | null;
  state: string;
}
const deliveries = (message: number): Promise<Row[]> =>
  sql(`SELECT n, recipient, via, redirect_of, state FROM delivery WHERE message_id = $1 ORDER BY n`, [message]);

const rule = (
  firm: Firm,
  person: number,
  ...what: Parameters<typeof addRule> extends [unknown, unknown, ...infer R] ? R : never
) => addRule(store, { tenant: firm.tenant, account: firm.people[person - 1] ?? 0 }, ...what);

/** Recalls, lets everything end, and answers outcomes by recipient. */
async function outcomes(
  firm: Firm,
  sent: Accepted,
  recipients: string[] | null = null,
): Promise<Record<string, string>> {
  const at = { message: sent.messageId, header: sent.messageIdHeader, subject: 'Figures', outside: '' };
  const id = await world.recall(firm, at, { recipients });
  await world.drain();
  await checkEnd(world, firm, []);
  const rows = await sql<{ n: number }>(`SELECT n FROM outcome WHERE tenant_id = $1 AND recall_id = $2`, [
    firm.tenant,
    id,
  ]);
  const told = await outcomesByNumber(
    store,
    firm.tenant,
    id,
    rows.map(({ n }) => n),
  );
  return Object.fromEntries(told.map(({ recipient, outcome }) => [recipient, outcome]));
}

test('a copy goes where its rules say, marked as they say; whoever has no rule has it in the Inbox', async () => {
  const firm = await world.firm(5);
  await rule(firm, 1, { moveTo: ARCHIVE, markRead: true }, { subject: ['figures'] });
  await rule(firm, 2, { delete: true }, { from: ['ana@'] });
  await rule(firm, 3, { flag: true }, {}, { subject: ['figures'] });
  await rule(firm, 4, { moveTo: 99, flag: true });
  const sent = await send(
    firm,
    [1, 2, 3, 4, 5].map((n) => `p${n}@${firm.domain}`),
  );
  const expected = [`p1 ${ARCHIVE} 1`, `p2 ${TRASH} 0`, 'p3 1 0', 'p4 1 2', 'p5 1 0'];
  assert.deepEqual(await copies(firm, sent.messageId), expected, 'a mailbox that is not there is the Inbox');

  const grouped = await send(firm, [`everyone@${firm.domain}`]);
  assert.deepEqual(await copies(firm, grouped.messageId), []);
  await world.fanOut();
  assert.deepEqual(await copies(firm, grouped.messageId), expected, 'the same in batches');
  assert.deepEqual(await sql(`SELECT FROM rule_effect`), []);
});

test('mail from outside and mail of many accepted together run rules too', async () => {
  const firm = await world.firm(3);
  await rule(firm, 2, { moveTo: ARCHIVE }, { subject: ['odd'] });
  const sent = await Promise.all(
    ['odd', 'even', 'odd'].map((subject) =>
      send(firm, [`p2@${firm.domain}`, `p3@${firm.domain}`], {
        subject,
        origin: { kind: 'outside' },
        mailFrom: 'x@y.test',
      }),
    ),
  );
  const placed = await Promise.all(sent.map(({ messageId }) => copies(firm, messageId)));
  assert.deepEqual(placed, [
    ['p2 4 0', 'p3 1 0'],
    ['p2 1 0', 'p3 1 0'],
    ['p2 4 0', 'p3 1 0'],
  ]);
});

test('a rule that marks as read opens nothing: the copy is taken back', async () => {
  const firm = await world.firm(1);
  await rule(firm, 1, { markRead: true });
  const sent = await send(firm, [`p1@${firm.domain}`]);
  assert.deepEqual(await outcomes(firm, sent), { [`p1@${firm.domain}`]: 'recalled' });
});

test('processedCopies keep: what a rule or its owner filed stays, what is in the Inbox goes', async () => {
  const firm = await world.firm(3);
  await admin.setPolicy(firm.tenant, { processedCopies: 'keep' });
  await rule(firm, 1, { moveTo: ARCHIVE });
  await rule(firm, 2, { markRead: true, flag: true });
  const sent = await send(
    firm,
    [1, 2, 3].map((n) => `p${n}@${firm.domain}`),
  );
  const by = await outcomes(firm, sent);
  assert.deepEqual(Object.values(by), ['kept-processed', 'recalled', 'recalled']);
  assert.deepEqual(await copies(firm, sent.messageId), ['p1 4 0']);
  const [row] = await sql(`SELECT FROM visible_copy WHERE tenant_id = $1 AND message_id = $2 AND account_id = $3`, [
    firm.tenant,
    sent.messageId,
    firm.people[0],
  ]);
  assert.ok(row, 'and can be read again');
});

test('a redirect inside is a delivery of the same message, each account once, however the rules run in rings', async () => {
  const firm = await world.firm(5);
  const p = (n: number): string => `p${n}@${firm.domain}`;
  await rule(firm, 1, { redirectTo: [p(2), p(3)] });
  await rule(firm, 3, { redirectTo: [p(4), p(1), p(3)], moveTo: ARCHIVE });
  await rule(firm, 4, { redirectTo: [p(3), `nobody@${firm.domain}`, `everyone@${firm.domain}`] });
  const sent = await send(firm, [p(1), p(2)]);
  const rows = (await deliveries(sent.messageId)).map(({ recipient, via, redirect_of, state }) => [
    recipient,
    via,
    redirect_of,
    state,
  ]);
  assert.deepEqual(rows, [
    [p(1), null, null, 'delivered'],
    [p(2), null, null, 'delivered'],
    [p(3), p(1), 1, 'delivered'],
    [p(4), p(1), 1, 'delivered'],
  ]);
  assert.deepEqual([sent.total, sent.outside], [4, 0]);
  assert.deepEqual(await copies(firm, sent.messageId), ['p1 1 0', 'p2 1 0', 'p3 4 0', 'p4 1 0']);
  const wrote = await addressees(store, firm.tenant, [sent.messageId]);
  assert.deepEqual(
    wrote.map(({ address, many }) => [address, many]),
    [
      [p(1), false],
      [p(2), false],
    ],
    'the sender wrote two addresses',
  );
  assert.deepEqual(await outcomes(firm, sent), {
    [p(1)]: 'recalled',
    [p(2)]: 'recalled',
    [p(3)]: 'recalled',
    [p(4)]: 'recalled',
  });
});

test('in batches too; and who is ticked takes along what their rules sent on', async () => {
  const firm = await world.firm(3);
  const p = (n: number): string => `p${n}@${firm.domain}`;
  await admin.addAccounts(firm.tenant, [{ address: `late@${firm.domain}`, name: 'Late', passwordHash: null }]);
  await rule(firm, 1, { redirectTo: [`late@${firm.domain}`, 'ben@outside.test'] });
  const away = 'away@outside.test';
  const sent = await send(firm, [`everyone@${firm.domain}`, away]);
  assert.deepEqual([sent.total, sent.outside], [6, 2]);
  assert.deepEqual(
    (await deliveries(sent.messageId)).map(({ recipient, via }) => [recipient, via]),
    [
      [p(1), `everyone@${firm.domain}`],
      [p(2), `everyone@${firm.domain}`],
      [p(3), `everyone@${firm.domain}`],
      [away, null],
      [`late@${firm.domain}`, `everyone@${firm.domain}`],
      ['forwarded outside by a rule of p1', `everyone@${firm.domain}`],
    ],
  );
  await world.fanOut();
  assert.equal((await copies(firm, sent.messageId)).length, 4);
  assert.deepEqual(await outcomes(firm, sent, [p(1)]), {
    [p(1)]: 'recalled',
    [`late@${firm.domain}`]: 'recalled',
    'forwarded outside by a rule of p1': 'intercepted',
  });
  assert.deepEqual(await copies(firm, sent.messageId), ['p2 1 0', 'p3 1 0']);
  assert.deepEqual(
    Object.keys(await outcomes(firm, sent, [away])),
    [away],
    'one outside is still found by its address',
  );
});

test('a redirect to outside goes in the name of the account, marked, and nobody is shown where to', async () => {
  const firm = await world.firm(2);
  await rule(firm, 1, {
    redirectTo: ['Secret@Elsewhere.test', 'bounce@elsewhere.test'].map((one) => one.toLowerCase()),
  });
  const before = world.outside.received().length;
  const sent = await send(firm, [`p1@${firm.domain}`, 'named@outside.test']);
  await world.drain();
  const arrived = world.outside.received().slice(before);
  const letter = arrived.find(({ to }) => to.includes('secret@elsewhere.test'));
  assert.equal(letter?.from, `p1@${firm.domain}`);
  assert.match(letter?.bytes.toString() ?? '', new RegExp(`^Delivered-To: p1@${firm.domain}\r\n`, 'm'));
  const named = arrived.find(({ to }) => to.includes('named@outside.test'));
  assert.deepEqual([named?.from, /Delivered-To/.test(named?.bytes.toString() ?? '')], [firm.ana.address, false]);
  assert.deepEqual(await copies(firm, sent.messageId), ['p1 1 0'], 'and it stays');

  const words = 'forwarded outside by a rule of p1';
  const list = await listRecipients(
    { store, people: directory },
    {
      actor: firm.ana,
      account: firm.ana.id,
      message: { messageId: sent.messageIdHeader },
      text: null,
      position: 0,
      limit: 50,
    },
  );
  assert.deepEqual(
    list.list.map(({ recipient }) => recipient),
    [`p1@${firm.domain}`, 'named@outside.test', words, words],
  );
  const at = { message: sent.messageId, header: sent.messageIdHeader, subject: '', outside: '' };
  const id = await world.recall(firm, at, {});
  await recalls.worker.drain();
  const told = await outcomesByNumber(store, firm.tenant, id, [1, 2, 3, 4]);
  assert.deepEqual(
    told.map((row) => [row.recipient, row.outcome, row.remote_host]),
    [
      [`p1@${firm.domain}`, 'recalled', null],
      ['named@outside.test', 'outside', 'mx.outside.test'],
      [words, 'outside', null],
      [words, 'not-delivered', null],
    ],
  );
  assert.doesNotMatch(JSON.stringify([told, told.map((row) => sentenceOf(row))]), /elsewhere/);
  const bounces = await sql(`SELECT FROM copy WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = 1`, [
    firm.tenant,
    firm.ana.id,
  ]);
  assert.deepEqual(bounces, [], 'and no bounce tells the sender');

  const back = Buffer.from(letter?.bytes.toString() ?? '');
  const again = await send(firm, [`p1@${firm.domain}`], {
    origin: { kind: 'outside' },
    mailFrom: 'x@elsewhere.test',
    bytes: back,
  });
  assert.equal(again.total, 1, 'what comes back is not sent on again');
});

test('somebody whose name is an address is named without it', () => {
  assert.equal(inWords({ name: 'Ben Ott', address: 'ben@a.test' }), 'forwarded outside by a rule of Ben Ott');
  assert.equal(inWords({ name: 'ben@a.test', address: 'ben@a.test' }), 'forwarded outside by a rule of ben');
});

test('rules run as they stood at acceptance; what is unsent leaves nothing behind', async () => {
  const firm = await world.firm(2);
  await admin.setPolicy(firm.tenant, { holdInsideSeconds: 60 });
  await rule(firm, 1, { moveTo: ARCHIVE, redirectTo: [`p2@${firm.domain}`] });
  const sent = await send(firm, [`p1@${firm.domain}`]);
  await sql(`UPDATE inbox_rule SET destroyed = true WHERE tenant_id = $1`, [firm.tenant]);
  world.advance(60_000);
  await world.fanOut();
  assert.deepEqual(await copies(firm, sent.messageId), ['p1 4 0', 'p2 1 0']);
});

test('rules go with their account', async () => {
  const firm = await world.firm(2);
  await rule(firm, 1, { flag: true });
  await rule(firm, 2, { flag: true });
  await admin.removeAccount(`p1@${firm.domain}`);
  const left = await sql(`SELECT account_id FROM inbox_rule WHERE tenant_id = $1`, [firm.tenant]);
  assert.deepEqual(left, [{ account_id: firm.people[1] }]);
});
