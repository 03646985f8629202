import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { verifyAudit } from '../store/audit.ts';
import { refused, testDirectory } from '../../test/support/directory.ts';

const t = await testDirectory();
after(() => t.close());
const { admin, pigeon, other } = t;

test('a tenant with its domains', async () => {
  const tenant = await admin.addTenant({
    name: 'Grüße',
    domains: ['Grüße.test', 'xn--gre-6ka8l.test'],
    policy: { rateLimit: 0 },
  });
  assert.deepEqual(await t.directory.domains(tenant), ['xn--gre-6ka8l.test']);
  assert.equal((await t.directory.policy(tenant)).rateLimit, 0);
  await admin.addAccount({ address: 'ana@grüße.test' });
  assert.equal((await t.directory.resolve('ana@GRÜSSE.test')).kind, 'outside', 'IDNA 2008: another domain');
  await admin.addDomain(tenant, 'more.test');
  assert.deepEqual(await t.directory.resolve('ana@more.test'), { kind: 'unknown', tenant });
  assert.deepEqual((await t.audited(tenant))?.detail, { addDomain: 'more.test' });
});

test('what may not be added, and why', async () => {
  assert.equal(await refused(admin.addTenant({ name: 'Pigeon', domains: [] }), 'taken'), 'Pigeon is taken.');
  assert.equal(
    await refused(admin.addTenant({ name: 'New', domains: ['dove.test'] }), 'taken'),
    'dove.test belongs to a tenant already.',
  );
  await refused(admin.addTenant({ name: 'New', domains: ['not a domain'] }), 'badDomain');
  await refused(admin.addTenant({ name: ' ', domains: [] }), 'badName');
  await refused(admin.addTenant({ name: 'New', domains: [], policy: { rateLimit: -1 } }), 'badPolicy');
  await refused(admin.addDomain(pigeon, 'other.test'), 'taken');
  await refused(admin.addDomain(999, 'new.test'), 'notFound');
});

test('a policy is merged, audited from what to what, and each tenant has its own', async () => {
  await admin.setPolicy(pigeon, { rateLimit: 5, protectedRecipients: ['Ana@pigeon.test'] });
  await admin.setPolicy(pigeon, { notices: 'none', rateLimit: null });
  const { rateLimit, notices, protectedRecipients } = await t.directory.policy(pigeon);
  assert.deepEqual(
    { rateLimit, notices, protectedRecipients },
    { rateLimit: 20, notices: 'none', protectedRecipients: ['ana@pigeon.test'] },
  );
  assert.equal((await t.directory.policy(other)).notices, 'all');
  const { action, subject, detail } = (await t.audited(pigeon)) ?? {};
  assert.deepEqual(
    { action, subject, detail },
    {
      action: 'policy.changed',
      subject: 'Pigeon',
      detail: { notices: { from: 'all', to: 'none' }, rateLimit: { from: 5, to: 20 } },
    },
  );
  await refused(admin.setPolicy(pigeon, { notices: 'all', colour: 'red' }), 'badPolicy');
  assert.equal((await t.directory.policy(pigeon)).notices, 'none');
  await refused(admin.setPolicy(999, {}), 'notFound');
});

test('of many changes at the same time none is lost', async () => {
  const changes = [
    { rateLimit: 1 },
    { maxAgeDays: 2 },
    { notices: 'all' },
    { holdOutsideSeconds: 4 },
    { maxRecipients: 5 },
  ];
  await Promise.all(changes.map((change) => admin.setPolicy(pigeon, change)));
  const { rateLimit, maxAgeDays, notices, holdOutsideSeconds, maxRecipients } = await t.directory.policy(pigeon);
  assert.deepEqual([rateLimit, maxAgeDays, notices, holdOutsideSeconds, maxRecipients], [1, 2, 'all', 4, 5]);
  assert.equal((await verifyAudit(t.store, pigeon)).intact, true);
});
