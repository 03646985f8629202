// SEARCH, SORT and THREAD: beside what others do, and what they may cost.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { removeCopies } from '../../src/store/email-change.ts';
import { openStore } from '../../src/store/postgres.ts';
import { imapMail } from '../support/imap-mail.ts';
import { mail } from '../support/mailboxes.ts';

const t = await imapMail();
after(() => t.close());

test('a search without what went a moment ago says so, though nobody has told of it', async () => {
  const account = await t.newAccount('ana');
  for (let i = 0; i < 8; i++) await t.deliver([account], mail(`Letter ${i}`));
  const [{ id: mailbox } = { id: 0 }] = await t.sql<{ id: number }>(
    `SELECT id FROM mailbox WHERE account_id = $1 AND role = 'inbox'`,
    [account],
  );
  const client = await t.signIn('ana');
  await client.run('SELECT INBOX');
  // Another server, whose news does not come here: that it is on its way is the same for as long as it takes.
  const elsewhere = openStore({ connection: t.connection, listen: false });
  const remove = async (uid: number): Promise<void> => {
    const at = { tenant: t.tenant, account };
    const removed = await elsewhere.transact((tx) => removeCopies(tx, at, { mailbox, uids: [uid] }));
    assert.equal(removed.length, 1);
  };
  try {
    assert.deepEqual(await client.run('SEARCH ALL'), ['* SEARCH 1 2 3 4 5 6 7 8', 'OK That is all.']);
    await remove(2);
    assert.deepEqual(await client.run('SEARCH ALL'), ['* SEARCH 1 3 4 5 6 7 8', 'OK [EXPUNGEISSUED] That is all.']);
    await client.run('NOOP');
    await remove(3);
    assert.deepEqual(await client.run('SORT (ARRIVAL) UTF-8 ALL'), [
      '* SORT 1 3 4 5 6 7',
      'OK [EXPUNGEISSUED] That is all.',
    ]);
    await client.run('NOOP');
    await remove(4);
    assert.match((await client.run('THREAD REFERENCES UTF-8 ALL')).at(-1) ?? '', /^OK \[EXPUNGEISSUED\]/);
    await client.run('NOOP');
    // Where it is all that there was to find.
    await remove(8);
    assert.deepEqual(await client.run('SEARCH SUBJECT "Letter 7"'), ['* SEARCH', 'OK [EXPUNGEISSUED] That is all.']);
    await client.run('NOOP');
    // Of UIDs it is told at once.
    await remove(7);
    assert.deepEqual(await client.run('UID SEARCH ALL'), ['* SEARCH 1 5 6', '* 4 EXPUNGE', 'OK That is all.']);
  } finally {
    await elsewhere.close();
    client.close();
  }
});

test('what is not to be there is looked for in one statement, and of texts so many and no more', async ({ mock }) => {
  const account = await t.newAccount('ben');
  for (const body of ['A swallow came.', 'The swift stayed.', 'No bird at all.'])
    await t.deliver([account], mail('Birds', { body }));
  const client = await t.signIn('ben');
  await client.run('SELECT INBOX');
  const { mock: statements } = mock.method(t.store, 'unprepared');
  const without = (words: string[]): string => `SEARCH ${words.map((word) => `NOT BODY ${word}`).join(' ')}`;
  // By its beginning; from its middle where nothing begins so; and what nobody has.
  assert.deepEqual(await client.run(without(['swal', 'wift', 'nightingale'])), ['* SEARCH 3', 'OK That is all.']);
  const few = statements.callCount();
  statements.resetCalls();
  const words = Array.from({ length: 32 }, (_, i) => `nightingale${i}`);
  assert.deepEqual(await client.run(without(words)), ['* SEARCH 1 2 3', 'OK That is all.']);
  assert.equal(statements.callCount(), few + 1);
  // One look at each message tells that most are nowhere; what is there in the middle of a word is found among many too.
  assert.deepEqual(await client.run(without([...words.slice(1), 'wift'])), ['* SEARCH 1 3', 'OK That is all.']);
  const either = (list: string[]): string => `SEARCH ${'OR '.repeat(list.length - 1)}TEXT ${list.join(' TEXT ')}`;
  assert.deepEqual(await client.run(either([...words.slice(1), 'wallo'])), ['* SEARCH 1', 'OK That is all.']);
  assert.deepEqual(await client.run(either(words)), ['* SEARCH', 'OK That is all.']);
  const odd = ['(', '.*', '[a-z]', '东京', "it's"];
  assert.deepEqual(await client.run(without(odd.map((word) => JSON.stringify(word)))), [
    '* SEARCH 1 2 3',
    'OK That is all.',
  ]);
  for (const command of ['SEARCH', 'SORT (DATE) UTF-8', 'THREAD REFERENCES UTF-8'])
    assert.deepEqual(await client.run(`${command} ${without([...words, 'more']).slice(7)}`), [
      'NO [LIMIT] A search has at most 32 keys that are BODY or TEXT.',
    ]);
  const headers = (count: number): string =>
    `SEARCH NOT (${Array.from({ length: count }, (_, i) => `NOT HEADER X-Bird${i} "" NOT FROM owl${i}`).join(' ')})`;
  assert.deepEqual(await client.run(headers(64)), ['* SEARCH', 'OK That is all.']);
  assert.deepEqual(await client.run(headers(65)), ['NO [LIMIT] A search has at most 128 keys that look at headers.']);
  client.close();
});
