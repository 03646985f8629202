// The wall's squares: one a recipient, in the order of the deliveries as far as that is known. Pure.

import type { Recipient, RecallOutcome } from './data.ts';
import { FAMILY_OF, isHatched, labelOf, OUTCOMES, sentenceOf, type Counts, type Family } from './words.ts';

export interface Square {
  /** Null: not decided. */
  family: Family | null;
  hatched: boolean;
  /** "Ben Okafor", or the address. '' where nobody is to be named. */
  name: string;
  /** "Taken back: no program had shown it." */
  says: string;
}

/** Beyond this, a bar. */
export const MOST_SQUARES = 2000;

export const isWall = (total: number): boolean => total <= MOST_SQUARES;

/**
 * `everyone`: whom the message went to, where that is known and the recall is for all of them: each keeps its place
 * from the beginning. Else decided ones come first. Never more or fewer than `total`.
 */
export function squaresOf(total: number, rows: readonly RecallOutcome[], everyone: readonly Recipient[]): Square[] {
  const squares = isWhole(total, everyone) ? placed(rows, everyone) : rows.flatMap(squaresOfRow);
  const missing = Math.max(0, total - squares.length);
  return [...squares, ...Array.from({ length: missing }, () => undecided(''))].slice(0, total);
}

function isWhole(total: number, everyone: readonly Recipient[]): boolean {
  return everyone.length > 0 && everyone.reduce((sum, one) => sum + (one.count ?? 1), 0) === total;
}

function placed(rows: readonly RecallOutcome[], everyone: readonly Recipient[]): Square[] {
  const byAddress = new Map(rows.map((row) => [row.recipient, row]));
  return everyone.flatMap((one) => {
    const row = byAddress.get(one.recipient);
    const squares = row ? squaresOfRow(row) : [];
    const missing = Math.max(0, (one.count ?? 1) - squares.length);
    return [...squares, ...Array.from({ length: missing }, () => undecided(one.name ?? one.recipient))];
  });
}

function squaresOfRow(row: RecallOutcome): Square[] {
  if (row.outcome === null) return squaresOfGroup(row.recipient, row.counts ?? {});
  const sentence = sentenceOf({ ...row, outcome: row.outcome });
  return [
    {
      family: FAMILY_OF[row.outcome],
      hatched: isHatched({ outcome: row.outcome, exposure: row.exposure }),
      name: row.name ?? row.recipient,
      says: sentence === '' ? `${labelOf(row.outcome)}.` : `${labelOf(row.outcome)}: ${sentence}`,
    },
  ];
}

/** A group whose members are not shown: as many squares as it has, and nobody's name. */
function squaresOfGroup(address: string, counts: Counts): Square[] {
  return OUTCOMES.flatMap((outcome) =>
    Array.from({ length: counts[outcome] ?? 0 }, () => ({
      family: FAMILY_OF[outcome],
      hatched: false,
      name: address,
      says: `${labelOf(outcome)}.`,
    })),
  );
}

const undecided = (name: string): Square => ({ family: null, hatched: false, name, says: '' });

export const SIDE = 8;
export const STEP = 10;

/** How many squares stand beside each other, and how high the wall is. */
export function gridOf(count: number, width: number): { columns: number; height: number } {
  const columns = Math.max(1, Math.floor((width + STEP - SIDE) / STEP));
  const lines = Math.ceil(count / columns);
  return { columns, height: Math.max(0, lines * STEP - (STEP - SIDE)) };
}

/** Which square is at this place; undefined: none. */
export function squareAt(x: number, y: number, columns: number, count: number): number | undefined {
  const column = Math.floor(x / STEP);
  const index = Math.floor(y / STEP) * columns + column;
  return x < 0 || y < 0 || column >= columns || index >= count ? undefined : index;
}
