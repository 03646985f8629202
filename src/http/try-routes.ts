// Try mode's own page, /try: two people's sessions at once, without a password, and a mail that should not have gone.

import type { FastifyInstance } from 'fastify';
import { problem } from './problem.ts';
import { giveCookie, isOfOurPage, type SignIn } from './sign-in.ts';

export interface TryMode {
  /** Whose sessions /u/0/, /u/1/ … are. */
  people: readonly { address: string; password: string }[];
  /** The first of them sends everybody the salaries. */
  begin(): Promise<{ emailId: string; messageId: string; total: number }>;
}

export function tryRoutes(app: FastifyInstance, signIn: SignIn, { people, begin }: TryMode): void {
  app.post('/try/begin', { bodyLimit: 1000 }, async (request, reply) => {
    if (!isOfOurPage(request)) return problem(reply, 403, 'about:blank', 'Begin from a page of this server.');
    for (const [number, { address, password }] of people.entries()) {
      const place = `/u/${number}`;
      const token = await signIn.open(request, address, password, place);
      if (token === null) return problem(reply, 409, 'about:blank', `${address} has another password by now.`);
      giveCookie(request, reply, place, token);
    }
    return reply.send(await begin());
  });
}
