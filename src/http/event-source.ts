// Push by EventSource (RFC 8620 §7.3).

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Directory } from '../directory/directory.ts';
import type { Changed, Push } from '../jmap/push.ts';
import { accountsOf } from '../jmap/session.ts';

/** Changes within this time are told together, but for the first. */
const GATHER_MS = 20;

/** Seconds between pings, whatever is asked for. */
const PING = { least: 5, most: 900 };

/** What has not been read by then is a connection that nobody reads. */
const BACKLOG = 1 << 20;

export async function eventSource(request: FastifyRequest, reply: FastifyReply, deps: { push: Push; directory: Directory }): Promise<void> {
  const { types = '*', closeafter = 'no', ping = '0' } = request.query as Record<string, string>;
  const user = request.user;
  if (!user) return;
  const accounts = [...(await accountsOf(deps.directory, user)).values()];
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'keep-alive' });
  raw.write(': Homing\n\n');

  let pending: Changed = {};
  let timer: NodeJS.Timeout | undefined;
  const write = (event: string, data: object): void => {
    if (raw.writableLength > BACKLOG) raw.destroy();
    else raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const flush = (): void => {
    timer = undefined;
    if (Object.keys(pending).length === 0) return;
    write('state', { '@type': 'StateChange', changed: pending });
    pending = {};
    if (closeafter === 'state') raw.end();
    else timer = setTimeout(flush, GATHER_MS);
  };
  const end = await deps.push.listen({
    tenant: user.tenant,
    accounts: accounts.map((account) => account.id),
    types: types === '*' || types === '' ? null : new Set(types.split(',')),
    send: (changed) => {
      for (const [account, states] of Object.entries(changed)) pending[account] = { ...pending[account], ...states };
      if (!timer) flush();
    },
  });
  const seconds = Number(ping);
  const interval = seconds > 0 ? Math.min(PING.most, Math.max(PING.least, seconds)) : 0;
  const pings = interval > 0 ? setInterval(() => write('ping', { interval }), interval * 1000) : undefined;
  raw.on('close', () => {
    end();
    clearTimeout(timer);
    clearInterval(pings);
  });
}
