import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testMail } from '../../test/support/mailboxes.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { byteaArray, jsonbArray, textArray, vectorArray } from './binary.ts';
import { searchVector } from './search-index.ts';

const t = await testMail();
after(() => t.close());
const { store } = t;

test('arrays arrive as they were, whatever is in them', async () => {
  const texts = ['', 'plain', null, '{"a\\b",NULL}', 'Grüße 会议 👍', 'x'.repeat(70_000)];
  const json = ['{"a":[1,"ü\\\\"]}', null, '[]'];
  const bytes = [Buffer.from([0, 1, 255]), Buffer.alloc(0), Buffer.alloc(9000, 7)];
  const row = await store.row<{ texts: string[]; json: unknown[]; bytes: Buffer[] }>(
    'SELECT $1::text[] AS texts, to_jsonb($2::jsonb[]) AS json, $3::bytea[] AS bytes',
    [textArray(texts), jsonbArray(json), byteaArray(bytes)],
  );
  assert.deepEqual(row, { texts, json: [{ a: [1, 'ü\\'] }, null, []], bytes });
});

test('so do empty ones, and those of nothing but nulls', async () => {
  const row = await store.row<object>(
    `SELECT cardinality($1::text[]) AS texts, cardinality($2::jsonb[]) AS json, cardinality($3::bytea[]) AS bytes, cardinality($4::tsvector[]) AS vectors, $5::text[] AS nulls`,
    [textArray([]), jsonbArray([]), byteaArray([]), vectorArray([]), textArray([null, null])],
  );
  assert.deepEqual(row, { texts: 0, json: 0, bytes: 0, vectors: 0, nulls: [null, null] });
});

/** As PostgreSQL writes it, and as it reads that again: a vector that is in order and has each word once is the same. */
async function vectorOf(message: string): Promise<string> {
  const vector = vectorArray([searchVector(parseMessage(Buffer.from(message)))]);
  const row = await store.row<{ text: string; same: boolean }>(
    'SELECT v::text AS text, v = v::text::tsvector AS same FROM unnest($1::tsvector[]) AS v',
    [vector],
  );
  assert.equal(row?.same, true);
  return row?.text ?? '';
}

test('what a message is found by: words in order, each at its places, with its weight', async () => {
  assert.equal(
    await vectorOf('Subject: Zwei zwei\r\nFrom: ana@pigeon.test\r\nX-Kind: news\r\n\r\nzwei Ärzte eins\r\n'),
    "':from:ana':4C ':from:pigeon':5C ':from:test':6C ':h:kind':13C ':h:news':14C ':h:x':12C ':subject:zwei':1C,2C 'ana':4C 'arzte':9 'eins':10 'pigeon':5C 'test':6C 'zwei':1C,2C,8",
  );
});

test('words that are the same once they are cut, and more of them than places are counted', async () => {
  const long = 'a'.repeat(63);
  const cut = await vectorOf(
    `MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${long}\u{10400} ${long}\u{16800}\r\n`,
  );
  assert.match(cut, new RegExp(`'${long}\ufffd':2,3`));
  const many = await vectorOf(`Subject: end\r\n\r\n${'again '.repeat(20_000)}${'other '.repeat(300)}end\r\n`);
  assert.match(many, /'other':16383( |$)/);
  assert.match(many, /'end':1C,16383( |$)/);
  assert.equal(/'again':(\S*)/.exec(many)?.[1]?.split(',').length, 255);
});
