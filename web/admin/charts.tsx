// Simple charts, drawn by ourselves. Each is a picture only: the table below it has what it shows.

import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import { useRef, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { useWidth } from '../app/useWidth.ts';
import { figure } from '../recall/words.ts';
import { logTicks, niceMost } from './scales.ts';

const useStyles = makeStyles({
  figure: { margin: 0, display: 'flex', flexDirection: 'column', gap: '8px', minWidth: 0 },
  caption: { fontWeight: 600 },
  legend: { display: 'flex', flexWrap: 'wrap', gap: '4px 16px', color: tokens.colorNeutralForeground2 },
  key: { display: 'inline-flex', alignItems: 'center', gap: '6px' },
  svg: { display: 'block', overflow: 'visible', forcedColorAdjust: 'none' },
  bar: { fill: tokens.colorBrandForeground1 },
  first: { fill: tokens.colorBrandForeground1, stroke: tokens.colorBrandForeground1 },
  second: { fill: tokens.colorPalettePurpleBorderActive, stroke: tokens.colorPalettePurpleBorderActive },
  line: { fill: 'none', strokeWidth: '1.5px' },
  grid: { stroke: tokens.colorNeutralStroke2, strokeWidth: '1px', shapeRendering: 'crispEdges' },
  text: { fill: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  details: {
    '& > summary': {
      width: 'fit-content',
      cursor: 'pointer',
      color: tokens.colorNeutralForeground2,
      fontSize: tokens.fontSizeBase200,
      lineHeight: tokens.lineHeightBase200,
      padding: '4px 0',
      [ON_PHONE]: { padding: '14px 0', minWidth: '44px' },
    },
    '& > table': { marginTop: '8px' },
  },
});

const HEIGHT = 132;
const LEFT = 48;
const BELOW = 20;
const ABOVE = 8;

export interface FigureProps {
  caption: string;
  /** What its marks mean, where they are of several kinds. */
  legend?: readonly (readonly [mark: ReactNode, means: string])[];
  /** The same for whoever does not see it, or wants the numbers. */
  table: ReactNode;
  children: ReactNode;
}

export function Figure({ caption, legend, table, children }: FigureProps): ReactNode {
  const styles = useStyles();
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>{caption}</figcaption>
      {children}
      {legend && (
        <Text size={200} className={styles.legend}>
          {legend.map(([mark, means]) => (
            <span key={means} className={styles.key}>
              {mark}
              {means}
            </span>
          ))}
        </Text>
      )}
      <details className={styles.details}>
        <summary>{`${caption}, as a table`}</summary>
        {table}
      </details>
    </figure>
  );
}

interface FrameProps {
  /** Where lines lie, from 0 (below) to 1, and what they are called. */
  ticks: readonly { at: number; label: string }[];
  /** Of the columns. */
  labels: readonly string[];
  draw(area: { x(column: number): number; y(at: number): number; step: number }): ReactNode;
}

function Frame({ ticks, labels, draw }: FrameProps): ReactNode {
  const styles = useStyles();
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const step = labels.length === 0 ? 0 : Math.max(0, width - LEFT) / labels.length;
  const x = (column: number): number => LEFT + (column + 0.5) * step;
  const y = (at: number): number => ABOVE + (1 - at) * (HEIGHT - ABOVE - BELOW);
  const named = [0, Math.floor((labels.length - 1) / 2), labels.length - 1].filter(
    (at, i, all) => all.indexOf(at) === i,
  );
  return (
    <div ref={place}>
      {width > 0 && (
        <svg className={styles.svg} width={width} height={HEIGHT} aria-hidden>
          {ticks.map(({ at, label }) => (
            <g key={label}>
              <line className={styles.grid} x1={LEFT} x2={width} y1={y(at)} y2={y(at)} />
              <text className={styles.text} x={LEFT - 8} y={y(at) + 4} textAnchor="end">
                {label}
              </text>
            </g>
          ))}
          {draw({ x, y, step })}
          {named.map((column, i) => (
            <text
              key={column}
              className={styles.text}
              x={i === 0 ? LEFT : i === named.length - 1 ? width : x(column)}
              y={HEIGHT - 4}
              textAnchor={i === 0 ? 'start' : i === named.length - 1 ? 'end' : 'middle'}
            >
              {labels[column]}
            </text>
          ))}
        </svg>
      )}
    </div>
  );
}

export interface Point {
  label: string;
  value: number;
}

export function Bars({ points, says }: { points: readonly Point[]; says(point: Point): string }): ReactNode {
  const styles = useStyles();
  const most = niceMost(Math.max(1, ...points.map(({ value }) => value)));
  const ticks = [0, most / 2, most]
    .filter(Number.isInteger)
    .map((value) => ({ at: value / most, label: figure(value) }));
  return (
    <Frame
      ticks={ticks}
      labels={points.map(({ label }) => label)}
      draw={({ x, y, step }) => {
        const width = Math.max(1, Math.min(24, step - Math.max(1, step * 0.25)));
        return points.map((point, i) => {
          // Even one of a thousand is seen.
          const top = Math.min(y(point.value / most), y(0) - 2);
          return (
            point.value > 0 && (
              <rect
                key={point.label}
                className={styles.bar}
                x={x(i) - width / 2}
                y={top}
                width={width}
                height={y(0) - top}
                rx={1}
              >
                <title>{says(point)}</title>
              </rect>
            )
          );
        });
      }}
    />
  );
}

export interface Series {
  name: string;
  /** Milliseconds; null: none. */
  values: readonly (number | null)[];
}

/** Times on a scale of tens; the first series has circles, the second squares. */
export function Times({
  labels,
  series,
  says,
}: {
  labels: readonly string[];
  series: readonly [Series, Series];
  says(name: string, label: string, ms: number): string;
}): ReactNode {
  const styles = useStyles();
  const all = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const { ticks, place } = logTicks(all);
  return (
    <Frame
      ticks={ticks}
      labels={labels}
      draw={({ x, y }) =>
        series.map(({ name, values }, which) => {
          const known = values.flatMap((value, i) => (value === null ? [] : [{ i, value, label: labels[i] ?? '' }]));
          const look = which === 0 ? styles.first : styles.second;
          return (
            <g key={name}>
              <polyline
                className={mergeClasses(look, styles.line)}
                points={known.map(({ i, value }) => `${x(i)},${y(place(value))}`).join(' ')}
              />
              {known.map(({ i, value, label }) =>
                which === 0 ? (
                  <circle key={i} className={look} cx={x(i)} cy={y(place(value))} r={3}>
                    <title>{says(name, label, value)}</title>
                  </circle>
                ) : (
                  <rect key={i} className={look} x={x(i) - 3} y={y(place(value)) - 3} width={6} height={6}>
                    <title>{says(name, label, value)}</title>
                  </rect>
                ),
              )}
            </g>
          );
        })
      }
    />
  );
}

/** As the marks of Times. */
export function TimesMark({ which }: { which: 0 | 1 }): ReactNode {
  const styles = useStyles();
  return (
    <svg className={styles.svg} width={8} height={8} aria-hidden>
      {which === 0 ? (
        <circle className={styles.first} cx={4} cy={4} r={3} />
      ) : (
        <rect className={styles.second} x={1} y={1} width={6} height={6} />
      )}
    </svg>
  );
}
