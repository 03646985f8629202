import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { until } from '../../test/support/server.ts';
import { startEmbedded } from './embedded.ts';
import { createIds } from './ids.ts';
import { migrate } from './migrate.ts';
import { openStore } from './postgres.ts';

test('numbers stay one process’s own, though the database crashes before their sequence’s advance is on disk', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'homing-ids-'));
  // Only commits put anything on disk.
  const database = await startEmbedded({ dataDir, settings: { wal_writer_delay: '10s' } });
  t.after(async () => {
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  });
  await migrate(database.connection);
  const open = () => openStore({ connection: database.connection });
  const [one, other] = [open(), open()];
  t.after(() => Promise.all([one.close(), other.close()]));
  const ids = createIds(one);
  const crash = async (): Promise<void> => {
    const children = readFileSync(`/proc/${database.pid}/task/${database.pid}/children`, 'utf8').trim().split(' ');
    for (const pid of [database.pid, ...children.map(Number)]) process.kill(pid, 'SIGKILL');
    await until('the database is back', async () => (await one.rows('SELECT 1').catch(() => [])).length === 1, 60_000);
  };
  const checkpoint = async (): Promise<void> => {
    const client = new pg.Client(database.connection);
    await client.connect();
    await client.query('CHECKPOINT'); // the next advance is logged anew
    await client.end();
  };

  // Taken in a transaction that the crash undoes.
  await checkpoint();
  const undone = one.transact(async (tx) => {
    await ids.take('blob_id', 1, tx);
    await crash();
  });
  await assert.rejects(undone);
  const again = await createIds(other).take('blob_id', 100);
  assert.deepEqual(new Set(await ids.take('blob_id', 100)).intersection(new Set(again)), new Set());

  // Taken alone, while the advance that covers it is of a transaction that has not committed.
  await checkpoint();
  let mine: number[] = [];
  const holding = one.transact(async (tx) => {
    await tx.rows(`SELECT nextval('message_id')`);
    mine = await ids.take('message_id', 100);
    await crash();
  });
  await assert.rejects(holding);
  assert.deepEqual(new Set(await createIds(other).take('message_id', 300)).intersection(new Set(mine)), new Set());
});
