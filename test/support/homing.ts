// A whole Homing in this process, faces and all, on a database of the test's own: try mode's people, its outside world,
// and a clock that only the test moves. Workers run in the caller's time (settle), or by themselves where asked to.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { loadCertificate } from '../../src/config/certificate.ts';
import { readConfig } from '../../src/config/config.ts';
import { createFanout, fanoutStep } from '../../src/delivery/fanout.ts';
import { createVacation } from '../../src/delivery/vacation.ts';
import { createOutgoing } from '../../src/delivery/worker.ts';
import { createAdmin, type Admin } from '../../src/directory/admin.ts';
import { startHttp } from '../../src/http/server.ts';
import { startImapFaces, type ImapFaces } from '../../src/imap/faces.ts';
import { SILENT, type Logger } from '../../src/mail/log.ts';
import type { Policy } from '../../src/mail/policy.ts';
import { createServices, type Services } from '../../src/services.ts';
import { startSmtpFaces, type SmtpFaces } from '../../src/smtp/faces.ts';
import type { SocketConnection } from '../../src/store/embedded.ts';
import { sendSalaries, TRY_PEOPLE } from '../../src/try/begin.ts';
import { startOutside, type OutsideWorld } from '../../src/try/outside.ts';
import { seed } from '../../src/try/seed.ts';
import { testDatabase } from './database.ts';
import { clientOf, type Client } from './http.ts';

export interface TestHoming {
  services: Services;
  admin: Admin;
  outside: OutsideWorld;
  /** As the server's role; and as the owner, who is superuser. */
  connection: SocketConnection;
  owner: SocketConnection;
  ports: SmtpFaces['ports'] & ImapFaces['ports'] & { http: number };
  /** http://127.0.0.1:… */
  base: string;
  /** Of its HTTP face. */
  routes: readonly { method: string; url: string }[];
  /** pigeon.test: ana, ben, cho, dia, eli, office@ (ana and ben may send as it) and all@. */
  tenant: number;
  /** other.test: zoe. */
  other: number;
  /** Somebody's JMAP client: `client('ana@pigeon.test')`. */
  client(address: string): Promise<Client>;
  clock(): Date;
  advance(ms: number): void;
  /** Any SQL, as superuser. */
  sql<T extends object>(text: string, params?: unknown[]): Promise<T[]>;
  /** Does what is due, until nothing is. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface HomingOptions {
  /** Of pigeon.test. */
  policy?: Partial<Policy>;
  /** Fan-out, sweeps, outgoing mail and automatic answers run by themselves. */
  workers?: boolean;
  /** The clock is the machine's. */
  realTime?: boolean;
  /** p1 … pN@pigeon.test beside the first five. */
  people?: number;
  /** Nothing is logged by default. */
  log?: Logger;
}

export async function startTestHoming(options: HomingOptions = {}): Promise<TestHoming> {
  const dataDir = await mkdtemp(join(tmpdir(), 'homing-faces-'));
  let now = new Date('2026-11-23T12:00:00Z');
  const clock = (): Date => (options.realTime ? new Date() : now);
  const ports = { http: 0, smtp: 0, submission: 0, submissions: 0, lmtp: 0, imap: 0, imaps: 0 };
  const config = { ...readConfig('try', [], {}), dataDir, ports };
  // The first people and their mail are the same every time.
  const database = await testDatabase({
    name: options.realTime ? 'seeded_now' : 'seeded',
    make: async (empty) => {
      const filling = createServices({ connection: empty, config, log: SILENT, clock });
      await seed({ ...filling, admin: createAdmin({ store: filling.store, clock, actor: 'test' }) }, 0);
      await filling.close();
    },
  });
  const { connection, owner } = database;
  const services = createServices({ connection, config, log: options.log ?? SILENT, clock });
  const { store } = services;
  await store.notifier.ready;
  const pool = new pg.Pool({ ...owner, max: 2 });
  pool.on('error', () => undefined);
  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> =>
    (await pool.query<T>(text, params)).rows;

  const admin = createAdmin({ store, clock, actor: 'test' });
  await seed({ ...services, admin }, options.people ?? 0);
  const tenantOf = async (domain: string): Promise<number> =>
    (await sql<{ tenant_id: number }>(`SELECT tenant_id FROM domain WHERE name = $1`, [domain]))[0]?.tenant_id ?? 0;
  const [tenant, other] = [await tenantOf('pigeon.test'), await tenantOf('other.test')];
  if (options.policy) await admin.setPolicy(tenant, options.policy);

  const outside = await startOutside({ clock, wait: async () => undefined });
  const smtp = await startSmtpFaces({ ...services, tls: await loadCertificate(config) });
  const imap = await startImapFaces({ ...services, tls: await loadCertificate(config) });
  const http = await startHttp({
    services,
    host: '127.0.0.1',
    port: 0,
    outside,
    tryMode: { people: TRY_PEOPLE, begin: () => sendSalaries(services) },
  });
  const base = `http://127.0.0.1:${http.port}`;
  const timeouts = { connect: 5000, greeting: 5000, reply: 10_000 };
  const outgoing = createOutgoing({
    ...services,
    hostname: config.hostname,
    nextHop: outside.nextHop,
    timeouts,
    graceMs: 0,
  });
  const fanout = createFanout(services);
  const vacation = createVacation(services);
  const { worker } = services.recalls;
  if (options.workers) for (const one of [fanout, worker, outgoing, vacation]) one.start();

  return {
    services,
    admin,
    outside,
    connection,
    owner,
    ports: { ...smtp.ports, ...imap.ports, http: http.port },
    base,
    routes: http.routes,
    tenant,
    other,
    async client(address) {
      const target = await services.directory.resolve(address);
      return clientOf(base, address, target.kind === 'account' ? target.account : 0);
    },
    clock,
    advance: (ms) => void (now = new Date(now.getTime() + ms)),
    sql,
    async settle() {
      while (await fanoutStep({ store, clock, log: SILENT }));
      await outgoing.run();
      await worker.drain();
      while (await fanoutStep({ store, clock, log: SILENT }));
    },
    async close() {
      if (options.workers) await Promise.all([fanout, worker, outgoing, vacation].map((one) => one.stop()));
      await Promise.all([smtp.close(), imap.close(), http.close()]);
      await outside.close();
      await services.close();
      await pool.end();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
