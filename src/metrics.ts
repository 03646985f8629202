// Metrics for Prometheus: what this process counts, what the database knows, and what the worker's thread has counted.

import { X509Certificate } from 'node:crypto';
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type MetricObject,
  type Registry,
} from 'prom-client';
import { LAST_BACKUP, type Config } from './config/config.ts';
import { COUNTERS, TIMERS, type Meter } from './mail/meter.ts';
import { figures } from './store/figures.ts';
import type { Store } from './store/postgres.ts';

/** From a gate of two milliseconds to a recall that waits a day for another server. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600, 3600, 86_400];

/** Counters and timers of one thread. */
export function createMeter(registry: Registry): Meter {
  const registers = [registry];
  const counters = new Map(
    Object.entries(COUNTERS).map(([name, { help, labels }]) => [
      name,
      new Counter({ name, help, labelNames: [...labels], registers }),
    ]),
  );
  const timers = new Map(
    Object.entries(TIMERS).map(([name, { help, labels }]) => [
      name,
      new Histogram({ name, help, labelNames: [...labels], registers, buckets: BUCKETS }),
    ]),
  );
  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
    time: (name, labels, seconds) => timers.get(name)?.observe(labels, seconds),
  };
}

export interface GaugeDeps {
  store: Store;
  config: Pick<Config, 'dataDir'>;
  clock: () => Date;
  version: string;
  /** PEM. */
  certificate: string;
  /** Connections that are open, by face. */
  connections: () => Promise<Record<string, number>>;
  workerRuns: () => boolean;
}

/** Asking more often gets the same figures: nobody wears the database out by looking. */
const FIGURES_MS = 2_000;

/** What is looked up when somebody asks, beside what Node says of its process. Of a registry without counters. */
export function registerGauges(registry: Registry, deps: GaugeDeps): void {
  const { store, config, clock } = deps;
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'homing_build_info', help: 'Always 1', labelNames: ['version'], registers }).set(
    { version: deps.version },
    1,
  );
  new Gauge({
    name: 'homing_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that is served ends to be valid',
    registers,
  }).set(Date.parse(new X509Certificate(deps.certificate).validTo) / 1000);

  let asked: { at: number; figures: ReturnType<typeof figures> } | undefined;
  const fresh = (): ReturnType<typeof figures> => {
    const now = performance.now();
    if (!asked || now - asked.at > FIGURES_MS) asked = { at: now, figures: figures(store) };
    return asked.figures;
  };
  const age = (since: Date | null): number => (since ? Math.max(0, (clock().getTime() - since.getTime()) / 1000) : 0);

  const gauge = (name: string, help: string, labelNames: string[], collect: (into: Gauge) => Promise<void>): void => {
    const made: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers,
      // What cannot be told is not told: the gauge is absent, and the rest is there.
      collect: async () => {
        made.reset();
        if (labelNames.length === 0) made.remove(); // else it would be 0
        await collect(made).catch(() => undefined);
      },
    });
  };
  gauge('homing_database_up', '1 if the database answers', [], async (into) =>
    into.set(
      await fresh().then(
        () => 1,
        () => 0,
      ),
    ),
  );
  gauge('homing_worker_up', '1 if the worker runs: fan-out, sweeps, outgoing mail, upkeep', [], async (into) =>
    into.set(deps.workerRuns() ? 1 : 0),
  );
  gauge('homing_database_size_bytes', 'Size of the database on disk', [], async (into) =>
    into.set((await fresh()).databaseBytes),
  );
  gauge('homing_database_connections', 'Connections to the database, by pool', ['pool', 'state'], async (into) => {
    for (const { pool, open, idle, waiting } of store.pools()) {
      into.set({ pool, state: 'busy' }, open - idle);
      into.set({ pool, state: 'idle' }, idle);
      into.set({ pool, state: 'waiting' }, waiting);
    }
  });
  gauge('homing_outgoing_deliveries', 'Recipients elsewhere whose mail waits here', ['state'], async (into) => {
    for (const { state, count } of (await fresh()).outgoing) into.set({ state }, count);
  });
  gauge(
    'homing_outgoing_overdue_seconds',
    'How long the mail that is due longest has waited to be sent',
    [],
    async (into) => into.set(age((await fresh()).overdueSince)),
  );
  gauge('homing_work_ranges', 'Ranges of recipients that wait to be worked through', ['kind'], async (into) => {
    for (const { kind, count } of (await fresh()).work) into.set({ kind }, count);
  });
  gauge('homing_gates', 'Gates that stand: recalls that hide copies', [], async (into) =>
    into.set((await fresh()).gates),
  );
  gauge('homing_recalls_open', 'Recalls that have not ended', [], async (into) =>
    into.set((await fresh()).recallsOpen),
  );
  gauge('homing_recall_oldest_open_seconds', 'Age of the oldest recall that has not ended', [], async (into) =>
    into.set(age((await fresh()).recallOpenSince)),
  );
  gauge('homing_connections', 'Open connections', ['face'], async (into) => {
    for (const [face, count] of Object.entries(await deps.connections())) into.set({ face }, count);
  });
  gauge(
    'homing_data_directory_free_bytes',
    'Room that is left on the file system of the data directory',
    [],
    async (into) => {
      const { bavail, bsize } = await statfs(config.dataDir);
      into.set(bavail * bsize);
    },
  );
  gauge(
    'homing_backup_last_success_timestamp_seconds',
    'When the last backup by homing backup was whole',
    [],
    async (into) => into.set((await stat(join(config.dataDir, LAST_BACKUP))).mtimeMs / 1000),
  );
}

/** The text that Prometheus reads: the gauges, and what every thread has counted, added up. */
export async function exposition(gauges: Registry, counted: MetricObject[][]): Promise<string> {
  return `${await gauges.metrics()}\n${await AggregatorRegistry.aggregate(counted).metrics()}`;
}
