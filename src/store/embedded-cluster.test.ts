import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './embedded-cluster.ts';

// Found by npm run torture: EPIPE, and with it the end of Homing.
test('a program that ends before it has read what it is given says why', async () => {
  const much = 'x'.repeat(1 << 20);
  await assert.rejects(
    run('/bin/sh', ['-c', 'exec <&-; echo no room >&2; exit 3'], { cwd: '/', env: process.env }, much),
    /The database cannot be made: no room/,
  );
  await run('/bin/sh', ['-c', 'exec <&-'], { cwd: '/', env: process.env }, much);
});
