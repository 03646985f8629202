// What can be expected of a recall, from delivery state alone.

import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import type { Preview } from './data.ts';
import { expectation } from './words.ts';

const useStyles = makeStyles({
  whole: { display: 'flex', flexDirection: 'column', gap: '8px' },
  bar: { display: 'flex', gap: '2px', height: '8px', borderRadius: tokens.borderRadiusMedium, overflow: 'hidden' },
  part: { minWidth: '4px', height: '100%', forcedColorAdjust: 'none' },
  inside: { backgroundColor: tokens.colorStatusSuccessBorderActive },
  waiting: { backgroundColor: tokens.colorBrandStroke1 },
  outside: { backgroundColor: tokens.colorPalettePurpleBorderActive },
  unknown: { backgroundColor: tokens.colorNeutralStroke2 },
  sentence: { fontVariantNumeric: 'tabular-nums', minHeight: '20px' },
});

export function Expected({ preview, includeRead }: { preview: Preview | undefined; includeRead: boolean }): ReactNode {
  const styles = useStyles();
  const known = preview && preview.inside + preview.outside + preview.held + preview.queued > 0;
  const parts = known
    ? ([
        ['inside', preview.inside],
        ['waiting', preview.held + preview.queued],
        ['outside', preview.outside],
      ] as const)
    : [];
  return (
    <div className={styles.whole}>
      <Text className={styles.sentence}>{known ? expectation(preview, includeRead) : ''}</Text>
      <div className={styles.bar} aria-hidden>
        {!known && <div className={mergeClasses(styles.part, styles.unknown)} style={{ flexGrow: 1 }} />}
        {parts
          .filter(([, count]) => count > 0)
          .map(([name, count]) => (
            <div key={name} className={mergeClasses(styles.part, styles[name])} style={{ flexGrow: count }} />
          ))}
      </div>
    </div>
  );
}
