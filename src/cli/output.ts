// What commands answer: tables and sentences for people, JSON for programs.

/** JSON for programs, else the text for people. */
export function print(json: boolean | undefined, value: unknown, text: () => string): void {
  console.log(json ? JSON.stringify(value, null, 2) : text());
}

/** Columns side by side, under their names. */
export function table(rows: object[], columns: string[]): string {
  return createTable(columns).page(rows);
}

/** A table page by page: its names stand once, and columns only become wider. */
function createTable(columns: string[]): { page(rows: object[]): string } {
  const widths = columns.map(() => 0);
  let begun = false;
  return {
    page(rows) {
      const body = rows.map((row) => columns.map((column) => textOf((row as Record<string, unknown>)[column])));
      const lines = begun ? body : [columns, ...body];
      begun = true;
      for (const line of lines) line.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
      const fill = (cell: string, i: number): string => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell));
      return lines.map((line) => line.map(fill).join('  ').trimEnd()).join('\n');
    },
  };
}

/** A list of any length: a table, or a JSON array with an element a line. */
export async function printList(
  json: boolean | undefined,
  pages: AsyncIterable<object[]>,
  columns: string[],
): Promise<void> {
  const shown = createTable(columns);
  let count = 0;
  for await (const rows of pages) {
    if (rows.length === 0) continue;
    console.log(
      json ? rows.map((row, i) => `${count + i === 0 ? '[' : ','}${JSON.stringify(row)}`).join('\n') : shown.page(rows),
    );
    count += rows.length;
  }
  if (json) console.log(count === 0 ? '[]' : ']');
  else if (count === 0) console.log(shown.page([]));
}

/** A thing's properties, a line each. */
export function properties(of: object): string {
  const rows = Object.entries(of).filter(
    ([, value]) => !(Array.isArray(value) && value.length === 0) && value !== null,
  );
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}`).join('\n');
}

/** A value in one line that does nothing to a terminal. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  if (Array.isArray(value)) return value.map(textOf).join(' ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
}

/** Terminal columns: East Asian characters and emoji take two, combining marks none. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
