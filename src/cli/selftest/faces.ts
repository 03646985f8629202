// Homing's faces as a program on this machine uses them: JMAP over HTTP, and submission over TLS.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Config, Ports } from '../../config/config.ts';
import { Refusal } from '../../mail/errors.ts';
import type { Probe } from './probes.ts';

export interface Faces {
  host: string;
  ports: Pick<Ports, 'http' | 'submissions'>;
}

export type Json = Record<string, unknown>;

export interface JmapClient {
  /** One method call's own response. Throws where it is an error. */
  call(name: string, args?: Json): Promise<Json>;
  /** HTTP status of a blob's download. */
  download(blobId: string): Promise<number>;
}

/** Those of the Homing that runs on the data directory, else those of the settings. */
export async function findFaces(dataDir: string, config: Config): Promise<Faces> {
  const told = await readFile(join(dataDir, 'faces.json'), 'utf8').catch(() => undefined);
  const { host, ports } = told === undefined ? config : (JSON.parse(told) as Faces);
  // What listens everywhere, listens here.
  return { host: host === '0.0.0.0' || host === '::' || host === '' ? '127.0.0.1' : host, ports };
}

const USING = [
  'urn:ietf:params:jmap:core',
  'urn:ietf:params:jmap:mail',
  'urn:ietf:params:jmap:submission',
  'urn:x-homing:recall',
];

const MAIL = 'urn:ietf:params:jmap:mail';

export async function openJmap({ host, ports }: Faces, probe: Probe, timeoutMs: number): Promise<JmapClient> {
  const base = `http://${host.includes(':') ? `[${host}]` : host}:${ports.http}`;
  const authorization = `Basic ${Buffer.from(`${probe.address}:${probe.password}`).toString('base64')}`;
  const fetched = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization, 'user-agent': 'homing selftest', 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(timeoutMs);
    return fetch(`${base}${path}`, { ...init, headers, signal }).catch((error: Error) => {
      throw new Refusal(
        'noAnswer',
        `${base}${path} does not answer: ${(error.cause as Error)?.message ?? error.message}`,
      );
    });
  };
  const asJson = async (response: Response): Promise<Json> => {
    if (response.ok) return (await response.json()) as Json;
    throw new Refusal('noAnswer', `HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`);
  };
  const session = await asJson(await fetched('/.well-known/jmap'));
  const accountId = (session['primaryAccounts'] as Record<string, string>)[MAIL] ?? '';
  return {
    async call(name, args = {}) {
      const body = JSON.stringify({ using: USING, methodCalls: [[name, { accountId, ...args }, '0']] });
      const { methodResponses } = await asJson(await fetched('/jmap/', { method: 'POST', body }));
      const [answered, result] = (methodResponses as [string, Json][])[0] ?? ['', {}];
      if (answered !== name) throw new Refusal('methodError', `${name}: ${JSON.stringify(result)}`);
      return result;
    },
    async download(blobId) {
      const response = await fetched(`/jmap/download/${accountId}/${blobId}/probe`);
      await response.arrayBuffer();
      return response.status;
    },
  };
}

/** Submits over TLS, signed in. Answers the reply to the final dot. Throws what the server said. */
export async function submit(
  { host, ports }: Faces,
  probe: Probe,
  to: string[],
  message: Buffer,
  timeoutMs: number,
): Promise<string> {
  const connection = new SMTPConnection({
    host,
    port: ports.submissions,
    secure: true,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    allowInternalNetworkInterfaces: true,
    tls: { rejectUnauthorized: false }, // it is this machine, and the certificate may be Homing's own
  });
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  connection.on('error', lost.reject);
  const step = <T>(
    run: (done: (error: Error | null | undefined, result?: T) => void) => void,
  ): Promise<T | undefined> =>
    Promise.race([
      lost.promise,
      new Promise<T | undefined>((resolve, reject) =>
        run((error, result) => (error ? reject(error) : resolve(result))),
      ),
    ]);
  try {
    await step((done) => connection.connect((error) => done(error)));
    const credentials = { user: probe.address, pass: probe.password };
    await step((done) => connection.login({ credentials }, (error) => done(error)));
    const envelope = { from: probe.address, to };
    const info = await step<{ response: string }>((done) => connection.send(envelope, message, done));
    return info?.response ?? '';
  } finally {
    connection.close();
  }
}
