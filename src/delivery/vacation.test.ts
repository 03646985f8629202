import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail } from '../../test/support/mailboxes.ts';
import { createWorld, type Firm } from '../../test/support/world.ts';
import { createAdmin } from '../directory/admin.ts';
import { raise } from '../store/account-state.ts';
import { putVacation, type VacationRow } from '../store/vacation.ts';
import type { Accepted, AcceptInput } from './accept.ts';
import { composeAnswer, PERIOD_MS, vacationStep, type VacationDeps } from './vacation.ts';

const world = await createWorld();
after(() => world.close());
const { store, sql } = world;
const deps: VacationDeps = world.services;
const { accept } = deps;
const admin = createAdmin({ store, clock: world.clock, actor: 'test' });

const away = async (firm: Firm, person: number, more: Partial<VacationRow> = {}): Promise<void> => {
  const at = { tenant: firm.tenant, account: firm.people[person - 1] ?? 0 };
  await store.transact(async (tx) => {
    const modseq = (await raise(tx, at.tenant, at.account)) ?? 0;
    await putVacation(tx, at, {
      enabled: true,
      from_date: null,
      to_date: null,
      subject: null,
      text_body: 'On the roof until Monday.',
      html_body: null,
      modseq,
      ...more,
    });
  });
};

interface Letter extends Partial<AcceptInput> {
  to?: string;
  headers?: string[];
}

const send = (firm: Firm, { to = `p1@${firm.domain}`, headers = [], ...more }: Letter = {}): Promise<Accepted> =>
  accept({
    tenant: firm.tenant,
    origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'smtp' },
    mailFrom: firm.ana.address,
    recipients: [{ address: to }],
    bytes: Buffer.from(mail('Figures', { from: firm.ana.address, to, headers })),
    ...more,
  });

const work = async (): Promise<void> => {
  while (await vacationStep(deps));
};

const due = async (): Promise<number> => (await sql(`SELECT FROM vacation_due`)).length;

/** Subjects in somebody's Inbox, the oldest first. */
const inbox = async (account: number): Promise<(string | null)[]> =>
  (
    await sql<{ subject: string | null }>(
      `SELECT m.subject FROM copy c JOIN message m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
       WHERE c.account_id = $1 AND c.mailbox_id = 1 ORDER BY c.email_id`,
      [account],
    )
  ).map((row) => row.subject);

test('a sender is answered at once, once a period, by a message that nothing answers', async () => {
  const firm = await world.firm(2);
  await away(firm, 1);
  await away(firm, 2);
  const { messageId, messageIdHeader } = await send(firm);
  await work();
  assert.deepEqual(await inbox(firm.ana.id), ['Auto: Figures']);
  const [row] = await sql<{ id: string; envelope: Record<string, unknown>; bytes: Buffer }>(
    `SELECT m.id, m.envelope, b.bytes FROM message m JOIN blob b ON b.tenant_id = m.tenant_id AND b.id = m.blob_id
     WHERE m.tenant_id = $1 AND m.subject = 'Auto: Figures'`,
    [firm.tenant],
  );
  const text = row?.bytes.toString() ?? '';
  assert.match(text, /^Auto-Submitted: auto-replied\r$/m);
  assert.match(text, /On the roof until Monday\./);
  assert.deepEqual(
    [row?.envelope['from'], row?.envelope['to'], row?.envelope['inReplyTo'], row?.envelope['references']],
    [
      [{ name: `p1@${firm.domain}`, email: `p1@${firm.domain}` }],
      [{ name: null, email: firm.ana.address }],
      [messageIdHeader],
      [messageIdHeader],
    ],
  );
  assert.deepEqual(
    await sql(`SELECT mail_from FROM envelope WHERE message_id = $1`, [row?.id]),
    [],
    'delivered, with the null return path: nobody is to be told anything',
  );
  assert.deepEqual(
    await sql(`SELECT FROM submission WHERE id = $1`, [row?.id]),
    [],
    'it is no submission of anybody’s',
  );

  await send(firm);
  await work();
  assert.equal((await inbox(firm.ana.id)).length, 1, 'not twice in a period');
  await send(firm, { to: `p2@${firm.domain}` });
  await work();
  assert.equal((await inbox(firm.ana.id)).length, 2, 'but by each who is away');
  world.advance(PERIOD_MS);
  await send(firm);
  await work();
  assert.equal((await inbox(firm.ana.id)).length, 3);
  assert.equal(await due(), 0);
  assert.ok(messageId > 0);
});

test('an answer to somebody outside leaves at once: it is not held', async () => {
  const firm = await world.firm(1);
  await admin.setPolicy(firm.tenant, { holdOutsideSeconds: 3600 });
  await away(firm, 1, { subject: 'Away', html_body: '<p>On the <b>roof</b></p>', text_body: null });
  const to = `p1@${firm.domain}`;
  await accept({
    tenant: firm.tenant,
    origin: { kind: 'outside' },
    mailFrom: 'somebody@outside.test',
    recipients: [{ address: to }],
    bytes: Buffer.from(mail('Question', { from: 'somebody@outside.test', to })),
  });
  await work();
  const rows = await sql<{ state: string; recipient: string; subject: string; at: Date; mail_from: string }>(
    `SELECT d.state, d.recipient, m.subject, d.due_at AS at, e.mail_from FROM delivery d
     JOIN message m ON m.tenant_id = d.tenant_id AND m.id = d.message_id JOIN envelope e ON e.tenant_id = d.tenant_id AND e.message_id = d.message_id
     WHERE d.tenant_id = $1 AND d.account_id IS NULL`,
    [firm.tenant],
  );
  assert.deepEqual(rows, [
    { state: 'queued', recipient: 'somebody@outside.test', subject: 'Away', at: world.clock(), mail_from: '' },
  ]);
});

test('nobody else is: groups, lists, programs, oneself, and outside the dates', async () => {
  const firm = await world.firm(1);
  const [p1 = 0] = firm.people;
  const own = `p1@${firm.domain}`;
  await away(firm, 1);
  await send(firm, { to: `everyone@${firm.domain}` });
  await send(firm, { headers: ['List-Id: <birds.test>'] });
  await send(firm, { headers: ['Auto-Submitted: auto-generated'] });
  await send(firm, { mailFrom: '' });
  await send(firm, { bytes: Buffer.from(mail('Bcc', { to: 'somebody@else.test' })) });
  assert.equal(await due(), 0, 'none of that is even put down');
  await admin.setAccount(own, { addAliases: [`other@${firm.domain}`] });
  await send(firm, { mailFrom: `other@${firm.domain}` });
  await send(firm, { mailFrom: own });
  await work();
  await world.fanOut();
  assert.deepEqual(await sql(`SELECT FROM message WHERE tenant_id = $1 AND subject LIKE 'Auto:%'`, [firm.tenant]), []);

  const now = world.clock().getTime();
  await away(firm, 1, { from_date: new Date(now + 1000) });
  await send(firm);
  await away(firm, 1, { to_date: new Date(now) });
  await send(firm);
  await away(firm, 1, { enabled: false });
  await send(firm);
  await work();
  assert.deepEqual(await inbox(firm.ana.id), []);
  assert.equal(await due(), 0);
  await admin.removeAccount(own);
  for (const table of ['vacation_response', 'vacation_due', 'vacation_sent'])
    assert.deepEqual(await sql(`SELECT FROM ${table} WHERE account_id = $1`, [p1]), [], table);
});

test('what is scheduled is answered once it is there, and what was taken back before is not', async () => {
  const firm = await world.firm(2);
  await away(firm, 1);
  await away(firm, 2);
  const sendAt = new Date(world.clock().getTime() + 60_000);
  await send(firm, { sendAt });
  await work();
  assert.equal(await due(), 1);
  world.advance(60_000);
  assert.equal(await vacationStep(deps), true, 'due, and not yet delivered');
  assert.equal(await vacationStep(deps), false, 'so it is put off');
  await world.fanOut();
  world.advance(5_000);
  await work();
  assert.deepEqual(await inbox(firm.ana.id), ['Auto: Figures']);

  const { messageId, messageIdHeader: header } = await send(firm, { to: `p2@${firm.domain}` });
  await world.recall(firm, { message: messageId, header, subject: 'Figures', outside: '' });
  await work();
  assert.deepEqual(await inbox(firm.ana.id), ['Auto: Figures'], 'covered by a gate');
  assert.equal(await due(), 0);
});

test('an answer that could not be accepted is sent when its turn comes again', async () => {
  const firm = await world.firm(1);
  await away(firm, 1);
  await send(firm);
  const broken: VacationDeps = { ...deps, accept: () => Promise.reject(new Error('no disk')) };
  await assert.rejects(vacationStep(broken), /no disk/);
  assert.equal(await vacationStep(deps), false, 'not at once');
  world.advance(60_000);
  await work();
  assert.deepEqual(await inbox(firm.ana.id), ['Auto: Figures']);
});

test('an answer to HTML alone has a text too, and one of nothing says something', () => {
  const envelope = { references: null, inReplyTo: null, messageId: null, subject: null } as never;
  const of = { from: { name: null, email: 'ben@pigeon.test' }, to: 'ana@pigeon.test', date: new Date(0) };
  const html = composeAnswer({ subject: null, text_body: null, html_body: '<p>On the <b>roof</b></p>', envelope }, of);
  assert.match(html.toString(), /text\/plain[^]*On the roof[^]*text\/html/);
  const none = composeAnswer({ subject: null, text_body: null, html_body: null, envelope }, of).toString();
  assert.match(none, /^Subject: Auto:\r$/m);
  assert.match(none, /I am away/);
  assert.doesNotMatch(none, /In-Reply-To|References/);
});
