// What the standard methods have in common (RFC 8620 §5): reading arguments, /get, /changes, /set.

import { isDeepStrictEqual } from 'node:util';
import type { Account } from '../directory/directory.ts';
import { invalidArguments, MethodError, SetFault, toSetError, type SetError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { MethodContext } from './wire.ts';

export type Args = Record<string, unknown>;

/** The account a call is about; dispatch has checked that it may be used. */
export function accountOf(args: Args, context: MethodContext): Account {
  const account = context.accounts.get(args['accountId'] as string);
  if (!account) throw new MethodError('accountNotFound');
  return account;
}

/** Refuses arguments that the method does not have. */
export function onlyArguments(args: Args, known: readonly string[]): void {
  const unknown = Object.keys(args).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalidArguments(`There is no argument "${unknown}".`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Id (RFC 8620 §1.2). */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(value);
}

/** The number in "m123"; undefined: it is none of ours. */
export function numberOf(id: unknown, prefix: string): number | undefined {
  if (typeof id !== 'string' || !id.startsWith(prefix)) return undefined;
  const digits = id.slice(prefix.length);
  return /^[1-9]\d{0,15}$/.test(digits) && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined;
}

/** A text that can be kept: whole characters, no NUL, at most `most` of them; `line`: no control characters at all. */
export function isText(value: unknown, most: number, kind: 'line' | 'text'): value is string {
  if (typeof value !== 'string' || value.length > most || !value.isWellFormed()) return false;
  return kind === 'line' ? !/\p{Cc}/u.test(value) : !value.includes('\0');
}

export function optionalBoolean(args: Args, name: string, fallback: boolean): boolean {
  const value = args[name] ?? fallback;
  if (typeof value !== 'boolean') throw invalidArguments(`"${name}" is true or false.`);
  return value;
}

export function optionalString(args: Args, name: string): string | null {
  const value = args[name] ?? null;
  if (value !== null && typeof value !== 'string') throw invalidArguments(`"${name}" is a string or null.`);
  return value;
}

/** An Int; `least` 0 makes it an UnsignedInt. */
export function optionalInteger(args: Args, name: string, least = Number.MIN_SAFE_INTEGER): number | null {
  const value = args[name] ?? null;
  if (value !== null && (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least))
    throw invalidArguments(`"${name}" is not a number it can be.`);
  return value;
}

function optionalIds(args: Args, name: string): string[] | null {
  const value = args[name] ?? null;
  if (value !== null && !(Array.isArray(value) && value.every(isId)))
    throw invalidArguments(`"${name}" is a list of ids or null.`);
  return value;
}

/** `ids` and `properties` of a /get; null properties: all. Unknown properties are refused. */
export function getArguments(
  args: Args,
  known: (property: string) => boolean,
  extra: readonly string[] = [],
): { ids: string[] | null; properties: string[] | null } {
  onlyArguments(args, ['accountId', 'ids', 'properties', ...extra]);
  const ids = optionalIds(args, 'ids');
  if (ids && ids.length > LIMITS.maxObjectsInGet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInGet} ids.`);
  const properties = args['properties'] ?? null;
  if (properties !== null && !(Array.isArray(properties) && properties.every((one) => typeof one === 'string'))) {
    throw invalidArguments('"properties" is a list of names or null.');
  }
  const unknown = properties?.find((one) => !known(one));
  if (unknown !== undefined) throw invalidArguments(`There is no property "${unknown}".`);
  return { ids: ids && [...new Set(ids)], properties: properties };
}

/** The properties asked for, `id` always. */
export function pick(object: Record<string, unknown>, properties: string[] | null): Record<string, unknown> {
  if (properties === null) return object;
  return Object.fromEntries(
    ['id', ...properties].filter((name) => Object.hasOwn(object, name)).map((name) => [name, object[name]]),
  );
}

/** `list` and `notFound` of a /get, in the order asked for; `ids` null: all there are. */
export function listed(
  all: ReadonlyMap<string, Record<string, unknown>>,
  ids: string[] | null,
  properties: string[] | null,
): { list: Record<string, unknown>[]; notFound: string[] } {
  const wanted = ids ?? [...all.keys()];
  const found = wanted.map((id) => all.get(id));
  return {
    list: found.filter((object) => object !== undefined).map((object) => pick(object, properties)),
    notFound: wanted.filter((_, i) => found[i] === undefined),
  };
}

/** A state of the future is none of ours. Throws `cannotCalculateChanges`. */
export function checkState(since: number, now: number): void {
  if (since > now) throw new MethodError('cannotCalculateChanges');
}

/** The response of a /changes where nothing has. */
export function unchanged(accountId: unknown, state: string): Record<string, unknown> {
  return {
    accountId,
    oldState: state,
    newState: state,
    hasMoreChanges: false,
    created: [],
    updated: [],
    destroyed: [],
  };
}

export interface ChangesArguments {
  since: number;
  max: number | null;
}

/** `sinceState` and `maxChanges` of a /changes. Throws `cannotCalculateChanges` for a state that is none of ours. */
export function changesArguments(args: Args): ChangesArguments {
  onlyArguments(args, ['accountId', 'sinceState', 'maxChanges']);
  const state = args['sinceState'];
  if (typeof state !== 'string') throw invalidArguments('"sinceState" is required.');
  const max = optionalInteger(args, 'maxChanges', 0);
  if (max === 0) throw invalidArguments('"maxChanges" is greater than zero.');
  if (!/^\d{1,16}$/.test(state)) throw new MethodError('cannotCalculateChanges');
  return { since: Number(state), max };
}

/** Of many changes, the oldest `max`: the state to go on from, and whether there is more. */
export function firstChanges<T extends { modseq: number }>(
  changes: T[],
  max: number | null,
): { taken: T[]; newState: number | null; more: boolean } {
  const sorted = changes.toSorted((a, b) => a.modseq - b.modseq);
  if (max === null || sorted.length <= max) return { taken: sorted, newState: null, more: false };
  // A state is a modseq, and what shares one comes together.
  const last = sorted[max]?.modseq ?? 0;
  const taken = sorted.filter((change) => change.modseq < last);
  if (taken.length === 0) throw new MethodError('cannotCalculateChanges');
  return { taken, newState: taken.at(-1)?.modseq ?? null, more: true };
}

export interface SetArguments {
  create: Map<string, Record<string, unknown>>;
  update: Map<string, Record<string, unknown>>;
  destroy: string[];
}

/** Arguments of a /set; `state` is the current one, for ifInState. Throws `stateMismatch`, `requestTooLarge`. */
export function setArguments(args: Args, state: string, extra: readonly string[] = []): SetArguments {
  onlyArguments(args, ['accountId', 'ifInState', 'create', 'update', 'destroy', ...extra]);
  const ifInState = optionalString(args, 'ifInState');
  const map = (name: string): Map<string, Record<string, unknown>> => {
    const value = args[name] ?? {};
    if (!isObject(value) || !Object.values(value).every(isObject))
      throw invalidArguments(`"${name}" is a map of objects or null.`);
    return new Map(Object.entries(value) as [string, Record<string, unknown>][]);
  };
  const create = map('create');
  const update = map('update');
  const given = args['destroy'] ?? [];
  if (!Array.isArray(given) || !given.every((id) => typeof id === 'string')) {
    throw invalidArguments('"destroy" is a list of ids or null.');
  }
  const destroy = [...new Set(given)];
  if (ifInState !== null && ifInState !== state) throw new MethodError('stateMismatch');
  if (create.size + update.size + destroy.length > LIMITS.maxObjectsInSet)
    throw new MethodError('requestTooLarge', `At most ${LIMITS.maxObjectsInSet} objects.`);
  return { create, update, destroy };
}

export interface SetResult {
  created: Record<string, Record<string, unknown>>;
  updated: Record<string, Record<string, unknown> | null>;
  destroyed: string[];
  notCreated: Record<string, SetError>;
  notUpdated: Record<string, SetError>;
  notDestroyed: Record<string, SetError>;
}

/** By id: "__proto__" is one like any other (RFC 8620 §1.2). */
export function idMap<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

/** As a response has it: an empty map is null (RFC 8620 §5.3). */
export function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : { ...map };
}

export function emptySetResult(): SetResult {
  return {
    created: idMap(),
    updated: idMap(),
    destroyed: [],
    notCreated: idMap(),
    notUpdated: idMap(),
    notDestroyed: idMap(),
  };
}

/** RFC 8620 §5.3, of an object that is there always. */
export const SINGLETON: SetError = { type: 'singleton', description: 'There is one, always.' };

/** For types whose objects clients do not make, or do not end: `why` for each that they wanted to. */
export function refuseEach(
  result: SetResult,
  create: Iterable<string>,
  destroy: Iterable<string>,
  why: SetError,
): void {
  for (const key of create) result.notCreated[key] = why;
  for (const id of destroy) result.notDestroyed[id] = why;
}

/** Runs one object's change; what it refuses goes to `refused`. */
export async function attempt(
  id: string,
  refused: Record<string, SetError>,
  change: () => Promise<void>,
): Promise<void> {
  try {
    await change();
  } catch (error) {
    const told = toSetError(error);
    if (!told) throw error;
    refused[id] = told;
  }
}

/** The response of a /set. */
export function setResponse(
  accountId: unknown,
  oldState: string,
  newState: string,
  result: SetResult,
): Record<string, unknown> {
  return {
    accountId,
    oldState,
    newState,
    created: orNull(result.created),
    updated: orNull(result.updated),
    destroyed: result.destroyed.length === 0 ? null : result.destroyed,
    notCreated: orNull(result.notCreated),
    notUpdated: orNull(result.notUpdated),
    notDestroyed: orNull(result.notDestroyed),
  };
}

/** "#k1" is what this request created as k1 (RFC 8620 §5.3); `made`: what a call that is yet to be committed did. */
export function resolveId(id: string, { createdIds }: MethodContext, made?: ReadonlyMap<string, string>): string {
  if (!id.startsWith('#')) return id;
  const key = id.slice(1);
  return made?.get(key) ?? createdIds.get(key) ?? id;
}

/**
 * Applies a PatchObject (RFC 8620 §5.3) to an object; the object itself is not changed. A property set to null goes back
 * to its default. Throws SetFault `invalidPatch`.
 */
export function applyPatch(
  object: Record<string, unknown>,
  patch: Record<string, unknown>,
  defaults: Record<string, unknown> = {},
): Record<string, unknown> {
  const result = structuredClone(object);
  for (const [path, value] of Object.entries(patch)) {
    for (let i = path.indexOf('/'); i >= 0; i = path.indexOf('/', i + 1)) {
      if (Object.hasOwn(patch, path.slice(0, i))) {
        throw new SetFault('invalidPatch', `"${path}" and what it is a part of are both set.`);
      }
    }
    const steps = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = steps.pop() ?? '';
    let at: unknown = result;
    for (const step of steps) {
      at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
      if (!isObject(at)) throw new SetFault('invalidPatch', `There is nothing at "${path}" to set.`);
    }
    const target = at as Record<string, unknown>;
    if (value === null && steps.length > 0) delete target[last];
    else target[last] = value === null && Object.hasOwn(defaults, last) ? defaults[last] : value;
  }
  return result;
}

/** What a client that sent `given` does not know of `now`: RFC 8620 §5.3 `created`, `updated`. */
export function unlike(given: Record<string, unknown>, now: Record<string, unknown>): Record<string, unknown> {
  const told = Object.entries(now).filter(([name, value]) => !isDeepStrictEqual(given[name], value));
  return Object.fromEntries(told);
}
