// One request: checked, its calls run in order, result references resolved (RFC 8620 §3).

import { invalidArguments, MethodError, RequestError, toMethodError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { METHODS } from './registry.ts';
import { CAPABILITY, type Invocation, type JmapRequest, type JmapResponse, type MethodContext, type Reply } from './wire.ts';

/** Is it a Request object? Throws RequestError `notRequest`, `unknownCapability`, `limit`. */
export function readRequest(body: unknown): JmapRequest {
  if (!isObject(body)) throw new RequestError('notRequest', 'A request is a JSON object.');
  const { using, methodCalls, createdIds } = body;
  if (!Array.isArray(using) || !using.every((one) => typeof one === 'string')) throw new RequestError('notRequest', '"using" is a list of capabilities.');
  if (!Array.isArray(methodCalls) || !methodCalls.every(isInvocation)) {
    throw new RequestError('notRequest', '"methodCalls" is a list of [name, arguments, id].');
  }
  if (createdIds !== undefined && !(isObject(createdIds) && Object.values(createdIds).every((id) => typeof id === 'string'))) {
    throw new RequestError('notRequest', '"createdIds" is a map of ids.');
  }
  const known: string[] = Object.values(CAPABILITY);
  const unknown = using.find((one) => !known.includes(one));
  if (unknown !== undefined) throw new RequestError('unknownCapability', `This server has no capability "${unknown}".`);
  if (methodCalls.length > LIMITS.maxCallsInRequest) {
    throw new RequestError('limit', `A request may have ${LIMITS.maxCallsInRequest} calls.`, { limit: 'maxCallsInRequest' });
  }
  return { using, methodCalls, ...(createdIds === undefined ? {} : { createdIds: createdIds as Record<string, string> }) };
}

function isInvocation(value: unknown): value is Invocation {
  return Array.isArray(value) && value.length === 3 && typeof value[0] === 'string' && isObject(value[1]) && typeof value[2] === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Runs every call; a call that fails is answered with its error and the next one runs. */
export async function runRequest(request: JmapRequest, context: MethodContext, sessionState: string): Promise<JmapResponse> {
  for (const [id, value] of Object.entries(request.createdIds ?? {})) context.createdIds.set(id, value);
  const responses: Invocation[] = [];
  for (const [name, args, callId] of request.methodCalls) {
    for (const [answered, result] of await runCall(name, args, responses, request.using, context)) responses.push([answered, result, callId]);
  }
  return {
    methodResponses: responses,
    ...(request.createdIds === undefined ? {} : { createdIds: Object.fromEntries(context.createdIds) }),
    sessionState,
  };
}

async function runCall(name: string, args: Record<string, unknown>, before: Invocation[], using: string[], context: MethodContext): Promise<Reply[]> {
  try {
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (!method || !using.includes(method.capability)) throw new MethodError('unknownMethod');
    const resolved = resolveReferences(args, before);
    if (name !== 'Core/echo') checkAccount(resolved, context);
    const result = await method.run(resolved, context);
    return Array.isArray(result) ? result : [[name, result]];
  } catch (error) {
    const told = toMethodError(error);
    if (told === null) {
      // The cause is ours to know, not theirs.
      const { message, stack } = error as Error;
      context.log.error({ method: name, err: { message, stack } }, 'a method failed');
    }
    return [['error', told ?? { type: 'serverFail', description: 'An error of ours; it has been logged.' }]];
  }
}

function checkAccount(args: Record<string, unknown>, context: MethodContext): void {
  for (const key of ['accountId', 'fromAccountId']) {
    const value = args[key];
    if (value === undefined && key === 'fromAccountId') continue;
    if (typeof value !== 'string') throw invalidArguments(`"${key}" is required.`);
    if (!context.accounts.has(value)) throw new MethodError(key === 'accountId' ? 'accountNotFound' : 'fromAccountNotFound');
  }
}

/** RFC 8620 §3.7: "#ids": { resultOf, name, path }. */
function resolveReferences(args: Record<string, unknown>, before: Invocation[]): Record<string, unknown> {
  const resolved: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(args)) {
    if (!key.startsWith('#')) {
      resolved[key] = value;
      continue;
    }
    const plain = key.slice(1);
    if (Object.hasOwn(args, plain)) throw invalidArguments(`"${plain}" is given twice, once as a reference.`);
    const { resultOf, name, path } = (isObject(value) ? value : {}) as { resultOf?: unknown; name?: unknown; path?: unknown };
    if (typeof resultOf !== 'string' || typeof name !== 'string' || typeof path !== 'string') {
      throw new MethodError('invalidResultReference', `"${key}" is no result reference.`);
    }
    const response = before.find(([, , id]) => id === resultOf);
    if (!response || response[0] !== name) throw new MethodError('invalidResultReference', `There is no response ${name} of call "${resultOf}".`);
    resolved[plain] = pointTo(response[1], path);
  }
  return resolved;
}

/** A JSON pointer with "*" over arrays (RFC 8620 §3.7, RFC 6901). */
function pointTo(value: unknown, path: string): unknown {
  if (path === '') return value;
  if (!path.startsWith('/')) throw new MethodError('invalidResultReference', `"${path}" is no path.`);
  return follow(value, path.slice(1).split('/'));
}

function follow(value: unknown, steps: string[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
  if (Array.isArray(value)) {
    if (key === '*') return value.flatMap((item) => follow(item, rest));
    if (/^(?:0|[1-9]\d*)$/.test(key) && Number(key) < value.length) return follow(value[Number(key)], rest);
  } else if (isObject(value) && Object.hasOwn(value, key)) {
    return follow(value[key], rest);
  }
  throw new MethodError('invalidResultReference', `There is nothing at "${key}".`);
}
