import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ImportLine } from '../directory/import.ts';
import { refused, testCommand, testDirectory } from '../../test/support/directory.ts';
import { readLines } from './account-import.ts';
import { run } from './account.ts';

const t = await testDirectory();
await t.admin.addGroup({ address: 'team@pigeon.test' });
await t.admin.addGroup({ address: 'board@pigeon.test' });
const command = await testCommand(t.connection, run);
const directory = await mkdtemp(join(tmpdir(), 'homing-import-'));
const file = join(directory, 'people.csv');
after(async () => {
  await rm(directory, { recursive: true });
  await command.close();
  await t.close();
});

async function lines(csv: string | Buffer): Promise<ImportLine[]> {
  await writeFile(file, csv);
  return Array.fromAsync(readLines(file));
}

test('reads columns in any order, quotes, CRLF, a byte order mark and lines in between', async () => {
  const csv =
    '\ufeffName, ADDRESS ,groups,aliases,password\r\n"Silva, ""Ana""",ana@x.test,team@x.test board@x.test,,secret\r\n\r\n ben , ben@x.test ,,b@x.test  bb@x.test, "with space " \r\n"two\r\nlines",cho@x.test,,,\r\ndia,dia@x.test\r\n';
  const none = { aliases: [], groups: [], name: undefined, kind: undefined, password: undefined, fault: undefined };
  assert.deepEqual(await lines(csv), [
    {
      ...none,
      line: 2,
      address: 'ana@x.test',
      name: 'Silva, "Ana"',
      password: 'secret',
      groups: ['team@x.test', 'board@x.test'],
    },
    {
      ...none,
      line: 4,
      address: 'ben@x.test',
      name: 'ben',
      password: 'with space ',
      aliases: ['b@x.test', 'bb@x.test'],
    },
    { ...none, line: 5, address: 'cho@x.test', name: 'two\r\nlines' },
    { ...none, line: 7, address: 'dia@x.test', name: 'dia' },
  ]);
});

test('names a line that cannot be read, and its reason', async () => {
  const wide = await lines('address,name\na@x.test,A,more\nb@x.test,B\n');
  assert.deepEqual(
    wide.map((one) => [one.line, one.fault]),
    [
      [2, 'It has 3 columns, the first line names 2.'],
      [3, undefined],
    ],
  );
  for (const [csv, line, fault] of [
    ['address,name\na@x.test,A\nb@x.test,"B\nc@x.test,C\n', 3, /opened and never closed/],
    ['address,name\na@x.test,A "B" C\nb@x.test,B\n', 2, /where none may be/],
    ['address,name\na@x.test,"A"B\nb@x.test,B\n', 2, /where none may be/],
    [`address,name\na@x.test,"A\n${'b@x.test,B\n'.repeat(200_000)}`, 2, /opened and never closed/],
  ] as const) {
    const [broken] = (await lines(csv)).slice(-1);
    assert.equal(broken?.line, line);
    assert.match(broken.fault ?? '', fault);
  }
});

test('needs a first line of known columns', async () => {
  assert.match(await refused(lines(''), 'badFile'), /is empty/);
  assert.match(await refused(lines('name,password\n'), 'badFile'), /has no column "address"/);
  assert.match(await refused(lines('address,colour\n'), 'badFile'), /this column "colour"/);
  assert.match(await refused(lines('address,name,Name\n'), 'badFile'), /this column "name"/);
  await refused(Array.fromAsync(readLines(join(directory, 'absent.csv'))), 'notFound');
  await refused(Array.fromAsync(readLines(directory)), 'notFound');
});

test('imports a file', async (context) => {
  await writeFile(
    file,
    'address,name,password,aliases,groups\ndia@pigeon.test,Dia Rahman,a word,d@dove.test,team@pigeon.test board@pigeon.test\neli@pigeon.test,,,,\n',
  );
  const dry = await command.homing(context, 'import', file, '--dry-run');
  assert.deepEqual(dry, { code: 0, out: 'All 2 lines are right; nothing was imported.', err: '' });
  const done = await command.homing(context, 'import', file, '--json');
  assert.deepEqual([done.code, JSON.parse(done.out)], [0, { imported: 2, lines: 2, wrong: [], wrongLines: 0 }]);
  t.store.notifier.emit('directory');
  assert.equal((await t.directory.authenticate('d@dove.test', 'a word'))?.address, 'dia@pigeon.test');
  assert.deepEqual(await t.sql(`SELECT count(*)::int AS n FROM group_member`), [{ n: 2 }]);
});

test('names every wrong line on standard error, and imports nothing', async (context) => {
  await writeFile(file, 'address,name\nfan@pigeon.test,Fan\nana@pigeon.test,Ana\nnonsense,\n');
  const { code, out, err } = await command.homing(context, 'import', file);
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.equal(
    err,
    [
      `${file}:3: ana@pigeon.test is taken, by an account or group that is there or by a line before.`,
      `${file}:4: "nonsense" is not an address.`,
      'homing: Nothing was imported: 2 lines are wrong.',
    ].join('\n'),
  );
  t.store.notifier.emit('directory');
  assert.equal((await t.directory.resolve('fan@pigeon.test')).kind, 'unknown');
  const json = await command.homing(context, 'import', file, '--json');
  const { error, imported, wrong } = JSON.parse(json.out) as {
    error: string;
    imported: number;
    wrong: { line: number }[];
  };
  assert.deepEqual([json.code, error, imported, wrong.map((one) => one.line)], [1, 'badFile', 0, [3, 4]]);
});

test('a file that is not UTF-8 is told apart', async (context) => {
  await writeFile(file, Buffer.from('address,name\nfan@pigeon.test,J\xf6rg\n', 'latin1'));
  const { code, err } = await command.homing(context, 'import', file);
  assert.equal(code, 1);
  assert.match(err, /:2: A name is one line of text/);
});
