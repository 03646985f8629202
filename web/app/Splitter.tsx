// The line between two panes, which can be dragged, or moved with the arrow keys.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { FORCED } from './theme.ts';

const useStyles = makeStyles({
  splitter: {
    position: 'relative',
    flexShrink: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralStroke2,
    [FORCED]: { backgroundColor: 'CanvasText', forcedColorAdjust: 'none' },
    touchAction: 'none',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    ':hover': { backgroundColor: tokens.colorBrandStroke1 },
    // Wider to the hand than to the eye.
    '::after': { content: '""', position: 'absolute' },
  },
  upright: { width: '1px', cursor: 'col-resize', '::after': { top: 0, bottom: 0, left: '-4px', right: '-4px' } },
  level: { height: '1px', cursor: 'row-resize', '::after': { left: 0, right: 0, top: '-4px', bottom: '-4px' } },
});

export interface SplitterProps {
  label: string;
  /** 'vertical': between left and right. */
  orientation: 'vertical' | 'horizontal';
  /** Pixels of what lies before it. */
  value: number;
  min: number;
  max: number;
  onChange(value: number): void;
}

const STEP = 16;

export function Splitter({ label, orientation, value, min, max, onChange }: SplitterProps): ReactNode {
  const styles = useStyles();
  const begin = useRef<{ at: number; value: number } | null>(null);
  const upright = orientation === 'vertical';
  const place = (event: PointerEvent): number => (upright ? event.clientX : event.clientY);
  const change = (next: number): void => onChange(Math.min(max, Math.max(min, Math.round(next))));
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
    const end = { Home: min, End: max }[event.key];
    if (step === undefined && end === undefined) return;
    event.preventDefault();
    change(end ?? value + (step ?? 0));
  };
  return (
    // ARIA's window splitter: a separator that takes the focus is a widget.
    <div
      className={mergeClasses(styles.splitter, upright ? styles.upright : styles.level)}
      role="separator"
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        begin.current = { at: place(event), value };
      }}
      onPointerMove={(event) => {
        if (begin.current) change(begin.current.value + place(event) - begin.current.at);
      }}
      onPointerUp={() => {
        begin.current = null;
      }}
      onPointerCancel={() => {
        begin.current = null;
      }}
    />
  );
}
