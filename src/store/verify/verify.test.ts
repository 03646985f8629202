// Every rule holds at each step of a busy tenant's life, and each is broken once to see that it is noticed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { mail } from '../../../test/support/mailboxes.ts';
import { createWorld, type Firm, type Sent } from '../../../test/support/world.ts';
import { DEFAULT_POLICY } from '../../mail/policy.ts';
import { moveCopies, removeCopies, setKeywords } from '../email-change.ts';
import { toKeywords } from '../../mail/keywords.ts';
import { insertUpload } from '../uploads.ts';
import { parametersOf } from './check.ts';
import { AUDIT_CHAIN, CHECKS, verifyTenant, type Finding } from './verify.ts';

const world = await createWorld();
const { store, clock, services } = world;
after(() => world.close());
let firm: Firm;

async function findings(tenant = firm.tenant): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const page of verifyTenant(store, tenant, clock())) all.push(...page);
  return all;
}

const well = async (when: string): Promise<void> => assert.deepEqual(await findings(), [], when);

async function delivered(subject: string): Promise<Sent> {
  const sent = await world.send(firm, subject);
  await well(`${subject}: nobody has it yet`);
  await world.fanOut();
  await well(`${subject}: inside`);
  await world.outgoing().run();
  await well(`${subject}: outside`);
  return sent;
}

before(async () => {
  firm = await world.firm(4);
  const [ben = 0, cho = 0, dev = 0] = firm.people;
  const at = (account: number): { tenant: number; account: number; now: Date } => ({
    tenant: firm.tenant,
    account,
    now: clock(),
  });
  await well('people');

  const salaries = await delivered('Salaries');
  const emailOf = async (account: number, sent: Sent): Promise<{ emailIds: number[] }> => ({
    emailIds: [await world.emailId(firm, account, sent)],
  });
  const seen = { add: toKeywords(['$seen']), remove: toKeywords([]) };
  const read = await emailOf(ben, salaries);
  await store.transact((tx) => setKeywords(tx, at(ben), read, () => seen));
  await store.transact(async (tx) => moveCopies(tx, at(cho), await emailOf(cho, salaries), () => 4));
  await store.transact(async (tx) => removeCopies(tx, at(dev), await emailOf(dev, salaries)));
  await well('read, moved and destroyed');
  await world.recall(firm, salaries);
  await well('gated');
  await world.drain();
  await well('recalled');

  const back = await world.recall(firm, await delivered('Back again'));
  await world.drain();
  await services.recalls.restore(firm.ana, firm.ana.id, back);
  await well('a restore was asked for');
  await world.drain();
  await well('restored');

  const corrected = await world.recall(firm, await delivered('Corrected'), { mode: 'replace' });
  await world.drain();
  const bytes = Buffer.from(mail('Correction', { from: firm.ana.address, to: `everyone@${firm.domain}` }));
  const recipients = [`everyone@${firm.domain}`, 'x@outside.test'];
  const replacement = { mailFrom: firm.ana.address, recipients, bytes, emailId: null };
  await services.recalls.replace(firm.ana, firm.ana.id, corrected, replacement);
  await well('replaced');
  await world.drain();
  await well('the replacement is there');

  const cancelled = await world.recall(firm, await delivered('Cancelled'));
  await services.recalls.cancel(firm.ana, firm.ana.id, cancelled);
  await well('cancelled');
  await world.drain();
  await well('ended');

  const early = await world.send(firm, 'Intercepted');
  await world.recall(firm, early);
  await world.drain();
  await well('intercepted');

  const blob = await store.transact(async (tx) => {
    const id = await services.blobs.put(tx, firm.tenant, Buffer.from('notes'));
    const upload = { id: '0b4c1b5e-4e0d-4b56-9d4e-2f1c5f0b7a11', blob_id: id, size: 5, type: 'text/plain' };
    await insertUpload(tx, at(ben), { ...upload, uploadedBy: ben, now: clock() });
    return id;
  });
  assert.ok(blob > 0);
  await world.recall(firm, await delivered('Under way'));
  await world.send(firm, 'Waiting');
  await well('one recall under way and mail that waits');
});

/** One row of a table, as a tenant's own keys find it. */
const one = (table: string, where = 'true'): string =>
  `ctid = (SELECT ctid FROM ${table} WHERE tenant_id = $1 AND ${where} LIMIT 1)`;

const OF = (subject: string): string => `(SELECT id FROM message WHERE tenant_id = $1 AND subject = '${subject}')`;
const DONE = `(SELECT recall_id FROM recall_state WHERE tenant_id = $1 AND status = 'done' ORDER BY recall_id LIMIT 1)`;

/** How each rule is broken; $1 is the tenant. Several statements follow one another. */
const BREAKS: Record<string, string[][]> = {
  'mailbox-counters': [
    [`UPDATE mailbox SET total = total + 1 WHERE ${one('mailbox')}`],
    [`UPDATE mailbox SET unread = unread - 1 WHERE ${one('mailbox')}`],
    [`UPDATE mailbox SET uid_next = 1 WHERE ${one('mailbox', 'total > 0')}`],
    [`DELETE FROM copy WHERE ${one('copy')}`],
  ],
  'copy-in-mailbox': [[`DELETE FROM mailbox WHERE ${one('mailbox', 'total > 0')}`]],
  'modseq-order': ['copy', 'tombstone', 'mailbox', 'submission', 'recall_state'].map((table) => [
    `UPDATE ${table} SET modseq = modseq + 100000 WHERE ${one(table)}`,
  ]),
  'email-age': [[`UPDATE copy SET modseq = email_id - 1 WHERE ${one('copy')}`]],
  'email-once': [
    [
      `DROP INDEX copy_email`,
      `UPDATE copy c SET email_id = (SELECT max(email_id) FROM copy x WHERE x.tenant_id = $1 AND x.account_id = c.account_id) WHERE tenant_id = $1`,
    ],
  ],
  'uid-once': [
    [
      `UPDATE tombstone t SET uid = c.uid FROM copy c WHERE t.tenant_id = $1 AND c.tenant_id = $1 AND c.account_id = t.account_id AND c.mailbox_id = t.mailbox_id`,
    ],
  ],
  'tombstone-uid': [[`UPDATE tombstone SET uid = uid + 100000 WHERE ${one('tombstone')}`]],
  'email-gone': [
    [
      `UPDATE tombstone t SET email_id = c.email_id FROM copy c WHERE t.tenant_id = $1 AND c.tenant_id = $1 AND c.account_id = t.account_id`,
    ],
  ],
  'mailbox-gone': [
    [`INSERT INTO mailbox_tombstone SELECT tenant_id, account_id, 2, id FROM mailbox WHERE ${one('mailbox')}`],
  ],
  'mailbox-tree': [
    [`UPDATE mailbox SET parent_id = 99 WHERE ${one('mailbox')}`],
    [`UPDATE mailbox SET parent_id = id WHERE ${one('mailbox')}`],
    [`UPDATE mailbox SET name = 'Inbox' WHERE tenant_id = $1 AND id IN (1, 4)`],
    [`UPDATE mailbox SET role = 'inbox' WHERE tenant_id = $1 AND id IN (1, 4)`],
  ],
  'account-whole': [
    [`DELETE FROM account_state WHERE ${one('account_state')}`],
    [`DELETE FROM account WHERE ${one('account')}`],
    [`DELETE FROM mailbox WHERE ${one('mailbox', 'id = 6')}`],
    [`DELETE FROM address WHERE ${one('address', 'account_id IS NOT NULL')}`],
  ],
  'address-leads': [
    [`UPDATE address SET account_id = 99999 WHERE ${one('address', 'account_id IS NOT NULL')}`],
    [`UPDATE address SET group_id = 99999 WHERE ${one('address', 'group_id IS NOT NULL')}`],
    [`DELETE FROM domain WHERE tenant_id = $1`],
  ],
  'copy-of-message': [
    [
      `DELETE FROM message m WHERE tenant_id = $1 AND EXISTS (SELECT FROM copy c WHERE c.tenant_id = $1 AND c.message_id = m.id)`,
    ],
    // Another organisation's message is no message of this one.
    [
      `INSERT INTO tenant (id, name, created_at) VALUES (999, 'another', now())`,
      `UPDATE message SET tenant_id = 999 WHERE tenant_id = $1 AND subject = 'Salaries'`,
    ],
  ],
  'vault-of-message': [
    [
      `DELETE FROM message m WHERE tenant_id = $1 AND EXISTS (SELECT FROM vault v WHERE v.tenant_id = $1 AND v.message_id = m.id)`,
    ],
  ],
  'message-bytes': [
    [
      `DELETE FROM blob b WHERE tenant_id = $1 AND EXISTS (SELECT FROM message m WHERE m.tenant_id = $1 AND m.blob_id = b.id)`,
    ],
    [`UPDATE blob SET bytes = bytes || '\\x00' WHERE tenant_id = $1`],
    [`UPDATE blob SET seq = 1 WHERE tenant_id = $1`],
  ],
  'message-header': [
    [`UPDATE message SET header = replace(header, 'Salaries', 'Cake') WHERE tenant_id = $1`],
    [`UPDATE message SET header = header || E'\\u2603' WHERE ${one('message')}`],
  ],
  'upload-bytes': [
    [`UPDATE upload SET size = size + 1 WHERE tenant_id = $1`],
    [`UPDATE upload SET blob_id = 999999 WHERE tenant_id = $1`],
  ],
  'bytes-referred-to': [[`DELETE FROM upload WHERE tenant_id = $1`]],
  'bytes-once': [
    [`UPDATE message SET blob_id = (SELECT min(blob_id) FROM message WHERE tenant_id = $1) WHERE tenant_id = $1`],
  ],
  'delivery-of-message': [
    [`DELETE FROM envelope WHERE tenant_id = $1`],
    [`DELETE FROM message WHERE tenant_id = $1 AND subject = 'Waiting'`],
  ],
  'delivery-to-do-inside': [[`DELETE FROM work WHERE tenant_id = $1 AND kind = 'fanout'`]],
  'delivery-to-do-outside': [
    [`UPDATE delivery SET due_at = NULL WHERE tenant_id = $1 AND account_id IS NULL AND state = 'queued'`],
    [`UPDATE delivery SET state = 'sending' WHERE tenant_id = $1 AND account_id IS NULL AND state = 'queued'`],
  ],
  'delivery-local-never-sent': [
    [`UPDATE delivery SET maybe_sent = true WHERE ${one('delivery', 'account_id IS NOT NULL')}`],
  ],
  'delivery-ended': [
    [`UPDATE delivery SET finished_at = NULL WHERE ${one('delivery', `state = 'delivered'`)}`],
    [`UPDATE delivery SET due_at = now() WHERE ${one('delivery', `state = 'delivered' AND account_id IS NULL`)}`],
  ],
  'delivery-once': [
    [
      `UPDATE delivery SET account_id = (SELECT min(id) FROM account WHERE tenant_id = $1) WHERE tenant_id = $1 AND account_id IS NOT NULL`,
    ],
  ],
  'submission-deliveries': [[`DELETE FROM delivery WHERE ${one('delivery', `message_id = ${OF('Waiting')}`)}`]],
  'submission-unsent': [
    [`UPDATE submission SET undo_status = 'canceled' WHERE tenant_id = $1 AND id = ${OF('Waiting')}`],
  ],
  'copy-of-delivery': [
    [`UPDATE copy SET delivery_n = delivery_n % 4 + 1 WHERE tenant_id = $1 AND delivery_n IS NOT NULL`],
    [`UPDATE delivery SET state = 'queued' WHERE tenant_id = $1 AND message_id = ${OF('Cancelled')} AND n = 1`],
    [`DELETE FROM delivery WHERE tenant_id = $1 AND message_id = ${OF('Cancelled')} AND n = 1`],
  ],
  'delivered-somewhere': [
    [`DELETE FROM vault WHERE tenant_id = $1`, `DELETE FROM tombstone WHERE tenant_id = $1`],
    [`DELETE FROM copy WHERE ${one('copy', `message_id = ${OF('Cancelled')} AND delivery_n IS NOT NULL`)}`],
  ],
  'work-of-something': [
    [`UPDATE work SET of_id = 999999 WHERE tenant_id = $1 AND kind = 'fanout'`],
    [`UPDATE work SET of_id = ${DONE} WHERE tenant_id = $1 AND kind = 'sweep'`],
    [`UPDATE work SET kind = 'restore', of_id = ${DONE} WHERE tenant_id = $1`],
    [`UPDATE work SET kind = 'replace' WHERE tenant_id = $1`],
  ],
  'gate-hides': [[`CREATE OR REPLACE VIEW visible_copy AS SELECT c.* FROM copy c`]],
  'gate-of-recall': [
    [`UPDATE gate SET recall_id = ${DONE} WHERE tenant_id = $1`],
    [`UPDATE gate SET include_read = NOT include_read WHERE tenant_id = $1`],
    [`UPDATE gate SET all_recipients = false WHERE tenant_id = $1`],
    [
      `INSERT INTO gate SELECT tenant_id, message_id, id, all_recipients, include_read FROM recall WHERE tenant_id = $1 AND id = ${DONE}`,
    ],
  ],
  'gate-stands': [[`DELETE FROM gate WHERE tenant_id = $1`]],
  'recall-to-do': [[`DELETE FROM work WHERE tenant_id = $1 AND kind = 'sweep'`]],
  'recall-once': [
    [
      `UPDATE recall SET message_id = (SELECT message_id FROM recall WHERE tenant_id = $1 LIMIT 1) WHERE tenant_id = $1`,
      `UPDATE recall_state SET status = 'sweeping' WHERE tenant_id = $1`,
    ],
  ],
  'outcomes-complete': [
    [`DELETE FROM outcome WHERE ${one('outcome')}`],
    [`UPDATE recall_state SET counts = '{"recalled": 1}' WHERE ${one('recall_state', `status = 'done'`)}`],
  ],
  'outcomes-in-scope': [
    [`UPDATE outcome SET n = 99 WHERE ${one('outcome')}`],
    [`UPDATE recall SET all_recipients = false WHERE tenant_id = $1`],
    [`DELETE FROM recall WHERE tenant_id = $1 AND id = ${DONE}`],
  ],
  'scope-counted': [[`UPDATE recall SET all_recipients = false WHERE tenant_id = $1`]],
  'recall-rows': [[`DELETE FROM recall WHERE tenant_id = $1 AND id = ${DONE}`]],
  'outcome-of-exposure': [
    [`UPDATE outcome SET exposure = 'opened' WHERE ${one('outcome', `outcome = 'recalled'`)}`],
    [`UPDATE outcome SET exposure = 'downloaded' WHERE ${one('outcome', `outcome = 'kept-read'`)}`],
  ],
  'outcome-of-delivery': [
    [`UPDATE outcome SET outcome = 'intercepted' WHERE ${one('outcome', `outcome = 'outside'`)}`],
    [`UPDATE outcome SET outcome = 'recalled', exposure = 'none' WHERE ${one('outcome', `outcome = 'outside'`)}`],
    [`UPDATE delivery SET maybe_sent = true WHERE tenant_id = $1 AND state = 'stopped'`],
    [`UPDATE outcome SET outcome = 'outside-unknown' WHERE ${one('outcome', `outcome = 'outside'`)}`],
    [`UPDATE outcome SET outcome = 'not-delivered' WHERE ${one('outcome', `outcome = 'outside'`)}`],
  ],
  'recalled-is-gone': [
    [`UPDATE outcome SET outcome = 'recalled' WHERE tenant_id = $1 AND outcome = 'kept-read'`],
    [`UPDATE outcome SET restored_at = NULL WHERE tenant_id = $1`, `DELETE FROM recall_restore WHERE tenant_id = $1`],
  ],
  'vault-of-recall': [
    [`UPDATE vault SET message_id = message_id + 1 WHERE ${one('vault')}`],
    [`UPDATE outcome SET outcome = 'already-deleted' WHERE tenant_id = $1 AND outcome = 'recalled'`],
    [`UPDATE outcome SET restored_at = now() WHERE tenant_id = $1 AND outcome = 'recalled'`],
    [`UPDATE vault SET account_id = account_id + 1000 WHERE ${one('vault')}`],
    [
      `UPDATE copy c SET email_id = v.email_id FROM vault v WHERE v.${one('vault', 'notice_email_id IS NOT NULL')} AND c.tenant_id = $1 AND c.account_id = v.account_id AND c.email_id = v.notice_email_id`,
    ],
  ],
  'vault-keeps': [[`DELETE FROM vault WHERE ${one('vault')}`]],
  'notice-is-no-delivery': [[`UPDATE copy SET delivery_n = 1 WHERE ${one('copy', 'notice_of IS NOT NULL')}`]],
  'recall-audited': ['created', 'done', 'cancelled', 'cancel-requested', 'restore-requested', 'restored'].map(
    (action) => [
      `ALTER TABLE audit DISABLE TRIGGER audit_append_only`,
      `DELETE FROM audit WHERE tenant_id = $1 AND action = 'recall.${action}'`,
    ],
  ),
  'approved-by-another': [
    [`UPDATE recall SET approved_by = requested_by WHERE tenant_id = $1 AND id = ${DONE}`],
    [`UPDATE recall SET approved_by = requested_by + 1, by_administrator = true WHERE tenant_id = $1 AND id = ${DONE}`],
  ],
  'carried-of-message': ['attachment', 'forward'].map((table) => [
    table === 'forward'
      ? `INSERT INTO forward VALUES ($1, 'x@y.test', 0, false)`
      : `INSERT INTO attachment VALUES ($1, 0, '1', '\\x00', NULL)`,
  ]),
  'words-of-message': [[`INSERT INTO message_words (tenant_id, message_id, version, words) VALUES ($1, 0, 1, '')`]],
  'copy-indexed': [
    [
      `INSERT INTO indexed_until (tenant_id, account_id, email_id) SELECT tenant_id, account_id, modseq FROM account_state`,
    ],
  ],
  'restore-ends': [
    [`UPDATE recall_restore SET done_at = NULL, created_at = created_at - interval '1 hour' WHERE tenant_id = $1`],
  ],
};

test('each rule can be broken, and that is noticed', async () => {
  assert.deepEqual(
    Object.keys(BREAKS).toSorted(),
    CHECKS.map((check) => check.name).toSorted(),
    'every check has its breaks',
  );
  const client = new pg.Client(world.owner);
  await client.connect();
  try {
    for (const check of CHECKS) {
      for (const statements of BREAKS[check.name] ?? []) {
        await client.query('BEGIN');
        for (const text of statements) await client.query(text, text.includes('$1') ? [firm.tenant] : []);
        const params = parametersOf(check, firm.tenant, { now: clock(), policy: DEFAULT_POLICY });
        const { rows } = await client.query(check.sql, params);
        await client.query('ROLLBACK');
        assert.ok(rows.length > 0, `${check.name} does not notice: ${statements.join('; ')}`);
      }
    }
  } finally {
    await client.end();
  }
});

test('what is found is told with its keys, however much it is, and nothing is changed', async () => {
  const [before] = await world.sql<{ total: string }>(`SELECT sum(total) AS total FROM mailbox`);
  await world.sql(`UPDATE mailbox SET total = total + 1 WHERE tenant_id = $1`, [firm.tenant]);
  const found = await findings();
  assert.deepEqual(new Set(found.map(({ check }) => check)), new Set(['mailbox-counters']));
  assert.equal(found.length, (firm.people.length + 1) * 6);
  assert.deepEqual(Object.keys(found[0]?.of ?? {}).slice(0, 2), ['account_id', 'mailbox_id']);
  await world.sql(`UPDATE mailbox SET total = total - 1 WHERE tenant_id = $1`, [firm.tenant]);
  assert.deepEqual(await world.sql(`SELECT sum(total) AS total FROM mailbox`), [before]);
  await well('as it was');
});

test('a changed line of the audit log is found', async () => {
  await world.sql(`ALTER TABLE audit DISABLE TRIGGER audit_append_only`);
  await world.sql(`UPDATE audit SET actor = 'nobody' WHERE tenant_id = $1 AND seq = 3`, [firm.tenant]);
  const found = await findings();
  assert.deepEqual(
    found.map(({ check }) => check),
    [AUDIT_CHAIN],
  );
  assert.deepEqual((found[0]?.of as { brokenAt: number } | undefined)?.brokenAt, 3);
});

test('a cursor fetches page by page, and one that is left early gives its connection back', async () => {
  const numbers = store.cursor<{ n: number }>(`SELECT n FROM generate_series(1, $1::int) AS n`, [25], 10);
  const pages: number[] = [];
  for await (const page of numbers) pages.push(page.length);
  assert.deepEqual(pages, [10, 10, 5]);
  for (let i = 0; i < 30; i++) {
    for await (const page of store.cursor<{ n: number }>(`SELECT n FROM generate_series(1, 100) AS n`, [], 10)) {
      assert.equal(page[0]?.n, 1);
      break;
    }
  }
  await assert.rejects(async () => {
    for await (const _ of store.cursor(`SELECT 1 / (n - 15) FROM generate_series(1, 20) AS n`, [], 10));
  }, /division by zero/);
  assert.deepEqual(await store.rows(`SELECT 1 AS n`), [{ n: 1 }]);
});
