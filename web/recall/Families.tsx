// Families with their counts: the chips that filter, and the bar that stands for the wall where recipients are many.

import { makeStyles, mergeClasses, ToggleButton, tokens, Tooltip } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { FamilyIcon } from './FamilyIcon.tsx';
import { countFamilies, decidedOf, FAMILIES, FAMILY_LABEL, figure, type Counts, type Family } from './words.ts';

const useStyles = makeStyles({
  chips: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  chip: { minWidth: 0, fontVariantNumeric: 'tabular-nums', fontWeight: 400, [ON_PHONE]: { minHeight: '44px' } },
  count: { fontWeight: 600, marginLeft: '6px' },
  bar: { display: 'flex', gap: '2px', height: '24px', borderRadius: tokens.borderRadiusMedium, overflow: 'hidden' },
  thin: { height: '8px', pointerEvents: 'none' },
  part: {
    minWidth: '4px',
    height: '100%',
    flexBasis: 0,
    padding: 0,
    border: 'none',
    cursor: 'pointer',
    forcedColorAdjust: 'none',
  },
  pale: { opacity: 0.25 },
  back: { backgroundColor: tokens.colorStatusSuccessBorderActive },
  nothing: { backgroundColor: tokens.colorPalettePlatinumBorderActive },
  still: { backgroundColor: tokens.colorStatusWarningBorderActive },
  outside: { backgroundColor: tokens.colorPalettePurpleBorderActive },
  uncertain: { backgroundColor: tokens.colorStatusDangerBorderActive },
  undecided: { backgroundColor: tokens.colorNeutralStroke2, cursor: 'default' },
});

export interface FamiliesProps {
  counts: Counts;
  /** Null: all. */
  family: Family | null;
  onFamily(family: Family | null): void;
}

/** Filters by family; pressed again, all of them. */
export function FamilyChips({ counts, family, onFamily }: FamiliesProps): ReactNode {
  const styles = useStyles();
  const sums = countFamilies(counts);
  return (
    <div className={styles.chips} role="group" aria-label="Show">
      {FAMILIES.filter((one) => sums[one] > 0 || one === family).map((one) => (
        <ToggleButton
          key={one}
          className={styles.chip}
          size="small"
          shape="circular"
          checked={family === one}
          icon={<FamilyIcon family={one} />}
          onClick={() => onFamily(family === one ? null : one)}
        >
          {FAMILY_LABEL[one]}
          <span className={styles.count}>{figure(sums[one])}</span>
        </ToggleButton>
      ))}
    </div>
  );
}

export interface FamilyBarProps extends FamiliesProps {
  total: number;
}

export function FamilyBar({ counts, total, family, onFamily }: FamilyBarProps): ReactNode {
  const styles = useStyles();
  const sums = countFamilies(counts);
  const left = Math.max(0, total - decidedOf(counts));
  return (
    <div className={styles.bar} aria-hidden>
      {FAMILIES.filter((one) => sums[one] > 0).map((one) => (
        <Tooltip key={one} content={`${FAMILY_LABEL[one]}: ${figure(sums[one])}`} relationship="label">
          {/* The chips are its twin for the keyboard. */}
          <button
            type="button"
            tabIndex={-1}
            aria-label={FAMILY_LABEL[one]}
            className={mergeClasses(styles.part, styles[one], family !== null && family !== one && styles.pale)}
            style={{ flexGrow: sums[one] }}
            onClick={() => onFamily(family === one ? null : one)}
          />
        </Tooltip>
      ))}
      {left > 0 && <div className={mergeClasses(styles.part, styles.undecided)} style={{ flexGrow: left }} />}
    </div>
  );
}

/** Only a hint beside words: 8 pixels, and nothing to point at. */
export function ThinFamilyBar({ counts, total }: Pick<FamilyBarProps, 'counts' | 'total'>): ReactNode {
  const styles = useStyles();
  const sums = countFamilies(counts);
  const left = Math.max(0, total - decidedOf(counts));
  return (
    <div className={mergeClasses(styles.bar, styles.thin)} aria-hidden>
      {FAMILIES.filter((one) => sums[one] > 0).map((one) => (
        <div key={one} className={mergeClasses(styles.part, styles[one])} style={{ flexGrow: sums[one] }} />
      ))}
      {left > 0 && <div className={mergeClasses(styles.part, styles.undecided)} style={{ flexGrow: left }} />}
    </div>
  );
}

/** "433 recipients: 412 taken back, 2 outside." */
export function wallLabel(counts: Counts, total: number): string {
  const sums = countFamilies(counts);
  const parts = FAMILIES.filter((one) => sums[one] > 0).map(
    (one) => `${figure(sums[one])} ${FAMILY_LABEL[one].toLowerCase()}`,
  );
  const left = total - decidedOf(counts);
  if (left > 0) parts.push(`${figure(left)} to be decided`);
  return `${figure(total)} recipients: ${parts.join(', ')}.`;
}
