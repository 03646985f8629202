// Which rows of a very long list stand in view, however long it is: browsers cannot make an element as high as a million
// rows are, so beyond MOST_HEIGHT the place in the scroll bar is taken as a proportion.

/** Pixels; a little less than what every browser can do. */
const MOST_HEIGHT = 16_000_000;

/** Rows before and after those in view. */
const AROUND = 8;

export interface Placed {
  /** Of the whole list, pixels. */
  height: number;
  /** First and last + 1 of the rows to draw. */
  from: number;
  to: number;
  /** Where the first of them stands, pixels from the list's top. */
  top: number;
}

/**
 * `scrolled`: pixels of the list that are above the view, negative while its top is below the view's; `view`: pixels of
 * the view's height.
 */
export function placeRows(list: { total: number; row: number; scrolled: number; view: number }): Placed {
  const { total, row, view } = list;
  const height = Math.min(total * row, MOST_HEIGHT);
  const most = Math.max(0, height - view);
  const scrolled = Math.min(Math.max(0, list.scrolled), most);
  // Of the full height, had the browser one.
  const wanted = height === total * row || most === 0 ? scrolled : (scrolled / most) * (total * row - view);
  const first = Math.floor(wanted / row);
  const from = Math.max(0, first - AROUND);
  const to = Math.min(total, Math.ceil((wanted + view) / row) + AROUND);
  return { height, from, to, top: scrolled - (wanted - from * row) };
}

/** Numbers of the pages that hold rows `from` to `to`. */
export function pagesOf(from: number, to: number, size: number): number[] {
  if (to <= from) return [];
  const first = Math.floor(from / size);
  return Array.from({ length: Math.floor((to - 1) / size) - first + 1 }, (_, i) => first + i);
}
