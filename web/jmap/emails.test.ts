import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JmapError, type Answer, type Call } from './client.ts';
import { createEmails, patched, type EmailList, type Emails } from './emails.ts';
import type { EmailRow, Json } from './types.ts';

/** A server with messages m1… in f1, newest (the highest) first. */
function server(count: number): {
  emails: Emails;
  asked: string[];
  messages: Map<string, Json>;
  changes: { created: string[]; updated: string[]; destroyed: string[] };
  /** Requests fail as long as it is cut, and those under way wait while it is held. */
  line: { isCut: boolean; held: Promise<void> | undefined; state: number; afterQuery?: () => void };
} {
  const messages = new Map<string, Json>();
  for (let n = count; n > 0; n--) messages.set(`m${n}`, { id: `m${n}`, mailboxIds: { f1: true }, keywords: {} });
  const asked: string[] = [];
  const line: ReturnType<typeof server>['line'] = { isCut: false, held: undefined, state: 1 };
  const changes = { created: [] as string[], updated: [] as string[], destroyed: [] as string[] };
  const answer = (method: string, args: Json, before: Json[]): Json => {
    if (method === 'Email/query') {
      const { position, limit } = args as { position: number; limit: number };
      asked.push(`query ${position}+${limit}`);
      const ids = [...messages.keys()];
      line.afterQuery?.();
      return { position, total: ids.length, ids: ids.slice(position, position + limit) };
    }
    if (method === 'Email/changes') {
      asked.push('changes');
      const isKnown = line.state > 1 && args['sinceState'] === String(line.state);
      return { ...(isKnown ? NONE : changes), newState: '2', hasMoreChanges: false };
    }
    const ids = (args['ids'] ?? before.at(-1)?.['ids']) as string[];
    if (ids.length > 0) asked.push(`get ${ids.length}`);
    const list = ids.map((id) => messages.get(id)).filter((one) => one !== undefined);
    return { state: String(line.state), list, notFound: ids.filter((id) => !messages.has(id)) };
  };
  const emails = createEmails({
    call: async <T>(method: string, args: object) => answer(method, args as Json, []) as T,
    request: async (calls: Call[]) => {
      await line.held;
      if (line.isCut) throw new JmapError('network');
      const results: Json[] = [];
      for (const [method, args] of calls) results.push(answer(method, args as Json, results));
      return calls.map(([method, , id], i): Answer => [method, results[i] ?? {}, id]);
    },
  });
  return { emails, asked, messages, changes, line };
}

const NONE = { created: [], updated: [], destroyed: [] };

const QUERY = { filter: { inMailbox: 'f1' }, sort: [{ property: 'receivedAt', isAscending: false }] };

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

async function opened(emails: Emails): Promise<EmailList> {
  const list = emails.list('a1', QUERY);
  list.subscribe(() => undefined);
  await settled();
  return list;
}

test('of a long list only what is looked at is fetched', async () => {
  const { emails, asked } = server(100_000);
  const list = await opened(emails);
  assert.deepEqual(asked, ['query 0+50', 'get 50']);
  assert.equal(list.total, 100_000);
  assert.equal(list.row(0)?.id, 'm100000');
  asked.length = 0;
  list.ensure(70_010, 70_030);
  assert.equal(list.row(70_010), undefined);
  await settled();
  assert.deepEqual(asked, ['query 70000+250', 'get 50']);
  assert.equal(list.row(70_010)?.id, 'm29990');
  assert.equal(list.row(70_060), undefined);
  asked.length = 0;
  list.ensure(70_012, 70_032);
  await settled();
  assert.deepEqual(asked, []);
});

test('what is gone is not shown any more at once; its place stays until the list is there anew', async () => {
  const { emails, messages, changes } = server(60);
  const list = await opened(emails);
  const seen: unknown[] = [];
  list.subscribe(() => seen.push([list.total, list.row(0)?.id]));
  messages.delete('m60');
  changes.destroyed = ['m60'];
  await emails.refresh('a1');
  assert.deepEqual(seen[0], [60, undefined]);
  assert.deepEqual(seen.at(-1), [59, 'm59']);
  assert.ok(emails.isGone('a1', 'm60'));
});

test('what is gone leaves its place though the list could not be had anew', async () => {
  const { emails, messages, changes, line } = server(60);
  const list = await opened(emails);
  messages.delete('m60');
  changes.destroyed = ['m60'];
  line.isCut = true;
  await emails.refresh('a1');
  assert.deepEqual([list.total, list.row(0)?.id], [59, 'm59']);
});

test('what is moved away is not shown any more, before the server has said so', async () => {
  const { emails } = server(3);
  const list = await opened(emails);
  emails.patch('a1', { m2: { mailboxIds: { f4: true } }, m3: { 'keywords/$flagged': true } });
  assert.deepEqual([...list.ids], ['m3', 'm1']);
  assert.deepEqual(list.row(0)?.keywords, { $flagged: true });
});

test('patches set, replace and remove', () => {
  const row = { keywords: { $seen: true }, mailboxIds: { f1: true } } as unknown as EmailRow;
  assert.deepEqual(patched(row, { 'keywords/$seen': null, 'keywords/a~1b': true, mailboxIds: { f2: true } }), {
    keywords: { 'a/b': true },
    mailboxIds: { f2: true },
  });
});

test('a list whose first answer was lost is asked for again by the next refresh', async () => {
  const { emails, line } = server(3);
  line.isCut = true;
  const list = await opened(emails);
  assert.equal(list.error?.type, 'network');
  line.isCut = false;
  await emails.refresh('a1');
  assert.equal(list.total, 3);
  assert.equal(list.error, undefined);
});

test('a refresh while a list is first fetched waits for it, and asks what has changed since', async () => {
  const { emails, asked, line } = server(3);
  const { promise, resolve } = Promise.withResolvers<void>();
  line.held = promise;
  const list = await opened(emails);
  const refreshed = emails.refresh('a1');
  await settled();
  assert.deepEqual(asked, []);
  resolve();
  await refreshed;
  assert.deepEqual(asked, ['query 0+50', 'get 3', 'changes']);
  assert.equal(list.total, 3);
});

test('what arrives between the ids of a list and its rows is asked for with the next refresh', async () => {
  const { emails, messages, changes, line } = server(3);
  line.afterQuery = () => {
    delete line.afterQuery;
    const before = [...messages];
    messages.clear();
    for (const [id, one] of [['m4', { id: 'm4', mailboxIds: { f1: true }, keywords: {} }] as const, ...before])
      messages.set(id, one);
    changes.created = ['m4'];
    line.state = 2;
  };
  const list = await opened(emails);
  assert.equal(list.total, 3);
  await emails.refresh('a1');
  assert.equal(list.row(0)?.id, 'm4');
});

test('of a conversation it is known how many are unread, whichever of them the list shows', async () => {
  const email = (id: string, thread: string, mailbox: string, isSeen: boolean): Json => ({
    id,
    threadId: thread,
    mailboxIds: { [mailbox]: true },
    keywords: isSeen ? { $seen: true } : {},
  });
  const emails = new Map(
    [
      email('m4', 't1', 'f1', true),
      email('m3', 't1', 'f6', false),
      email('m2', 't1', 'f1', false),
      email('m1', 't2', 'f1', true),
    ].map((one) => [one['id'] as string, one]),
  );
  const asked: unknown[] = [];
  let state = 1;
  const answer = (method: string, args: Json, before: Json[]): Json => {
    const last = before.at(-1) ?? {};
    if (method === 'Email/query') return { position: 0, total: 2, ids: ['m4', 'm1'] };
    if (method === 'Email/changes')
      return { created: [], updated: ['m2'], destroyed: [], newState: String(++state), hasMoreChanges: false };
    if (method === 'Thread/get') {
      const ids = [...new Set((last['list'] as Json[]).map((one) => one['threadId'] as string))];
      return {
        list: ids.map((id) => ({
          id,
          emailIds: [...emails.values()].filter((one) => one['threadId'] === id).map((one) => one['id']),
        })),
      };
    }
    asked.push(args['properties']);
    const ids = (args['ids'] ??
      last['ids'] ??
      (last['list'] as { emailIds: string[] }[]).flatMap(({ emailIds }) => emailIds)) as string[];
    return { state: String(state), list: ids.map((id) => emails.get(id)), notFound: [] };
  };
  const store = createEmails({
    call: async <T>(method: string, args: object) => answer(method, args as Json, []) as T,
    request: async (calls: Call[]) => {
      const results: Json[] = [];
      for (const [method, args] of calls) results.push(answer(method, args as Json, results));
      return calls.map(([method, , id], i): Answer => [method, results[i] ?? {}, id]);
    },
  });
  const list = store.list('a1', { ...QUERY, collapseThreads: true });
  list.subscribe(() => undefined);
  await settled();
  const unread = (thread: string): number => store.unread('a1', thread, new Set(['f6']));
  assert.deepEqual([unread('t1'), unread('t2')], [1, 0], 'what is in Trash does not count');
  assert.equal(store.unread('a1', 't1', new Set()), 2);
  assert.deepEqual(asked.at(-1), ['id', 'threadId', 'mailboxIds', 'keywords'], 'nothing that would count as shown');
  // Read elsewhere: it stands in no row, and the list is asked anew.
  emails.set('m2', email('m2', 't1', 'f1', true));
  await store.refresh('a1');
  assert.equal(unread('t1'), 0);
  store.patch('a1', { m4: { 'keywords/$seen': null } });
  assert.equal(unread('t1'), 1);
});
