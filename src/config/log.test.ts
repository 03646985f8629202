import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, toldError } from './log.ts';

test('an error is told without what it quotes or drags along', () => {
  const row = Object.assign(new Error('new row violates check constraint "short"'), {
    code: '23514',
    detail: 'Failing row contains (1, Salaries 2026, Ana 61,000).',
    where: 'COPY message, line 1: "Salaries 2026"',
  });
  const fault = new Error('accepting failed', { cause: row });
  const lines: string[] = [];
  createLog({ logLevel: 'info' }, 'worker', (line) => void lines.push(line)).error(
    { err: fault, message: 7 },
    'a fault',
  );
  const told = JSON.parse(lines[0] ?? '') as Record<string, unknown> & { err: ReturnType<typeof toldError> };
  assert.deepEqual(
    [told['msg'], told['message'], told['part'], told.err.message],
    ['a fault', 7, 'worker', 'accepting failed'],
  );
  assert.deepEqual(told.err.cause?.code, '23514');
  assert.match(told.err.stack ?? '', /^\s+at .*log\.test\.ts/);
  assert.doesNotMatch(lines.join(), /Salaries|61,000/);
});

test('what JSON.parse could not read is not repeated', () => {
  for (const text of ['{"subject": "Salaries', 'Salaries', '["Salaries" "Salaries"]']) {
    assert.throws(
      () => JSON.parse(text),
      (error) => {
        assert.doesNotMatch(JSON.stringify(toldError(error)), /Salaries/, text);
        return true;
      },
    );
  }
});

test('what is no error is told by its message, if that is one', () => {
  assert.deepEqual(toldError('Salaries'), { type: 'string', message: '' });
  assert.deepEqual(toldError({ message: 'of "Salaries"', stack: 'Error: Salaries\n    at here' }), {
    type: 'object',
    message: 'of "…"',
    stack: '    at here',
  });
});
