// Selecting by touch, as on phones everywhere: a long press on a row begins it, taps on rows go on, back ends it.

import { useEffect, useRef, type MouseEvent, type PointerEvent } from 'react';

/** As long as the systems' own. */
const PRESS_MS = 500;
/** Pixels by which a finger slips that means to stay. */
const SLIP = 10;

export interface TouchHandlers {
  onPointerDownCapture(event: PointerEvent): void;
  onPointerMoveCapture(event: PointerEvent): void;
  onPointerUpCapture(): void;
  onPointerCancelCapture(): void;
  onContextMenuCapture(event: MouseEvent): void;
  onClickCapture(event: MouseEvent): void;
}

export interface TouchOptions {
  /** Rows are selected now. */
  selecting: boolean;
  /** A long press on the row in this place. */
  onPress(index: number): void;
  /** A tap on it while rows are selected. */
  onTap(index: number): void;
}

/** Handlers for what the rows stand in; a row says its place in data-index. A mouse is left to the rows. */
export function useTouch({ selecting, onPress, onTap }: TouchOptions): TouchHandlers {
  const touch = useRef({ is: false, x: 0, y: 0, pressed: false });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stop = (): void => clearTimeout(timer.current);
  useEffect(() => stop, []);
  const press = (index: number): void => {
    stop();
    if (touch.current.pressed) return;
    touch.current.pressed = true;
    onPress(index);
  };
  return {
    onPointerDownCapture(event) {
      stop();
      const { pointerType, isPrimary, clientX, clientY } = event;
      const index = rowOf(event);
      touch.current = { is: pointerType === 'touch', x: clientX, y: clientY, pressed: false };
      if (touch.current.is && isPrimary && index !== null) timer.current = setTimeout(press, PRESS_MS, index);
    },
    onPointerMoveCapture({ clientX, clientY }) {
      if (Math.hypot(clientX - touch.current.x, clientY - touch.current.y) > SLIP) stop();
    },
    onPointerUpCapture: stop,
    // It became a scroll.
    onPointerCancelCapture: stop,
    onContextMenuCapture(event) {
      const index = rowOf(event);
      if (!touch.current.is || index === null) return;
      // Some systems tell of a long press so.
      event.preventDefault();
      event.stopPropagation();
      press(index);
    },
    onClickCapture(event) {
      const index = rowOf(event);
      if (!touch.current.is || index === null || !(touch.current.pressed || selecting)) return;
      event.preventDefault();
      event.stopPropagation();
      if (!touch.current.pressed) onTap(index);
    },
  };
}

function rowOf({ target }: { target: EventTarget }): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('[role=row][data-index]') : null;
  return row ? Number(row.dataset['index']) : null;
}

/** While `active`, the browser's *back* ends that instead of leaving the page. */
export function useBackEnds(active: boolean, end: () => void): void {
  const latest = useRef(end);
  useEffect(() => {
    latest.current = end;
  });
  useEffect(() => {
    if (!active) return undefined;
    history.pushState({ [MARK]: true }, '', location.href);
    const onBack = (): void => latest.current();
    addEventListener('popstate', onBack);
    return () => {
      removeEventListener('popstate', onBack);
      // Ended in another way: its step goes too, unless the page has gone on from it.
      if ((history.state as Record<string, unknown> | null)?.[MARK]) history.back();
    };
  }, [active]);
}

const MARK = 'homingSelecting';
