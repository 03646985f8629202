// The worker's thread as the process that has it sees it: started, started again should it end by itself, asked, stopped.

import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { MetricObject } from 'prom-client';
import type { Logger } from './mail/log.ts';
import type { WorkerStart } from './worker.ts';

export interface WorkerThread {
  /** It runs, and has come as far as to say so. */
  running(): boolean;
  /** What it has counted; nothing while it does not run, or does not answer within a second. */
  metrics(): Promise<MetricObject[]>;
  stop(): Promise<void>;
}

/** Long enough that one that ends at once does not keep a core busy. */
const AGAIN_MS = 1_000;

const ANSWER_MS = 1_000;

/**
 * Two lanes' batches fit into the young generation; what outlives it is collected at ten times the cost. The process's
 * own --max-semi-space-size, which is the faces', would count for this thread too, whatever resourceLimits says.
 */
const SEMI_SPACE_MB = 8;

/**
 * A thread of its own: a sweep's arithmetic must not keep a gate waiting. Resolves once it is at work; rejects if it does
 * not start, and when `ending` is aborted before it has. One that ends later is started again: recalls must end.
 */
export async function startWorkerThread(
  start: WorkerStart,
  log: Logger,
  { script = new URL('./worker-entry.ts', import.meta.url), ending }: { script?: URL; ending?: AbortSignal } = {},
): Promise<WorkerThread> {
  let stopping = false;
  let worker: Worker | undefined;
  /** It waits for its database, and hears nothing until then. */
  let starting: Worker | undefined;
  let ended: Promise<void> = Promise.resolve();

  const launch = async (): Promise<void> => {
    setFlagsFromString(`--max-semi-space-size=${SEMI_SPACE_MB}`);
    const next = new Worker(script, { workerData: start, resourceLimits: { maxOldGenerationSizeMb: 384 } });
    let ready = false;
    starting = next;
    ended = new Promise((resolve) =>
      next.once('exit', (code) => {
        worker = undefined;
        starting = undefined;
        resolve();
        if (stopping || !ready) return;
        log.error({ code }, 'the worker ended by itself; it is started again');
        again().catch((error: unknown) => log.error({ err: error }, 'the worker does not start'));
      }),
    );
    next.on('error', (error) => log.error({ err: error }, 'the worker failed'));
    await new Promise<void>((resolve, reject) => {
      next.once('message', () => resolve());
      next.once('error', reject);
      next.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    ready = true;
    starting = undefined;
    worker = next;
    if (stopping) next.postMessage('stop');
  };
  const again = async (): Promise<void> => {
    for (;;) {
      await sleep(AGAIN_MS, undefined, { ref: false });
      if (stopping) return;
      try {
        return await launch();
      } catch (error) {
        log.error({ err: error }, 'the worker does not start');
      }
    }
  };
  const giveUp = (): void => void starting?.terminate();
  ending?.addEventListener('abort', giveUp);
  try {
    await launch();
  } finally {
    ending?.removeEventListener('abort', giveUp);
  }

  let questions = 0;
  return {
    running: () => worker !== undefined,
    metrics: () =>
      new Promise((resolve) => {
        const asked = worker;
        if (!asked) return resolve([]);
        const question = ++questions;
        const done = (metrics: MetricObject[]): void => {
          clearTimeout(timer);
          asked.off('message', hear).off('exit', none);
          resolve(metrics);
        };
        const hear = (answer: { question?: number; metrics?: MetricObject[] }): void => {
          if (answer.question === question) done(answer.metrics ?? []);
        };
        const none = (): void => done([]);
        const timer = setTimeout(none, ANSWER_MS);
        asked.on('message', hear).once('exit', none);
        asked.postMessage({ question });
      }),
    async stop() {
      stopping = true;
      if (worker) worker.postMessage('stop');
      else await starting?.terminate();
      await ended;
    },
  };
}
