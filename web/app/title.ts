import { useEffect } from 'react';

/** What the window is called while this page is in it. Null: not known yet. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title === null) return undefined;
    const before = document.title;
    document.title = `${title} · Homing`;
    return () => {
      // A page that came after it has its own by now.
      if (document.title === `${title} · Homing`) document.title = before;
    };
  }, [title]);
}
