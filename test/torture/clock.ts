// Loaded before Homing in a process whose clock is to be moved: Date goes by the machine's clock and the milliseconds that
// stand in the file HOMING_TEST_CLOCK.

import { readFileSync } from 'node:fs';

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
