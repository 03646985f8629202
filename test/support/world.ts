// A whole Homing over a database of the test's own, without faces: people, mail to all of them, recalls, workers that run
// in the caller's time, and a clock that only the test moves.

import pg from 'pg';
import { readConfig } from '../../src/config/config.ts';
import { fanoutStep } from '../../src/delivery/fanout.ts';
import { createOutgoing, type Outgoing } from '../../src/delivery/worker.ts';
import { createAdmin } from '../../src/directory/admin.ts';
import { SILENT } from '../../src/mail/log.ts';
import type { AccountInfo } from '../../src/recall/ports.ts';
import type { RecallRequest } from '../../src/recall/request.ts';
import { createServices, type Services } from '../../src/services.ts';
import type { SocketConnection } from '../../src/store/embedded.ts';
import type { Store } from '../../src/store/postgres.ts';
import { startOutside, type OutsideWorld } from '../../src/try/outside.ts';
import { testDatabase } from './database.ts';
import { mail } from './mailboxes.ts';

export type Pause = (point: string) => Promise<void>;

/** A tenant: Ana, who sends, and people, all of them members of everyone@. */
export interface Firm {
  tenant: number;
  domain: string;
  ana: AccountInfo;
  people: number[];
}

export interface Sent {
  message: number;
  header: string;
  subject: string;
  /** Address outside that it went to as well. */
  outside: string;
}

export interface World {
  services: Services;
  store: Store;
  /** As the server's role; and as the owner, who is superuser. */
  connection: SocketConnection;
  owner: SocketConnection;
  outside: OutsideWorld;
  clock: () => Date;
  advance(ms: number): void;
  sql<T extends object>(text: string, params?: unknown[]): Promise<T[]>;
  firm(people: number): Promise<Firm>;
  /** A message by Ana to everyone and to one outside; nobody has it yet, the fan-out is due. */
  send(firm: Firm, subject?: string): Promise<Sent>;
  fanOut(): Promise<void>;
  outgoing(pause?: Pause): Outgoing;
  recall(firm: Firm, sent: Sent, more?: Partial<RecallRequest>): Promise<number>;
  emailId(firm: Firm, account: number, sent: Sent): Promise<number>;
  /** Runs every worker until nothing is left to do, moving the clock where they wait. */
  drain(): Promise<void>;
  /** Sessions that wait for a lock, asked until there is one or `settled` says that there will be none. */
  blocked(settled: () => boolean): Promise<boolean>;
  close(): Promise<void>;
}

export async function createWorld(): Promise<World> {
  const database = await testDatabase();
  let now = new Date('2026-11-23T12:00:00Z');
  const clock = (): Date => now;
  const services = createServices({
    connection: database.connection,
    config: readConfig('try', [], {}),
    log: SILENT,
    clock,
    faceConnections: 12,
    batchConnections: 4,
    membersAtOnce: 0,
  });
  const { store, accept, recalls, directory, blobs } = services;
  const pool = new pg.Pool({ ...database.owner, max: 3 });
  pool.on('error', () => undefined);
  // Prepared: the checks are the same thousand times over, and planning them takes longer than they do.
  const names = new Map<string, string>();
  const sql = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> => {
    if (values.length === 0) return (await pool.query<T>(text)).rows; // it may be several
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return (await pool.query<T>({ name, text, values })).rows;
  };
  const outside = await startOutside({ clock, wait: async () => undefined });
  const admin = createAdmin({ store, clock, actor: 'test' });
  let firms = 0;
  let messages = 0;

  const world: World = {
    services,
    store,
    connection: database.connection,
    owner: database.owner,
    outside,
    clock,
    advance: (ms) => void (now = new Date(now.getTime() + ms)),
    sql,
    async firm(count) {
      const domain = `firm${++firms}.test`;
      const policy = { rateLimit: 0, readCopies: 'sender-chooses', holdOutsideSeconds: 0 } as const;
      const tenant = await admin.addTenant({ name: domain, domains: [domain], policy });
      const address = `ana@${domain}`;
      const members = Array.from({ length: count }, (_, i) => `p${i + 1}@${domain}`);
      const named = [address, ...members].map((one) => ({
        address: one,
        name: one === address ? 'Ana' : one,
        passwordHash: null,
      }));
      await admin.addAccounts(tenant, named);
      await admin.addGroup({ address: `everyone@${domain}`, members });
      const rows = await sql<{ id: number }>(`SELECT id FROM account WHERE tenant_id = $1 ORDER BY id`, [tenant]);
      const [id = 0, ...people] = rows.map((row) => row.id);
      return { tenant, domain, ana: { tenant, id, address, name: 'Ana' }, people };
    },
    async send(firm, subject = `Salaries ${++messages}`) {
      const away = `x${subject.replaceAll(/\W/g, '')}${++messages}@outside.test`;
      const accepted = await accept({
        tenant: firm.tenant,
        origin: { kind: 'submission', account: firm.ana.id, submittedBy: firm.ana.id, source: 'smtp' },
        mailFrom: firm.ana.address,
        recipients: [{ address: `everyone@${firm.domain}` }, { address: away }],
        bytes: Buffer.from(mail(subject, { from: firm.ana.address, to: `everyone@${firm.domain}` })),
      });
      return { message: accepted.messageId, header: accepted.messageIdHeader, subject, outside: away };
    },
    async fanOut() {
      while (await fanoutStep({ store, clock, log: SILENT }));
    },
    outgoing: (pause) =>
      createOutgoing({
        store,
        accept,
        directory,
        blobs,
        clock,
        log: SILENT,
        hostname: 'mail.homing.test',
        nextHop: outside.nextHop,
        timeouts: { connect: 5000, greeting: 5000, reply: 10_000 },
        leaseMs: 600_000,
        graceMs: 0,
        ...(pause ? { pause } : {}),
      }),
    async recall(firm, sent, more = {}) {
      const made = await recalls.request({
        actor: firm.ana,
        account: firm.ana.id,
        message: { messageId: sent.header },
        mode: 'delete',
        recipients: null,
        includeRead: false,
        notifyMe: false,
        reason: null,
        ...more,
      });
      return made.id;
    },
    async emailId(firm, account, sent) {
      const [row] = await sql<{ email_id: string }>(
        `SELECT email_id FROM copy WHERE tenant_id = $1 AND account_id = $2 AND message_id = $3 ORDER BY email_id LIMIT 1`,
        [firm.tenant, account, sent.message],
      );
      return Number(row?.email_id ?? 0);
    },
    async drain() {
      const outgoing = world.outgoing();
      for (let round = 0; round < 40; round++) {
        await world.fanOut();
        await outgoing.run();
        await recalls.worker.drain();
        const [left] = await sql<{ n: number }>(
          `SELECT (SELECT count(*) FROM work)::int + (SELECT count(*) FROM delivery WHERE state IN ('held', 'queued', 'sending'))::int AS n`,
        );
        if (left?.n === 0) return;
        world.advance(1000);
      }
    },
    async blocked(settled) {
      for (let i = 0; i < 5000 && !settled(); i++) {
        const waiting = await sql(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        if (waiting.length > 0) return true;
      }
      return false;
    },
    async close() {
      await outside.close();
      await services.close();
      await pool.end();
      await database.close();
    },
  };
  return world;
}

/** A store whose writing transactions stop at 'committing', everything done and nothing seen by others yet. */
export function pausing(store: Store, pause: Pause): Store {
  const transact: Store['transact'] = (work, lane) =>
    store.transact(async (tx) => {
      const result = await work(tx);
      await pause('committing');
      return result;
    }, lane);
  // Whoever waits shall wait in the database, where blocked() sees it.
  const inTurn: Store['inTurn'] = (_, work) => transact(work);
  return { ...store, transact, inTurn, single: (sql, params) => transact((tx) => tx.rows(sql, params)) };
}

/** Holds whoever comes to a point first, until released. */
export function barrier(at: string): { pause: Pause; reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  let passed = false;
  return {
    async pause(point) {
      if (passed || point !== at) return;
      passed = true;
      reached.resolve();
      await go.promise;
    },
    reached: reached.promise,
    release: go.resolve,
  };
}
