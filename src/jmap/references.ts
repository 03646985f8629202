// Arguments taken from the results of calls before (RFC 8620 §3.7).

import { invalidArguments, MethodError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { isObject } from './standard.ts';
import type { Invocation } from './wire.ts';

/** The responses of one request so far, and how much more of them may be taken up as arguments. */
export class Results {
  readonly #responses: readonly Invocation[];
  // A call may repeat what the one before repeated, twice each time: 32 calls would make 2³² of it.
  #left = LIMITS.maxSizeRequest;

  constructor(responses: readonly Invocation[]) {
    this.#responses = responses;
  }

  /** Arguments with "#ids": { resultOf, name, path } as "ids". Throws `invalidResultReference`, `invalidArguments`. */
  resolve(args: Record<string, unknown>): Record<string, unknown> {
    // Built as entries: "__proto__" is a name like any other.
    const resolved = Object.entries(args).map(([key, value]): [string, unknown] => {
      if (!key.startsWith('#')) return [key, value];
      const plain = key.slice(1);
      if (Object.hasOwn(args, plain)) throw invalidArguments(`"${plain}" is given twice, once as a reference.`);
      return [plain, this.#find(key, value)];
    });
    return Object.fromEntries(resolved);
  }

  #find(key: string, reference: unknown): unknown {
    const { resultOf, name, path } = isObject(reference) ? reference : {};
    if (typeof resultOf !== 'string' || typeof name !== 'string' || typeof path !== 'string') {
      throw unresolved(`"${key}" is no result reference.`);
    }
    const response = this.#responses.find(([, , id]) => id === resultOf);
    if (!response || response[0] !== name) throw unresolved(`There is no response ${name} of call "${resultOf}".`);
    if (path !== '' && !path.startsWith('/')) throw unresolved(`"${path}" is no path.`);
    const value = follow(response[1], path.split('/'), 1);
    this.#left -= sizeOf(value, this.#left);
    if (this.#left < 0) throw invalidArguments('What is referred to adds up to more than a request may have.');
    return value;
  }
}

/** RFC 6901, with "*" over arrays. */
function follow(value: unknown, steps: string[], at: number): unknown {
  const step = steps[at];
  if (step === undefined) return value;
  const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
  if (Array.isArray(value)) {
    if (key === '*') return value.flatMap((item) => follow(item, steps, at + 1));
    if (/^(?:0|[1-9]\d*)$/.test(key) && Number(key) < value.length) return follow(value[Number(key)], steps, at + 1);
  } else if (isObject(value) && Object.hasOwn(value, key)) {
    return follow(value[key], steps, at + 1);
  }
  throw unresolved(`There is nothing at "${key}".`);
}

function unresolved(description: string): MethodError {
  return new MethodError('invalidResultReference', description);
}

/** Roughly the octets of a value as JSON; once it is past `most`, some number above that. */
function sizeOf(value: unknown, most: number): number {
  let size = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0 && size <= most) {
    const one = waiting.pop();
    size += typeof one === 'string' ? one.length + 3 : 6;
    if (Array.isArray(one)) for (const item of one) waiting.push(item);
    else if (isObject(one)) {
      for (const [key, member] of Object.entries(one)) {
        size += key.length + 3;
        waiting.push(member);
      }
    }
  }
  return size;
}
