// A backup is taken while mail is sent, read and taken back, and is of one moment; a restore has every message and outcome
// of it; what is damaged, half or in the wrong place is refused.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { connectJmap } from '../../bench/support/jmap.ts';
import { startHoming } from '../../bench/support/server.ts';
import { loadCertificate } from '../../src/config/certificate.ts';
import { checkBackup, OWN_FILES, type Manifest } from '../../src/store/backup/format.ts';
import { restoreBackup } from '../../src/store/backup/restore.ts';
import { takeBackup } from '../../src/store/backup/take.ts';
import { findEmbedded } from '../../src/store/embedded.ts';
import { openStore, type Connection } from '../../src/store/postgres.ts';
import { verifyTenant, type Finding } from '../../src/store/verify/verify.ts';
import { testDatabase } from '../support/database.ts';
import { refused } from '../support/directory.ts';
import { startTestHoming } from '../support/homing.ts';
import { mail } from '../support/mailboxes.ts';
import { askRecall, emailsOf, markRead } from '../support/recalling.ts';
import { until } from '../support/server.ts';
import { submitter } from '../support/smtp.ts';

const PEOPLE = 60;
const homing = await startTestHoming({ workers: true, realTime: true, people: PEOPLE });
const place = await mkdtemp(join(tmpdir(), 'homing-backup-'));
const dataDir = join(place, 'data');
after(async () => {
  await homing.close();
  await rm(place, { recursive: true, force: true });
});
const [ana, ben] = await Promise.all(['ana@pigeon.test', 'ben@pigeon.test'].map((who) => homing.client(who)));
assert.ok(ana && ben);
const TENANTS = [homing.tenant, homing.other];

/** Ana sends to everybody, Ben reads some, Ana takes it back and now and then restores, until it is told to end. */
function busy(): { sent: () => number; recalled: () => number; end: () => Promise<void> } {
  let [sent, recalled, ended] = [0, 0, false];
  const work = async (lane: number): Promise<void> => {
    const client = await submitter(homing.ports, 'ana@pigeon.test');
    for (let i = 0; !ended; i++) {
      const subject = `Busy lane${lane}letter${i}`;
      const told = await client.send('ana@pigeon.test', ['all@pigeon.test', 'press@outside.test'], mail(subject));
      assert.match(told, /^250/);
      sent++;
      if (i % 3 === 0) await markRead(ben!, (await emailsOf(ben!, subject))[0]);
      const [own] = await emailsOf(ana!, subject, 'f3');
      const made = await askRecall(ana!, String(own?.['id']));
      assert.ok(made['id'], JSON.stringify(made));
      recalled++;
      if (i % 4 === 1) await ana!.call('Recall/restore', { ids: [made['id']] });
    }
    client.close();
  };
  const lanes = [work(0), work(1)];
  return {
    sent: () => sent,
    recalled: () => recalled,
    end: async () => {
      ended = true;
      await Promise.all(lanes);
    },
  };
}

/** What a restore sets anew, on purpose. */
const ANEW: Record<string, string[]> = { account_state: ['modseq'], mailbox: ['uid_validity'] };

/** Each table's rows, counted and hashed by PostgreSQL itself. */
async function printsOf(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
  );
  const prints = new Map<string, string>();
  for (const { name } of rows.filter((row) => row.name !== 'migration')) {
    const row = `to_jsonb(t) - $1::text[]`;
    const { rows: found } = await client.query<{ n: string; hash: string }>(
      `SELECT count(*) AS n, md5(string_agg(h, '' ORDER BY h)) AS hash FROM (SELECT md5((${row})::text) AS h FROM ${name} t) x`,
      [[...(ANEW[name] ?? []), ...(name === 'delivery' ? ['maybe_sent'] : [])]],
    );
    prints.set(name, `${found[0]?.n} ${found[0]?.hash}`);
  }
  return prints;
}

async function withClient<T>(connection: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connection as pg.ClientConfig);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function findings(connection: Connection): Promise<Finding[]> {
  const store = openStore({ connection, listen: false });
  try {
    const all: Finding[] = [];
    for (const tenant of TENANTS) for await (const page of verifyTenant(store, tenant, new Date())) all.push(...page);
    return all;
  } finally {
    await store.close();
  }
}

const whole = join(place, 'whole');
let manifest: Manifest;
let printsThen = new Map<string, string>();
let maybeSentThen: object[] = [];

const MAYBE_SENT = `SELECT message_id, n FROM delivery WHERE maybe_sent OR (account_id IS NULL AND state IN ('held', 'queued', 'sending')) ORDER BY 1, 2`;

before(async () => {
  await loadCertificate({ dataDir, hostname: 'mail.test', tlsKey: undefined, tlsCert: undefined });
  await writeFile(join(dataDir, 'connection.json'), JSON.stringify(homing.connection));
});

test('a backup beside submissions, recalls and restores is of one moment', async () => {
  const load = busy();
  await until('recalls are under way', async () => load.recalled() >= 6);
  const then = new pg.Client(homing.connection);
  await then.connect();
  manifest = await takeBackup({
    connection: homing.connection,
    directory: whole,
    dataDir,
    async onSnapshot(name) {
      await then.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await then.query(`SET TRANSACTION SNAPSHOT '${name}'`);
      const [sent, recalled] = [load.sent(), load.recalled()];
      await until('life goes on', async () => load.sent() > sent + 4 && load.recalled() > recalled + 4);
    },
  });
  await load.end();
  printsThen = await printsOf(then);
  maybeSentThen = (await then.query<object>(MAYBE_SENT)).rows;
  await then.end();
  const now = await withClient(homing.connection, printsOf);
  for (const table of ['message', 'blob', 'copy', 'delivery', 'recall', 'outcome', 'vault', 'audit'])
    assert.notEqual(now.get(table), printsThen.get(table), `${table} has changed since`);
  assert.ok(manifest.tables.length === printsThen.size);
});

test('a restore has every message, copy, outcome and line of the audit log of that moment', async () => {
  const fresh = await testDatabase();
  const into = join(place, 'restored');
  try {
    await restoreBackup({
      connection: fresh.owner,
      directory: whole,
      dataDir: into,
      manifest: await checkBackup(whole),
    });
    await withClient(fresh.owner, async (client) => {
      assert.deepEqual(await printsOf(client), printsThen);
      // What was to leave then may have left since.
      const { rows } = await client.query(`SELECT message_id, n FROM delivery WHERE maybe_sent ORDER BY 1, 2`);
      assert.deepEqual(rows, maybeSentThen);
      // No number is given out twice.
      const { rows: numbers } = await client.query<{ next: string; most: string }>(
        `SELECT nextval('message_id') AS next, (SELECT max(id) FROM message) AS most`,
      );
      assert.ok(Number(numbers[0]?.next) > Number(numbers[0]?.most) + 1_000_000);
    });
    assert.deepEqual(await findings(fresh.connection), [], 'homing verify');
    for (const name of OWN_FILES)
      assert.deepEqual(await readFile(join(into, name)), await readFile(join(dataDir, name)));
    assert.equal((await stat(join(into, 'tls/key.pem'))).mode & 0o077, 0);

    // It is not empty any more, and somebody may be at work on it.
    const again = { connection: fresh.owner, directory: whole, dataDir: into, manifest };
    await refused(restoreBackup(again), 'notEmpty');
    await withClient(fresh.connection, () => refused(restoreBackup(again), 'inUse'));
  } finally {
    await fresh.close();
  }
});

test('whatever is changed in a backup is noticed before anything is restored', async () => {
  const broken = join(place, 'broken');
  for (const name of [
    'SHA256SUMS',
    'manifest.json',
    'tables/blob.copy.gz',
    'tables/outcome.copy.gz',
    'files/tls/key.pem',
  ]) {
    const file = join(broken, name);
    await cp(whole, broken, { recursive: true });
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    await refused(checkBackup(broken), 'corrupted');
    await rm(file);
    await refused(checkBackup(broken), name === 'SHA256SUMS' ? 'notABackup' : 'corrupted');
    await rm(broken, { recursive: true });
  }
  assert.deepEqual(await checkBackup(whole), manifest);
});

test('rows that are not those of the manifest undo the restore', async () => {
  const fresh = await testDatabase();
  try {
    const tables = manifest.tables.map((table) =>
      table.name === 'outcome' ? { ...table, rows: table.rows + 1 } : table,
    );
    const wrong = { connection: fresh.owner, directory: whole, dataDir: place, manifest: { ...manifest, tables } };
    assert.match(await refused(restoreBackup(wrong), 'corrupted'), /outcome/);
    const { rows } = await withClient(fresh.connection, (client) =>
      client.query(`SELECT count(*)::int AS n FROM tenant`),
    );
    assert.deepEqual(rows, [{ n: 0 }]);
  } finally {
    await fresh.close();
  }
});

test('an aborted backup is none, and leaves nothing', async () => {
  const asked = new AbortController();
  const directory = join(place, 'aborted');
  const taking = takeBackup({
    connection: homing.connection,
    directory,
    dataDir,
    signal: asked.signal,
    onSnapshot: async () => asked.abort(),
  });
  await refused(taking, 'brokenOff');
  assert.deepEqual([existsSync(directory), existsSync(`${directory}.partial`)], [false, false]);
  await refused(takeBackup({ connection: homing.connection, directory: whole, dataDir }), 'exists');
});

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

function start(env: NodeJS.ProcessEnv, ...args: string[]): ReturnType<typeof spawn> {
  const given = { PATH: process.env['PATH'], ...env };
  return spawn(process.execPath, [program, ...args], { cwd: place, env: given, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = start(env, ...args);
  assert.ok(child.stdout && child.stderr);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number, out, err };
}

test('one that was killed half way is not taken for a backup', async () => {
  const directory = join(place, 'killed');
  await withClient(homing.connection, async (client) => {
    // Nobody reads the vault while this lasts.
    await client.query('BEGIN; LOCK TABLE vault IN ACCESS EXCLUSIVE MODE');
    const child = start({ HOMING_DATA: dataDir }, 'backup', directory);
    await until('it writes', async () => existsSync(`${directory}.partial`));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await client.query('ROLLBACK');
  });
  assert.equal(existsSync(directory), false);
  const elsewhere = { HOMING_DATA: join(place, 'elsewhere') };
  const restored = await run(elsewhere, 'restore', `${directory}.partial`);
  assert.equal(restored.code, 1);
  assert.match(restored.err, /not a backup, or one that was never finished/);
  assert.equal(existsSync(elsewhere.HOMING_DATA), false, 'nothing was begun');
  const second = await run({ HOMING_DATA: dataDir }, 'backup', directory);
  assert.equal(second.code, 1);
  assert.match(second.err, /was broken off\. Remove it/);
});

test('by the commands, from one database into an embedded one, which Homing then runs on', async () => {
  const directory = join(place, 'by-hand');
  const taken = await run({ HOMING_DATA: dataDir }, 'backup', directory);
  assert.deepEqual([taken.code, taken.err], [0, '']);
  assert.match(taken.out, /^Backed up to .*: \d+ messages, \d+ rows of \d+ tables/);
  assert.equal((await stat(directory)).mode & 0o077, 0);
  assert.equal((await run({ HOMING_DATA: dataDir }, 'backup', directory, '--check')).code, 0);

  // Where the embedded database's own user can reach it.
  const target = await mkdtemp(join(tmpdir(), 'homing-restored-'));
  try {
    const restored = await run({ HOMING_DATA: target }, 'restore', directory);
    assert.deepEqual([restored.code, restored.err], [0, ''], restored.out);
    assert.match(restored.out, /^Restored from .*\nAll is as it must be/);
    const there = await startHoming({ env: { HOMING_DATA: target } });
    try {
      const again = await run({ HOMING_DATA: target }, 'restore', directory);
      assert.match(again.err, /Homing is running on/);
      const owner = findEmbedded(target) ?? assert.fail();
      const { rows: roles } = await withClient(owner, (client) =>
        client.query(
          `SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
        ),
      );
      assert.deepEqual(roles, [{ usename: 'homing_server' }]);
      const client = await connectJmap(there.ports.http, 'ben@pigeon.test', 'homing');
      const { ids } = (await client.call('Email/query', { filter: { from: 'ana' }, limit: 5 })) as { ids: string[] };
      const { list } = (await client.call('Email/get', { ids, fetchTextBodyValues: true })) as {
        list: { bodyValues: object }[];
      };
      assert.equal(list.length, 5);
      assert.ok(list.every((email) => Object.keys(email.bodyValues).length > 0));
      client.close();
    } finally {
      await there.stop();
    }
  } finally {
    await rm(target, { recursive: true, force: true });
  }
});
