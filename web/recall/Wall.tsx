// The wall: a square a recipient, on a canvas. The list beside it is its accessible twin.

import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { useEffect, useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { useLook, useMedia } from '../app/theme.ts';
import { useWidth } from '../app/useWidth.ts';
import { gridOf, SIDE, squareAt, STEP, type Square } from './squares.ts';
import { FAMILY_FILL, type Family } from './words.ts';

const useStyles = makeStyles({
  wall: { position: 'relative', width: '100%' },
  canvas: { display: 'block', width: '100%' },
  pointed: { cursor: 'pointer' },
  hint: {
    position: 'absolute',
    zIndex: 1,
    maxWidth: '280px',
    padding: '4px 12px 8px',
    display: 'flex',
    flexDirection: 'column',
    pointerEvents: 'none',
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    borderRadius: tokens.borderRadiusMedium,
    boxShadow: tokens.shadow16,
    overflowWrap: 'anywhere',
  },
  says: { color: tokens.colorNeutralForeground2 },
});

export interface WallProps {
  squares: readonly Square[];
  /** What the wall says as a whole. */
  label: string;
  /** Others are paler. */
  family?: Family | null;
  onFamily?: (family: Family) => void;
}

export function Wall({ squares, label, family = null, onFamily }: WallProps): ReactNode {
  const styles = useStyles();
  const look = useLook();
  const forced = useMedia('(forced-colors: active)');
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const [hovered, setHovered] = useState<number | null>(null);
  const { columns, height } = gridOf(squares.length, width);
  useEffect(() => {
    if (canvas.current && width > 0)
      draw(canvas.current, { squares, columns, width, height, family, shaped: forced || look === 'contrast' });
  }, [squares, columns, width, height, family, look, forced]);

  const under = (event: PointerEvent<HTMLCanvasElement>): number | null => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return squareAt(event.clientX - left, event.clientY - top, columns, squares.length) ?? null;
  };
  const pointed = hovered === null ? undefined : squares[hovered];
  return (
    <div className={styles.wall}>
      <canvas
        ref={canvas}
        className={`${styles.canvas} ${pointed?.family && onFamily ? styles.pointed : ''}`}
        style={{ height }}
        role="img"
        aria-label={label}
        onPointerMove={(event) => setHovered(under(event))}
        onPointerLeave={() => setHovered(null)}
        onPointerDown={(event) => setHovered(under(event))}
        onClick={() => pointed?.family && onFamily?.(pointed.family)}
      />
      {hovered !== null && pointed && pointed.name !== '' && (
        <div className={styles.hint} style={hintPlace(hovered, columns, width)} aria-hidden>
          <Text size={200} weight="semibold">
            {pointed.name}
          </Text>
          {pointed.says !== '' && (
            <Text size={200} className={styles.says}>
              {pointed.says}
            </Text>
          )}
        </div>
      )}
    </div>
  );
}

function hintPlace(index: number, columns: number, width: number): { left?: number; right?: number; top: number } {
  const x = (index % columns) * STEP;
  const top = (Math.floor(index / columns) + 1) * STEP + 4;
  return x > width / 2 ? { right: Math.max(0, width - x - SIDE), top } : { left: x, top };
}

interface Drawing {
  squares: readonly Square[];
  columns: number;
  width: number;
  height: number;
  family: Family | null;
  /** Where all colours are one: families differ by their shape. */
  shaped: boolean;
}

function draw(canvas: HTMLCanvasElement, { squares, columns, width, height, family, shaped }: Drawing): void {
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (token: string): string => style.getPropertyValue(`--${token}`).trim();
  const ground = colour('colorNeutralBackground1');
  const empty = colour('colorNeutralStrokeAccessible');
  const fills = Object.fromEntries(Object.entries(FAMILY_FILL).map(([of, token]) => [of, colour(token)]));
  for (const [index, square] of squares.entries()) {
    const x = (index % columns) * STEP;
    const y = Math.floor(index / columns) * STEP;
    context.globalAlpha = family === null || square.family === family ? 1 : 0.25;
    if (square.family === null) {
      context.strokeStyle = empty;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, SIDE - 1, SIDE - 1);
      continue;
    }
    context.fillStyle = fills[square.family] ?? empty;
    if (shaped) SHAPES[square.family](context, x, y);
    else context.fillRect(x, y, SIDE, SIDE);
    if (square.hatched) hatch(context, x, y, ground);
  }
}

type Shape = (context: CanvasRenderingContext2D, x: number, y: number) => void;

const SHAPES: Readonly<Record<Family, Shape>> = {
  back: (context, x, y) => context.fillRect(x, y, SIDE, SIDE),
  nothing: (context, x, y) => context.fillRect(x, y + SIDE / 2 - 1, SIDE, 2),
  still: (context, x, y) => {
    context.fillRect(x, y, SIDE, SIDE);
    context.clearRect(x + 2, y + 2, SIDE - 4, SIDE - 4);
  },
  outside: (context, x, y) => fillPath(context, [x + SIDE, y], [x + SIDE, y + SIDE], [x, y + SIDE]),
  uncertain: (context, x, y) => fillPath(context, [x, y], [x + SIDE, y], [x, y + SIDE], [x + SIDE, y + SIDE]),
};

function fillPath(context: CanvasRenderingContext2D, ...points: [x: number, y: number][]): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.fill();
}

function hatch(context: CanvasRenderingContext2D, x: number, y: number, ground: string): void {
  context.save();
  context.beginPath();
  context.rect(x, y, SIDE, SIDE);
  context.clip();
  context.strokeStyle = ground;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const shift of [-4, 0, 4]) {
    context.moveTo(x + shift - 1, y + SIDE + 1);
    context.lineTo(x + SIDE + shift + 1, y - 1);
  }
  context.stroke();
  context.restore();
}
