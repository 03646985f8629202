import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpWorld } from '../../test/support/http.ts';
import { GUARD_LIMITS } from '../directory/guard.ts';

const world = await httpWorld({}, 'serve');
after(() => world.close());
const { ana, ben } = world;

test('who guesses has to wait, by Basic and on the page alike; who is at work does not', async () => {
  assert.equal((await ben.fetch('/.well-known/jmap')).status, 200);
  const basic = (address: string, password: string): Promise<Response> =>
    fetch(`${world.base}/.well-known/jmap`, {
      headers: { authorization: `Basic ${Buffer.from(`${address}:${password}`).toString('base64')}` },
    });
  const page = (email: string, password: string): Promise<Response> =>
    fetch(`${world.base}/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
  for (let i = 0; i <= GUARD_LIMITS.account.free; i++) {
    const way = i % 2 === 0 ? basic : page;
    assert.equal((await way(ana.address, `guess ${i}`)).status, 401);
  }
  for (const way of [basic, page]) {
    const refused = await way(ana.address, 'guess');
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '1');
  }
  assert.equal((await ben.fetch('/.well-known/jmap')).status, 200);
  world.advance(1000);
  assert.equal((await ana.fetch('/.well-known/jmap')).status, 200);
});

test('an address that is none is a wrong one, whatever it is made of', async () => {
  for (const address of ['\0', 'ben@pigeon.test\0', '\ud800', 'x'.repeat(5000), 'ben@pigeon.test ', '__proto__']) {
    const basic = `Basic ${Buffer.from(`${address}:homing`).toString('base64')}`;
    const session = await fetch(`${world.base}/.well-known/jmap`, { headers: { authorization: basic } });
    const page = await fetch(`${world.base}/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: address, password: 'homing\0' }),
    });
    assert.deepEqual([session.status, page.status], [401, 401], JSON.stringify(address.slice(0, 20)));
  }
});
