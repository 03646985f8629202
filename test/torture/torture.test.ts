// The suite's share: eight seconds of trouble. npm run torture has it for as long as it is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { torture } from './torture.ts';

const SECONDS = Number(process.env['HOMING_TORTURE_SECONDS'] ?? 8);

test('everything is as clients were told, whatever was killed, stopped, cut, moved or full', async (context) => {
  const seed = Number(process.env['HOMING_TORTURE_SEED'] ?? Date.now() % 2 ** 31);
  const { wrong, troubles, told } = await torture(SECONDS, seed, () => undefined);
  context.diagnostic(
    `seed ${seed}; ${told.sent.length} messages, ${told.content.length} read, ${told.recalls.length} recalls; ${JSON.stringify(troubles)}`,
  );
  assert.deepEqual(wrong, []);
  assert.ok(told.sent.some((sent) => sent.told) && told.content.length > 0, 'something happened');
});
