// Push by EventSource (RFC 8620 §7.3).

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Account, Directory, SignedIn } from '../directory/directory.ts';
import { recheckOnChange } from '../directory/recheck.ts';
import { RequestError } from '../jmap/errors.ts';
import { openFeed, readSeen, writeSeen } from '../jmap/feed.ts';
import { LIMITS } from '../jmap/limits.ts';
import type { Push } from '../jmap/push.ts';
import { accountsOf, administratorOf, listensTo } from '../jmap/session.ts';
import type { Logger } from '../mail/log.ts';
import type { Notifier } from '../store/notify.ts';
import type { Tellings } from '../jmap/told.ts';
import { problem } from './problem.ts';
import { programOf } from './program.ts';

/** Seconds between pings, whatever is asked for. */
const PING = { least: 5, most: 900 };

/** What has not been read by then is a connection that nobody reads. */
const BACKLOG = 1 << 20;

export interface EventSources {
  /** Answers once the stream is open. */
  open(request: FastifyRequest, reply: FastifyReply, user: Account): Promise<unknown>;
  close(): void;
}

export interface EventSourceDeps {
  push: Push;
  tellings: Tellings;
  directory: Directory;
  notifier: Notifier;
  log: Logger;
  /** Whose request it is by now. */
  userOf(request: FastifyRequest): Promise<SignedIn | null>;
}

interface Asked {
  types: ReadonlySet<string> | null;
  closeAfter: 'state' | 'no';
  /** Seconds; 0: none. */
  ping: number;
}

interface Stream {
  raw: ServerResponse;
  request: FastifyRequest;
  user: Account;
  listensTo: string;
}

export function createEventSources(deps: EventSourceDeps): EventSources {
  const streams = new Set<Stream>();

  /** The directory has changed: who may not listen any more, or to something else, has to come again. */
  const recheck = async (): Promise<void> => {
    for (const stream of Array.from(streams)) {
      const accounts = await deps
        .userOf(stream.request)
        .then(async (now) => now && listensTo(now.account, await accountsOf(deps.directory, now.account)))
        .catch(() => null);
      if (accounts !== stream.listensTo) stream.raw.end();
    }
  };
  const endRechecks = recheckOnChange(deps.notifier, recheck, (error) =>
    deps.log.warn({ err: error }, 'who listens was not looked up'),
  );

  return {
    async open(request, reply, user) {
      const asked = readQuery(request.query as Record<string, unknown>);
      if (!asked)
        return problem(reply, 400, 'about:blank', 'types, closeafter and ping are as RFC 8620 §7.3 has them.');
      if ([...streams].filter((one) => one.user.id === user.id).length >= LIMITS.maxEventSources) {
        throw new RequestError('limit', 'You listen too often.', { limit: 'maxEventSources' }, 429);
      }
      const accounts = await accountsOf(deps.directory, user);
      const stream = { raw: reply.raw, request, user, listensTo: listensTo(user, accounts) };
      streams.add(stream);
      reply.raw.on('close', () => streams.delete(stream));
      if (reply.raw.closed) streams.delete(stream);
      const numbers = [...accounts.values()].map((account) => account.id);
      await listen(deps, request, reply, asked, user, numbers);
      return reply;
    },
    close() {
      endRechecks();
      for (const stream of streams) stream.raw.end();
    },
  };
}

async function listen(
  { push, tellings }: Pick<EventSourceDeps, 'push' | 'tellings'>,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
  user: Account,
  accounts: number[],
): Promise<void> {
  const { raw } = reply;
  let pings: NodeJS.Timeout | undefined;
  const write = (lines: string[]): void => {
    if (raw.writableEnded || raw.destroyed) return;
    if (raw.writableLength > BACKLOG) return void raw.destroy();
    raw.write(`${lines.join('\n')}\n\n`);
    pings?.refresh();
  };
  // Followed before it is answered: what changes once the client has its answer is told.
  const feed = await openFeed(
    push,
    {
      tenant: user.tenant,
      accounts,
      own: user.id,
      administrator: administratorOf(user),
      types: asked.types,
      last: readSeen(request.headers['last-event-id']),
      record: { tellings, program: programOf(request) },
    },
    (changed, seen) => {
      const data = JSON.stringify({ '@type': 'StateChange', changed });
      const id = writeSeen(seen);
      write(['event: state', ...(id === null ? [] : [`id: ${id}`]), `data: ${data}`]);
      if (asked.closeAfter === 'state') raw.end();
    },
  );
  reply.hijack();
  const end = (): void => {
    feed.end();
    clearInterval(pings);
  };
  raw.on('close', end);
  if (raw.destroyed) return end();
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  raw.write(': Homing\n\n');
  if (asked.ping > 0) {
    const ping = JSON.stringify({ interval: asked.ping });
    pings = setInterval(() => write(['event: ping', `data: ${ping}`]), asked.ping * 1000);
  }
  feed.begin();
}

/** Null: not what RFC 8620 §7.3 knows. */
function readQuery({ types = '*', closeafter = 'no', ping = '0' }: Record<string, unknown>): Asked | null {
  if (typeof types !== 'string' || !/^(?:\*|[A-Za-z]+(?:,[A-Za-z]+)*)$/.test(types) || types.length > 1000) return null;
  if (closeafter !== 'state' && closeafter !== 'no') return null;
  if (typeof ping !== 'string' || !/^\d{1,9}$/.test(ping)) return null;
  const seconds = Number(ping);
  return {
    types: types === '*' ? null : new Set(types.split(',')),
    closeAfter: closeafter,
    ping: seconds === 0 ? 0 : Math.min(PING.most, Math.max(PING.least, seconds)),
  };
}
