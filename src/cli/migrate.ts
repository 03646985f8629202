import { SETTINGS, readConfig } from '../config/config.ts';
import { Refusal } from '../mail/errors.ts';
import { migrate } from '../store/migrate.ts';
import { readArguments, Usage } from './arguments.ts';

export const help = `bring a database of yours to this program's schema, and give the server's role its rights
  DATABASE_URL=… homing migrate [--role NAME]
  ${SETTINGS.database.env} is the database as its owner. --role is the role that homing serve connects as, by a ${SETTINGS.database.env} of its own: it
  may read and write mail, and append to the audit log, but change neither that log nor the schema. It is made if it is not there
  and the owner may; give it a password then. Not needed for the embedded database, which is looked after at each start.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { role: { type: 'string' } });
  if (positionals.length > 0) throw new Usage('Say homing migrate, with --role NAME or without; --help says more.');
  const { databaseUrl } = readConfig('serve', [], process.env);
  if (databaseUrl === undefined)
    throw new Refusal(
      'notNeeded',
      `The embedded database is migrated at each start; say with ${SETTINGS.database.env} which other is meant.`,
    );
  await migrate({ url: databaseUrl }, values.role);
  console.log(
    values.role === undefined
      ? 'The database has the present schema.'
      : `The database has the present schema, and ${values.role} the rights of a server.`,
  );
  return 0;
}
