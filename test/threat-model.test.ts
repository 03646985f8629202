// Every threat in the manual has its test, and every test that it names is there.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const rows = readFileSync(`${root}/docs/threat-model.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.split(' | ').length === 3)
  .map((line) => line.slice(2, -2).split(' | '))
  .filter(([threat]) => threat !== 'threat');

test('each threat names a test that is there, or says that there is none', () => {
  assert.ok(rows.length > 60);
  for (const [threat, , covered = ''] of rows) {
    const paths = [...covered.matchAll(/`((?:src|test|scripts)\/[^`]+)`/g)].map(([, path = '']) => path);
    assert.ok(paths.length > 0 || covered === 'none' || covered.startsWith('measured, not tested: '), threat);
    for (const path of paths) assert.ok(globSync(path, { cwd: root }).length > 0, `${path} of "${threat}"`);
  }
});
