import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';

const useStyles = makeStyles({
  facts: {
    margin: 0,
    display: 'grid',
    gridTemplateColumns: 'minmax(112px, max-content) minmax(0, 1fr)',
    gap: '6px 16px',
    fontVariantNumeric: 'tabular-nums',
    overflowWrap: 'anywhere',
    '& dt': { color: tokens.colorNeutralForeground3 },
    '& dd': { margin: 0 },
    [ON_PHONE]: { gridTemplateColumns: '96px minmax(0, 1fr)', columnGap: '12px' },
  },
});

/** Names and values; what is null is left out. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }): ReactNode {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} is`}>{value}</dd>])}
    </dl>
  );
}
