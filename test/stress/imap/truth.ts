// What all sessions together have been told, and what a recall may do to it: where two answers cannot both be true, that
// is an inconsistency.

/** As an outcome's exposure, in their order (recall.md). */
export const EXPOSURES = ['none', 'listed', 'downloaded', 'opened'] as const;
export type Exposure = (typeof EXPOSURES)[number];

/** What one account was shown of one message. */
interface Shown {
  most: Exposure;
  /** When the last command that showed it began. */
  lastBegan: number;
  lastSaid: string;
}

export interface Outcome {
  outcome: string;
  exposure: Exposure;
}

export interface Truth {
  problem(what: string): void;
  readonly problems: string[];
  /** Copies are named by `place`: account, mailbox, UIDVALIDITY and UID. */
  isMessage(place: string, token: string, said: string): void;
  tokenAt(place: string): string | undefined;
  hasFlags(place: string, modseq: number, flags: readonly string[], said: string): void;
  /** `began`: when the command did that showed it. A search shows 'none'. */
  shown(account: string, token: string, exposure: Exposure, began: number, said: string): void;
  gated(token: string, at: number): void;
  /** Every recipient's outcome, once the recall is done. */
  ended(token: string, outcomes: ReadonlyMap<string, Outcome>): void;
  /** Holds what was shown against what became of it. */
  check(): void;
}

/** After so many there is no use in more. */
const MOST_PROBLEMS = 100;

export function createTruth(say: (problem: string) => void): Truth {
  const problems: string[] = [];
  const tokens = new Map<string, string>();
  const flagsAt = new Map<string, string>();
  const shownTo = new Map<string, Shown>();
  const gates = new Map<string, number>();
  const ends = new Map<string, ReadonlyMap<string, Outcome>>();

  const problem = (what: string): void => {
    if (problems.length >= MOST_PROBLEMS) return;
    problems.push(what.slice(0, 1000));
    say(`INCONSISTENT: ${what.slice(0, 1000)}`);
  };
  return {
    problems,
    problem,
    isMessage(place, token, said) {
      const known = tokens.get(place);
      if (known === undefined) tokens.set(place, token);
      else if (known !== token) problem(`${place} was ${known} and is ${token}: ${said}`);
    },
    tokenAt: (place) => tokens.get(place),
    hasFlags(place, modseq, flags, said) {
      const now = flags
        .filter((flag) => flag !== '\\Recent')
        .toSorted()
        .join(' ');
      const key = `${place} ${modseq}`;
      const known = flagsAt.get(key);
      if (known === undefined) flagsAt.set(key, now);
      else if (known !== now) problem(`${place} at modseq ${modseq} had (${known}) and has (${now}): ${said}`);
    },
    shown(account, token, exposure, began, said) {
      const key = `${token} ${account}`;
      const before = shownTo.get(key);
      const most = before && rank(before.most) > rank(exposure) ? before.most : exposure;
      const last = !before || began > before.lastBegan;
      shownTo.set(key, {
        most,
        lastBegan: last ? began : before.lastBegan,
        lastSaid: last ? said.slice(0, 300) : before.lastSaid,
      });
    },
    gated: (token, at) => void gates.set(token, at),
    ended: (token, outcomes) => void ends.set(token, outcomes),
    check() {
      for (const [token, outcomes] of ends) {
        for (const [account, { outcome, exposure }] of outcomes) {
          const shown = shownTo.get(`${token} ${account}`);
          const most = shown?.most ?? 'none';
          const gate = gates.get(token) ?? Infinity;
          const what = `${token} for ${account}, ${outcome} and ${exposure}`;
          // P1
          if (outcome === 'recalled' && shown && shown.lastBegan > gate)
            problem(`${what}: shown ${(shown.lastBegan - gate).toFixed(1)} ms after the gate: ${shown.lastSaid}`);
          if (['recalled', 'kept-read', 'already-deleted'].includes(outcome) && rank(most) > rank(exposure))
            problem(`${what}: and yet it was ${most}`);
          // P3
          if (outcome === 'recalled' && most === 'opened') problem(`${what}: and yet it was opened`);
          if (outcome === 'kept-read' && most !== 'opened') problem(`${what}: and yet nobody has opened it`);
        }
      }
    },
  };
}

const rank = (exposure: Exposure): number => EXPOSURES.indexOf(exposure);
