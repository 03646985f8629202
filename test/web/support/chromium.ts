// A Chromium for the tests, the figures and the pictures: the machine's own, or Debian's where we may install it.

import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { findProgram, install, mayInstall } from '../../support/debian.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** What Chromium does of itself is not ours, and no test needs a network: every name is unknown to it. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

/** Null: there is none. */
export function findChromium(): string | null {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined && given !== '') return existsSync(given) ? given : null;
  return findProgram(NAMES);
}

/** Installs Debian's where there is none and we are root. Answers its path, or the sentence that says how to get one. */
export function provideChromium(say: (line: string) => void): { path: string } | { path: null; why: string } {
  const found = findChromium();
  if (found !== null) return { path: found };
  const how = 'install Chromium (Debian: apt-get install chromium), or name one in CHROMIUM_PATH.';
  if (process.env['CHROMIUM_PATH']) return { path: null, why: `CHROMIUM_PATH names no file: ${how}` };
  if (!mayInstall()) return { path: null, why: `There is no Chromium here: ${how}` };
  say('Installing Chromium for the tests of the web client…');
  const failed = install('chromium');
  const path = findChromium();
  return path === null ? { path, why: `Chromium could not be installed (${failed ?? 'no file'}): ${how}` } : { path };
}

export async function launchChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, headless: true, args: FLAGS });
}
