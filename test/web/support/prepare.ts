// What the tests of the web client need before the first of them: the built client and a browser. Once for a run.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { provideChromium, type Kind } from './chromium.ts';

const BUILD = fileURLToPath(new URL('../../../scripts/web.ts', import.meta.url));

export interface Prepared {
  /** Chromium's path; null: there is none, and `why` says what to do. */
  chromium: string | null;
  why: string;
}

/** test/run.ts calls it and hands the answer on in HOMING_TEST_WEB; a test file that runs by itself finds out anew. */
export function prepareWeb(say: (line: string) => void, kind: Kind = 'shell'): Prepared {
  const given = process.env['HOMING_TEST_WEB'];
  if (given) return JSON.parse(given) as Prepared;
  const browser = provideChromium(kind, say);
  if (browser.path === null && process.env['CI'] !== 'true') return { chromium: null, why: browser.why };
  if (browser.path === null) throw new Error(browser.why);
  const { status } = spawnSync(process.execPath, [BUILD], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('The web client could not be built.');
  return { chromium: browser.path, why: '' };
}
