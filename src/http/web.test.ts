import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { httpWorld, PASSWORD, USING, type Json } from '../../test/support/http.ts';
import { startHttp } from './server.ts';

const world = await httpWorld();
const web = await mkdtemp(join(tmpdir(), 'homing-web-'));
await mkdir(join(web, 'assets'));
await writeFile(join(web, 'index.html'), '<script nonce="__NONCE__" src="/assets/main-1a2b.js"></script>');
await writeFile(join(web, 'assets/main-1a2b.js'), 'main');
const people = ['ana', 'ben'].map((name) => ({ address: `${name}@pigeon.test`, password: PASSWORD }));
const begun = { emailId: 'm1', messageId: 'x@pigeon.test', total: 7 };
const http = await startHttp({
  services: world.services,
  host: '127.0.0.1',
  port: 0,
  web,
  tryMode: { people, begin: () => Promise.resolve(begun) },
});
after(async () => {
  await http.close();
  await world.close();
  await rm(web, { recursive: true });
});
const base = `http://127.0.0.1:${http.port}`;
const json = { 'content-type': 'application/json' };

async function signIn(place: string, email: string): Promise<{ cookie: string; path: string | undefined }> {
  const body = JSON.stringify({ email, password: PASSWORD });
  const response = await fetch(`${base}${place}/auth/sign-in`, { method: 'POST', headers: json, body });
  assert.equal(response.status, 200);
  return cookieOf(response.headers.getSetCookie()[0] ?? '');
}

function cookieOf(given: string): { cookie: string; path: string | undefined } {
  assert.match(given, /HttpOnly; SameSite=Strict/);
  return { cookie: given.split(';')[0] ?? '', path: /Path=([^;]+)/.exec(given)?.[1] };
}

async function whoAt(place: string, cookie: string): Promise<unknown> {
  const response = await fetch(`${base}${place}/.well-known/jmap`, { headers: { cookie } });
  return response.status === 200 ? ((await response.json()) as Json)['username'] : response.status;
}

test('every page of the client is one page, with a nonce of its own and a policy that knows it', async () => {
  const nonces = new Set<string>();
  for (const path of [
    '/',
    '/try',
    '/u/0/',
    '/u/0/mail/inbox',
    '/u/12/mail/f7/m3?q=x',
    '/u/0/message/m3',
    '/u/0/recalls',
  ]) {
    const response = await fetch(base + path);
    // /u/0/ is sign-in's page too: the client finds its way by itself.
    assert.equal(response.status, 200, path);
    const [, nonce = ''] = /nonce="([^"]+)"/.exec(await response.text()) ?? [];
    nonces.add(nonce);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.ok(policy.startsWith("default-src 'none'; "), policy);
    assert.ok(
      policy.includes(`script-src 'self' 'nonce-${nonce}';`) && policy.includes(`style-src 'self' 'nonce-${nonce}';`),
    );
    assert.ok(!/unsafe|\*|https?:/.test(policy), policy);
    for (const rule of ["frame-ancestors 'self'", "base-uri 'none'", "form-action 'self'", "connect-src 'self'"]) {
      assert.ok(policy.includes(rule), rule);
    }
    assert.equal(response.headers.get('cache-control'), 'no-store');
  }
  assert.equal(nonces.size, 7);
});

test('what is no page is not there', async () => {
  for (const path of [
    '/mail/inbox',
    '/u/0/nothing',
    '/u/x/mail',
    '/u/1000/mail/inbox',
    '/u/01/mail/inbox',
    '/assets/none.js',
  ]) {
    assert.equal((await fetch(base + path)).status, 404, path);
  }
});

test('files whose names are of their content are kept for good', async () => {
  const response = await fetch(`${base}/assets/main-1a2b.js`);
  assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.match(response.headers.get('content-type') ?? '', /javascript/);
  assert.equal((await fetch(`${base}/assets/..%2findex.html`)).status, 404);
});

test('two people in one browser: each number has its own cookie, and its own URLs', async () => {
  const ana = await signIn('/u/0', 'ana@pigeon.test');
  const ben = await signIn('/u/1', 'ben@pigeon.test');
  assert.deepEqual([ana.path, ben.path], ['/u/0/', '/u/1/']);
  assert.equal(await whoAt('/u/0', ana.cookie), 'ana@pigeon.test');
  assert.equal(await whoAt('/u/1', ben.cookie), 'ben@pigeon.test');
  const response = await fetch(`${base}/u/1/.well-known/jmap`, { headers: { cookie: ben.cookie } });
  const session = (await response.json()) as Json;
  for (const name of ['apiUrl', 'downloadUrl', 'uploadUrl', 'eventSourceUrl']) {
    assert.ok((session[name] as string).startsWith(`${base}/u/1/jmap/`), name);
  }
  const body = JSON.stringify({ using: USING, methodCalls: [['Core/echo', { hello: true }, 'c0']] });
  const call = await fetch(session['apiUrl'] as string, {
    method: 'POST',
    headers: { ...json, cookie: ben.cookie },
    body,
  });
  assert.equal(call.status, 200);
});

test('a cookie is good where it was given and nowhere else', async () => {
  const ana = await signIn('/u/0', 'ana@pigeon.test');
  const plain = await signIn('', 'ben@pigeon.test');
  assert.equal(plain.path, '/');
  assert.equal(await whoAt('/u/1', ana.cookie), 401);
  assert.equal(await whoAt('', ana.cookie), 401);
  // A browser sends the cookie of / everywhere, after the nearer one.
  assert.equal(await whoAt('/u/0', plain.cookie), 401);
  assert.equal(await whoAt('/u/0', `${ana.cookie}; ${plain.cookie}`), 'ana@pigeon.test');
  assert.equal(await whoAt('', plain.cookie), 'ben@pigeon.test');
});

test('signing out ends that session, at its place', async () => {
  const ana = await signIn('/u/0', 'ana@pigeon.test');
  const response = await fetch(`${base}/u/0/auth/sign-out`, {
    method: 'POST',
    headers: { ...json, cookie: ana.cookie },
    body: '{}',
  });
  assert.match(response.headers.getSetCookie()[0] ?? '', /Path=\/u\/0\//);
  assert.equal(await whoAt('/u/0', ana.cookie), 401);
});

test('under a number nobody is asked for a password by the browser', async () => {
  const at = async (place: string): Promise<string | null> =>
    (await fetch(`${base}${place}/jmap/eventsource/?types=*&closeafter=no&ping=0`)).headers.get('www-authenticate');
  assert.equal(await at('/u/0'), null);
  assert.match((await at('')) ?? '', /^Basic /);
});

test('another site cannot upload, under a number either', async () => {
  const ana = await signIn('/u/0', 'ana@pigeon.test');
  const upload = (origin?: string): Promise<Response> =>
    fetch(`${base}/u/0/jmap/upload/${world.ana.accountId}/`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', cookie: ana.cookie, ...(origin ? { origin } : {}) },
      body: 'x',
    });
  assert.equal((await upload(base)).status, 201);
  assert.equal((await upload('http://elsewhere.test')).status, 401);
  assert.equal((await upload()).status, 401);
});

test('Begin opens Ana’s session and Ben’s, for pages of this server', async () => {
  const begin = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${base}/try/begin`, { method: 'POST', headers: { ...json, ...headers }, body: '{}' });
  const response = await begin({ origin: base });
  assert.deepEqual(await response.json(), begun);
  const [ana, ben] = response.headers.getSetCookie().map(cookieOf);
  assert.deepEqual([ana?.path, ben?.path], ['/u/0/', '/u/1/']);
  assert.equal(await whoAt('/u/0', ana?.cookie ?? ''), 'ana@pigeon.test');
  assert.equal(await whoAt('/u/1', ben?.cookie ?? ''), 'ben@pigeon.test');
  assert.equal((await begin({ origin: 'http://elsewhere.test' })).status, 403);
});

test('outside try mode there is no /try', async () => {
  assert.equal((await fetch(`${world.base}/try`)).status, 404);
  const response = await fetch(`${world.base}/try/begin`, { method: 'POST', headers: json, body: '{}' });
  assert.equal(response.status, 404);
});
