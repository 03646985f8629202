// The checker finds nothing where all is as it was told, and notices each thing that is not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createWorld, type Firm } from '../support/world.ts';
import { checkTold, type Checked } from './check.ts';
import { imapTruth } from './imap.ts';
import { createTold, type Told } from './told.ts';

const world = await createWorld();
after(() => world.close());
let firm: Firm;
let place: Checked;
let recallId = 0;

before(async () => {
  firm = await world.firm(2);
  const { tenant, domain, ana } = firm;
  await world.services.accept({
    tenant,
    origin: { kind: 'submission', account: ana.id, submittedBy: ana.id, source: 'smtp' },
    mailFrom: ana.address,
    recipients: [{ address: `everyone@${domain}` }, { address: 'tok1z@outside.test' }],
    bytes: Buffer.from(`From: ${ana.address}\r\nSubject: tok1z\r\nMessage-ID: <tok1z@${domain}>\r\n\r\ntok1z\r\n`),
  });
  await world.fanOut();
  const header = `tok1z@${domain}`;
  recallId = await world.recall(firm, { message: 0, header, subject: 'tok1z', outside: '' });
  await world.drain();
  place = { sql: world.sql, store: world.store, tenant, domain, outside: world.outside };
});

/** The recall lasted from 10 to 20. */
function truth(): Told {
  const told = createTold(2);
  const recipients = [`everyone@${firm.domain}`, 'tok1z@outside.test'];
  told.sent.push({ token: 'tok1z', recipients, told: true }, { token: 'tok2z', recipients, told: false });
  told.recalls.push({ token: 'tok1z', began: 10, ended: 20, recallId, includeRead: false });
  return told;
}

const asked = (began: number, ended: number): Told['opened'][number] => ({
  who: `p1@${firm.domain}`,
  token: 'tok1z',
  began,
  ended,
});

test('all is as it was told', async () => {
  const told = truth();
  told.content.push(asked(12, 25)); // it overlapped the gate
  told.listed.push(asked(1, 2));
  told.appended.push({ who: `p1@${firm.domain}`, token: 'app1z', uid: null }); // it was not answered
  assert.deepEqual(await checkTold(place, told), []);
});

const LIES: [what: RegExp, lie: (told: Told) => void][] = [
  [/^P6: accepted, and not there.*tok2z/, (told) => told.sent.forEach((sent) => (sent.told = true))],
  [/^P6: accepted, and not for everybody.*p9@/, (told) => told.sent[0]?.recipients.push('p9@firm.test')],
  [/^for somebody to whom it was not sent.*p1@/, (told) => told.sent[0]?.recipients.shift()],
  [/^a message that nobody sent.*tok1z/, (told) => void told.sent.splice(0)],
  [/^P6: appended, and there not once/, (told) => void told.appended.push({ who: '', token: 'app1z', uid: 7 })],
  [
    /^P2: a recall that was answered is not there/,
    (told) => void told.recalls.push({ ...truth().recalls[0]!, recallId: 999_999 }),
  ],
  [/^a cancel that was answered/, (told) => void told.cancelled.push(recallId)],
  [/^a restore that was answered/, (told) => void told.restores.push({ recallId, began: 30, told: true })],
  [/^P1: handed out after the gate/, (told) => void told.content.push(asked(21, 22))],
  [/^P1: handed out after the gate/, (told) => void told.listed.push(asked(21, 22))],
  [
    /^P1: handed out after the gate/,
    (told) => (told.content.push(asked(21, 22)), told.restores.push({ recallId, began: 30, told: false })),
  ],
  [/^P1: was handed out before, and is not counted/, (told) => void told.content.push(asked(1, 2))],
  [/^P3: recalled, and was opened before/, (told) => void told.opened.push(asked(1, 2))],
  [/^P3: opened before, and not said/, (told) => void told.opened.push(asked(1, 2))],
  [/^P8: told, and not in the audit log.*cancel-requested/, (told) => void told.cancelled.push(recallId)],
  [/^P8: refused, and not in the audit log/, (told) => void told.refused.set('tooOld', 1)],
  [/^P8: changes of policy/, (told) => void (told.policies.made = 1)],
];

test('each thing that was told otherwise is noticed', async () => {
  for (const [what, lie] of LIES) {
    const told = truth();
    lie(told);
    assert.match((await checkTold(place, told)).join('\n'), new RegExp(what.source, 'm'));
  }
});

/** A copy of the message in p1's Inbox; its columns are a vault entry's. */
const PUT_BACK = (
  uid: number,
): string => `INSERT INTO copy (tenant_id, account_id, mailbox_id, uid, email_id, modseq, message_id, thread_id, received_at, delivery_n)
  SELECT tenant_id, account_id, 1, ${uid}, ${uid}, ${uid}, message_id, thread_id, received_at, n FROM vault WHERE n = 1`;
const TAKE_AGAIN = `DELETE FROM copy WHERE uid >= 9000`;

/** What is done to the store, how it is undone, and what is noticed. */
const HARM: [what: RegExp, done: string, undone: string][] = [
  [/^P5: taken back, and there again/m, PUT_BACK(9000), TAKE_AGAIN],
  [/^there more than once/m, `${PUT_BACK(9000)}; ${PUT_BACK(9001)}`, TAKE_AGAIN],
  [
    /^P6: delivered, and neither there nor taken back/m,
    `CREATE TABLE kept AS SELECT * FROM vault; DELETE FROM vault WHERE n = 1`,
    `INSERT INTO vault SELECT * FROM kept WHERE n = 1; DROP TABLE kept`,
  ],
  [
    /^P6: there more than once, or without its parts/m,
    `CREATE TABLE kept AS SELECT * FROM blob; DELETE FROM blob`,
    `INSERT INTO blob SELECT * FROM kept; DROP TABLE kept`,
  ],
  [
    /^P3: kept as read, and not opened/m,
    `UPDATE outcome SET outcome = 'kept-read', exposure = 'opened' WHERE n = 1`,
    `UPDATE outcome SET outcome = 'recalled', exposure = 'none' WHERE n = 1`,
  ],
  [
    /^P7: a gate for all that names each/m,
    `INSERT INTO recall_scope SELECT tenant_id, id, 1 FROM recall`,
    `DELETE FROM recall_scope`,
  ],
  [/^P2: a recall without its outcomes/m, `UPDATE recall SET total = total + 1`, `UPDATE recall SET total = total - 1`],
  [
    /^P8: told, and not in the audit log.*created/m,
    `ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET subject = 'r0' WHERE action = 'recall.created'`,
    `UPDATE audit SET subject = 'r' || (SELECT id FROM recall) WHERE action = 'recall.created'; ALTER TABLE audit ENABLE TRIGGER ALL`,
  ],
  [
    /^homing verify: audit-chain/m,
    `ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET actor = 'eve' || actor WHERE seq = 1`,
    `UPDATE audit SET actor = substr(actor, 4) WHERE seq = 1; ALTER TABLE audit ENABLE TRIGGER ALL`,
  ],
];

test('each thing that is not as it must be in the store is noticed', async () => {
  for (const [what, done, undone] of HARM) {
    await world.sql(done);
    assert.match((await checkTold(place, truth())).join('\n'), what);
    await world.sql(undone);
  }
  assert.deepEqual(await checkTold(place, truth()), [], 'all harm was undone');
});

test('mail that is called intercepted and arrived is noticed, and what is sent twice', async () => {
  const arrived = { received: () => [{ to: ['tok1z@outside.test'] }, { to: ['tok1z@outside.test'] }] };
  const wrong = (await checkTold({ ...place, outside: arrived }, truth())).join('\n');
  assert.match(wrong, /^P4: went out, and is called intercepted/m);
  assert.match(wrong, /^sent twice/m);
});

test('what IMAP programs are told and cannot be is wrong, a line that breaks is not', () => {
  const told = createTold(2);
  const truthOfAll = imapTruth(told);
  truthOfAll.problem('the connection was ended: p1: NOOP');
  assert.deepEqual(told.wrong, []);
  truthOfAll.problem('VANISHED 7, which is not there: p1: NOOP');
  truthOfAll.isMessage('p1/INBOX/1/7', 'tok1z', 'one');
  truthOfAll.isMessage('p1/INBOX/1/7', 'tok2z', 'two');
  assert.equal(told.wrong.length, 2);
});
