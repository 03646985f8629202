import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { after, test } from 'node:test';
import { httpWorld, PASSWORD, USING, type Json } from '../../test/support/http.ts';
import { readConfig } from '../config/config.ts';
import { LIMITS } from '../jmap/limits.ts';
import { SILENT } from '../mail/log.ts';
import { createServices } from '../services.ts';
import { startHttp } from './server.ts';

const world = await httpWorld();
after(() => world.close());
const { base, ana, ben, zoe } = world;

const json = { 'content-type': 'application/json' };
const echo = JSON.stringify({ using: USING, methodCalls: [['Core/echo', { hello: true }, 'c0']] });

async function problemOf(response: Response): Promise<Json> {
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  const body = (await response.json()) as Json;
  assert.equal(body['status'], response.status);
  return body;
}

test('what is not there is not found', async () => {
  assert.equal((await problemOf(await fetch(`${base}/nothing`)))['status'], 404);
});

test('without a database it says when to come again', async () => {
  const connection = { host: '/nonexistent', port: 1, user: 'nobody', database: 'none' };
  const services = createServices({ connection, config: readConfig('try', [], {}), log: SILENT });
  const http = await startHttp({ services, host: '127.0.0.1', port: 0 });
  const away = `http://127.0.0.1:${http.port}`;
  const response = await fetch(`${away}/.well-known/jmap`, { headers: { authorization: ana.authorization } });
  assert.equal((await problemOf(response))['status'], 503);
  assert.ok(Number(response.headers.get('retry-after')) > 0);
  await http.close();
  await services.close();
});

test('the session: own account, shared ones, and absolute URLs of the host that was asked', async () => {
  const session = (await (await ben.fetch('/.well-known/jmap')).json()) as Json;
  const accounts = session['accounts'] as Record<string, Json & { accountCapabilities: Json }>;
  assert.deepEqual(Object.keys(accounts), [ben.accountId, `a${world.office}`]);
  assert.equal(accounts[ben.accountId]?.['isPersonal'], true);
  assert.equal(accounts[`a${world.office}`]?.['isPersonal'], false);
  assert.equal(session['username'], 'ben@pigeon.test');
  assert.equal(session['apiUrl'], `${base}/jmap/`);
  assert.equal(session['downloadUrl'], `${base}/jmap/download/{accountId}/{blobId}/{name}?type={type}`);
  const capabilities = session['capabilities'] as Record<string, Json>;
  assert.equal(capabilities['urn:ietf:params:jmap:core']?.['maxCallsInRequest'], LIMITS.maxCallsInRequest);
  assert.deepEqual(accounts[ben.accountId]?.accountCapabilities['urn:x-homing:recall'], {});
  // Ben may read the office's mail, and not send as it.
  assert.equal(accounts[`a${world.office}`]?.accountCapabilities['urn:ietf:params:jmap:submission'], undefined);
  assert.deepEqual(Object.keys(session['primaryAccounts'] as Json), USING.slice(1));
});

test('only who has a role is told of the administration, and what of it is theirs', async () => {
  const ADMIN = 'urn:x-homing:admin';
  const sessionOf = async (): Promise<Json> => (await (await ben.fetch('/.well-known/jmap')).json()) as Json;
  assert.doesNotMatch(JSON.stringify(await sessionOf()), /x-homing:admin/);
  await world.admin.setAccount('ben@pigeon.test', { addRoles: ['auditor'] });
  const session = await sessionOf();
  const accounts = session['accounts'] as Record<string, { accountCapabilities: Json }>;
  assert.deepEqual(accounts[ben.accountId]?.accountCapabilities[ADMIN], {
    roles: ['auditor'],
    duties: ['see-recalls', 'see-directory', 'see-policy', 'see-audit', 'see-queue'],
  });
  assert.equal(accounts[`a${world.office}`]?.accountCapabilities[ADMIN], undefined);
  assert.equal((session['primaryAccounts'] as Json)[ADMIN], ben.accountId);
  await world.admin.setAccount('ben@pigeon.test', { removeRoles: ['auditor'] });
  assert.doesNotMatch(JSON.stringify(await sessionOf()), /x-homing:admin/);
});

test('the state of the session is that of every answer, and changes with what it says', async () => {
  const stateOf = async (): Promise<unknown> =>
    ((await (await ben.fetch('/.well-known/jmap')).json()) as Json)['state'];
  const answer = await ben.fetch('/jmap/', { method: 'POST', headers: json, body: echo });
  const before = await stateOf();
  assert.equal(((await answer.json()) as Json)['sessionState'], before);
  await world.admin.setAccount('office@pigeon.test', { addAliases: ['desk@pigeon.test'] });
  assert.equal(await stateOf(), before);
  await world.admin.delegate('office@pigeon.test', 'ben@pigeon.test', []);
  assert.notEqual(await stateOf(), before);
  await world.admin.delegate('office@pigeon.test', 'ben@pigeon.test', ['full']);
  assert.equal(await stateOf(), before);
});

test('nobody without a password gets anything', async () => {
  const wrong = `Basic ${Buffer.from('ana@pigeon.test:wrong').toString('base64')}`;
  const headers: Record<string, string>[] = [
    {},
    { authorization: wrong },
    { authorization: 'Basic !!!' },
    { authorization: 'Basic YW5h' },
    { authorization: `Bearer ${PASSWORD}` },
    { cookie: 'homing_session=x' },
  ];
  for (const header of headers) {
    for (const path of [
      '/.well-known/jmap',
      '/jmap/eventsource/?types=*&closeafter=no&ping=0',
      '/jmap/download/a1/e1/x',
    ]) {
      const response = await fetch(base + path, { headers: header });
      assert.equal((await problemOf(response))['status'], 401, path);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Basic realm="Homing"/);
    }
    assert.equal(
      (await fetch(`${base}/jmap/`, { method: 'POST', headers: { ...json, ...header }, body: echo })).status,
      401,
    );
  }
  assert.equal(
    (await fetch(`${base}/.well-known/jmap`, { headers: { 'x-requested-with': 'x' } })).headers.get('www-authenticate'),
    null,
  );
});

test('nothing is kept on the way', async () => {
  for (const response of [
    await ana.fetch('/.well-known/jmap'),
    await ana.fetch('/jmap/', { method: 'POST', headers: json, body: echo }),
    await ana.fetch('/jmap/download/a1/e1/x'),
    await fetch(`${base}/.well-known/jmap`),
  ]) {
    assert.match(response.headers.get('cache-control') ?? '', /no-store/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  }
});

test('what is wrong with a request as a whole', async () => {
  const post = (body: string, headers: Record<string, string> = json): Promise<Response> =>
    ana.fetch('/jmap/', { method: 'POST', headers, body });
  const typeOf = async (response: Response): Promise<unknown> => (await problemOf(response))['type'];
  const error = 'urn:ietf:params:jmap:error';
  assert.equal(await typeOf(await post('{')), `${error}:notJSON`);
  assert.equal((await problemOf(await ana.fetch('/jmap/download/a1/e1/%zz')))['status'], 400);
  assert.equal(await typeOf(await post(echo, { 'content-type': 'text/plain' })), `${error}:notJSON`);
  assert.equal(await typeOf(await post(echo, { 'content-type': 'application/json-seq' })), `${error}:notJSON`);
  for (const bad of ['[]', 'null', '{}', '{"using":[],"methodCalls":[["a",{}]]}', '{"using":[1],"methodCalls":[]}']) {
    assert.equal(await typeOf(await post(bad)), `${error}:notRequest`, bad);
  }
  assert.equal(await typeOf(await post('{"using":[],"methodCalls":[],"createdIds":{"a":1}}')), `${error}:notRequest`);
  assert.equal(await typeOf(await post('['.repeat(500_000))), `${error}:notRequest`);
  assert.equal(await typeOf(await post('{"using":["urn:x"],"methodCalls":[]}')), `${error}:unknownCapability`);
  const calls = Array.from({ length: LIMITS.maxCallsInRequest + 1 }, () => ['Core/echo', {}, 'c']);
  const tooMany = await problemOf(await post(JSON.stringify({ using: USING, methodCalls: calls })));
  assert.deepEqual([tooMany['type'], tooMany['limit']], [`${error}:limit`, 'maxCallsInRequest']);
  assert.equal((await post(echo, { 'content-type': 'application/json; charset=utf-8' })).status, 200);
});

/** A request whose body only begins. */
function halfRequest(path: string, length: number, more: Record<string, string> = {}): ReturnType<typeof httpRequest> {
  const { hostname, port } = new URL(base);
  const headers = { ...json, authorization: ana.authorization, 'content-length': length, ...more };
  const half = httpRequest({ hostname, port, path, method: 'POST', headers });
  half.on('error', () => undefined);
  half.write('{');
  return half;
}

test('a request, or an upload, that is too large is refused by its length', async () => {
  for (const [path, limit, octets] of [
    ['/jmap/', 'maxSizeRequest', LIMITS.maxSizeRequest],
    [`/jmap/upload/${ana.accountId}/`, 'maxSizeUpload', LIMITS.maxSizeUpload],
  ] as const) {
    const half = halfRequest(path, octets + 1);
    const [response] = (await once(half, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    const body = JSON.parse(Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString()) as Json;
    assert.deepEqual([response.statusCode, body['limit']], [413, limit]);
    half.destroy();
  }
});

test('so many requests at once, and no more; each person has their own', async () => {
  for (const [path, most, limit] of [
    ['/jmap/', LIMITS.maxConcurrentRequests, 'maxConcurrentRequests'],
    [`/jmap/upload/${ana.accountId}/`, LIMITS.maxConcurrentUpload, 'maxConcurrentUpload'],
  ] as const) {
    const ask = (client = ana): Promise<Response> =>
      client.fetch(path.replace(ana.accountId, client.accountId), { method: 'POST', headers: json, body: echo });
    // "Continue" says that the server has read a head.
    const halves = Array.from({ length: most }, () => halfRequest(path, 100, { expect: '100-continue' }));
    await Promise.all(halves.map((half) => once(half, 'continue')));
    const answer = await ask();
    const problem = await problemOf(answer);
    assert.deepEqual([answer.status, problem['limit']], [429, limit]);
    assert.ok((await ask(ben)).ok);
    for (const half of halves) half.destroy();
    // Free again once the server has seen them go.
    while (!(await ask()).ok);
  }
});

test("an upload is its owner's, and comes back as it went", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const upload = await ana.fetch(`/jmap/upload/${ana.accountId}/`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: bytes,
  });
  const { accountId, blobId, type, size } = (await upload.json()) as Json;
  assert.deepEqual([upload.status, accountId, type, size], [201, ana.accountId, 'image/png', 256]);
  const path = `/jmap/download/${ana.accountId}/${String(blobId)}/${encodeURIComponent('a/ü"\r\n.png')}?type=image/gif`;
  const download = await ana.fetch(path);
  assert.deepEqual(Buffer.from(await download.arrayBuffer()), bytes);
  assert.equal(download.headers.get('content-type'), 'image/gif');
  assert.equal(download.headers.get('content-length'), '256');
  assert.equal(download.headers.get('content-disposition'), "attachment; filename*=UTF-8''a%2F%C3%BC%22%0D%0A.png");
  const long = `${'報告書'.repeat(80)}.png`;
  const named = await ana.fetch(path.replace(/[^/]*\?/, `${encodeURIComponent(long)}?`));
  assert.equal(named.headers.get('content-disposition'), `attachment; filename*=UTF-8''${encodeURIComponent(long)}`);
  for (const stranger of [ben, zoe]) {
    assert.equal((await stranger.fetch(path)).status, 404);
    assert.equal((await stranger.fetch(path.replace(ana.accountId, stranger.accountId))).status, 404);
    assert.equal((await stranger.fetch(`/jmap/upload/${ana.accountId}/`, { method: 'POST', body: 'x' })).status, 404);
  }
  assert.equal((await ana.fetch(path, { method: 'HEAD' })).status, 404);
});

test('a download counts, and says by which program', async () => {
  const messageId = await world.deliver([ben.account], 'Salaries');
  const [copy] = await world.sql<{ email_id: string }>(`SELECT email_id FROM copy WHERE message_id = $1`, [messageId]);
  const path = `/jmap/download/${ben.accountId}/e${copy?.email_id}/mail.eml?type=message/rfc822`;
  const response = await ben.fetch(path, { headers: { 'user-agent': `Apple Mail ${'x'.repeat(200)}` } });
  assert.match(await response.text(), /Text of Salaries/);
  const [marked] = await world.sql<{ downloaded_by: string; opened_at: Date | null }>(
    `SELECT downloaded_by, opened_at FROM copy WHERE message_id = $1`,
    [messageId],
  );
  assert.equal(marked?.downloaded_by, `Apple Mail ${'x'.repeat(89)}`);
  assert.equal(marked?.opened_at, null);
});

async function signIn(
  email = 'ana@pigeon.test',
  password = PASSWORD,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${base}/auth/sign-in`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify({ email, password }),
  });
}

async function cookieOf(response: Response): Promise<string> {
  assert.equal(response.status, 200);
  const cookie = response.headers.get('set-cookie') ?? '';
  for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
    assert.ok(cookie.includes(attribute), cookie);
  return cookie.split(';')[0] ?? '';
}

const withCookie = (cookie: string, headers: Record<string, string> = json): Promise<Response> =>
  fetch(`${base}/jmap/`, { method: 'POST', headers: { cookie, ...headers }, body: echo });

test('a cookie is as good as a password, for twelve hours', async () => {
  const cookie = await cookieOf(await signIn());
  assert.equal((await withCookie(cookie)).status, 200);
  assert.equal((await withCookie(cookie, { ...json, origin: base, 'sec-fetch-site': 'same-origin' })).status, 200);
  world.advance(12 * 3600_000 - 1);
  assert.equal((await withCookie(cookie)).status, 200);
  world.advance(2);
  assert.equal((await withCookie(cookie)).status, 401);
  world.advance(-12 * 3600_000 - 1);
  assert.equal((await withCookie(cookie)).status, 401);
});

test('signing in with what is wrong', async () => {
  assert.equal((await signIn('ana@pigeon.test', 'wrong')).status, 401);
  assert.equal((await signIn('nobody@pigeon.test')).status, 401);
  assert.equal((await signIn('office@pigeon.test', '')).status, 401);
  const raw = (body: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`${base}/auth/sign-in`, { method: 'POST', headers, body });
  assert.equal((await raw('{"email":1,"password":[]}', json)).status, 400);
  assert.equal((await raw('null', json)).status, 400);
  assert.equal((await raw('email=ana', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415);
  assert.equal((await signIn('ana@pigeon.test', PASSWORD, { origin: 'http://evil.test' })).status, 403);
});

test('signed out is signed out', async () => {
  const cookie = await cookieOf(await signIn());
  const out = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${base}/auth/sign-out`, { method: 'POST', headers: { cookie, ...json, ...headers } });
  assert.equal((await out({ 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await withCookie(cookie)).status, 200);
  assert.equal((await out({})).status, 200);
  assert.equal((await withCookie(cookie)).status, 401);
});

test("another site's page cannot make use of the cookie", async () => {
  const cookie = await cookieOf(await signIn());
  for (const headers of [
    { 'content-type': 'text/plain' },
    { ...json, origin: 'http://evil.test' },
    { ...json, origin: 'null' },
    { ...json, 'sec-fetch-site': 'cross-site' },
    { ...json, 'sec-fetch-site': 'same-site' },
  ]) {
    assert.equal((await withCookie(cookie, headers)).status, 401, JSON.stringify(headers));
  }
  const upload = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${base}/jmap/upload/${ana.accountId}/`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'text/plain', ...headers },
      body: 'x',
    });
  assert.equal((await upload({})).status, 401);
  assert.equal((await upload({ origin: 'http://evil.test' })).status, 401);
  assert.equal((await upload({ origin: base })).status, 201);
});

test('a changed password ends every sign-in with the old one, Basic or cookie', async () => {
  const cookie = await cookieOf(await signIn('ben@pigeon.test'));
  assert.equal((await withCookie(cookie)).status, 200);
  await world.admin.setAccount('ben@pigeon.test', { password: 'another one' });
  assert.equal((await withCookie(cookie)).status, 401);
  assert.equal((await ben.fetch('/.well-known/jmap')).status, 401);
  assert.equal((await signIn('ben@pigeon.test', 'another one')).status, 200);
  await world.admin.setAccount('ben@pigeon.test', { password: PASSWORD });
  assert.equal((await withCookie(cookie)).status, 401);
});
