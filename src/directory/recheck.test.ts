import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Events, Notifier } from '../store/notify.ts';
import { recheckOnChange } from './recheck.ts';

test('what comes while one look runs is seen by one more; a fault ends nothing', async () => {
  const news = new EventEmitter<Events>();
  const looks: PromiseWithResolvers<void>[] = [];
  const faults: unknown[] = [];
  const look = (): Promise<void> => {
    const one = Promise.withResolvers<void>();
    looks.push(one);
    return one.promise;
  };
  const end = recheckOnChange(news as unknown as Notifier, look, (error) => faults.push(error));
  news.emit('directory');
  news.emit('directory');
  news.emit('resync');
  assert.equal(looks.length, 1);
  looks[0]?.reject(new Error('away'));
  await new Promise(setImmediate);
  assert.equal(looks.length, 2);
  assert.equal(faults.length, 1);
  looks[1]?.resolve();
  await new Promise(setImmediate);
  assert.equal(looks.length, 2);
  news.emit('directory');
  assert.equal(looks.length, 3);
  looks[2]?.resolve();
  await new Promise(setImmediate);
  end();
  news.emit('directory');
  assert.equal(looks.length, 3);
});
