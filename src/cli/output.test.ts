import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { printList, properties, table } from './output.ts';

test('columns stand side by side, whatever is in them', () => {
  const rows = [
    { name: 'Ana', aliases: ['a@b.test', 'c@b.test'], at: new Date('2026-11-23T12:00:00Z'), on: true },
    { name: '조 민준', aliases: [], at: null, on: false, counts: { recalled: 1 } },
  ];
  assert.equal(
    table(rows, ['name', 'aliases', 'at', 'on', 'counts']),
    [
      'name     aliases            at                   on   counts',
      'Ana      a@b.test c@b.test  2026-11-23 12:00:00  yes',
      '조 민준                                          no   {"recalled":1}',
    ].join('\n'),
  );
  assert.equal(table([], ['name']), 'name');
});

test('a name cannot do anything to a terminal', () => {
  assert.equal(table([{ name: 'a\u001b[2Jb\u202ec\nd' }], ['name']), 'name\na\ufffd[2Jb\ufffdc\ufffdd');
});

test('a list of any length', async (context: TestContext) => {
  const log = context.mock.method(console, 'log', () => undefined);
  const printed = (): string => log.mock.calls.map((call) => String(call.arguments[0])).join('\n');
  async function* pages(...sizes: number[]): AsyncIterable<object[]> {
    for (const size of sizes) yield await Promise.resolve(Array.from({ length: size }, (_, n) => ({ n })));
  }
  await printList(true, pages(2, 1), ['n']);
  assert.deepEqual(JSON.parse(printed()), [{ n: 0 }, { n: 1 }, { n: 0 }]);
  log.mock.resetCalls();
  await printList(true, pages(0), ['n']);
  assert.deepEqual(JSON.parse(printed()), []);
  log.mock.resetCalls();
  await printList(false, pages(2, 1), ['n']);
  assert.equal(printed(), 'n\n0\n1\n0');
  log.mock.restore();
});

test("a thing's properties, without those that are empty", () => {
  assert.equal(properties({ name: 'Ana', aliases: [], canSignIn: true, note: null }), 'name       Ana\ncanSignIn  yes');
});
