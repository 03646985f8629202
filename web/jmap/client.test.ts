import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allSet, createJmap, JmapError, type Call, type Jmap } from './client.ts';
import type { JmapSession } from './types.ts';

const session = {
  capabilities: { 'urn:ietf:params:jmap:core': { maxCallsInRequest: 3 } },
  state: 's1',
} as unknown as JmapSession;

interface Sent {
  url: string;
  calls: Call[];
}

function client(
  answer: (calls: Call[]) => Response | Promise<Response>,
  more: { onSignedOut?: () => void; onSessionState?: () => void } = {},
): { jmap: Jmap; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    const { methodCalls } = JSON.parse(init?.body as string) as { methodCalls: Call[] };
    sent.push({ url: String(url), calls: methodCalls });
    return answer(methodCalls);
  };
  return { jmap: createJmap({ session, base: '/u/1', fetch, ...more }), sent };
}

const echo = (calls: Call[]): Response => Response.json({ methodResponses: calls, sessionState: 's1' });

test('calls of one moment go together, as many as one request takes', async () => {
  const { jmap, sent } = client(echo);
  const answers = await Promise.all([1, 2, 3, 4].map((n) => jmap.call('Core/echo', { n })));
  assert.deepEqual(answers, [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  assert.deepEqual(
    sent.map(({ url, calls }) => [url, calls.length]),
    [
      ['/u/1/jmap/', 3],
      ['/u/1/jmap/', 1],
    ],
  );
});

test('an error is its own call’s alone', async () => {
  const { jmap } = client((calls) =>
    Response.json({
      methodResponses: [['error', { type: 'tooOld', description: 'Too old.', days: 41 }, '0'], calls[1]],
      sessionState: 's1',
    }),
  );
  const [refused, done] = await Promise.allSettled([jmap.call('A', {}), jmap.call('B', { b: 1 })]);
  assert.ok(refused.status === 'rejected' && refused.reason instanceof JmapError);
  assert.deepEqual([refused.reason.type, refused.reason.message, refused.reason['days']], ['tooOld', 'Too old.', 41]);
  assert.deepEqual(done, { status: 'fulfilled', value: { b: 1 } });
});

test('of several answers to one call the first is its own', async () => {
  const { jmap } = client(() =>
    Response.json({
      methodResponses: [
        ['EmailSubmission/set', { first: true }, '0'],
        ['Email/set', { second: true }, '0'],
      ],
      sessionState: 's1',
    }),
  );
  assert.deepEqual(await jmap.call('EmailSubmission/set', {}), { first: true });
});

test('an ended session, a server that is away, and one that does not answer', async () => {
  let ended = 0;
  const typeOf = async (answer: () => Response | Promise<Response>): Promise<unknown> =>
    client(answer, { onSignedOut: () => ended++ })
      .jmap.call('A', {})
      .catch((error: JmapError) => error.type);
  assert.equal(await typeOf(() => Response.json({}, { status: 401 })), 'signedOut');
  assert.equal(ended, 1);
  assert.equal(await typeOf(() => Response.json({ detail: 'Away.' }, { status: 503 })), 'unavailable');
  assert.equal(await typeOf(() => Promise.reject(new TypeError('fetch failed'))), 'network');
});

test('another session is told once', async () => {
  let told = 0;
  const { jmap } = client((calls) => Response.json({ methodResponses: calls, sessionState: 's2' }), {
    onSessionState: () => told++,
  });
  await jmap.call('A', {});
  await jmap.call('A', {});
  assert.equal(told, 1);
});

test('what a set did not do is an error', () => {
  assert.throws(
    () => allSet({ updated: {}, notUpdated: { f1: { type: 'forbidden', description: 'It stays.' } } }),
    (error: JmapError) => error.type === 'forbidden' && error.message === 'It stays.',
  );
  assert.deepEqual(allSet({ updated: { f1: null }, notUpdated: null }), { updated: { f1: null }, notUpdated: null });
});
