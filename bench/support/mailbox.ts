// Mailboxes full of mail that reads like mail: words as often as languages have them, put straight into the store.

import { SILENT } from '../../src/mail/log.ts';
import { parseMessage } from '../../src/mail/mime/parse.ts';
import { SEEN } from '../../src/mail/keywords.ts';
import { createBlobs } from '../../src/store/blobs.ts';
import { appendCopies } from '../../src/store/copies.ts';
import { findEmbedded } from '../../src/store/embedded.ts';
import { createIds } from '../../src/store/ids.ts';
import { indexMessages } from '../../src/store/indexing.ts';
import { insertMessages } from '../../src/store/messages.ts';
import { openStore } from '../../src/store/postgres.ts';

const AT_ONCE = 1000;
const WORDS = 30_000;
const WORDS_A_MESSAGE = 120;
const PEOPLE = 500;
const THREAD = 4;

/** Always the same numbers: runs can be compared. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const SYLLABLES = ['ta', 'ri', 'no', 'ke', 'lu', 'sam', 'pol', 'ver', 'den', 'mis', 'gor', 'fa', 'bel', 'qui', 'zen'];

/** The n-th most frequent word. */
export function word(n: number): string {
  let text = '';
  for (let left = n + 15; left > 0; left = Math.floor(left / SYLLABLES.length))
    text += SYLLABLES[left % SYLLABLES.length];
  return text;
}

/** Zipf: the n-th word is used about 1/n as often as the first. */
function someWord(random: () => number): string {
  return word(Math.floor(WORDS ** random()) - 1);
}

/** Puts `count` messages into an account's Inbox; every 1000th is in Chinese. */
export async function fillMailbox(
  dataDir: string,
  address: string,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  const connection = findEmbedded(dataDir); // as its owner, who alone may have tables analysed
  if (!connection) throw new Error(`There is no database on ${dataDir}.`);
  const store = openStore({ connection, listen: false });
  try {
    const ids = createIds(store);
    const blobs = createBlobs({ store, ids });
    const owner = await store.row<{ tenant: number; account: number }>(
      `SELECT tenant_id AS tenant, id AS account FROM account WHERE address = $1`,
      [address],
    );
    if (!owner) throw new Error(`There is no ${address}.`);
    const random = dice(count);
    const from = Date.UTC(2020, 0, 1);
    for (let done = 0; done < count; done += AT_ONCE) {
      const some = Math.min(AT_ONCE, count - done);
      const numbers = await ids.take('message_id', some);
      const messages = numbers.map((id, i) => {
        const bytes = letter(random, address, done + i, new Date(from + (done + i) * 1000));
        return { id, bytes, parsed: parseMessage(bytes) };
      });
      await store.transact(async (tx) => {
        const stored = await insertMessages(tx, blobs, owner.tenant, messages, new Date());
        await appendCopies(
          tx,
          { ...owner, mailbox: 1 },
          stored.map(({ id, threadId }, i) => ({
            messageId: id,
            threadId,
            receivedAt: new Date(from + (done + i) * 1000),
            savedAt: new Date(from + (done + i) * 1000),
            keywords: { flags: random() < 0.8 ? SEEN : 0, others: null },
          })),
        );
      });
      // As a worker of the server's does in time, which has not heard of them.
      await indexMessages({ store, blobs, log: SILENT }, owner.tenant, numbers);
      if ((done + some) % 20_000 === 0) say(`${done + some} messages for ${address}`);
    }
    await store.transact((tx) => tx.run('ANALYZE message, message_words, copy, mailbox, account_state'));
  } finally {
    await store.close();
  }
}

function letter(random: () => number, to: string, n: number, date: Date): Buffer {
  const person = Math.floor(random() * PEOPLE);
  const words = (count: number): string => Array.from({ length: count }, () => someWord(random)).join(' ');
  const thread = n % THREAD === 0 ? '' : `References: <b${n - (n % THREAD)}@bench.test>\r\n`;
  const text = n % 1000 === 999 ? '明天上午在北京大学开会，请准时参加。' : words(WORDS_A_MESSAGE);
  return Buffer.from(
    [
      `From: ${word(person)} ${word(person + 7000)} <${word(person)}.p${person}@outside.test>`,
      `To: ${to}`,
      `Subject: ${thread === '' ? '' : 'Re: '}${word(Math.floor(n / THREAD) % WORDS)} ${words(3)}`,
      `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <b${n}@bench.test>`,
      `${thread}MIME-Version: 1.0`,
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      text.replace(/(.{1,72}) /g, '$1\r\n'),
      '',
    ].join('\r\n'),
  );
}
