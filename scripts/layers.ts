// Checks that imports under src/ go one way (docs: architecture, Layout), and that SQL stays in store/.
// One line per violation and exit code 1, or a line that says how much was looked at.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From the bottom up. A layer may import the ones before it and itself; those on one line know nothing of each other. */
const LAYERS = [
  ['lean.ts'],
  ['mail'],
  ['config'],
  ['store'],
  ['directory'],
  ['delivery', 'recall'],
  ['smtp', 'imap', 'jmap'],
  ['http'],
  ['metered.ts', 'metrics.ts'],
  ['services.ts', 'upkeep.ts'],
  ['try', 'cli', 'worker.ts', 'worker-entry.ts', 'worker-thread.ts', 'main.ts'],
];
/** The outermost layer wires the rest together, so its members may know each other too. */
const TOP = LAYERS.length - 1;

/** The domain is pure: of packages it may use those that read and write MIME. */
const MIME_PACKAGES = ['libmime', 'libqp', 'libbase64', 'iconv-lite', 'html-to-text'];
const SQL_PACKAGES = ['pg', 'pg-copy-streams', 'kysely'];

const src = fileURLToPath(new URL('../src', import.meta.url));
const files = globSync('**/*.ts', { cwd: src }).filter((file) => !file.endsWith('.test.ts'));
const violations = files.toSorted().flatMap((file) => {
  const text = readFileSync(join(src, file), 'utf8');
  return [...importsOf(text)].map((target) => violation(file, target)).filter((line) => line !== undefined);
});

for (const line of violations) console.error(line);
if (violations.length > 0) process.exit(1);
console.log(`layers: ${files.length} files, all imports point down`);

function* importsOf(text: string): Iterable<string> {
  const statement = /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;
  const expression = /\bimport\(\s*['"]([^'"]+)['"]/g;
  for (const [, from, bare] of text.matchAll(statement)) yield from ?? bare ?? '';
  for (const [, target] of text.matchAll(expression)) yield target ?? '';
}

function violation(file: string, target: string): string | undefined {
  const say = (why: string): string => `src/${file}: imports ${target}: ${why}`;
  const here = layerOf(file);
  if (here.rank < 0) return `src/${file}: ${here.name} is in no layer: give it a place in scripts/layers.ts`;
  if (!target.startsWith('.')) return packageViolation(here.name, target, say);

  const path = relative(src, join(src, dirname(file), target));
  if (path.startsWith('..')) return say('that is outside src/');
  const there = layerOf(path);
  if (there.name === here.name || here.rank === TOP || there.rank < here.rank) return undefined;
  return say(
    there.rank === here.rank
      ? `${here.name} and ${there.name} do not know each other`
      : `${there.name} is above ${here.name}`,
  );
}

function packageViolation(layer: string, target: string, say: (why: string) => string): string | undefined {
  if (target.startsWith('node:')) return undefined;
  if (SQL_PACKAGES.includes(target) && layer !== 'store') return say('only store/ speaks SQL');
  if (layer === 'mail' && !MIME_PACKAGES.includes(target)) return say('mail/ uses nothing but MIME packages');
  return undefined;
}

function layerOf(path: string): { name: string; rank: number } {
  const name = path.split('/')[0] ?? '';
  return { name, rank: LAYERS.findIndex((layer) => layer.includes(name)) };
}
