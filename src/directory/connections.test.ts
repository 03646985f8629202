import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConnections } from './connections.ts';

test('so many from one place and of one account, and no more until one has ended', () => {
  const connections = createConnections({ perPlace: 2, perAccount: 1 });
  const first = connections.open({ ip: '192.0.2.1' });
  assert.ok(first);
  assert.ok(connections.open({ ip: '192.0.2.1' }));
  assert.equal(connections.open({ ip: '::ffff:192.0.2.1' }), null);
  assert.ok(connections.open({ ip: '192.0.2.2' }), 'another place');
  first();
  first();
  assert.ok(connections.open({ ip: '192.0.2.1' }));
  assert.equal(connections.open({ ip: '192.0.2.1' }), null, 'an end is counted once');
  const account = connections.open({ account: '1 5' });
  assert.ok(account);
  assert.equal(connections.open({ account: '1 5' }), null);
  assert.ok(connections.open({ account: '1 6' }));
  account();
  assert.ok(connections.open({ account: '1 5' }));
});

test('loopback is not counted, and without limits nothing is', () => {
  const connections = createConnections({ perPlace: 0, perAccount: 0 });
  assert.ok(connections.open({ ip: '127.0.0.1' }));
  assert.equal(connections.open({ ip: '192.0.2.1' }), null);
  const none = createConnections(null);
  assert.ok(none.open({ ip: '192.0.2.1' }) && none.open({ account: '1 5' }));
});
