import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { createActivity } from './courtesy.ts';
import { createLanes } from './lanes.ts';
import type { Store } from './postgres.ts';

test('a lane that gives way to people stops at once all the same', async () => {
  const activity = createActivity();
  const stepped = Promise.withResolvers<void>();
  const lanes = createLanes({
    store: { notifier: new EventEmitter() } as unknown as Store,
    log: pino({ enabled: false }),
    lanes: 1,
    wakes: [],
    tickMs: 1,
    activity,
    manners: { share: 1_000_000, mostMs: 3_600_000 },
    async step() {
      await sleep(20);
      Atomics.add(activity, 0, 1);
      setImmediate(stepped.resolve);
      return true;
    },
  });
  lanes.start();
  await stepped.promise;
  await lanes.stop();
});
