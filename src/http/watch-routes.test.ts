import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fastify from 'fastify';
import { watchRoutes } from './watch-routes.ts';

let obstacles: Record<string, string> = {};
const app = fastify();
watchRoutes(app, { obstacles: async () => obstacles, metrics: async () => 'homing_x 1\n', token: 'a-long-token' });
after(() => app.close());

async function get(
  url: string,
  headers: Record<string, string> = {},
  remoteAddress = '127.0.0.1',
): Promise<[number, string]> {
  const { statusCode, body } = await app.inject({ method: 'GET', url, headers, remoteAddress });
  return [statusCode, body];
}

test('it lives as long as it answers; it is ready where nothing is in the way, and says what is', async () => {
  assert.deepEqual(await get('/readyz'), [200, '{"status":"ok"}']);
  obstacles = { database: 'does not answer' };
  assert.deepEqual(await get('/readyz'), [503, '{"status":"unavailable","database":"does not answer"}']);
  assert.deepEqual(await get('/healthz'), [200, '{"status":"ok"}']);
});

test('metrics are for this machine', async () => {
  for (const here of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    assert.deepEqual(await get('/metrics', {}, here), [200, 'homing_x 1\n'], here);
  for (const elsewhere of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1'])
    assert.equal((await get('/metrics', {}, elsewhere))[0], 403, elsewhere);
});

test('what a proxy on this machine passes on is not of this machine', async () => {
  for (const name of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP'])
    assert.equal((await get('/metrics', { [name]: '127.0.0.1' }))[0], 403, name);
});

test('a token opens them to others, and only that token', async () => {
  const with_ = (authorization: string): Promise<[number, string]> => get('/metrics', { authorization }, '192.0.2.1');
  assert.equal((await with_('Bearer a-long-token'))[0], 200);
  assert.equal((await with_('Bearer'))[0], 403);
  assert.equal((await with_('Bearer a-long-tokem'))[0], 403);
});

test('without a token nobody has it', async () => {
  const bare = fastify();
  watchRoutes(bare, { obstacles: async () => ({}), metrics: async () => '', token: undefined });
  for (const authorization of ['Bearer undefined', 'Bearer ', 'Bearer x']) {
    const answer = await bare.inject({ url: '/metrics', headers: { authorization }, remoteAddress: '192.0.2.1' });
    assert.equal(answer.statusCode, 403);
  }
  await bare.close();
});
