// The wall: one square a mailbox, painted as outcomes come in.

export type Family = 'waiting' | 'unopened' | 'downloaded' | 'opened' | 'back' | 'back-downloaded' | 'nothing' | 'there' | 'outside' | 'uncertain';

/** 256-colour codes, and the sign each family has where there are no colours. */
const LOOK: Record<Family, [colour: number, sign: string, label: string]> = {
  waiting: [240, '·', 'not there yet'],
  unopened: [250, 'o', 'unread'],
  downloaded: [110, 'd', 'downloaded by a device, unread'],
  opened: [214, 'O', 'opened'],
  back: [35, '=', 'taken back'],
  'back-downloaded': [71, '%', 'taken back; a device had downloaded it'],
  nothing: [245, '-', 'nothing there'],
  there: [214, '!', 'still there: opened before'],
  outside: [134, '>', 'outside, or stopped before it left'],
  uncertain: [160, '?', 'not certain'],
};

const COLUMNS = 50;

export interface Wall {
  set(index: number, family: Family): void;
  /** Paints over the last painting. Where nobody looks (no terminal) nothing is painted. */
  paint(title: string): void;
  /** Families that are on the wall, with how many. */
  legend(): string[];
}

export function createWall(size: number, terminal: boolean): Wall {
  const squares: Family[] = Array.from({ length: size }, () => 'waiting');
  const rows = Math.ceil(size / COLUMNS);
  let painted = false;
  const square = (family: Family): string => `\x1b[38;5;${LOOK[family][0]}m■\x1b[0m`;
  return {
    set: (index, family) => {
      if (index >= 0 && index < size) squares[index] = family;
    },
    paint(title) {
      if (!terminal) return;
      const lines = Array.from({ length: rows }, (_, row) => `  ${squares.slice(row * COLUMNS, (row + 1) * COLUMNS).map(square).join(' ')}`);
      if (painted) process.stdout.write(`\x1b[${rows + 2}A`);
      painted = true;
      process.stdout.write(`\x1b[2K  ${title}\n\x1b[2K\n${lines.map((line) => `\x1b[2K${line}`).join('\n')}\n`);
    },
    legend() {
      const counts = new Map<Family, number>();
      for (const family of squares) counts.set(family, (counts.get(family) ?? 0) + 1);
      return [...counts].map(([family, count]) => {
        const [, sign, label] = LOOK[family];
        return `${terminal ? square(family) : sign} ${String(count).padStart(5)}  ${label}`;
      });
    },
  };
}
