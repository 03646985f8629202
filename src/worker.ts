// What runs behind the faces, in a thread (or, with more machines, a process) of its own: fan-out, sweeps, outgoing mail,
// the index of words, upkeep.

import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Registry } from 'prom-client';
import type { Config } from './config/config.ts';
import { createLog } from './config/log.ts';
import { createFanout } from './delivery/fanout.ts';
import type { NextHop } from './delivery/smtp-client.ts';
import { createVacation } from './delivery/vacation.ts';
import { createOutgoing } from './delivery/worker.ts';
import { createPush } from './jmap/push.ts';
import { createPost } from './jmap/push-post.ts';
import { createPushSender } from './jmap/push-sender.ts';
import { createMeter } from './metrics.ts';
import { createServices } from './services.ts';
import type { Activity } from './store/courtesy.ts';
import { createBackground } from './store/indexing.ts';
import type { Connection } from './store/postgres.ts';
import { createUpkeep } from './upkeep.ts';

export interface WorkerStart {
  connection: Connection;
  config: Config;
  /** The database's processes are of this machine and ours: batches may be told to yield. */
  embedded: boolean;
  nextHop: NextHop | null;
  /** Of the faces in this process. */
  activity: Activity;
}

/** Batches yield the processor to whoever answers a person. */
const BATCH_NICENESS = 10;

const { connection, config, embedded, nextHop, activity } = workerData as WorkerStart;
const log = createLog(config, 'worker');
const registry = new Registry();
const services = createServices({
  connection,
  config,
  log,
  meter: createMeter(registry),
  faceConnections: 4,
  neighbours: activity,
  ...(embedded ? { onBatchBackend: yieldTo } : {}),
});
await services.store.notifier.ready;
const fanout = createFanout({ ...services, neighbours: activity });
const outgoing = createOutgoing({ ...services, nextHop, hostname: config.hostname });
const vacation = createVacation(services);
const push = createPush(services);
const pushes = createPushSender({ ...services, push, post: createPost({ allowPrivate: config.pushPrivate }) });
const upkeep = createUpkeep(services);
const indexing = createBackground({ ...services, neighbours: activity });
if (process.platform === 'linux') yieldTo(threadId());
fanout.start();
services.recalls.worker.start();
outgoing.start();
vacation.start();
await pushes.start();
upkeep.start();
indexing.start();
parentPort?.on('message', (message: 'stop' | { question: number }) => {
  if (message === 'stop') void stop();
  else void registry.getMetricsAsJSON().then((metrics) => parentPort?.postMessage({ ...message, metrics }));
});
parentPort?.postMessage('ready');

async function stop(): Promise<void> {
  await Promise.all([
    fanout.stop(),
    services.recalls.worker.stop(),
    outgoing.stop(),
    vacation.stop(),
    pushes.stop(),
    upkeep.stop(),
    indexing.stop(),
  ]);
  push.close();
  await services.close();
  parentPort?.close();
}

/** This thread's number, as the kernel has it: /proc/thread-self is <process>/task/<thread>. */
function threadId(): number {
  return Number(basename(readlinkSync('/proc/thread-self')));
}

function yieldTo(pid: number): void {
  try {
    setPriority(pid, BATCH_NICENESS);
  } catch {
    // Another user's process: then it does not yield.
  }
}
