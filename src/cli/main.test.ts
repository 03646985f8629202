import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testDirectory } from '../../test/support/directory.ts';

const t = await testDirectory();
const dataDir = await mkdtemp(join(tmpdir(), 'homing-main-'));
await writeFile(join(dataDir, 'connection.json'), JSON.stringify(t.connection));
after(async () => {
  await rm(dataDir, { recursive: true });
  await t.close();
});

const program = fileURLToPath(new URL('main.ts', import.meta.url));

async function homing(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: dataDir,
    env: { PATH: process.env['PATH'], HOMING_DATA: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, out, err };
}

test('says what it can do', async () => {
  const { code, out } = await homing([]);
  assert.equal(code, 0);
  for (const command of [
    'try',
    'serve',
    'tenant',
    'account',
    'group',
    'policy',
    'recall',
    'recalls',
    'queue',
    'audit',
  ]) {
    assert.match(out, new RegExp(`^  ${command} +\\w`, 'm'));
  }
  assert.match((await homing(['group', 'add', '--help'])).out, /homing group add ADDRESS/);
});

test('does it', async () => {
  const { code, out, err } = await homing(['account', 'show', 'ana@pigeon.test', '--json']);
  assert.deepEqual([code, err], [0, '']);
  assert.equal((JSON.parse(out) as { name: string }).name, 'Ana Silva');
});

test('1: it was refused; 2: it was not understood; one sentence each', async () => {
  assert.deepEqual(await homing(['account', 'show', 'nobody@pigeon.test']), {
    code: 1,
    out: '',
    err: 'homing: There is no account nobody@pigeon.test.\n',
  });
  const usage = await homing(['account', 'show', '--colour', '--json']);
  assert.equal(usage.code, 2);
  assert.deepEqual(JSON.parse(usage.out), {
    error: 'usage',
    description: 'There is no option --colour; --help lists them.',
  });
  assert.equal(usage.err, 'homing: There is no option --colour; --help lists them.\n');
  const unknown = await homing(['toString']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /^homing: There is no command "toString"; there are try, /);
});

test('says where no Homing runs', async () => {
  const nowhere = await homing(['account', 'list'], { HOMING_DATA: join(dataDir, 'absent') });
  assert.equal(nowhere.code, 1);
  assert.match(
    nowhere.err,
    /^homing: Homing is not running on .*absent\. Start it \(npm start\), or say with HOMING_DATA or DATABASE_URL where it is\.\n$/,
  );
  const dead = await mkdtemp(join(dataDir, 'dead-'));
  await writeFile(join(dead, 'connection.json'), JSON.stringify({ ...t.connection, host: dead }));
  assert.match(
    (await homing(['account', 'list'], { HOMING_DATA: dead })).err,
    /^homing: Homing is not running on .*dead-/,
  );
  const url = await homing(['account', 'list'], { DATABASE_URL: 'postgres://127.0.0.1:1/none' });
  assert.equal(url.code, 1);
  assert.match(url.err, /^homing: The database of DATABASE_URL does not answer\./);
});

test('a reader that has seen enough is no error', async () => {
  await t.admin.addAccounts(
    t.other,
    Array.from({ length: 5000 }, (_, i) => ({
      address: `n${i}@other.test`,
      name: 'Somebody with a name',
      passwordHash: null,
    })),
  );
  const child = spawn('/bin/sh', ['-c', '"$0" "$1" account list | head -1; echo done', process.execPath, program], {
    env: { PATH: process.env['PATH'], HOMING_DATA: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.match(out, /^address .*\ndone\n$/);
  assert.equal(err, '');
});
