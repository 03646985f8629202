import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecallOutcome } from './data.ts';
import { exported, fileName, type Format } from './export.ts';

const row = (recipient: string, more: Partial<RecallOutcome> = {}): RecallOutcome => ({
  id: 'o1_1',
  recipient,
  name: null,
  via: null,
  outcome: 'recalled',
  exposure: 'none',
  reason: '',
  remote: null,
  downloadedBy: null,
  downloadedAt: null,
  toldAt: null,
  decidedAt: '2026-11-24T14:02:00.000Z',
  restoredAt: null,
  counts: null,
  ...more,
});

async function written(format: Format, ...pages: RecallOutcome[][]): Promise<string> {
  let text = '';
  for await (const part of exported(
    format,
    (async function* () {
      yield* pages;
    })(),
  ))
    text += part;
  return text;
}

test('CSV: a line a recipient, quoted where it must be, and no formula', async () => {
  const text = await written(
    'csv',
    [row('ben@pigeon.test', { name: 'Okafor, "Ben"' })],
    [row('=cmd@evil.test', { name: '+1', exposure: null })],
  );
  const [head, ben, evil, end] = text.split('\r\n');
  assert.match(head ?? '', /^\ufeffrecipient,name,via,outcome,exposure,sentence,/);
  assert.equal(
    ben,
    'ben@pigeon.test,"Okafor, ""Ben""",,recalled,none,Taken back: no program had shown it.,,,,,,2026-11-24T14:02:00.000Z,',
  );
  assert.match(evil ?? '', /^'=cmd@evil\.test,'\+1,,recalled,,Taken back\.,/);
  assert.equal(end, '');
});

test('JSON: one array over all pages, a group with its counts', async () => {
  const group = row('all@pigeon.test', {
    outcome: null,
    exposure: null,
    reason: '2 recalled',
    counts: { recalled: 2 },
  });
  const list = JSON.parse(await written('json', [group], [row('a@b.test')])) as Record<string, unknown>[];
  assert.deepEqual(
    list.map((one) => [one['recipient'], one['sentence'], one['counts']]),
    [
      ['all@pigeon.test', '2 recalled', { recalled: 2 }],
      ['a@b.test', 'Taken back: no program had shown it.', undefined],
    ],
  );
  assert.deepEqual(JSON.parse(await written('json')), []);
});

test('names of files', () => {
  assert.equal(fileName('Salaries 2026', 'csv'), 'recall-salaries-2026.csv');
  assert.equal(fileName('../../etc/passwd', 'json'), 'recall-etc-passwd.json');
  assert.equal(fileName(null, 'csv'), 'recall.csv');
});
