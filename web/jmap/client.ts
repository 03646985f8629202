// JMAP over HTTP (RFC 8620 §3): method calls of one moment go in one request.

import { CAPABILITIES, type JmapSession, type Json } from './types.ts';

export type Call = [method: string, args: object, id: string];
export type Answer = [method: string, result: Json, id: string];

export interface Jmap {
  session: JmapSession;
  /** "/u/0": what every address of this session begins with. */
  base: string;
  /** One method. Calls made together travel together. Throws JmapError. */
  call<T = Json>(method: string, args: object): Promise<T>;
  /** Calls as they are, result references (RFC 8620 §3.7) and all; errors are among the answers. */
  request(calls: Call[]): Promise<Answer[]>;
  upload(accountId: string, blob: Blob, signal?: AbortSignal): Promise<Uploaded>;
  downloadUrl(accountId: string, blobId: string, name: string, type: string): string;
}

export interface Uploaded {
  blobId: string;
  type: string;
  size: number;
}

/**
 * A method's error, or a request's: `type` as JMAP has it, or "network" (nobody answered), "signedOut", "unavailable".
 * More of what the server said is on it as it came.
 */
export class JmapError extends Error {
  [more: string]: unknown;
  declare type: string;
  declare properties?: string[];
  declare existingId?: string;

  constructor(type: string, description?: string, more: Json = {}) {
    super(description ?? type);
    Object.assign(this, more, { type });
  }
}

/** Throws what a Foo/set did not do: the first of its SetErrors. Answers the result itself. */
export function allSet<T extends Json>(result: T): T {
  for (const part of ['notCreated', 'notUpdated', 'notDestroyed']) {
    const [first] = Object.values((result[part] ?? {}) as Record<string, Json>);
    if (first) throw new JmapError(String(first['type']), first['description'] as string | undefined, first);
  }
  return result;
}

/** What a method answered. Throws its error as JmapError. */
export function resultOf(answer: Answer | undefined): Json {
  const [name, result]: [string, Json, ...string[]] = answer ?? ['error', { type: 'serverFail' }];
  if (name !== 'error') return result;
  throw new JmapError(String(result['type']), result['description'] as string | undefined, result);
}

export interface JmapOptions {
  session: JmapSession;
  base: string;
  /** The session has ended. */
  onSignedOut?: () => void;
  /** The server says that the session object is another by now. */
  onSessionState?: (state: string) => void;
  fetch?: typeof fetch;
}

const USING = Object.values(CAPABILITIES);

interface Waiting {
  method: string;
  args: object;
  resolve(result: Json): void;
  reject(error: unknown): void;
}

export function createJmap(options: JmapOptions): Jmap {
  const { session, base, fetch: send = fetch } = options;
  const most = Number((session.capabilities[CAPABILITIES.core] ?? {})['maxCallsInRequest'] ?? 16);
  let waiting: Waiting[] = [];
  let toldOfState = false;

  const post = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { 'x-requested-with': 'Homing', ...(init.headers as Record<string, string>) };
    const response = await send(base + path, { method: 'POST', ...init, headers }).catch((error: unknown) => {
      if (init.signal?.aborted) throw error;
      throw new JmapError('network', 'The server does not answer.');
    });
    if (response.ok) return response;
    if (response.status === 401) {
      options.onSignedOut?.();
      throw new JmapError('signedOut', 'Sign in again.');
    }
    const problem = (await response.json().catch(() => ({}))) as Json;
    const type =
      response.status === 503 ? 'unavailable' : typeof problem['type'] === 'string' ? problem['type'] : 'network';
    throw new JmapError(type, problem['detail'] as string | undefined, problem);
  };

  const request = async (calls: Call[]): Promise<Answer[]> => {
    const response = await post('/jmap/', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ using: USING, methodCalls: calls }),
    });
    const { methodResponses, sessionState } = (await response.json()) as {
      methodResponses: Answer[];
      sessionState: string;
    };
    if (sessionState !== session.state && !toldOfState) {
      toldOfState = true;
      options.onSessionState?.(sessionState);
    }
    return methodResponses;
  };

  const flush = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += most) void run(all.slice(from, from + most));
  };

  const run = async (batch: Waiting[]): Promise<void> => {
    try {
      const answers = await request(batch.map(({ method, args }, i): Call => [method, args, String(i)]));
      const byId = firstById(answers);
      batch.forEach((one, i) => {
        try {
          one.resolve(resultOf(byId.get(String(i))));
        } catch (error) {
          one.reject(error);
        }
      });
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  };

  return {
    session,
    base,
    request,
    call<T>(method: string, args: object) {
      return new Promise<T>((resolve, reject) => {
        if (waiting.length === 0) queueMicrotask(flush);
        waiting.push({ method, args, resolve: (result) => resolve(result as T), reject });
      });
    },
    async upload(accountId, blob, signal) {
      const response = await post(`/jmap/upload/${encodeURIComponent(accountId)}/`, {
        headers: { 'content-type': blob.type || 'application/octet-stream' },
        body: blob,
        ...(signal ? { signal } : {}),
      });
      return (await response.json()) as Uploaded;
    },
    downloadUrl: (accountId, blobId, name, type) =>
      `${base}/jmap/download/${[accountId, blobId, name || 'file'].map(encodeURIComponent).join('/')}?${new URLSearchParams({ type })}`,
  };
}

/** A method may answer more than once (onSuccess… calls): its own answer comes first. */
function firstById(answers: Answer[]): Map<string, Answer> {
  const byId = new Map<string, Answer>();
  for (const answer of answers) if (!byId.has(answer[2])) byId.set(answer[2], answer);
  return byId;
}
