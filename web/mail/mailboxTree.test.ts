import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mailbox } from '../jmap/types.ts';
import { countOf, flatten, freeName, liesWithin, mayMoveTo, treeOf } from './mailboxTree.ts';

function mailbox(id: string, name: string, more: Partial<Mailbox> = {}): Mailbox {
  const may = more.role === undefined;
  return {
    id,
    name,
    parentId: null,
    role: null,
    sortOrder: 0,
    totalEmails: 0,
    unreadEmails: 0,
    totalThreads: 0,
    unreadThreads: 0,
    isSubscribed: true,
    myRights: {
      mayReadItems: true,
      mayAddItems: true,
      mayRemoveItems: true,
      maySetSeen: true,
      maySetKeywords: true,
      mayCreateChild: true,
      mayRename: may,
      mayDelete: may,
      maySubmit: true,
    },
    ...more,
  };
}

const ALL = [
  mailbox('f9', 'Roof 10'),
  mailbox('f8', 'Roof 9'),
  mailbox('f2', 'Sent Items', { role: 'sent', sortOrder: 3 }),
  mailbox('f1', 'Inbox', { role: 'inbox', sortOrder: 1 }),
  mailbox('f10', 'Plans', { parentId: 'f9' }),
  mailbox('f11', 'Old', { parentId: 'f10' }),
  mailbox('f12', 'Orphan', { parentId: 'f99' }),
];

test('Inbox first, then the others by name, each within its parent', () => {
  assert.deepEqual(
    flatten(treeOf(ALL)).map(({ mailbox, depth }) => `${'-'.repeat(depth)}${mailbox.name}`),
    ['Inbox', 'Sent Items', 'Orphan', 'Roof 9', 'Roof 10', '-Plans', '--Old'],
  );
});

test('a mailbox moves neither into itself nor to where it is, and those with a role stay', () => {
  const [roof, , sent] = ALL as [Mailbox, Mailbox, Mailbox];
  assert.ok(liesWithin(ALL, 'f11', 'f9'));
  assert.equal(mayMoveTo(ALL, roof, 'f11'), false);
  assert.equal(mayMoveTo(ALL, roof, 'f9'), false);
  assert.equal(mayMoveTo(ALL, roof, null), false);
  assert.equal(mayMoveTo(ALL, roof, 'f1'), true);
  assert.equal(mayMoveTo(ALL, sent, 'f1'), false);
  assert.equal(mayMoveTo(ALL, roof, 'f99'), false);
});

test('beside a name stands what is unread; in Drafts, what is there', () => {
  const counts = { totalEmails: 5, unreadEmails: 2 };
  assert.equal(countOf(mailbox('f1', 'Inbox', { role: 'inbox', ...counts })), 2);
  assert.equal(countOf(mailbox('f3', 'Drafts', { role: 'drafts', ...counts })), 5);
  assert.equal(countOf(mailbox('f2', 'Sent Items', { role: 'sent', ...counts })), 0);
});

test('a name that nobody has yet', () => {
  assert.equal(freeName('Roof', []), 'Roof');
  assert.equal(freeName('Roof', ['Roof', 'Roof 2']), 'Roof 3');
});
