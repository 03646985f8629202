import { startServer } from './server.ts';

export const help = `run a living mail system on this machine, with people in it (npm start)
  homing try [--people N] [--fresh] [--data DIRECTORY] [--http-port N] … ; homing serve --help lists every option.`;

export const run = (args: string[]): Promise<number> => startServer('try', args);
