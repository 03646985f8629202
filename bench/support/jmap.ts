// A small JMAP client: one keep-alive connection a person.

import { Agent, request } from 'node:http';

export type Call = [name: string, args: Record<string, unknown>, id: string];

export interface JmapClient {
  accountId: string;
  /** Sends method calls; answers their responses. Throws on an HTTP error; a method's error is an answer. */
  calls(...calls: Call[]): Promise<[name: string, result: any, id: string][]>; // oxlint-disable-line typescript/no-explicit-any
  /** One call; throws on its error. */
  call(name: string, args: Record<string, unknown>): Promise<any>; // oxlint-disable-line typescript/no-explicit-any
  /** Follows the account by its event source. */
  follow(): Promise<Following>;
  close(): void;
}

export interface Following {
  /** At the next change that is told, or after `MOST_MS` in any case. */
  next(): Promise<void>;
  close(): void;
}

/** Somebody who waits for news looks again after this long without any. */
const MOST_MS = 250;

const USING = [
  'urn:ietf:params:jmap:core',
  'urn:ietf:params:jmap:mail',
  'urn:ietf:params:jmap:submission',
  'urn:x-homing:recall',
];

export async function connectJmap(port: number, user: string, password: string): Promise<JmapClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const send = (method: string, path: string, body?: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization,
        'user-agent': 'homing-bench',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      };
      const sent = request({ host: '127.0.0.1', port, path, method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
        });
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const session = (await send('GET', '/.well-known/jmap')) as {
    primaryAccounts: Record<string, string>;
    apiUrl: string;
  };
  const accountId = session.primaryAccounts['urn:ietf:params:jmap:mail'] ?? '';
  const path = new URL(session.apiUrl, `http://127.0.0.1:${port}`).pathname;
  const calls: JmapClient['calls'] = async (...methodCalls) => {
    const { methodResponses } = (await send('POST', path, JSON.stringify({ using: USING, methodCalls }))) as {
      methodResponses: [string, unknown, string][];
    };
    return methodResponses;
  };
  return {
    accountId,
    calls,
    async call(name, args) {
      const [[answered, result] = ['', {}]] = await calls([name, { accountId, ...args }, '0']);
      if (answered === 'error') throw new Error(`${name}: ${JSON.stringify(result)}`);
      return result;
    },
    follow: () => follow(port, authorization),
    close: () => agent.destroy(),
  };
}

function follow(port: number, authorization: string): Promise<Following> {
  return new Promise((resolve, reject) => {
    const path = '/jmap/eventsource/?types=*&closeafter=no&ping=0';
    const sent = request({ host: '127.0.0.1', port, path, headers: { authorization } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`GET ${path}: ${response.statusCode}`));
      let news = Promise.withResolvers<void>();
      response.on('error', () => undefined); // it is closed from here
      response.on('data', (chunk: Buffer) => {
        if (!chunk.includes('event: state')) return;
        news.resolve();
        news = Promise.withResolvers();
      });
      resolve({
        async next() {
          let timer: NodeJS.Timeout | undefined;
          await Promise.race([news.promise, new Promise((wake) => (timer = setTimeout(wake, MOST_MS)))]);
          clearTimeout(timer);
        },
        close: () => void sent.destroy(),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
