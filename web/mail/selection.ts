// Which rows are selected: one by one with control, from one to another with shift, or by their boxes.

import { useCallback, useState } from 'react';

export interface Selection {
  ids: ReadonlySet<string>;
  /** Position of the row that keys act on. */
  focus: number;
  setFocus(index: number): void;
  toggle(index: number, id: string): void;
  /** Selected, if it was not. */
  add(index: number, id: string): void;
  /** From the row that was last chosen to this one. */
  extend(index: number, idAt: (index: number) => string | undefined): void;
  all(ids: Iterable<string>): void;
  /** These not any more. */
  drop(ids: readonly string[]): void;
  clear(): void;
}

const NONE: ReadonlySet<string> = new Set();

export function useSelection(): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(NONE);
  const [anchor, setAnchor] = useState(0);
  const [focus, setFocus] = useState(0);
  const toggle = useCallback((index: number, id: string) => {
    setAnchor(index);
    setFocus(index);
    setIds((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const add = useCallback((index: number, id: string) => {
    setAnchor(index);
    setFocus(index);
    setIds((before) => (before.has(id) ? before : new Set([...before, id])));
  }, []);
  const extend = useCallback(
    (index: number, idAt: (index: number) => string | undefined) => {
      setFocus(index);
      const [from, to] = [Math.min(anchor, index), Math.max(anchor, index)];
      const range = Array.from({ length: to - from + 1 }, (_, i) => idAt(from + i));
      setIds(new Set(range.filter((id) => id !== undefined)));
    },
    [anchor],
  );
  const clear = useCallback(() => setIds(NONE), []);
  const all = useCallback((every: Iterable<string>) => setIds(new Set(every)), []);
  const drop = useCallback(
    (gone: readonly string[]) => setIds((before) => new Set([...before].filter((id) => !gone.includes(id)))),
    [],
  );
  const focusOn = useCallback((index: number) => {
    setFocus(index);
    setAnchor(index);
  }, []);
  return { ids, focus, setFocus: focusOn, toggle, add, extend, all, drop, clear };
}
