// A second reporter beside `spec`: what failed, one line each. test/run.ts ends its output with them, since the last lines
// of a long output are often all that is kept of it.

import type { TestEvent } from 'node:test/reporters';
import { relative } from 'node:path';
import { inspect } from 'node:util';

/** Of what a failure says; the rest is above, where `spec` prints it whole. */
const MOST_CHARACTERS = 300;

export default async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const root = process.cwd();
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    const error = data.details.error as { failureType?: string; cause?: unknown; message: string };
    // A suite, or a file, that failed only because of what is in it.
    if (error.failureType === 'subtestsFailed') continue;
    const { cause = error.message } = error;
    const said = (cause instanceof Error ? cause.message : inspect(cause))
      .trim()
      .replaceAll(/\s+/g, ' ')
      .slice(0, MOST_CHARACTERS);
    yield `✖ ${relative(root, data.file ?? '')}:${data.line ?? ''} ${data.name}: ${said}\n`;
  }
}
