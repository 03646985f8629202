/** SQLSTATE in_failed_sql_transaction: said of every statement after the one that failed. */
const AFTER_FAILURE = '25P02';

/**
 * Waits for statements of one transaction that were sent without waiting for each other: one round trip for all. They are
 * run in the order in which they were begun. Throws what the first to fail threw, but not before all have ended: none may
 * be left to run outside the transaction.
 */
export async function together<T extends readonly unknown[]>(
  ...statements: { [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  const ended = await Promise.allSettled(statements);
  const failed = ended.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
  if (failed.length > 0) throw failed.find((error) => (error as { code?: string }).code !== AFTER_FAILURE) ?? failed[0];
  return ended.map((one) => (one as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
