// RecallOutcome/get and /query: one true outcome a recipient, as the reader may see it.

import { OUTCOMES, type Outcome } from '../../mail/recall.ts';
import { viewFor, WHOLE_VIEW, type ReportView } from '../../recall/report.ts';
import { sentenceOf } from '../../recall/sentences.ts';
import {
  countFiltered,
  countsOfGroup,
  outcomesByNumber,
  queryOutcomes,
  type OutcomeFilter,
  type OutcomeSort,
  type ReportedOutcome,
} from '../../store/outcomes.ts';
import { accountModseq, recallsByIds } from '../../store/recalls-read.ts';
import { recallById, type RecallProgress } from '../../store/recalls.ts';
import { administrationStates } from '../../store/states.ts';
import { invalidArguments, MethodError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { sortArguments } from '../query.ts';
import {
  accountOf,
  getArguments,
  isObject,
  numberOf,
  onlyArguments,
  optionalBoolean,
  optionalInteger,
  pick,
} from '../standard.ts';
import type { Method, MethodContext } from '../wire.ts';
import type { Account } from '../../directory/directory.ts';

const PROPERTIES = [
  'id',
  'recallId',
  'recipient',
  'name',
  'via',
  'outcome',
  'exposure',
  'reason',
  'remote',
  'downloadedBy',
  'downloadedAt',
  'toldAt',
  'decidedAt',
  'restoredAt',
  'counts',
];

/** A recall, and what of it the reader may see; undefined: there is none that they may see. */
type ViewOf = (
  context: MethodContext,
  account: Account,
  recallId: unknown,
) => Promise<{ recall: RecallProgress; view: ReportView } | undefined>;

/** Any recall of the organisation's, whole: for administrators. */
const anyView: ViewOf = async (context, account, recallId) => {
  const recall = await recallById(context.store, account.tenant, numberOf(recallId, 'r') ?? 0);
  return recall && { recall, view: WHOLE_VIEW };
};

/** A recall of the account's, and what of it the reader may see. */
async function viewOf(
  context: MethodContext,
  account: Account,
  recallId: unknown,
): Promise<{ recall: RecallProgress; view: ReportView } | undefined> {
  const [recall] = await recallsByIds(context.store, account.tenant, account.id, [numberOf(recallId, 'r') ?? 0]);
  return recall && { recall, view: await viewFor(context.store, account, recall) };
}

function toOutcome(row: ReportedOutcome, view: ReportView): Record<string, unknown> {
  return {
    id: `o${row.recall_id}_${row.n}`,
    recallId: `r${row.recall_id}`,
    recipient: row.recipient,
    name: row.name,
    via: row.via,
    outcome: row.outcome,
    exposure: view.exposure ? row.exposure : null,
    reason: sentenceOf(row, view.exposure),
    remote:
      row.remote_host === null
        ? null
        : { host: row.remote_host, reply: row.remote_reply, at: row.finished_at?.toISOString() ?? null },
    downloadedBy: view.exposure ? row.downloaded_by : null,
    downloadedAt: (view.exposure && row.downloaded_at?.toISOString()) || null,
    toldAt: (view.exposure && row.told_at?.toISOString()) || null,
    decidedAt: row.decided_at.toISOString(),
    restoredAt: row.restored_at?.toISOString() ?? null,
    counts: null,
  };
}

/** A group whose members are not shown is one row with counts. */
async function groupRow(
  context: MethodContext,
  account: Account,
  recall: RecallProgress,
  index: number,
  address: string,
): Promise<Record<string, unknown>> {
  const counts = await countsOfGroup(context.store, { tenant: account.tenant, recall: recall.id }, address);
  return {
    id: `g${recall.id}_${index}`,
    recallId: `r${recall.id}`,
    recipient: address,
    name: null,
    via: null,
    outcome: null,
    exposure: null,
    reason: counts.map((row) => `${row.count} ${row.outcome}`).join(', '),
    remote: null,
    downloadedBy: null,
    downloadedAt: null,
    toldAt: null,
    decidedAt: null,
    restoredAt: null,
    counts: Object.fromEntries(counts.map((row) => [row.outcome, row.count])),
  };
}

type StateOf = (context: MethodContext, account: Account) => Promise<string>;

/** A sender's outcomes change with the account; the organisation's with its recalls. */
const ownState: StateOf = async ({ store }, { tenant, id }) => String(await accountModseq(store, tenant, id));
const anyState: StateOf = async ({ store }, { tenant }) => (await administrationStates(store, tenant)).recalls;

const get =
  (viewed: ViewOf, stateOf: StateOf): Method =>
  async (args, context) => {
    const account = accountOf(args, context);
    const { ids, properties } = getArguments(args, (name) => PROPERTIES.includes(name));
    if (ids === null) throw invalidArguments('"ids" is required: all outcomes are too many.');
    const state = await stateOf(context, account);
    const parsed = ids.map((id) => ({ id, match: /^([og])(\d{1,15})_(\d{1,9})$/.exec(id) }));
    const found = new Map<string, Record<string, unknown>>();
    for (const recallId of new Set(parsed.flatMap(({ match }) => (match ? [match[2]] : [])))) {
      const seen = await viewed(context, account, `r${recallId}`);
      if (!seen) continue;
      const { recall, view } = seen;
      const wanted = parsed.filter(({ match }) => match?.[2] === recallId);
      for (const { id, match } of wanted) {
        const address = match?.[1] === 'g' ? view.hidden[Number(match[3])] : undefined;
        if (address !== undefined) found.set(id, await groupRow(context, account, recall, Number(match?.[3]), address));
      }
      if (!view.rows) continue;
      const numbers = wanted.flatMap(({ match }) => (match?.[1] === 'o' ? [Number(match[3])] : []));
      for (const row of await outcomesByNumber(context.store, account.tenant, recall.id, numbers)) {
        if (row.via === null || !view.hidden.includes(row.via))
          found.set(`o${recall.id}_${row.n}`, toOutcome(row, view));
      }
    }
    return {
      accountId: args['accountId'],
      state,
      list: ids.flatMap((id) => (found.has(id) ? [pick(found.get(id) ?? {}, properties)] : [])),
      notFound: ids.filter((id) => !found.has(id)),
    };
  };

export const outcomeGet = get(viewOf, ownState);
export const adminOutcomeGet = get(anyView, anyState);

const SORTS: Record<string, OutcomeSort> = {
  recipient: 'recipient',
  outcome: 'outcome',
  exposure: 'exposure',
  decidedAt: 'decidedAt',
};

/** Filter: recallId (required), outcome (one or a list), text. Rows of hidden groups come first. */
const query =
  (viewed: ViewOf, stateOf: StateOf): Method =>
  async (args, context) => {
    onlyArguments(args, ['accountId', 'filter', 'sort', 'position', 'limit', 'calculateTotal']);
    const account = accountOf(args, context);
    const given = args['filter'];
    if (!isObject(given) || typeof given['recallId'] !== 'string') throw invalidArguments('"filter" names a recallId.');
    const unknown = Object.keys(given).find((name) => !['recallId', 'outcome', 'text'].includes(name));
    if (unknown !== undefined) throw new MethodError('unsupportedFilter', `"${unknown}" cannot be filtered by.`);
    const sorts = sortArguments(args, Object.keys(SORTS));
    const seen = await viewed(context, account, given['recallId']);
    const queryState = await stateOf(context, account);
    const base = { accountId: args['accountId'], queryState, canCalculateChanges: false };
    const position = Math.max(0, optionalInteger(args, 'position') ?? 0);
    if (!seen) return { ...base, position: 0, ids: [] };

    const { recall, view } = seen;
    // An order is as good as a value.
    if (!view.exposure && sorts.some(({ property }) => property === 'exposure'))
      throw new MethodError('unsupportedSort', 'Your organisation does not show exposure.');
    const filter: OutcomeFilter = {
      outcomes: readOutcomes(given['outcome']),
      text: readText(given['text']),
      hidden: view.hidden,
    };
    const groups =
      filter.outcomes === null && filter.text === null ? view.hidden.map((_, i) => `g${recall.id}_${i}`) : [];
    const limit = Math.min(optionalInteger(args, 'limit', 0) ?? LIMITS.maxQuery, LIMITS.maxQuery);
    const first = groups.slice(position, position + limit);
    const of = { tenant: account.tenant, recall: recall.id };
    const page = {
      sort: sorts[0] ? (SORTS[sorts[0].property] ?? null) : null,
      ascending: sorts[0]?.ascending ?? true,
      position: Math.max(0, position - groups.length),
      limit: limit - first.length,
    };
    const rows = view.rows ? await queryOutcomes(context.store, of, filter, page) : [];
    const total = optionalBoolean(args, 'calculateTotal', false)
      ? { total: groups.length + (view.rows ? await countFiltered(context.store, of, filter) : 0) }
      : {};
    return { ...base, position, ids: [...first, ...rows.map((n) => `o${recall.id}_${n}`)], ...total };
  };

export const outcomeQuery = query(viewOf, ownState);
export const adminOutcomeQuery = query(anyView, anyState);

function readOutcomes(value: unknown): Outcome[] | null {
  if (value === undefined || value === null) return null;
  const list = Array.isArray(value) ? value : [value];
  const known: readonly unknown[] = OUTCOMES;
  if (!list.every((one) => known.includes(one))) throw invalidArguments('"outcome" is an outcome or a list of them.');
  return list as Outcome[];
}

function readText(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw invalidArguments('"text" is a string.');
  return value;
}
