// What is wrong with a request as a whole, told (RFC 8620 §3.6.1, RFC 7807).

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, Unavailable } from '../mail/errors.ts';
import type { Logger } from '../mail/log.ts';
import { RequestError } from '../jmap/errors.ts';

/** Seconds. */
const RETRY_AFTER = '5';

export async function problem(
  reply: FastifyReply,
  status: number,
  type: string,
  detail: string,
  more: Record<string, unknown> = {},
): Promise<FastifyReply> {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type, status, detail, ...more }));
}

/** The three kinds of error, for what no method call answers. */
export function sendError(
  log: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // What of a body is too large is not waited for.
  if (error instanceof RequestError && error.status === 413) reply.header('connection', 'close');
  if (error instanceof RequestError) return problem(reply, error.status, error.type, error.message, error.detail);
  if (error instanceof Refusal && error.reason === 'tooManyFailures') {
    reply.header('retry-after', String(error.detail['retryAfter']));
    return problem(reply, 429, 'about:blank', error.message); // RFC 6585 §4
  }
  if (error instanceof Unavailable) {
    reply.header('retry-after', RETRY_AFTER);
    return problem(reply, 503, 'about:blank', error.message);
  }
  const { statusCode, code, message, stack } = error as Error & { statusCode?: number; code?: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limit = request.url.startsWith('/jmap/upload/') ? 'maxSizeUpload' : 'maxSizeRequest';
    return problem(reply, 413, 'urn:ietf:params:jmap:error:limit', 'That is too large.', { limit });
  }
  if (statusCode !== undefined && statusCode < 500) return problem(reply, statusCode, 'about:blank', message);
  log.error({ err: { message, stack } }, 'a request failed');
  return problem(reply, 500, 'about:blank', 'An error of ours; it has been logged.');
}
