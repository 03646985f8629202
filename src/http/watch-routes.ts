// For whoever watches over the server: is it alive, may it be sent work, and its metrics.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { problem } from './problem.ts';

export interface Watch {
  /** What stands in the way of doing work, each with a word for what it is; empty: ready. Never throws. */
  obstacles(): Promise<Record<string, string>>;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
  /** Whoever has it may read metrics from elsewhere; undefined: nobody. */
  token: string | undefined;
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

export function watchRoutes(app: FastifyInstance, watch: Watch): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const obstacles = await watch.obstacles();
    const ready = Object.keys(obstacles).length === 0;
    return reply.code(ready ? 200 : 503).send(ready ? { status: 'ok' } : { status: 'unavailable', ...obstacles });
  });
  app.get('/metrics', async (request, reply) => {
    if (!isOwnMachine(request) && !bears(request, watch.token))
      return problem(reply, 403, 'about:blank', 'Metrics are for this machine, or for who has the token.');
    return reply.type(TEXT).send(await watch.metrics());
  });
}

/** Straight from a program here; what a proxy on this machine passes on is somebody else's. */
function isOwnMachine({ ip, headers }: FastifyRequest): boolean {
  const passedOn = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'].some((name) => headers[name] !== undefined);
  return !passedOn && (ip === '::1' || ip.startsWith('127.') || ip.startsWith('::ffff:127.'));
}

function bears({ headers }: FastifyRequest, token: string | undefined): boolean {
  const [, given] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined || given === undefined) return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
