// The wall: one square a mailbox, painted as outcomes come in.

export type Family =
  | 'waiting'
  | 'unopened'
  | 'downloaded'
  | 'opened'
  | 'back'
  | 'back-downloaded'
  | 'nothing'
  | 'there'
  | 'outside'
  | 'uncertain';

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
  /** The wall as a picture, with lines of text beneath. */
  svg(title: string, lines: string[]): string;
}

/** The colours of LOOK as a browser has them. */
const HEX: Record<number, string> = {
  240: '#585858',
  250: '#bcbcbc',
  110: '#87afd7',
  214: '#ffaf00',
  35: '#00af5f',
  71: '#5faf5f',
  245: '#8a8a8a',
  134: '#af5fd7',
  160: '#d70000',
};

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
      const lines = Array.from(
        { length: rows },
        (_, row) =>
          `  ${squares
            .slice(row * COLUMNS, (row + 1) * COLUMNS)
            .map(square)
            .join(' ')}`,
      );
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
    svg(title, lines) {
      const dots = squares.map(
        (family, i) =>
          `<rect x="${20 + (i % COLUMNS) * 14}" y="${50 + Math.floor(i / COLUMNS) * 14}" width="10" height="10" rx="2" fill="${HEX[LOOK[family][0]]}"/>`,
      );
      const top = 50 + rows * 14;
      const found = [...new Set(squares)];
      const key = found.map((family, i) => {
        const count = squares.filter((one) => one === family).length;
        const y = top + 26 + i * 20;
        return `<rect x="20" y="${y - 10}" width="10" height="10" rx="2" fill="${HEX[LOOK[family][0]]}"/><text x="38" y="${y}">${count} ${LOOK[family][2]}</text>`;
      });
      const foot = top + 26 + found.length * 20;
      const text = lines.map((line, i) => `<text x="20" y="${foot + 14 + i * 20}">${escape(line)}</text>`);
      const height = foot + 24 + lines.length * 20;
      const width = 40 + COLUMNS * 14;
      return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, monospace" font-size="13" fill="#d0d0d0"><rect width="100%" height="100%" rx="8" fill="#1c1c1c"/><text x="20" y="30" font-size="15">${escape(title)}</text>${dots.join('')}${key.join('')}${text.join('')}</svg>\n`;
    },
  };
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
