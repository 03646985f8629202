import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mail, testMail } from '../../test/support/mailboxes.ts';
import type { TextTest } from './email-filter.ts';
import { queryEmails } from './email-query.ts';

const t = await testMail();
after(() => t.close());
const account = await t.newAccount('reader');
const at = { tenant: t.tenant, account };
const named = new Map<number, string>();
const put = async (name: string, message: string): Promise<void> => {
  named.set(await t.append(account, 1, message), name);
};
const utf8 = ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'];
const letter = (subject: string, body: string, more: { from?: string; to?: string; headers?: string[] } = {}): string =>
  mail(subject, { body, ...more, headers: [...utf8, ...(more.headers ?? [])] });

await put(
  'de',
  letter('Besprechung über Gebühren', 'Grüße aus der Straße, Jürgen Müller', { from: 'jm@firma.example.de' }),
);
await put('zh', letter('会议通知', '明天上午在北京大学开会，请准时参加。'));
await put('ja', letter('会議のお知らせ', '東京タワーで打ち合わせをします。'));
await put('ko', letter('회의 안내', '내일 학교에서 회의가 있습니다.'));
await put('th', letter('ประชุม', 'พรุ่งนี้ประชุมที่กรุงเทพ'));
await put('ru', letter('Ёлка', 'Встреча состоится завтра в офисе'));
await put('ar', letter('اجتماع', 'الاجتماع غداً في المكتب مع أحمد'));
await put('el', letter('Συνάντηση', 'Η συνάντηση είναι αύριο στις εννέα'));
await put(
  'en',
  letter('Invoice 4711', 'The invoice of ana.silva@pigeon.test is attached.', {
    to: 'Ben Okafor <ben.okafor@mail.example.org>',
    headers: ['Cc: "Chen, Charlie" <charlie@example.net>'],
  }),
);

const find = async (text: string, kind: TextTest = 'text'): Promise<string> => {
  const query = { filter: { kind, text } as const, sort: [], collapseThreads: false };
  const page = await queryEmails(t.searched, at, query, { limit: 100, position: 0 }, false);
  return (page?.ids ?? [])
    .map((id) => named.get(id) ?? '')
    .toSorted((a, b) => a.localeCompare(b))
    .join(' ');
};

test('languages with spaces: in any case, with marks or without, by beginnings of words', async () => {
  for (const word of ['muller', 'MÜLLER', 'strasse', 'Straße', 'gruße', 'gebuhr', 'Besprech', 'über gebühren'])
    assert.equal(await find(word), 'de', word);
  for (const word of ['елка', 'ЁЛКА', 'встреч', 'офисе']) assert.equal(await find(word), 'ru', word);
  for (const word of ['συναντηση', 'ΣΥΝΆΝΤΗΣΗ', 'αυριο']) assert.equal(await find(word), 'el', word);
  for (const word of ['احمد', 'أحمد', 'غدا', 'الاجتم']) assert.equal(await find(word), 'ar', word);
  assert.equal(await find('raße'), '', 'not from the middle of a word');
});

test('languages without: any part, in one piece', async () => {
  for (const word of ['北京', '大学', '北京大学', '开会', '通知', '午']) assert.equal(await find(word), 'zh', word);
  assert.equal(await find('会'), 'ja zh', 'one character');
  assert.equal(await find('京大', 'body'), 'zh');
  assert.equal(await find('北大'), '', 'characters that do not stand together');
  for (const word of ['東京', 'タワー', '打ち合わせ', 'お知らせ']) assert.equal(await find(word), 'ja', word);
  for (const word of ['학교', '회의', '있습니다']) assert.equal(await find(word), 'ko', word);
  for (const word of ['กรุงเทพ', 'ประชุม']) assert.equal(await find(word), 'th', word);
  assert.equal(await find('"大学开会"'), 'zh');
  assert.equal(await find('"开会大学"'), '');
});

test('the names of fields are no words of a message', async () => {
  for (const word of ['from', 'fro', 'to', 'cc', 'bcc', 'subject', 'subj', '"from"', 'h'])
    assert.equal(await find(word), '', word);
  assert.equal(await find('c'), 'en', 'Chen, Charlie');
});

test('in one field, of what was indexed as version 2 did it', async () => {
  await t.sql(`UPDATE message_words SET words = regexp_replace(words::text, $1, $2, 'g')::tsvector, version = 2`, [
    "(^| )':",
    "\\1'",
  ]);
  assert.notEqual(await find('subject'), '', 'as it was');
  assert.equal(await find('charlie', 'cc'), 'en');
  assert.equal(await find('ben.oka', 'to'), 'en');
  assert.equal(await find('通知', 'subject'), 'zh');
  assert.equal(await find('"Chen, Charlie"', 'cc'), 'en');
  await t.sql(`DELETE FROM message_words`);
  await t.sql(`DELETE FROM indexed_until`);
});

test('addresses in parts, each in its own field', async () => {
  for (const word of ['ben.okafor@mail.example.org', 'okafor', '@mail.example', 'example.org', 'ben.oka', 'Okafor ben'])
    assert.equal(await find(word, 'to'), 'en', word);
  assert.equal(await find('charlie', 'cc'), 'en');
  assert.equal(await find('charlie', 'to'), '');
  assert.equal(await find('charlie', 'bcc'), '');
  assert.equal(await find('"Chen, Charlie"', 'cc'), 'en');
  assert.equal(await find('example', 'from'), 'de');
  assert.equal(await find('firma.example.de'), 'de');
  assert.equal(await find('silva@pigeon.test', 'body'), 'en');
  assert.equal(await find('jm@firma.example'), 'de');
  assert.equal(await find('firma jm', 'from'), 'de', 'words in any order');
  assert.equal(await find('"firma jm"', 'from'), '', 'a phrase in its own');
});

test('subject and text apart, words and phrases', async () => {
  assert.equal(await find('invoice', 'subject'), 'en');
  assert.equal(await find('4711', 'body'), '');
  assert.equal(await find('attached', 'subject'), '');
  assert.equal(await find('"is attached"', 'body'), 'en');
  assert.equal(await find('"attached is"', 'body'), '');
  assert.equal(await find('"is atta"', 'body'), '', 'a phrase is whole words');
  assert.equal(await find('4711 attached'), 'en', 'wherever each of them stands');
  assert.equal((await find('?!')).split(' ').length, 9, 'nothing to be found by');
  assert.equal(await find(`'; DROP TABLE message; -- "`), '');
});

test('what no index holds whole is cut, whatever the script', async () => {
  const han = Array.from({ length: 300_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join('');
  await put('long', letter('Long', han));
  const words = Array.from({ length: 60_000 }, (_, i) => `w${i.toString(36)}x`).join(' ');
  await put('many', letter('Many', words));
  assert.equal(await find(han.slice(0, 3)), 'long');
  assert.equal(await find('w1x'), 'many');
});

test('what has spaces and what has none, side by side', async () => {
  await put('mixed', letter('新しい端末', 'iPhone17発売は東京2024年から、会議A室と本社B棟にて。'));
  for (const word of [
    '東京2024',
    '東京2024年',
    'iPhone17発売',
    '17発売は東京',
    '会議A室',
    '会議A',
    '本社B棟',
    '"東京2024年から"',
  ])
    assert.equal(await find(word), word.startsWith('17') ? '' : 'mixed', word);
  assert.equal(await find('京2024'), 'mixed', 'any part of what has none');
  assert.equal(await find('東京2025'), '');
  assert.equal(await find('東2024'), '', 'characters that do not stand together');
  assert.equal(await find('"端末 iPhone17"'), '', 'no phrase goes from one to the next');
});

test('words that belong together, far on in a long text', async () => {
  // Places are counted to 16383, and those of a word to 255.
  const text = `${'lorem ipsum dolor '.repeat(6000)} Ende: rear-admiral tail@far.example 末尾2024号 zug zugspitze`;
  await put('long', letter('Volume', text));
  for (const word of ['rear-admiral', '"rear admiral"', 'tail@far.example', 'tail@far.ex', '末尾2024'])
    assert.equal(await find(word), 'long', word);
  assert.equal(await find('"lorem admiral"'), '');
  assert.equal(await find('rear-lorem'), '');
});
