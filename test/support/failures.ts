// What failed, one line each, for the end of the output: its last lines are often all that is kept of it.

import type { EventData } from 'node:test';
import { relative } from 'node:path';
import { inspect } from 'node:util';

/** Of what a failure says; the rest is above, where the reporter prints it whole. */
const MOST_CHARACTERS = 300;

/** '': a suite, or a file, that failed only because of what is in it. */
export function failureLine(data: EventData.TestFail): string {
  const error = data.details.error as { failureType?: string; cause?: unknown; message: string };
  if (error.failureType === 'subtestsFailed') return '';
  const { cause = error.message } = error;
  const said = (cause instanceof Error ? cause.message : inspect(cause)).trim().replaceAll(/\s+/g, ' ');
  const file = relative(process.cwd(), data.file ?? '');
  return `✖ ${file}:${data.line ?? ''} ${data.name}: ${said.slice(0, MOST_CHARACTERS)}`;
}
