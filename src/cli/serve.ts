import { SETTINGS } from '../config/config.ts';
import { startServer } from './server.ts';

export const help = `run Homing
${Object.values(SETTINGS)
  .map(
    ({ option, env, help: sentence, fallback }) =>
      `  ${`${option} VALUE`.padEnd(26)} ${env.padEnd(26)} ${sentence}${fallback === '' ? '' : ` (${fallback})`}`,
  )
  .join('\n')}
  --fresh                                               begin anew: what is in the data directory is removed`;

export const run = (args: string[]): Promise<number> => startServer('serve', args);
