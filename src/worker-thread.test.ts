import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../test/support/server.ts';
import { SILENT } from './mail/log.ts';
import { startWorkerThread } from './worker-thread.ts';
import type { WorkerStart } from './worker.ts';

/** Says that it is ready, ends with an error when it is first asked for metrics, and answers once it was started again. */
const script = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (message) => {
      if (message === 'stop') return parentPort.close();
      if (message.question === 1) process.exit(3);
      parentPort.postMessage({ ...message, metrics: [{ name: 'answered' }] });
    });
    parentPort.postMessage('ready');
  `)}`,
);
const start = {} as WorkerStart;

test('a worker that ends by itself is started again, and meanwhile does not run', async () => {
  const said: string[] = [];
  const worker = await startWorkerThread(
    start,
    { ...SILENT, error: (_detail, line) => void said.push(line) },
    { script },
  );
  assert.equal(worker.running(), true);
  assert.deepEqual(await worker.metrics(), []);
  assert.equal(worker.running(), false);
  await until('it runs again', async () => worker.running());
  assert.deepEqual(await worker.metrics(), [{ name: 'answered' }]);
  await worker.stop();
  assert.deepEqual(said, ['the worker ended by itself; it is started again']);
});

test('one that does not start is an error of who starts it', async () => {
  const broken = new URL(`data:text/javascript,throw new Error('broken')`);
  await assert.rejects(startWorkerThread(start, SILENT, { script: broken }), /broken/);
});

test('its young generation is its own, whatever flag the process was started with', async () => {
  const sized = new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from 'node:worker_threads';
      import { getHeapStatistics } from 'node:v8';
      parentPort.on('message', (message) => {
        if (message === 'stop') return parentPort.close();
        parentPort.postMessage({ ...message, metrics: [{ help: String(getHeapStatistics().heap_size_limit / 2 ** 20) }] });
      });
      parentPort.postMessage('ready');
    `)}`,
  );
  const worker = await startWorkerThread(start, SILENT, { script: sized });
  const [metric] = await worker.metrics();
  assert.equal(Number(metric?.help), 384 + 3 * 8, 'the old generation, and three of a half of the young one');
  await worker.stop();
});

test('one that waits for its database and hears nothing can be ended, the first and one that was started again', async () => {
  // The first ends when it is asked for anything; what comes after it only says that it is there.
  const of = (says: string): URL =>
    new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from 'node:worker_threads';
        parentPort.on('message', () => process.exit(3));
        const channel = new BroadcastChannel('test');
        channel.onmessage = () => parentPort.postMessage('ready');
        channel.postMessage('${says}');
      `)}`,
    );
  const channel = new BroadcastChannel('test');
  const heard = new Map<unknown, () => void>();
  channel.onmessage = (event) => heard.get((event as MessageEvent).data)?.();
  const started = (says: string): Promise<void> => new Promise((resolve) => heard.set(says, resolve));

  const ending = new AbortController();
  const isThere = started('first');
  const first = startWorkerThread(start, SILENT, { script: of('first'), ending: ending.signal });
  await isThere;
  ending.abort();
  await assert.rejects(first, /the worker ended/);

  const waits = started('second');
  const second = startWorkerThread(start, SILENT, { script: of('second') });
  await waits;
  const waitsAgain = started('second');
  channel.postMessage('go on');
  const worker = await second;
  assert.deepEqual(await worker.metrics(), [], 'it has ended');
  await waitsAgain;
  await worker.stop();
  assert.equal(worker.running(), false);
  channel.close();
});
