// AdminRecall/statistics: how many recalls, how quick, what came of them, over periods that the client names.

import { recallStatistics } from '../../store/recall-statistics.ts';
import { invalidArguments } from '../errors.ts';
import { onlyArguments } from '../standard.ts';
import type { Method } from '../wire.ts';
import { optionalDate } from './admin.ts';

/** Bounds of periods: a year of days. */
const MOST = 400;

export const adminRecallStatistics: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'bounds']);
  const given = args['bounds'];
  if (!Array.isArray(given) || given.length < 2 || given.length > MOST)
    throw invalidArguments(`"bounds" is a list of 2 to ${MOST} dates.`);
  const bounds = given.map((at) => optionalDate({ bounds: at }, 'bounds'));
  if (!bounds.every((at, i) => at !== undefined && (i === 0 || at > (bounds[i - 1] ?? at))))
    throw invalidArguments('"bounds" is a list of dates, each later than the one before it.');
  const { periods, total } = await recallStatistics(context.store, context.user.tenant, bounds as Date[]);
  return { accountId: args['accountId'], periods, total };
};
