// Homing over HTTP, on a database of the test's own: two tenants, a shared mailbox, and a clock that only the test moves.

import pg from 'pg';
import { readConfig, type Config } from '../../src/config/config.ts';
import { createAdmin, type Admin } from '../../src/directory/admin.ts';
import { hashPassword } from '../../src/directory/passwords.ts';
import { startHttp } from '../../src/http/server.ts';
import { SILENT } from '../../src/mail/log.ts';
import type { Policy } from '../../src/mail/policy.ts';
import { createServices, type Services } from '../../src/services.ts';
import { testDatabase } from './database.ts';
import { mail } from './mailboxes.ts';

export type Json = Record<string, unknown>;

export const PASSWORD = 'homing';

export const USING = [
  'urn:ietf:params:jmap:core',
  'urn:ietf:params:jmap:mail',
  'urn:ietf:params:jmap:submission',
  'urn:ietf:params:jmap:vacationresponse',
  'urn:ietf:params:jmap:blob',
  'urn:ietf:params:jmap:quota',
  'urn:ietf:params:jmap:principals',
  'urn:x-homing:directory',
  'urn:x-homing:recall',
  'urn:x-homing:app-passwords',
  'urn:x-homing:rules',
];

/** Of administrators only. */
const ADMIN = 'urn:x-homing:admin';

/** Somebody's JMAP client, signed in with Basic authentication. */
export interface Client {
  address: string;
  account: number;
  accountId: string;
  authorization: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Responses of the method calls; `more` goes into the Request object. */
  responses(calls: [string, Json][], more?: Json): Promise<[string, Json][]>;
  /** One call's own response; an error is `{ error: type, … }`. accountId is the client's own unless given. */
  call(name: string, args?: Json): Promise<Json>;
  state(type: string): Promise<string>;
}

export interface HttpWorld {
  services: Services;
  admin: Admin;
  /** http://127.0.0.1:… */
  base: string;
  tenant: number;
  ana: Client;
  ben: Client;
  /** Of another tenant. */
  zoe: Client;
  /** office@pigeon.test: Ana may read it and send as it, Ben may only read it. */
  office: number;
  clock(): Date;
  advance(ms: number): void;
  sql<T extends object>(text: string, params?: unknown[]): Promise<T[]>;
  /** A message from outside into the Inboxes of these accounts. Answers its number. */
  deliver(accounts: number[], subject: string, more?: Parameters<typeof mail>[1]): Promise<number>;
  close(): Promise<void>;
}

export async function httpWorld(policy: Partial<Policy> = {}, mode: Config['mode'] = 'try'): Promise<HttpWorld> {
  const database = await testDatabase();
  let now = new Date('2026-11-23T12:00:00Z');
  const clock = (): Date => now;
  const config = readConfig(mode, [], {});
  const services = createServices({ connection: database.connection, config, log: SILENT, clock });
  await services.store.notifier.ready;
  const pool = new pg.Pool({ ...database.owner, max: 2 });
  pool.on('error', () => undefined);
  const sql = async <T extends object>(text: string, params: unknown[] = []): Promise<T[]> =>
    (await pool.query<T>(text, params)).rows;

  const admin = createAdmin({ store: services.store, clock, actor: 'test' });
  const passwordHash = await hashPassword(PASSWORD);
  const tenant = await admin.addTenant({ name: 'Pigeon', domains: ['pigeon.test'], policy });
  const other = await admin.addTenant({ name: 'Other', domains: ['other.test'] });
  await admin.addAccounts(tenant, [
    { address: 'ana@pigeon.test', name: 'Ana Silva', passwordHash, aliases: ['a.silva@pigeon.test'] },
    { address: 'ben@pigeon.test', name: 'Ben', passwordHash },
  ]);
  await admin.addAccounts(other, [{ address: 'zoe@other.test', name: 'Zoe', passwordHash }]);
  const office = await admin.addAccount({ address: 'office@pigeon.test', name: 'Office', kind: 'shared' });
  await admin.delegate('office@pigeon.test', 'ana@pigeon.test', ['full', 'send-as']);
  await admin.delegate('office@pigeon.test', 'ben@pigeon.test', ['full']);

  const mailFaces = {
    hostname: 'mail.pigeon.test',
    ports: { imap: 143, imaps: 993, submission: 587, submissions: 465 },
  };
  const http = await startHttp({ services, host: '127.0.0.1', port: 0, mail: mailFaces });
  const base = `http://127.0.0.1:${http.port}`;
  const client = async (address: string): Promise<Client> => {
    const target = await services.directory.resolve(address);
    return clientOf(base, address, target.kind === 'account' ? target.account : 0);
  };
  return {
    services,
    admin,
    base,
    tenant,
    office,
    clock,
    sql,
    ana: await client('ana@pigeon.test'),
    ben: await client('ben@pigeon.test'),
    zoe: await client('zoe@other.test'),
    advance: (ms) => void (now = new Date(now.getTime() + ms)),
    async deliver(accounts, subject, more) {
      const people = await Promise.all(accounts.map((account) => services.directory.account(tenant, account)));
      const accepted = await services.accept({
        tenant,
        origin: { kind: 'outside' },
        mailFrom: 'somebody@outside.test',
        recipients: people.map((person) => ({ address: person?.address ?? '' })),
        bytes: Buffer.from(
          mail(subject, {
            from: 'somebody@outside.test',
            ...more,
          }),
        ),
      });
      return accepted.messageId;
    },
    async close() {
      await http.close();
      await services.close();
      await pool.end();
      await database.close();
    },
  };
}

export function clientOf(base: string, address: string, account: number, password = PASSWORD): Client {
  const authorization = `Basic ${Buffer.from(`${address}:${password}`).toString('base64')}`;
  const accountId = `a${account}`;
  const client: Client = {
    address,
    account,
    accountId,
    authorization,
    fetch: (path, init = {}) =>
      fetch(base + path, {
        ...init,
        headers: {
          authorization,
          ...(init.headers as Record<string, string>),
        },
      }),
    async responses(calls, more = {}) {
      const methodCalls = calls.map(([name, args], i) => [name, args, `c${i}`]);
      const response = await client.fetch('/jmap/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          using: [...USING, ADMIN],
          methodCalls,
          ...more,
        }),
      });
      const body = (await response.json()) as {
        methodResponses?: [string, Json, string][];
      };
      if (!body.methodResponses) throw new Error(JSON.stringify(body));
      return body.methodResponses.map(([name, result]) => [name, result]);
    },
    async call(name, args = {}) {
      const [answer] = await client.responses([
        [
          name,
          {
            accountId,
            ...args,
          },
        ],
      ]);
      const [answered, result] = answer ?? ['', {}];
      return answered === 'error'
        ? {
            error: result['type'],
            ...result,
          }
        : result;
    },
    state: async (type) => (await client.call(`${type}/get`, { ids: [] }))['state'] as string,
  };
  return client;
}
