// A few seconds of `npm run stress -- imap`.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../support/homing.ts';
import { stressImap } from './imap/stress.ts';

const homing = await startTestHoming({ workers: true, realTime: true, people: 4 });
after(() => homing.close());

test('random legal commands while messages arrive and are recalled: nothing that is told contradicts anything else', async (context) => {
  const seed = Math.floor(Math.random() * 1e6);
  const { problems, verbs, ...result } = await stressImap({
    imaps: homing.ports.imaps,
    sender: await homing.client('ana@pigeon.test'),
    accounts: ['p1', 'p2', 'p3', 'p4'].map((local) => `${local}@pigeon.test`),
    clients: 12,
    seconds: 5,
    commands: 500,
    seed,
    arrivals: 4,
    say: (line) => context.diagnostic(line),
  });
  context.diagnostic(JSON.stringify(result));
  assert.deepEqual(problems, [], `seed ${seed}`);
  assert.ok((verbs['FETCH']?.count ?? 0) > 0 && result.recalls > 0, JSON.stringify(result));
});
