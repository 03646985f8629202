// Errors of JMAP (RFC 8620 §3.6), and how the three kinds of error become them.

import { Refusal, SyntaxFault, Unavailable } from '../mail/errors.ts';
import type { Logger } from '../mail/log.ts';

/** RFC 8620 §3.6.2: the answer of one method call. */
export class MethodError extends Error {
  override readonly name = 'MethodError';
  readonly type: string;
  readonly detail: Record<string, unknown>;

  constructor(type: string, description?: string, detail: Record<string, unknown> = {}) {
    super(description ?? type);
    this.type = type;
    this.detail = { ...(description === undefined ? {} : { description }), ...detail };
  }
}

/** RFC 8620 §3.6.1: the answer of a whole request, as problem details (RFC 7807). */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly type: string;
  readonly status: number;
  readonly detail: Record<string, unknown>;

  constructor(
    type: 'unknownCapability' | 'notJSON' | 'notRequest' | 'limit',
    description: string,
    detail: Record<string, unknown> = {},
    status = 400,
  ) {
    super(description);
    this.type = `urn:ietf:params:jmap:error:${type}`;
    this.status = status;
    this.detail = detail;
  }
}

/** RFC 8620 §5.3. */
export interface SetError {
  type: string;
  description?: string;
  properties?: string[];
  [detail: string]: unknown;
}

/** Thrown inside a create, update or destroy of one object. */
export class SetFault extends Error {
  override readonly name = 'SetFault';
  readonly error: SetError;

  constructor(type: string, description?: string, detail: Record<string, unknown> = {}) {
    super(description ?? type);
    this.error = { type, ...(description === undefined ? {} : { description }), ...detail };
  }
}

export function invalidArguments(description: string): MethodError {
  return new MethodError('invalidArguments', description);
}

export function invalidProperties(properties: string[], description?: string): SetFault {
  return new SetFault('invalidProperties', description, { properties });
}

/** What a method threw, as its answer; null: a fault of ours, to be logged. */
export function toMethodError(error: unknown): { type: string; [detail: string]: unknown } | null {
  if (error instanceof MethodError) return { type: error.type, ...error.detail };
  if (error instanceof Unavailable) return { type: 'serverUnavailable', description: error.message };
  if (error instanceof SyntaxFault) return { type: 'invalidArguments', description: error.message };
  if (error instanceof Refusal) return { type: error.reason, description: error.message, ...error.detail };
  return null;
}

/** The response of a call that threw; the cause of a fault is ours to know, not theirs. */
export function errorReply(
  method: string,
  error: unknown,
  { log }: { log: Logger },
): [string, Record<string, unknown>] {
  const told = toMethodError(error);
  if (told) return ['error', told];
  const { message, stack } = error as Error;
  log.error({ method, err: { message, stack } }, 'a method failed');
  return ['error', { type: 'serverFail', description: 'An error of ours; it has been logged.' }];
}

/** What one object's change threw, as its SetError; undefined: not of that kind. */
export function toSetError(error: unknown): SetError | undefined {
  if (error instanceof SetFault) return error.error;
  if (error instanceof Refusal) return { type: error.reason, description: error.message, ...error.detail };
  return undefined;
}
