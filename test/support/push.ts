// A push service on loopback: what was posted to it, in order, and what it answers.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';

export interface Pushed {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json(): Record<string, unknown>;
}

export interface PushService {
  /** http://127.0.0.1:…/NAME */
  url(name: string): string;
  /** The next message to this name. */
  next(name: string): Promise<Pushed>;
  /** How many came in all. */
  count(name: string): number;
  /** Statuses of the next answers; 201 after them. */
  answer(name: string, ...statuses: number[]): void;
  close(): Promise<void>;
}

export async function pushService(): Promise<PushService> {
  const received = new Map<string, Pushed[]>();
  const counts = new Map<string, number>();
  const waiting = new Map<string, ((pushed: Pushed) => void)[]>();
  const answers = new Map<string, number[]>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = (request.url ?? '').slice(1);
      const body = Buffer.concat(chunks);
      const pushed: Pushed = {
        path: request.url ?? '',
        headers: request.headers,
        body,
        json: () => JSON.parse(body.toString()) as Record<string, unknown>,
      };
      counts.set(name, (counts.get(name) ?? 0) + 1);
      response.writeHead(answers.get(name)?.shift() ?? 201).end();
      const taker = waiting.get(name)?.shift();
      if (taker) taker(pushed);
      else received.set(name, [...(received.get(name) ?? []), pushed]);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    next(name) {
      const first = received.get(name)?.shift();
      if (first) return Promise.resolve(first);
      return new Promise((resolve) => waiting.set(name, [...(waiting.get(name) ?? []), resolve]));
    },
    count: (name) => counts.get(name) ?? 0,
    answer: (name, ...statuses) => void answers.set(name, statuses),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
