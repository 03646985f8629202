// What the undo bar says.

export interface Held {
  held: number;
  heldOutside: number;
  /** By this window's clock; null: nothing waits. */
  until: number | null;
}

const WHEN = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** `now` null: without the countdown. */
export function undoSentence(held: Held | null, sendAt: Date | null, now: number | null): string {
  if (sendAt !== null && (now === null || sendAt.getTime() > now)) return `It leaves on ${WHEN.format(sendAt)}.`;
  if (held === null || held.until === null || held.held === 0) return 'Sent.';
  const seconds = now === null ? '' : ` in ${Math.max(0, Math.ceil((held.until - now) / 1000))} s`;
  if (held.heldOutside === 0) return `Sent. ${held.held} ${held.held === 1 ? 'leaves' : 'leave'}${seconds}.`;
  return `Sent. ${held.heldOutside} outside ${held.heldOutside === 1 ? 'leaves' : 'leave'}${seconds}.`;
}
