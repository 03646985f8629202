// A PostgreSQL for tests: the embedded one in a temporary directory, in a hurry rather than durable.

import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded, type SocketConnection } from '../../src/store/embedded.ts';

/** A crash may lose everything: there is nothing to keep, and tests are quicker for it. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  max_connections: '300',
};

export interface TestCluster {
  /** The database `postgres`, as superuser. */
  connection: SocketConnection;
  close(): Promise<void>;
}

export async function startTestCluster(): Promise<TestCluster> {
  const prefix = join(tmpdir(), 'homing-test-');
  for (const path of globSync(`${prefix}*`)) if (!isAlive(ownerOf(path))) discard(path);
  const dataDir = mkdtempSync(`${prefix}${process.pid}-`);
  const database = await startEmbedded({ dataDir, settings: SETTINGS });
  return {
    connection: database.superuser,
    close: async () => {
      await database.stop();
      discard(dataDir);
    },
  };
}

/** The process whose cluster it is, or was: one that was killed could not tidy up. */
function ownerOf(path: string): number {
  return Number(/homing-test-(\d+)-/.exec(path)?.[1]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // somebody else's, or still in use: not ours to insist
  }
}
