// Wiring: database, services, workers, faces. Nothing else knows everybody.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { loadCertificate } from './config/certificate.ts';
import { SETTINGS, type Config, type Ports } from './config/config.ts';
import { createLog } from './config/log.ts';
import { Refusal } from './mail/errors.ts';
import type { Logger } from './mail/log.ts';
import { startHttp } from './http/server.ts';
import { startImapFaces } from './imap/faces.ts';
import type { Watch } from './http/watch-routes.ts';
import { createMeter, exposition, registerGauges } from './metrics.ts';
import { createServices, type Services } from './services.ts';
import { startSmtpFaces } from './smtp/faces.ts';
import { createActivity } from './store/courtesy.ts';
import { startEmbedded } from './store/embedded.ts';
import { migrate } from './store/migrate.ts';
import type { Connection, Store } from './store/postgres.ts';
import { auditProtection, triggerAlone } from './store/rights.ts';
import { createAdmin } from './directory/admin.ts';
import { sendSalaries, TRY_PEOPLE } from './try/begin.ts';
import { startOutside, type OutsideWorld } from './try/outside.ts';
import { seed } from './try/seed.ts';
import type { WorkerStart } from './worker.ts';
import { startWorkerThread, type WorkerThread } from './worker-thread.ts';

export interface Homing {
  ports: Ports;
  services: Services;
  /** Stops faces first, then workers, then the database; nothing accepted is lost. */
  stop(): Promise<void>;
}

/**
 * `say` gets the progress, a line each. Throws Refusal with a sentence for what a person can mend; and when `ending` is
 * aborted while it waits for a database that has gone away meanwhile.
 */
export async function startHoming(config: Config, say: (line: string) => void, ending?: AbortSignal): Promise<Homing> {
  const log = createLog(config, 'faces');
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed())
      await one().catch((error: unknown) => log.error({ err: error }, 'while stopping'));
  };
  try {
    await mkdir(config.dataDir, { recursive: true });
    say('1/4 Starting the database');
    const { connection, embedded } = await database(config, log, stops);
    await writeFile(join(config.dataDir, 'connection.json'), JSON.stringify(connection), { mode: 0o600 });

    say('2/4 Opening the mail store');
    const [counters, gauges] = [new Registry(), new Registry()];
    const activity = createActivity();
    const services = createServices({ connection, config, log, activity, meter: createMeter(counters) });
    stops.push(() => services.close());
    await unlessEnding(services.store.notifier.ready, ending);
    const protection = await auditProtection(services.store);
    if (protection.by === 'trigger') log.warn({}, triggerAlone(protection.role));
    const outside: OutsideWorld | undefined =
      config.mode === 'try' && !config.nextHop ? await startOutside({ clock: services.clock }) : undefined;
    if (outside) stops.push(() => outside.close());
    const nextHop = outside?.nextHop ?? config.nextHop;
    const start: WorkerStart = { connection, config, embedded, nextHop, activity };
    const worker = await startWorkerThread(start, log, ending ? { ending } : {});
    stops.push(() => worker.stop());

    say(`3/4 ${config.mode === 'try' ? 'Looking after people and mail' : 'Reading the directory'}`);
    if (config.mode === 'try') {
      const admin = createAdmin({ store: services.store, clock: services.clock, actor: 'homing' });
      await seed({ ...services, admin }, config.people);
    }

    say('4/4 Opening the ports');
    const tls = await loadCertificate(config);
    const smtp = await startSmtpFaces({ ...services, tls });
    stops.push(() => smtp.close());
    const imap = await startImapFaces({ ...services, tls });
    stops.push(() => imap.close());
    const watch: Watch = {
      obstacles: () => obstaclesOf(services.store, worker),
      metrics: async () => exposition(gauges, [await counters.getMetricsAsJSON(), await worker.metrics()]),
      token: config.metricsToken,
    };
    const http = await startHttp({
      services,
      watch,
      mail: { hostname: config.hostname, ports: { ...smtp.ports, ...imap.ports } },
      host: config.host,
      port: config.ports.http,
      ...(outside ? { outside } : {}),
      ...(config.mode === 'try' ? { tryMode: { people: TRY_PEOPLE, begin: () => sendSalaries(services) } } : {}),
    });
    stops.push(() => http.close());
    registerGauges(gauges, {
      store: services.store,
      config,
      clock: services.clock,
      version: await versionOf(),
      certificate: tls.cert,
      connections: async () => ({ ...smtp.connections(), imap: imap.connections(), http: await http.connections() }),
      workerRuns: () => worker.running(),
    });
    const ports = { ...smtp.ports, ...imap.ports, http: http.port };
    await writeFile(join(config.dataDir, 'faces.json'), JSON.stringify({ host: config.host, ports }), { mode: 0o600 });
    return { ports, services, stop };
  } catch (error) {
    await stop();
    throw portTaken(error) ?? error;
  }
}

function unlessEnding<T>(work: Promise<T>, ending: AbortSignal | undefined): Promise<T> {
  if (!ending) return work;
  ending.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  ending.addEventListener('abort', () => ended.reject(ending.reason as Error), { once: true });
  return Promise.race([work, ended.promise]);
}

/** The database, at the present schema, as the server connects to it. */
async function database(
  config: Config,
  log: Logger,
  stops: (() => Promise<unknown>)[],
): Promise<{ connection: Connection; embedded: boolean }> {
  if (config.databaseUrl) {
    const connection = { url: config.databaseUrl };
    await migrate(connection);
    return { connection, embedded: false };
  }
  const embedded = await startEmbedded({
    dataDir: config.dataDir,
    fresh: config.fresh,
    log: (line) => log.info({}, line),
  });
  stops.push(() => embedded.stop());
  await migrate(embedded.connection, embedded.server.user);
  return { connection: embedded.server, embedded: true };
}

/** A database that takes longer than this is not there. */
const READY_MS = 2_000;

async function obstaclesOf(store: Store, worker: WorkerThread): Promise<Record<string, string>> {
  const late = sleep(READY_MS, 'late', { ref: false });
  const database = await Promise.race([store.row('SELECT 1 AS ok').catch(() => 'away'), late]);
  return {
    ...(database === 'away' || database === 'late' ? { database: 'does not answer' } : {}),
    ...(worker.running() ? {} : { worker: 'does not run' }),
  };
}

async function versionOf(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const PORT_SETTINGS = {
  http: SETTINGS.http,
  smtp: SETTINGS.smtp,
  submission: SETTINGS.submission,
  submissions: SETTINGS.submissions,
  lmtp: SETTINGS.lmtp,
  imap: SETTINGS.imap,
  imaps: SETTINGS.imaps,
};

/** A port that somebody has gets a sentence that says which setting moves it. */
function portTaken(error: unknown): Refusal | undefined {
  const { code, port, face } = error as { code?: string; port?: number; face?: keyof Ports };
  if ((code !== 'EADDRINUSE' && code !== 'EACCES') || !face) return undefined;
  const { option, env, help } = PORT_SETTINGS[face];
  const why = code === 'EACCES' ? 'may not be opened by this user' : 'is taken by another program';
  return new Refusal('portTaken', `Port ${port} (${help}) ${why}; ${option} or ${env} moves it.`);
}
