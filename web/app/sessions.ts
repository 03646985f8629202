// The sessions of this browser: /u/0/ is Ana, /u/1/ is Ben.

const KEY = 'homing.sessions';

export function sessionsKnown(): Record<string, string> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof read === 'object' && read !== null ? (read as Record<string, string>) : {};
  } catch {
    return {};
  }
}

function write(sessions: Record<string, string>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(sessions));
  } catch {
    // A browser that keeps nothing: then the address alone says which session it is.
  }
}

export function rememberSession(number: number, address: string): void {
  const known = sessionsKnown();
  if (known[number] !== address) write({ ...known, [number]: address });
}

export function forgetSession(number: number): void {
  const { [number]: _gone, ...rest } = sessionsKnown();
  write(rest);
}

/** Pure. The number that a sign-in of `address` gets: the one it had, else the lowest that nobody has. */
export function numberFor(address: string, known: Record<string, string>, asked: number | null): number {
  if (asked !== null && (known[asked] ?? address) === address) return asked;
  const own = Object.entries(known).find(([, one]) => one === address);
  if (own) return Number(own[0]);
  let number = 0;
  while (String(number) in known) number++;
  return number;
}

/** The sign-in page that leads back here. */
export function signInPath(next: string): string {
  return `/?${new URLSearchParams({ next })}`;
}
