// The web client: its files, and one page for all of its addresses.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import serveStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { placeOf } from './place.ts';
import { problem } from './problem.ts';

export interface WebDeps {
  /** What `vite build` made; it need not be there yet. */
  directory: string;
  tryMode: boolean;
}

/** Addresses of the client under /u/N/ (web/app/router.ts). */
const PAGES = [
  '/mail',
  '/mail/*',
  '/message/*',
  '/compose',
  '/recalls',
  '/recall/*',
  '/settings',
  '/admin',
  '/admin/*',
];

/** Vite has been told to write this where a nonce belongs. */
const NONCE = '__NONCE__';

export async function webRoutes(app: FastifyInstance, { directory, tryMode }: WebDeps): Promise<void> {
  await app.register(serveStatic, {
    root: join(directory, 'assets'),
    prefix: '/assets/',
    // Their names are of their content.
    immutable: true,
    maxAge: '1y',
    preCompressed: true,
    wildcard: true,
    index: false,
  });
  app.get('/icon.svg', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=86400').sendFile('icon.svg', directory),
  );
  const page = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const html = await readFile(join(directory, 'index.html'), 'utf8').catch(() => null);
    if (html === null) return problem(reply, 503, 'about:blank', 'The web client is not built: npm run build:web.');
    const nonce = randomBytes(16).toString('base64');
    return reply
      .type('text/html; charset=utf-8')
      .headers({
        'content-security-policy': policyWith(nonce),
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      })
      .send(html.replaceAll(NONCE, nonce));
  };
  app.get('/', page);
  if (tryMode) app.get('/try', page);
  for (const path of PAGES) {
    app.get(path, (request, reply) =>
      placeOf(request) === '' ? problem(reply, 404, 'about:blank', 'There is nothing here.') : page(request, reply),
    );
  }
}

/** Nothing comes from elsewhere, and no script or style that the build did not make. */
function policyWith(nonce: string): string {
  return Object.entries({
    'default-src': "'none'",
    'script-src': `'self' 'nonce-${nonce}'`,
    'style-src': `'self' 'nonce-${nonce}'`,
    'img-src': "'self' data: blob:",
    'font-src': "'self'",
    'connect-src': "'self'",
    'frame-src': "'self' blob:",
    'frame-ancestors': "'self'",
    'base-uri': "'none'",
    'form-action': "'self'",
  })
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}
