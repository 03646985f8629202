import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mailbox } from '../jmap/types.ts';
import { listQuery, USUAL } from './listQuery.ts';

const box = (role: string): Mailbox => ({ id: `f-${role}`, name: role, role }) as Mailbox;
const asked = (role: string, search: string | null = null) => ({
  mailbox: box(role),
  search,
  conversations: true,
  mailboxes: [box('inbox')],
});

test('a mailbox, newest first, by conversation', () => {
  assert.deepEqual(listQuery(asked('inbox'), USUAL), {
    filter: { inMailbox: 'f-inbox' },
    sort: [{ property: 'receivedAt', isAscending: false }],
    collapseThreads: true,
  });
});

test('Sent Items, drafts, searches and other orders are never grouped', () => {
  for (const query of [
    listQuery(asked('sent'), USUAL),
    listQuery(asked('drafts'), USUAL),
    listQuery(asked('inbox', 'roof'), USUAL),
    listQuery(asked('inbox'), { ...USUAL, by: 'subject' }),
  ])
    assert.equal(query.collapseThreads, undefined);
});

test('filters go together', () => {
  assert.deepEqual(listQuery(asked('inbox'), { ...USUAL, only: 'unread' }).filter, {
    operator: 'AND',
    conditions: [{ inMailbox: 'f-inbox' }, { notKeyword: '$seen' }],
  });
});
