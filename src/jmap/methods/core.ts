import { invalidArguments, MethodError } from '../errors.ts';
import { accountOf } from '../standard.ts';
import type { Method } from '../wire.ts';

/** Core/echo (RFC 8620 §4). */
export const echo: Method = (args) => Promise.resolve(args);

/** A /queryChanges of a type whose query results are not remembered (RFC 8620 §5.6): honest. */
export const cannotCalculate: Method = async (args, context) => {
  accountOf(args, context);
  if (typeof args['sinceQueryState'] !== 'string') throw invalidArguments('"sinceQueryState" is required.');
  throw new MethodError('cannotCalculateChanges');
};
