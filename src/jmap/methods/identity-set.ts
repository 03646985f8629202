// Identity/set (RFC 8621 §6.3).

import { canonicalAddress } from '../../mail/address.ts';
import { raise, raiseAndTell } from '../../store/account-state.ts';
import { identitiesOf, putIdentity, type IdentityRow } from '../../store/identities.ts';
import type { Transaction } from '../../store/postgres.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import {
  accountOf,
  applyPatch,
  attempt,
  emptySetResult,
  isObject,
  isText,
  numberOf,
  resolveId,
  setArguments,
  setResponse,
  unlike,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import { BLANK, IDENTITY_PROPERTIES, identitiesOfAccount, isSpare, sortOut, toIdentity } from './identity.ts';

const DEFAULTS = { name: '', replyTo: null, bcc: null, textSignature: '', htmlSignature: '' };

/** Identities of an account, characters of a name and of a signature: what a person would want, and then some. */
const MOST = { identities: 500, name: 255, signature: 100_000 };

/** The account is locked. */
interface Setting {
  tx: Transaction;
  context: MethodContext;
  at: { tenant: number; account: number };
  /** Addresses that the account may send from. */
  addresses: string[];
  /** As they are by now; and how many there ever were. */
  list: IdentityRow[];
  last: number;
  /** Of the last change. */
  state: number;
}

export const identitySet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  await identitiesOfAccount(context, account);
  const addresses = await context.directory.addressesOf(account.tenant, account.id);
  return context.store.transact(async (tx) => {
    await raise(tx, at.tenant, at.account, 0);
    const rows = await identitiesOf(tx, at);
    const { state, list } = sortOut(rows);
    const { create, update, destroy } = setArguments(args, String(state));
    const setting: Setting = { tx, context, at, addresses, list, last: rows.at(-1)?.id ?? 0, state };
    const result = emptySetResult();
    const made = new Map<string, string>();
    for (const [key, object] of create) {
      await attempt(key, result.notCreated, async () => {
        const identity = await createOne(setting, object);
        result.created[key] = unlike(object, identity);
        made.set(key, identity['id'] as string);
      });
    }
    const resolve = (id: string): string => resolveId(id, context, made);
    for (const [given, patch] of update) {
      await attempt(given, result.notUpdated, async () => {
        const id = resolve(given);
        result.updated[id] = await updateOne(setting, id, patch);
      });
    }
    for (const given of destroy) {
      await attempt(given, result.notDestroyed, async () => {
        const id = resolve(given);
        await destroyOne(setting, id);
        result.destroyed.push(id);
      });
    }
    tx.onCommit(() => made.forEach((id, key) => context.createdIds.set(key, id)));
    return setResponse(args['accountId'], String(state), String(setting.state), result);
  });
};

async function createOne(setting: Setting, object: Record<string, unknown>): Promise<Record<string, unknown>> {
  const unknown = Object.keys(object).filter((name) => name !== 'email' && !Object.hasOwn(DEFAULTS, name));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const { email } = object;
  const address = typeof email === 'string' ? canonicalAddress(email) : null;
  if (address === null) throw invalidProperties(['email']);
  if (!setting.addresses.includes(address)) throw new SetFault('forbiddenFrom', `You may not send as ${address}.`);
  if (setting.list.length >= MOST.identities) throw new SetFault('overQuota', 'There are too many identities.');
  const settings = check({ ...DEFAULTS, ...object });
  const modseq = await nextModseq(setting);
  const row = { ...BLANK, ...settings, id: ++setting.last, address, created_modseq: modseq, modseq };
  await putIdentity(setting.tx, setting.at, row);
  setting.list.push(row);
  return toIdentity(row, setting.list);
}

/** Answers what the client does not know: null for nothing. */
async function updateOne(
  setting: Setting,
  id: string,
  patch: Record<string, unknown>,
): Promise<Record<string, unknown> | null> {
  const row = find(setting, id);
  const current = toIdentity(row, setting.list);
  const unknown = Object.keys(patch).filter((path) => !IDENTITY_PROPERTIES.includes(path.split('/')[0] ?? ''));
  if (unknown.length > 0) throw invalidProperties(unknown);
  const wanted = applyPatch(current, patch, DEFAULTS);
  const fixed = ['id', 'email', 'mayDelete'].filter((name) => wanted[name] !== current[name]);
  if (fixed.length > 0) throw invalidProperties(fixed, 'Cannot be changed.');
  const settings = check(wanted);
  Object.assign(row, settings, { modseq: await nextModseq(setting) });
  await putIdentity(setting.tx, setting.at, row);
  const more = unlike(wanted, toIdentity(row, setting.list));
  return Object.keys(more).length === 0 ? null : more;
}

async function destroyOne(setting: Setting, id: string): Promise<void> {
  const row = find(setting, id);
  if (!isSpare(row, setting.list)) throw new SetFault('forbidden', 'Every address has one identity that stays.');
  await putIdentity(setting.tx, setting.at, { ...row, modseq: await nextModseq(setting), destroyed: true });
  setting.list.splice(setting.list.indexOf(row), 1);
}

function find({ list }: Setting, id: string): IdentityRow {
  const row = list.find((one) => one.id === numberOf(id, 'i'));
  if (!row) throw new SetFault('notFound');
  return row;
}

async function nextModseq(setting: Setting): Promise<number> {
  setting.state = await raiseAndTell(setting.tx, setting.at);
  return setting.state;
}

type Settings = Pick<IdentityRow, 'name' | 'reply_to' | 'bcc' | 'text_signature' | 'html_signature'>;

function check({ name, replyTo, bcc, textSignature, htmlSignature }: Record<string, unknown>): Settings {
  const wrong: string[] = [];
  if (!isText(name, MOST.name, 'line')) wrong.push('name');
  const addresses = (property: string, value: unknown): object[] | null => {
    const list = value === null ? null : readAddresses(value);
    if (list === undefined) wrong.push(property);
    return list ?? null;
  };
  const settings = { reply_to: addresses('replyTo', replyTo), bcc: addresses('bcc', bcc) };
  if (!isText(textSignature, MOST.signature, 'text')) wrong.push('textSignature');
  if (!isText(htmlSignature, MOST.signature, 'text')) wrong.push('htmlSignature');
  if (wrong.length > 0) throw invalidProperties(wrong);
  return {
    ...settings,
    name: name as string,
    text_signature: textSignature as string,
    html_signature: htmlSignature as string,
  };
}

/** EmailAddress[]; undefined: it is none. */
function readAddresses(value: unknown): object[] | undefined {
  if (!Array.isArray(value) || value.length > 100) return undefined;
  const list = value.map((one: unknown) => {
    if (!isObject(one) || Object.keys(one).some((key) => key !== 'name' && key !== 'email')) return undefined;
    const { name = null, email } = one;
    const isName = name === null || isText(name, MOST.name, 'line');
    return isName && typeof email === 'string' && canonicalAddress(email) !== null ? { name, email } : undefined;
  });
  return list.includes(undefined) ? undefined : (list as object[]);
}
