// Automatic replies (RFC 8621 §8): what an account answers by itself, and whether it does so now.

export interface Vacation {
  isEnabled: boolean;
  fromDate: string | null;
  toDate: string | null;
  subject: string | null;
  textBody: string | null;
  htmlBody: string | null;
}

/** Pure. Is it answered at this moment? */
export function isReplying({ isEnabled, fromDate, toDate }: Vacation, now: Date): boolean {
  return (
    isEnabled &&
    (fromDate === null || Date.parse(fromDate) <= now.getTime()) &&
    (toDate === null || now.getTime() < Date.parse(toDate))
  );
}

/** Pure. Milliseconds until that becomes otherwise by itself; null: it does not. */
export function turnsIn({ isEnabled, fromDate, toDate }: Vacation, now: Date): number | null {
  const ahead = [fromDate, toDate]
    .map((at) => (at === null ? 0 : Date.parse(at) - now.getTime()))
    .filter((ms) => ms > 0);
  return isEnabled && ahead.length > 0 ? Math.min(...ahead) : null;
}
