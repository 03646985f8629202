/**
 * Beside RFC 3461's bits: the sender gave NOTIFY. Where they did not, the next server is to hear none either, though what
 * it comes to, failure alone, is kept (§5.2.1).
 */
export const GIVEN = 16;

/** Has anybody to be told, and wants to be? `bit`: 1 success, 2 failure, 4 delay. RFC 3461 §4.1; never to the null sender. */
export function wantsToKnow(mailFrom: string, notify: number, bit: 1 | 2 | 4): boolean {
  return mailFrom !== '' && (notify & bit) !== 0 && (notify & 8) === 0;
}
