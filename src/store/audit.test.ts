import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testDirectory } from '../../test/support/directory.ts';
import { appendAudit, auditPage, verifyAudit, type AuditVerdict } from './audit.ts';

const t = await testDirectory();
after(() => t.close());
const { store, sql, pigeon } = t;

async function append(action: string, detail: Record<string, unknown> = {}): Promise<void> {
  const entry = { at: new Date('2026-11-23T12:00:00.123Z'), actor: 'ana@pigeon.test', action, subject: 'r1', detail };
  await store.transact(async (tx) => appendAudit(tx, pigeon, entry));
}

/** What the log says of itself after somebody with all rights over the database did this; it is undone afterwards. */
async function tampered(...statements: string[]): Promise<AuditVerdict> {
  for (const table of ['audit', 'audit_head']) await sql(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  await sql('CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM audit');
  await sql('CREATE TABLE IF NOT EXISTS kept_head AS SELECT * FROM audit_head');
  for (const statement of statements) await sql(statement.replaceAll('$tenant', String(pigeon)));
  const verdict = await verifyAudit(store, pigeon);
  await sql('DELETE FROM audit');
  await sql('INSERT INTO audit SELECT * FROM kept');
  await sql('DELETE FROM audit_head');
  await sql('INSERT INTO audit_head SELECT * FROM kept_head');
  await sql('DROP TABLE kept, kept_head');
  for (const table of ['audit', 'audit_head']) await sql(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  assert.equal((await verifyAudit(store, pigeon)).intact, true);
  return verdict;
}

test('what is appended can be read and verified, whatever its detail', async () => {
  const detail = { b: 1, a: [null, { z: 'é\u2028"', y: 1.5 }], when: new Date(0), left: undefined, deep: { '': {} } };
  await append('recall.created', detail);
  for (let i = 0; i < 20; i++) await append(`step.${i}`, { i });
  const page = await auditPage(store, pigeon, 0, 1000);
  assert.deepEqual(
    page.map((record) => record.seq),
    page.map((_, i) => i + 1),
  );
  assert.deepEqual(await verifyAudit(store, pigeon), { intact: true, entries: page.length });
  assert.deepEqual(
    (await auditPage(store, pigeon, 3, 2)).map((record) => record.seq),
    [4, 5],
  );
});

test('entries made at the same time follow one another', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, i) => append('together', { i })));
  assert.equal((await verifyAudit(store, pigeon)).intact, true);
});

test('an entry that was rolled back leaves no gap', async () => {
  const entry = { at: new Date(), actor: 'x', action: 'never', subject: 'x', detail: {} };
  const failing = store.transact(async (tx) => {
    appendAudit(tx, pigeon, entry);
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  await append('after');
  assert.equal((await verifyAudit(store, pigeon)).intact, true);
});

test('each tenant has a chain of its own, and one without entries is intact', async () => {
  const verdict = await verifyAudit(store, t.other);
  assert.equal(verdict.intact, true);
  assert.deepEqual(await verifyAudit(store, 999_999), { intact: true, entries: 0 });
});

test('nobody but who turns the trigger off can change it', async () => {
  for (const statement of [
    `UPDATE audit SET actor = 'nobody'`,
    'DELETE FROM audit WHERE seq = 1',
    'TRUNCATE audit',
    `UPDATE audit SET seq = seq WHERE false`,
    'UPDATE audit_head SET seq = seq - 1',
    'UPDATE audit_head SET seq = seq + 2',
    'UPDATE audit_head SET hash = hash',
    'DELETE FROM audit_head',
    'TRUNCATE audit_head',
  ])
    await assert.rejects(sql(statement), /audit is append-only/, statement);
});

for (const [what, change] of Object.entries({
  actor: `actor = 'somebody else'`,
  action: `action = 'recall.cancelled'`,
  subject: `subject = 'r2'`,
  time: `at = at + interval '1 millisecond'`,
  detail: `detail = detail || '{"i": 99}'`,
  hash: `hash = sha256('x')`,
})) {
  test(`a changed ${what} is found, at its entry`, async () => {
    const verdict = await tampered(`UPDATE audit SET ${change} WHERE tenant_id = $tenant AND seq = 5`);
    assert.equal(verdict.intact, false);
    assert.equal('brokenAt' in verdict && verdict.brokenAt, 5);
  });
}

test('a removed entry is found: in the middle, the first, the last, all', async () => {
  const middle = await tampered(`DELETE FROM audit WHERE tenant_id = $tenant AND seq = 4`);
  assert.deepEqual(middle, { intact: false, entries: 3, brokenAt: 4, why: 'entry 4 is missing' });
  const first = await tampered(`DELETE FROM audit WHERE tenant_id = $tenant AND seq = 1`);
  assert.equal('brokenAt' in first && first.brokenAt, 1);
  const last = await tampered(
    `DELETE FROM audit WHERE tenant_id = $tenant AND seq = (SELECT max(seq) FROM audit WHERE tenant_id = $tenant)`,
  );
  assert.equal('why' in last && last.why, 'the end of the log is missing');
  const all = await tampered('DELETE FROM audit WHERE tenant_id = $tenant');
  assert.equal('why' in all && all.why, 'the end of the log is missing');
});

test('so is the log whose end was cut off and whose head was put back', async () => {
  // A head that was put back to an entry that is there cannot be told from a log that is that long: nothing within the
  // database can tell it. What can be told is a head that does not fit.
  const verdict = await tampered(
    `DELETE FROM audit WHERE tenant_id = $tenant AND seq > 5`,
    `UPDATE audit_head SET seq = 5 WHERE tenant_id = $tenant`,
  );
  assert.equal('why' in verdict && verdict.why, 'the end of the log is missing');
});

test('an entry put in is found, and one that changed places', async () => {
  const columns = 'at, actor, action, subject, detail, hash';
  const verdict = await tampered(
    `UPDATE audit SET seq = seq + 1000 WHERE tenant_id = $tenant AND seq > 5`,
    `UPDATE audit SET seq = seq - 999 WHERE tenant_id = $tenant AND seq > 1000`,
    `INSERT INTO audit (tenant_id, seq, ${columns}) SELECT tenant_id, 6, ${columns} FROM audit WHERE tenant_id = $tenant AND seq = 5`,
    `UPDATE audit_head SET seq = seq + 1 WHERE tenant_id = $tenant`,
  );
  assert.equal('brokenAt' in verdict && verdict.brokenAt, 6);
  const swapped = await tampered(
    `UPDATE audit SET seq = -7 WHERE tenant_id = $tenant AND seq = 7`,
    `UPDATE audit SET seq = 7 WHERE tenant_id = $tenant AND seq = 8`,
    `UPDATE audit SET seq = 8 WHERE tenant_id = $tenant AND seq = -7`,
  );
  assert.equal('brokenAt' in swapped && swapped.brokenAt, 7);
});

test("an entry of another tenant's does not fit in", async () => {
  const columns = 'at, actor, action, subject, detail, hash';
  const verdict = await tampered(
    `DELETE FROM audit WHERE tenant_id = $tenant AND seq = 1`,
    `INSERT INTO audit (tenant_id, seq, ${columns}) SELECT $tenant, 1, ${columns} FROM audit WHERE tenant_id = ${t.other} AND seq = 1`,
  );
  assert.equal('brokenAt' in verdict && verdict.brokenAt, 1);
});
