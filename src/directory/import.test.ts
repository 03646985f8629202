import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testDirectory } from '../../test/support/directory.ts';
import { importAccounts, type ImportLine, type ImportOptions, type ImportReport } from './import.ts';
import { hashPassword } from './passwords.ts';

const t = await testDirectory();
after(() => t.close());
await t.admin.addGroup({ address: 'team@pigeon.test' });

function line(n: number, address: string, more: Partial<ImportLine> = {}): ImportLine {
  return { line: n, address, aliases: [], groups: [], ...more };
}

async function take(lines: ImportLine[], options?: ImportOptions): Promise<ImportReport> {
  async function* list(): AsyncIterable<ImportLine> {
    for (const one of lines) yield await Promise.resolve(one);
  }
  return importAccounts(t.deps, list, options);
}

async function there(address: string): Promise<boolean> {
  return (await t.directory.resolve(address)).kind === 'account';
}

test('accounts with names, passwords, aliases, groups and kinds, of any tenant', async () => {
  const report = await take([
    line(2, 'Dia@pigeon.test', {
      name: 'Dia Rahman',
      password: 'a word',
      aliases: ['d@dove.test'],
      groups: ['Team@pigeon.test'],
    }),
    line(3, 'eli@dove.test', { password: await hashPassword('another'), kind: 'service' }),
    line(4, 'yan@other.test', { password: 'a word' }),
    line(5, 'nopassword@pigeon.test'),
  ]);
  assert.deepEqual(report, { imported: 4, wrong: [], wrongLines: 0 });
  assert.deepEqual((await t.directory.authenticate('d@dove.test', 'a word'))?.name, 'Dia Rahman');
  assert.equal((await t.directory.authenticate('eli@dove.test', 'another'))?.kind, 'service');
  assert.ok(await t.directory.authenticate('yan@other.test', 'a word'));
  assert.equal(await t.directory.authenticate('nopassword@pigeon.test', ''), null);
  assert.deepEqual(await t.sql(`SELECT address FROM group_member`), [{ address: 'dia@pigeon.test' }]);
  assert.deepEqual([(await t.audited(t.pigeon))?.subject, (await t.audited(t.other))?.subject], ['3', '1']);
  assert.equal((await t.audited(t.other))?.action, 'accounts.imported');
});

test('every wrong line is named with its reason, and nothing is imported', async () => {
  const before = await t.sql(
    `SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM audit) AS audit`,
  );
  const report = await take([
    line(2, 'fine@pigeon.test', { password: 'not stored' }),
    line(3, 'nonsense'),
    line(4, 'x@outside.test'),
    line(5, 'ana@pigeon.test'),
    line(6, 'y@pigeon.test', { aliases: ['FINE@pigeon.test'] }),
    line(7, 'z@pigeon.test', { aliases: ['z@pigeon.test'] }),
    line(8, 'z@pigeon.test', { groups: ['nobody@pigeon.test'] }),
    line(9, 'z@pigeon.test', { kind: 'robot' }),
    line(10, 'z@pigeon.test', { password: 'abc' }),
    line(11, 'z@pigeon.test', { aliases: ['z@other.test'] }),
    line(12, 'z@pigeon.test', { name: 'a\tb' }),
    line(13, 'z@pigeon.test', { fault: 'It has 9 columns.' }),
    line(14, 'z@pigeon.test', { groups: ['ana@pigeon.test'] }),
    line(15, 'z@pigeon.test'),
  ]);
  assert.deepEqual(report.wrong, [
    { line: 3, why: '"nonsense" is not an address.' },
    { line: 4, why: 'outside.test is not a domain of this server.' },
    { line: 5, why: 'ana@pigeon.test is taken, by an account or group that is there or by a line before.' },
    { line: 6, why: 'fine@pigeon.test is taken, by an account or group that is there or by a line before.' },
    { line: 7, why: 'z@pigeon.test is named twice.' },
    { line: 8, why: 'There is no group nobody@pigeon.test.' },
    { line: 9, why: 'A kind is person, shared or service, not "robot".' },
    { line: 10, why: 'A password has 4 to 1000 characters.' },
    { line: 11, why: 'other.test is a domain of another organisation.' },
    { line: 12, why: 'A name is one line of text, without control characters.' },
    { line: 13, why: 'It has 9 columns.' },
    { line: 14, why: 'There is no group ana@pigeon.test.' },
  ]);
  assert.deepEqual([report.imported, report.wrongLines], [0, 12]);
  assert.deepEqual(
    await t.sql(`SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM audit) AS audit`),
    before,
  );
});

test('an address that comes again thousands of lines later is found', async () => {
  const lines = Array.from({ length: 9000 }, (_, i) => line(i + 2, `n${i === 8999 ? 3 : i}@pigeon.test`));
  const report = await take(lines);
  assert.deepEqual(report.wrong, [
    { line: 9001, why: 'n3@pigeon.test is taken, by an account or group that is there or by a line before.' },
  ]);
  assert.equal(await there('n3@pigeon.test'), false);
  const seen: number[] = [];
  assert.deepEqual((await take(lines.slice(0, -1), { onProgress: (n) => seen.push(n) })).imported, 8999);
  assert.deepEqual(seen, [4000, 8000, 8999]);
  assert.ok(await there('n8998@pigeon.test'));
});

test('the first thousand wrong lines are named, the rest are counted', async () => {
  const report = await take(Array.from({ length: 1500 }, (_, i) => line(i + 2, 'nonsense')));
  assert.deepEqual([report.wrong.length, report.wrongLines], [1000, 1500]);
});

test('a dry run only looks', async () => {
  assert.deepEqual(await take([line(2, 'dry@pigeon.test', { password: 'a word' })], { dryRun: true }), {
    imported: 1,
    wrong: [],
    wrongLines: 0,
  });
  assert.equal((await take([line(2, 'ana@pigeon.test')], { dryRun: true })).wrongLines, 1);
  assert.equal(await there('dry@pigeon.test'), false);
});

test('for one tenant, others are wrong', async () => {
  const { wrong } = await take([line(2, 'tenant@pigeon.test'), line(3, 'tenant@other.test')], { tenant: t.pigeon });
  assert.deepEqual(wrong, [{ line: 3, why: 'other.test is a domain of another organisation.' }]);
});

test('somebody who takes an address meanwhile undoes it all', async () => {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  async function* list(): AsyncIterable<ImportLine> {
    yield* [line(2, 'slow1@pigeon.test')];
    begun.resolve();
    await go.promise;
    yield line(3, 'slow2@pigeon.test');
  }
  const importing = importAccounts(t.deps, list);
  await begun.promise;
  const quick = await t.admin.addAccount({ address: 'slow2@pigeon.test' });
  go.resolve();
  assert.equal((await importing).wrongLines, 1);
  assert.equal(await there('slow1@pigeon.test'), false);
  assert.equal((await t.directory.account(t.pigeon, quick))?.address, 'slow2@pigeon.test');
});
