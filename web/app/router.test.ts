import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoute, pathOf } from './router.ts';

test('every page has an address, and every address its page', () => {
  for (const url of [
    '/',
    '/try',
    '/u/0/mail/inbox',
    '/u/1/mail/sent/m12',
    '/u/1/mail/f7/m12?q=roof+%22terrace%22',
    '/u/0/mail/inbox?a=a6',
    '/u/0/message/m12?a=a6',
    '/u/0/recalls',
    '/u/12/recall/r3',
    '/u/0/settings',
    '/u/0/admin',
    '/u/0/admin/recalls?status=waiting',
    '/u/3/admin/recalls/r7',
  ]) {
    assert.equal(pathOf(parseRoute(url)), url);
  }
});

test('a session by itself is its mail', () => {
  for (const url of ['/u/0', '/u/0/', '/u/0/mail', '/u/0/mail/']) {
    const route = parseRoute(url);
    assert.deepEqual([route.name, route.name === 'mail' && route.mailbox], ['mail', 'inbox'], url);
  }
});

test('what is no page is nowhere', () => {
  for (const url of [
    '/u/x/mail',
    '/u/1234/mail',
    '/nothing',
    '/u/0/message',
    '/u/0/recall',
    '/u/0/mail/a/b/c',
    '/u/0/admin/a/b/c',
  ]) {
    assert.equal(parseRoute(url).name, 'nowhere', url);
  }
});

test('ids that are no text of an address survive it', () => {
  const route = parseRoute('/u/0/mail/a%2Fb/%25');
  assert.ok(route.name === 'mail');
  assert.deepEqual([route.mailbox, route.emailId], ['a/b', '%']);
  assert.equal(pathOf(route), '/u/0/mail/a%2Fb/%25');
  assert.equal(parseRoute('/u/0/mail/%E0%A4%A').name, 'mail');
});

test('a sign-in leads to pages of this client only', () => {
  const nextOf = (next: string): unknown => {
    const route = parseRoute(`/?${new URLSearchParams({ next })}`);
    return route.name === 'signIn' && route.next;
  };
  assert.equal(nextOf('/u/0/mail/inbox'), '/u/0/mail/inbox');
  for (const next of [
    'https://elsewhere.test/',
    '//elsewhere.test',
    '/\\elsewhere.test',
    'javascript:alert(1)',
    '/u/0/\\x',
  ]) {
    assert.equal(nextOf(next), null, next);
  }
});
