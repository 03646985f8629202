// Several people in one browser: what lies under /u/0/, /u/1/ … is one signed-in session each, with a cookie of its own.

import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';

const PLACE = /^\/u\/(?:0|[1-9]\d{0,2})(?=[/?]|$)/;

/** The same resources are there as without: "/u/1/jmap/" is "/jmap/". */
export function withoutPlace({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const rest = url.replace(PLACE, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** "/u/1", or "" for what lies under none. */
export function placeOf({ originalUrl }: Pick<FastifyRequest, 'originalUrl'>): string {
  return PLACE.exec(originalUrl)?.[0] ?? '';
}
