// PushSubscription/get and /set (RFC 8620 §7.2): of the person, not of an account, and of the credential they signed in with.

import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  deleteSubscription,
  insertSubscription,
  subscriptionsOf,
  updateSubscription,
  type PushSubscriptionRow,
} from '../../store/push-subscriptions.ts';
import { accountStates } from '../../store/states.ts';
import { readUtcDate, utcDate } from '../dates.ts';
import { invalidArguments, invalidProperties, MethodError, SetFault } from '../errors.ts';
import { sumOf } from '../push-sender.ts';
import { pushUrl } from '../push-url.ts';
import {
  applyPatch,
  attempt,
  emptySetResult,
  getArguments,
  isObject,
  isText,
  listed,
  resolveId,
  setArguments,
  setResponse,
  unlike,
} from '../standard.ts';
import { areKeys } from '../web-push.ts';
import type { Method } from '../wire.ts';

/** RFC 8620 §7.2.1: never told again. */
const SECRET = ['url', 'keys'];
const SETTABLE = ['verificationCode', 'expires', 'types'];
const SHOWN = ['id', 'deviceClientId', 'verificationCode', 'expires', 'types'];

/** One person's, with one credential; days that one lasts without being asked for anew. */
const MOST = { subscriptions: 20, days: 90 };

const DAY_MS = 86_400_000;

function toObject(row: PushSubscriptionRow): Record<string, unknown> {
  return {
    id: row.id,
    deviceClientId: row.device_client_id,
    verificationCode: row.verified ? row.verification_code : null,
    expires: utcDate(row.expires),
    types: row.types,
  };
}

export const pushSubscriptionGet: Method = async (args, context) => {
  if (Object.hasOwn(args, 'accountId')) throw invalidArguments('Push subscriptions are of no account.');
  const { properties: asked } = args;
  if (Array.isArray(asked) && SECRET.some((name) => asked.includes(name)))
    throw new MethodError('forbidden', 'url and keys are never shown again.');
  const { ids, properties } = getArguments(args, (name) => SHOWN.includes(name));
  const { store, user, credential, clock } = context;
  const rows = await subscriptionsOf(store, { tenant: user.tenant, account: user.id }, credential, clock());
  return listed(new Map(rows.map((row) => [row.id, toObject(row)])), ids, properties);
};

export const pushSubscriptionSet: Method = async (args, context) => {
  if (Object.hasOwn(args, 'accountId') || Object.hasOwn(args, 'ifInState'))
    throw invalidArguments('Push subscriptions are of no account, and have no state.');
  const { store, user, credential, clock } = context;
  const of = { tenant: user.tenant, account: user.id };
  const { create, update, destroy } = setArguments(args, '');
  const result = emptySetResult();
  const made = new Map<string, string>();
  const resolve = (id: string): string => resolveId(id, context, made);
  await store.transact(async (tx) => {
    const now = clock();
    const rows = await subscriptionsOf(tx, of, credential, now);
    for (const [key, object] of create) {
      await attempt(key, result.notCreated, async () => {
        if (rows.length >= MOST.subscriptions)
          throw new SetFault('overQuota', `At most ${MOST.subscriptions} push subscriptions.`);
        const row = { ...check(object, context.config.pushPrivate, now), credential };
        await insertSubscription(tx, of, row, now);
        rows.push(row);
        made.set(key, row.id);
        result.created[key] = unlike(object, { ...toObject(row), verificationCode: null });
      });
    }
    for (const [given, patch] of update) {
      await attempt(given, result.notUpdated, async () => {
        const row = rows.find(({ id }) => id === resolve(given));
        if (!row) throw new SetFault('notFound');
        const before: Record<string, unknown> = { ...toObject(row), url: row.url, keys: row.keys };
        const wanted = applyPatch(before, patch, { types: null, expires: null });
        const fixed = Object.keys(wanted).filter(
          (name) => !SETTABLE.includes(name) && !isDeepStrictEqual(wanted[name], before[name]),
        );
        if (fixed.length > 0) throw invalidProperties(fixed, 'Cannot be changed.');
        const { verificationCode: code } = wanted;
        // RFC 8620 §7.2.2: whoever does not know the code does not own the URL.
        if (code !== null && code !== row.verification_code)
          throw invalidProperties(['verificationCode'], 'That is not the code.');
        if (code !== null && !row.verified) {
          row.verified = true;
          // From here on everything is told, whoever takes it up, and when.
          const accounts = [...context.accounts.values()].map((account) => account.id);
          row.told = sumOf(await accountStates(tx, of.tenant, accounts));
        }
        row.expires = expiryOf(wanted['expires'], now);
        row.types = typesOf(wanted['types']);
        await updateSubscription(tx, of, row);
        const more = unlike(wanted, toObject(row));
        result.updated[row.id] = Object.keys(more).length === 0 ? null : more;
      });
    }
    for (const given of destroy) {
      await attempt(given, result.notDestroyed, async () => {
        const id = resolve(given);
        const index = rows.findIndex((row) => row.id === id);
        if (index < 0) throw new SetFault('notFound');
        rows.splice(index, 1);
        await deleteSubscription(tx, of, id);
        result.destroyed.push(id);
      });
    }
    tx.changes.wake.add('push');
    tx.onCommit(() => made.forEach((id, key) => context.createdIds.set(key, id)));
  });
  const { accountId: _account, oldState: _old, newState: _new, ...response } = setResponse('', '', '', result);
  return response;
};

function check(object: Record<string, unknown>, allowPrivate: boolean, now: Date): PushSubscriptionRow {
  const known = ['deviceClientId', 'url', 'keys', 'expires', 'types', 'verificationCode'];
  const unknown = Object.keys(object).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const { deviceClientId, keys = null, verificationCode = null } = object;
  if (!isText(deviceClientId, 255, 'line') || deviceClientId === '') throw invalidProperties(['deviceClientId']);
  const url = pushUrl(object['url'], allowPrivate);
  if (!url) throw invalidProperties(['url'], 'It begins with https:// and leads to a public address.');
  if (keys !== null && !(isObject(keys) && areKeys(keys)))
    throw invalidProperties(['keys'], 'p256dh and auth are as RFC 8291 has them.');
  if (verificationCode !== null) throw invalidProperties(['verificationCode'], 'The server makes it.');
  return {
    id: randomUUID(),
    device_client_id: deviceClientId,
    url: url.href,
    keys: keys && { p256dh: keys.p256dh, auth: keys.auth },
    verification_code: randomBytes(24).toString('base64url'),
    code_sent: false,
    verified: false,
    expires: expiryOf(object['expires'] ?? null, now),
    types: typesOf(object['types'] ?? null),
    credential: '',
    told: 0,
  };
}

/** RFC 8620 §7.2: the server may choose an earlier one, and does where none is given. */
function expiryOf(value: unknown, now: Date): Date {
  const latest = new Date(now.getTime() + MOST.days * DAY_MS);
  if (value === null) return latest;
  const date = readUtcDate(value);
  if (!date) throw invalidProperties(['expires'], 'Is no UTCDate.');
  return date < latest ? date : latest;
}

function typesOf(value: unknown): string[] | null {
  if (value === null) return null;
  if (!Array.isArray(value) || value.length > 100 || !value.every((one) => isText(one, 100, 'line')))
    throw invalidProperties(['types'], 'Is a list of type names or null.');
  return value;
}
