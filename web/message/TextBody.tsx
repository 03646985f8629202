// Plain text as it was written: addresses of pages become links, quoted lines step back.

import { Link, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { linksIn, type Piece } from './text.ts';

const useStyles = makeStyles({
  text: {
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
  },
  quoted: {
    color: tokens.colorNeutralForeground3,
    borderLeft: `2px solid ${tokens.colorNeutralStroke2}`,
    paddingLeft: '8px',
  },
});

export function TextBody({ text }: { text: string }): ReactNode {
  const styles = useStyles();
  return (
    <div className={styles.text}>
      {blocksOf(text).map(({ quoted, lines }, i) => (
        // The text never changes under the reader: places are as good as names.
        // eslint-disable-next-line react/no-array-index-key
        <div key={i} className={quoted ? styles.quoted : undefined}>
          {linksIn(lines.join('\n')).map(show)}
        </div>
      ))}
    </div>
  );
}

function show(piece: Piece, i: number): ReactNode {
  if (typeof piece === 'string') return piece;
  return (
    <Link key={i} href={piece.href} target="_blank" rel="noopener noreferrer" inline>
      {piece.text}
    </Link>
  );
}

function blocksOf(text: string): { quoted: boolean; lines: string[] }[] {
  const blocks: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.replaceAll('\r\n', '\n').trimEnd().split('\n')) {
    const quoted = line.startsWith('>');
    const last = blocks.at(-1);
    const shown = quoted ? line.replace(/^> ?/, '') : line;
    if (last?.quoted === quoted) last.lines.push(shown);
    else blocks.push({ quoted, lines: [shown] });
  }
  return blocks;
}
