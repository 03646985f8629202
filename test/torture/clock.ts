// Loaded before Homing in a process whose clock is to be moved: Date goes by the machine's clock and the milliseconds that
// stand in the file HOMING_TEST_CLOCK. And its worker's thread ends at once when the file HOMING_TEST_END_WORKER is written
// with the process's number.

import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env['HOMING_TEST_CLOCK'];
let offset = 0;
if (file !== undefined) {
  setInterval(() => {
    try {
      offset = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      // being written
    }
  }, 100).unref();
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given: []) {
      if (given.length === 0) super(Real.now() + offset);
      else super(...given);
    }

    static override now(): number {
      return Real.now() + offset;
    }
  } as DateConstructor;
}

const endFile = process.env['HOMING_TEST_END_WORKER'];
if (endFile !== undefined && !isMainThread) {
  const asked = (): string => {
    try {
      return readFileSync(endFile, 'utf8');
    } catch {
      return '';
    }
  };
  const before = asked();
  setInterval(() => {
    const now = asked();
    if (now !== before && now.startsWith(`${process.pid} `)) process.exit(9); // of a thread, that is its end alone
  }, 100).unref();
}
