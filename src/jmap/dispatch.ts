// One request: checked, its calls run in order, result references resolved (RFC 8620 §3).

import { errorReply, invalidArguments, MethodError, RequestError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { METHODS } from './registry.ts';
import { Results } from './references.ts';
import { maySubmit } from './session.ts';
import { isObject } from './standard.ts';
import {
  CAPABILITY,
  type Capability,
  type Invocation,
  type JmapRequest,
  type JmapResponse,
  type MethodContext,
  type Reply,
} from './wire.ts';

/** Is it a Request object? Throws RequestError `notRequest`, `unknownCapability`, `limit`. */
export function readRequest(body: unknown): JmapRequest {
  if (!isObject(body)) throw new RequestError('notRequest', 'A request is a JSON object.');
  const { using, methodCalls, createdIds } = body;
  if (!Array.isArray(using) || !using.every((one) => typeof one === 'string'))
    throw new RequestError('notRequest', '"using" is a list of capabilities.');
  if (!Array.isArray(methodCalls) || !methodCalls.every(isInvocation)) {
    throw new RequestError('notRequest', '"methodCalls" is a list of [name, arguments, id].');
  }
  if (
    createdIds !== undefined &&
    !(isObject(createdIds) && Object.values(createdIds).every((id) => typeof id === 'string'))
  ) {
    throw new RequestError('notRequest', '"createdIds" is a map of ids.');
  }
  const known: string[] = Object.values(CAPABILITY);
  const unknown = using.find((one) => !known.includes(one));
  if (unknown !== undefined) throw new RequestError('unknownCapability', `This server has no capability "${unknown}".`);
  if (methodCalls.length > LIMITS.maxCallsInRequest) {
    throw new RequestError('limit', `A request may have ${LIMITS.maxCallsInRequest} calls.`, {
      limit: 'maxCallsInRequest',
    });
  }
  return {
    using,
    methodCalls,
    ...(createdIds === undefined ? {} : { createdIds: createdIds as Record<string, string> }),
  };
}

function isInvocation(value: unknown): value is Invocation {
  return (
    Array.isArray(value) &&
    value.length === 3 &&
    typeof value[0] === 'string' &&
    isObject(value[1]) &&
    typeof value[2] === 'string'
  );
}

/** Runs every call; a call that fails is answered with its error and the next one runs. */
export async function runRequest(
  request: JmapRequest,
  context: MethodContext,
  sessionState: string,
): Promise<JmapResponse> {
  for (const [id, value] of Object.entries(request.createdIds ?? {})) context.createdIds.set(id, value);
  const responses: Invocation[] = [];
  const results = new Results(responses);
  for (const [name, args, callId] of request.methodCalls) {
    const replies = await runCall(name, args, results, request.using, context);
    responses.push(...replies.map(([answered, result]): Invocation => [answered, result, callId]));
  }
  return {
    methodResponses: responses,
    ...(request.createdIds === undefined ? {} : { createdIds: Object.fromEntries(context.createdIds) }),
    sessionState,
  };
}

async function runCall(
  name: string,
  args: Record<string, unknown>,
  before: Results,
  using: string[],
  context: MethodContext,
): Promise<Reply[]> {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  const began = performance.now();
  const measured = (replies: Reply[]): Reply[] => {
    const called = method ? name : 'unknown';
    const [answered, result] = replies[0] ?? ['', {}];
    const type = answered === 'error' ? String(result['type']) : 'ok';
    context.meter.count('homing_jmap_method_calls_total', { method: called, result: type });
    context.meter.time('homing_jmap_method_duration_seconds', { method: called }, (performance.now() - began) / 1000);
    return replies;
  };
  try {
    if (!method || !using.includes(method.capability)) throw new MethodError('unknownMethod');
    const resolved = before.resolve(args);
    if (!OF_NO_ACCOUNT.has(name)) await checkAccounts(resolved, method.capability, context);
    const result = await method.run(resolved, context);
    return measured(Array.isArray(result) ? result : [[name, result]]);
  } catch (error) {
    return measured([errorReply(name, error, context)]);
  }
}

/** RFC 8620 §4, §7.2. */
const OF_NO_ACCOUNT: ReadonlySet<string> = new Set(['Core/echo', 'PushSubscription/get', 'PushSubscription/set']);

async function checkAccounts(
  args: Record<string, unknown>,
  capability: Capability,
  context: MethodContext,
): Promise<void> {
  for (const key of ['accountId', 'fromAccountId']) {
    const value = args[key];
    if (value === undefined && key === 'fromAccountId') continue;
    if (typeof value !== 'string') throw invalidArguments(`"${key}" is required.`);
    const account = context.accounts.get(value);
    if (!account) throw new MethodError(key === 'accountId' ? 'accountNotFound' : 'fromAccountNotFound');
    if (capability === CAPABILITY.submission && !(await maySubmit(context.directory, context.user, account))) {
      throw new MethodError('accountNotSupportedByMethod', 'You may not send as this account.');
    }
  }
}
