// JMAP over WebSocket (RFC 8887): requests, their responses, and pushes on one connection.

import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Account, SignedIn } from '../directory/directory.ts';
import { recheckOnChange } from '../directory/recheck.ts';
import { readRequest } from '../jmap/dispatch.ts';
import { RequestError } from '../jmap/errors.ts';
import { openFeed, readSeen, writeSeen, type Feed } from '../jmap/feed.ts';
import { parseJson } from '../jmap/json.ts';
import { LIMITS } from '../jmap/limits.ts';
import type { Push } from '../jmap/push.ts';
import type { JmapServices } from '../jmap/services.ts';
import { accountsOf, administratorOf, listensTo } from '../jmap/session.ts';
import { isObject } from '../jmap/standard.ts';
import type { Tellings } from '../jmap/told.ts';
import { answer } from './jmap-routes.ts';
import { withoutPlace } from './place.ts';
import { programOf } from './program.ts';
import type { Asking } from './sign-in.ts';

export interface WebSockets {
  /** Takes an HTTP upgrade, or answers why not. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

export interface WebSocketDeps {
  services: JmapServices;
  tellings: Tellings;
  push: Push;
  /** Whose request it is by now. */
  userOf(request: Asking): Promise<SignedIn | null>;
  parseCookie(header: string): Record<string, string | undefined>;
}

/** What has not been read by then is a connection that nobody reads. */
const BACKLOG = 64 << 20;

/** Who does not answer a ping until the next is gone. */
const PING_MS = 60_000;

/** RFC 6455 §7.4.1. */
const CLOSED = { goingAway: 1001, unsupported: 1003, policy: 1008, fault: 1011 };

interface Line {
  socket: WebSocket;
  asking: Asking & Pick<FastifyRequest, 'credential'>;
  user: Account;
  accounts: number[];
  listensTo: string;
  feed: Feed | undefined;
  /** Which WebSocketPushEnable is the latest. */
  enabled: number;
  /** Resolves when that one has taken effect. */
  enabling: Promise<void>;
  running: number;
  answered: boolean;
}

export function createWebSockets(deps: WebSocketDeps): WebSockets {
  const { services, userOf } = deps;
  const { directory, log, store } = services;
  const lines = new Set<Line>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LIMITS.maxSizeRequest,
    // RFC 8887 §4.1.
    handleProtocols: (offered) => (offered.has('jmap') ? 'jmap' : false),
  });
  const pings = setInterval(() => {
    for (const line of lines) {
      if (!line.answered) line.socket.terminate();
      line.answered = false;
      line.socket.ping();
    }
  }, PING_MS);
  pings.unref();

  /** The directory has changed: who may not be here any more, or may be somewhere else, has to come again. */
  const recheck = async (): Promise<void> => {
    for (const line of Array.from(lines)) {
      const accounts = await userOf(line.asking)
        .then(async (now) => now && listensTo(now.account, await accountsOf(directory, now.account)))
        .catch(() => null);
      if (accounts !== line.listensTo) line.socket.close(CLOSED.policy, 'Sign in again.');
    }
  };
  const endRechecks = recheckOnChange(store.notifier, recheck, (error) =>
    log.warn({ err: error }, 'who listens was not looked up'),
  );

  const take = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const url = withoutPlace(request);
    if (!/^\/jmap\/ws\/?(?:\?|$)/.test(url)) return refuse(socket, '404 Not Found');
    const asking = askingOf(request, url, deps.parseCookie);
    const signedIn = await userOf(asking);
    if (!signedIn)
      return refuse(socket, '401 Unauthorized', ['WWW-Authenticate: Basic realm="Homing", charset="UTF-8"']);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
    if (!offered.includes('jmap')) return refuse(socket, '400 Bad Request');
    const { account: user } = signedIn;
    if ([...lines].filter((line) => line.user.id === user.id).length >= LIMITS.maxEventSources)
      return refuse(socket, '429 Too Many Requests');
    const accounts = await accountsOf(directory, user);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const line: Line = {
        socket: webSocket,
        asking: { ...asking, credential: signedIn.credential },
        user,
        accounts: [...accounts.values()].map(({ id }) => id),
        listensTo: listensTo(user, accounts),
        feed: undefined,
        enabled: 0,
        enabling: Promise.resolve(),
        running: 0,
        answered: true,
      };
      lines.add(line);
      webSocket.on('close', () => {
        line.feed?.end();
        lines.delete(line);
      });
      webSocket.on('error', (error) => log.debug({ err: error }, 'a WebSocket'));
      webSocket.on('pong', () => (line.answered = true));
      webSocket.on('message', (data, isBinary) => {
        line.answered = true;
        if (isBinary) return webSocket.close(CLOSED.unsupported, 'JMAP is text.'); // RFC 8887 §4.2
        receive(deps, line, data).catch((error: unknown) => {
          log.error({ err: error }, 'a WebSocket message failed');
          webSocket.close(CLOSED.fault);
        });
      });
    });
  };

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      take(request, socket, head).catch((error: unknown) => {
        log.warn({ err: error }, 'a WebSocket could not be opened');
        refuse(socket, '503 Service Unavailable');
      });
    },
    close() {
      clearInterval(pings);
      endRechecks();
      for (const { socket } of lines) {
        socket.close(CLOSED.goingAway);
        socket.terminate();
      }
      server.close();
    },
  };
}

function askingOf(request: IncomingMessage, url: string, parseCookie: WebSocketDeps['parseCookie']): Asking {
  const { headers, socket } = request;
  return {
    headers,
    cookies: parseCookie(headers.cookie ?? ''),
    ip: socket.remoteAddress ?? '',
    protocol: (socket as Partial<TLSSocket>).encrypted ? 'https' : 'http',
    method: 'GET',
    url,
    originalUrl: request.url ?? url,
    host: headers.host ?? '',
  };
}

function refuse(socket: Duplex, status: string, headers: string[] = []): void {
  socket.end([`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Length: 0', ...headers, '', ''].join('\r\n'));
}

/** One message of the client's (RFC 8887 §4.3). */
async function receive(deps: WebSocketDeps, line: Line, data: RawData): Promise<void> {
  let id: string | null = null;
  try {
    const message = parseJson(Buffer.isBuffer(data) ? data : Buffer.concat([data].flat() as Buffer[]));
    if (!isObject(message)) throw new RequestError('notRequest', 'A message is a JSON object.');
    if (typeof message['id'] === 'string') id = message['id'];
    switch (message['@type']) {
      case 'Request':
        // A change made after the answer to what was sent after it is told: so it is in effect by then.
        await line.enabling;
        return send(line, await respond(deps, line, id, message));
      case 'WebSocketPushEnable': {
        const enabled = enable(deps, line, message);
        line.enabling = enabled.catch(() => undefined);
        return await enabled;
      }
      case 'WebSocketPushDisable':
        line.enabled++;
        line.feed?.end();
        line.feed = undefined;
        return;
      default:
        throw new RequestError('notRequest', '"@type" is Request, WebSocketPushEnable or WebSocketPushDisable.');
    }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { type, status, message: detail } = error;
    send(line, { '@type': 'RequestError', requestId: id, type, status, detail, ...error.detail });
  }
}

async function respond(
  { services, tellings }: WebSocketDeps,
  line: Line,
  id: string | null,
  message: Record<string, unknown>,
): Promise<object> {
  const limit = LIMITS.maxConcurrentRequests;
  if (line.running >= limit)
    throw new RequestError('limit', `At most ${limit} at a time.`, { limit: 'maxConcurrentRequests' }, 429);
  line.running++;
  try {
    const response = await answer(services, tellings, line.asking, line.user, readRequest(message));
    return { '@type': 'Response', ...(id === null ? {} : { requestId: id }), ...response };
  } finally {
    line.running--;
  }
}

/** RFC 8887 §4.3.5.2: from now on, and with a pushState all that has changed since it. */
async function enable({ push, tellings }: WebSocketDeps, line: Line, message: Record<string, unknown>): Promise<void> {
  const { dataTypes = null, pushState = null } = message;
  if (dataTypes !== null && !(Array.isArray(dataTypes) && dataTypes.every((one) => typeof one === 'string')))
    throw new RequestError('notRequest', '"dataTypes" is a list of type names or null.');
  if (pushState !== null && typeof pushState !== 'string')
    throw new RequestError('notRequest', '"pushState" is a string or null.');
  const turn = ++line.enabled;
  line.feed?.end();
  line.feed = undefined;
  const feed = await openFeed(
    push,
    {
      tenant: line.user.tenant,
      accounts: line.accounts,
      own: line.user.id,
      administrator: administratorOf(line.user),
      types: dataTypes && new Set(dataTypes),
      last: readSeen(pushState),
      record: { tellings, program: programOf(line.asking) },
    },
    (changed, seen) => {
      const state = writeSeen(seen);
      send(line, { '@type': 'StateChange', changed, ...(state === null ? {} : { pushState: state }) });
    },
  );
  // Another message, or the end, may have been quicker.
  if (line.enabled !== turn || line.socket.readyState !== line.socket.OPEN) return feed.end();
  line.feed = feed;
  feed.begin();
}

function send({ socket }: Line, message: object): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > BACKLOG) return socket.terminate();
  socket.send(JSON.stringify(message));
}
