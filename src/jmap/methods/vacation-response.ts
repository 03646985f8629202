// VacationResponse/get, /changes, /set (RFC 8621 §8): one object an account. What it does is in delivery/vacation.ts.

import { raise, raiseAndTell } from '../../store/account-state.ts';
import { forgetAnswered, putVacation, vacationOf, type VacationRow } from '../../store/vacation.ts';
import { readUtcDate, utcDate } from '../dates.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import {
  accountOf,
  applyPatch,
  attempt,
  changesArguments,
  checkState,
  emptySetResult,
  getArguments,
  isText,
  pick,
  setArguments,
  setResponse,
  unlike,
  refuseEach,
  SINGLETON,
} from '../standard.ts';
import type { Method } from '../wire.ts';

const ID = 'singleton';

const DEFAULTS = { isEnabled: false, fromDate: null, toDate: null, subject: null, textBody: null, htmlBody: null };

const PROPERTIES = ['id', ...Object.keys(DEFAULTS)];

const BLANK: VacationRow = {
  enabled: false,
  from_date: null,
  to_date: null,
  subject: null,
  text_body: null,
  html_body: null,
  modseq: 0,
};

/** Characters of a subject and of a body. */
const MOST = { subject: 255, body: 100_000 };

function toObject(row: VacationRow): Record<string, unknown> {
  const date = (value: Date | null): string | null => value && utcDate(value);
  return {
    id: ID,
    isEnabled: row.enabled,
    fromDate: date(row.from_date),
    toDate: date(row.to_date),
    subject: row.subject,
    textBody: row.text_body,
    htmlBody: row.html_body,
  };
}

export const vacationGet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
  const row = (await vacationOf(context.store, { tenant: account.tenant, account: account.id })) ?? BLANK;
  return {
    accountId: args['accountId'],
    state: String(row.modseq),
    list: ids === null || ids.includes(ID) ? [pick(toObject(row), properties)] : [],
    notFound: (ids ?? []).filter((id) => id !== ID),
  };
};

export const vacationChanges: Method = async (args, context) => {
  const account = accountOf(args, context);
  const { since } = changesArguments(args);
  const { modseq } = (await vacationOf(context.store, { tenant: account.tenant, account: account.id })) ?? BLANK;
  checkState(since, modseq);
  return {
    accountId: args['accountId'],
    oldState: String(since),
    newState: String(modseq),
    hasMoreChanges: false,
    created: [],
    updated: modseq > since ? [ID] : [],
    destroyed: [],
  };
};

export const vacationSet: Method = async (args, context) => {
  const account = accountOf(args, context);
  const at = { tenant: account.tenant, account: account.id };
  return context.store.transact(async (tx) => {
    await raise(tx, at.tenant, at.account, 0);
    const before = (await vacationOf(tx, at)) ?? BLANK;
    const { create, update, destroy } = setArguments(args, String(before.modseq));
    const result = emptySetResult();
    let state = before.modseq;
    refuseEach(result, create.keys(), destroy, SINGLETON);
    for (const [id, patch] of update) {
      await attempt(id, result.notUpdated, async () => {
        if (id !== ID) throw new SetFault('notFound');
        const unknown = Object.keys(patch).filter((path) => !PROPERTIES.includes(path));
        if (unknown.length > 0) throw invalidProperties(unknown);
        const wanted = applyPatch(toObject(before), patch, DEFAULTS);
        if (wanted['id'] !== ID) throw invalidProperties(['id'], 'Cannot be changed.');
        const settings = check(wanted);
        state = await raiseAndTell(tx, at);
        const row = { ...settings, modseq: state };
        await putVacation(tx, at, row);
        if (row.enabled && !before.enabled) await forgetAnswered(tx, at);
        const more = unlike(wanted, toObject(row));
        result.updated[id] = Object.keys(more).length === 0 ? null : more;
      });
    }
    return setResponse(args['accountId'], String(before.modseq), String(state), result);
  });
};

function check(wanted: Record<string, unknown>): Omit<VacationRow, 'modseq'> {
  const wrong: string[] = [];
  const date = (name: string): Date | null => {
    const value = wanted[name];
    const read = value === null ? null : readUtcDate(value);
    if (value !== null && read === null) wrong.push(name);
    return read;
  };
  const text = (name: string, most: number, kind: 'line' | 'text'): string | null => {
    const value = wanted[name];
    if (value !== null && !isText(value, most, kind)) wrong.push(name);
    return value as string | null;
  };
  const row = {
    enabled: wanted['isEnabled'] === true,
    from_date: date('fromDate'),
    to_date: date('toDate'),
    subject: text('subject', MOST.subject, 'line'),
    text_body: text('textBody', MOST.body, 'text'),
    html_body: text('htmlBody', MOST.body, 'text'),
  };
  if (typeof wanted['isEnabled'] !== 'boolean') wrong.push('isEnabled');
  if (wrong.length > 0) throw invalidProperties(wrong);
  if (row.from_date && row.to_date && row.to_date <= row.from_date)
    throw invalidProperties(['fromDate', 'toDate'], 'It ends before it begins.');
  return row;
}
