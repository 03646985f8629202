import { SETTINGS, readConfig } from '../config/config.ts';
import { Refusal } from '../mail/errors.ts';
import { checkBackup } from '../store/backup/format.ts';
import { restoreBackup, type RestoreOptions } from '../store/backup/restore.ts';
import { tenantsAll } from '../store/directory.ts';
import { startEmbedded } from '../store/embedded.ts';
import { openStore } from '../store/postgres.ts';
import { readArguments, Usage } from './arguments.ts';
import { sentenceOf } from './backup.ts';
import { dataDirOf } from './session.ts';
import { tellFindings } from './verify.ts';

export const help = `restore a backup into an empty database
  homing restore DIR
  Homing must not be running. The database is that of ${SETTINGS.database.env}, else the embedded one of the data directory
  (${SETTINGS.data.env}), and must be empty. The backup is checked first; it is restored whole or not at all, compared with what was
  backed up, and then looked through as homing verify does. Exit code 1 if there is anything to be said of it.
  --json for programs (JSON Lines, as of homing verify).`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { json: { type: 'boolean' } });
  const [directory, more] = positionals;
  if (directory === undefined || more !== undefined)
    throw new Usage('Say homing restore and the directory of a backup; --help says more.');
  const manifest = await checkBackup(directory);
  const config = readConfig('serve', [], process.env);
  const dataDir = dataDirOf(config);
  if (config.databaseUrl)
    return restore({ connection: { url: config.databaseUrl }, directory, dataDir, manifest }, values.json);
  const embedded = await startEmbedded({ dataDir, log: (line) => console.error(line) }).catch((error: unknown) => {
    if (!(error instanceof Refusal) || error.reason !== 'dataInUse') throw error;
    throw new Refusal(
      'inUse',
      `Homing is running on ${dataDir}. Stop it first, or say another directory with ${SETTINGS.data.env}.`,
    );
  });
  try {
    return await restore({ connection: embedded.connection, directory, dataDir, manifest }, values.json);
  } finally {
    await embedded.stop();
  }
}

async function restore(options: RestoreOptions, json: boolean | undefined): Promise<number> {
  await restoreBackup(options);
  if (!json) console.log(`Restored from ${options.directory}: ${sentenceOf(options.manifest)}.`);
  const store = openStore({ connection: options.connection, listen: false });
  try {
    return (await tellFindings(store, await tenantsAll(store), () => new Date(), json)) === 0 ? 0 : 1;
  } finally {
    await store.close();
  }
}
