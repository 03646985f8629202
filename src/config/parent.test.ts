import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';

/** A parent that starts a child, which says that it is ready, and then, should it notice, that its parent is gone. */
async function orphan(env: NodeJS.ProcessEnv): Promise<string> {
  const child = `
    import { onParentGone } from '${new URL('./parent.ts', import.meta.url).href}';
    onParentGone(() => { console.log('gone'); process.exit(); });
    setTimeout(() => process.exit(), 2_000);
    console.log('ready');`;
  const parentScript = `
    import { spawn } from 'node:child_process';
    spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(child)}], { stdio: 'inherit' });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', parentScript], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  parent.stdout.on('data', (text: Buffer) => {
    said += text;
    if (said === 'ready\n') parent.kill('SIGKILL');
  });
  await once(parent.stdout, 'end'); // both have ended: the child holds the other end too
  return said;
}

it('is told when npm, which started it, was killed', async () => {
  assert.equal(await orphan({ npm_lifecycle_event: 'start' }), 'ready\ngone\n');
});

it('is told when asked for', async () => {
  assert.equal(await orphan({ HOMING_PARENT: '1' }), 'ready\ngone\n');
});

it('outlives any other parent', async () => {
  assert.equal(await orphan({}), 'ready\n');
});
