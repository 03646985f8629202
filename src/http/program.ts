import type { FastifyRequest } from 'fastify';

/** The program's name as reports show it. */
export function programOf(request: Pick<FastifyRequest, 'headers'>): string {
  return (
    (request.headers['user-agent'] ?? '')
      .replace(/[^\x20-\x7e]/g, '')
      .trim()
      .slice(0, 100) || 'unknown'
  );
}
