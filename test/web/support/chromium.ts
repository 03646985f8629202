// A Chromium for the tests, the figures and the pictures: the machine's own, or Debian's where we may install it.

import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { findProgram, install, mayInstall } from '../../support/debian.ts';

/** Without windows, tabs and toolbars a page takes half of the processor's time. */
const SHELL = 'chromium-headless-shell';
/** As people have it: for pictures and figures. */
const WHOLE = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

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

export type Kind = 'shell' | 'whole';

/** The other kind will do where there is none of this one. Null: there is neither. */
function findChromium(kind: Kind): string | null {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined && given !== '') return existsSync(given) ? given : null;
  return findProgram(kind === 'shell' ? [SHELL, ...WHOLE] : [...WHOLE, SHELL]);
}

/**
 * Installs Debian's where there is none and we are root; in CI the shell too where there is only a whole one. Answers its
 * path, or the sentence that says how to get one.
 */
export function provideChromium(
  kind: Kind,
  say: (line: string) => void,
): { path: string } | { path: null; why: string } {
  const found = findChromium(kind);
  const isGiven = Boolean(process.env['CHROMIUM_PATH']);
  const wantsShell = kind === 'shell' && process.env['CI'] === 'true' && !isGiven && findProgram([SHELL]) === null;
  if (found !== null && !(wantsShell && mayInstall())) return { path: found };
  const how = 'install Chromium (Debian: apt-get install chromium), or name one in CHROMIUM_PATH.';
  if (isGiven) return { path: null, why: `CHROMIUM_PATH names no file: ${how}` };
  if (!mayInstall()) return { path: null, why: `There is no Chromium here: ${how}` };
  say('Installing Chromium for the tests of the web client…');
  // Not every release has the shell as a package.
  let failed = kind === 'shell' ? install(SHELL) : install('chromium');
  if (failed !== null && found === null && kind === 'shell') failed = install('chromium');
  const path = findChromium(kind);
  return path === null ? { path, why: `Chromium could not be installed (${failed ?? 'no file'}): ${how}` } : { path };
}

export async function launchChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, headless: true, args: FLAGS });
}
