// A family as it is drawn: an icon and a colour, never colour alone.

import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import {
  ArrowUndo16Regular,
  Eye16Regular,
  GlobeArrowForward16Regular,
  QuestionCircle16Regular,
  Subtract16Regular,
  type FluentIcon,
} from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import type { Family } from './words.ts';

const ICON: Readonly<Record<Family, FluentIcon>> = {
  back: ArrowUndo16Regular,
  nothing: Subtract16Regular,
  still: Eye16Regular,
  outside: GlobeArrowForward16Regular,
  uncertain: QuestionCircle16Regular,
};

const useStyles = makeStyles({
  icon: { flexShrink: 0, forcedColorAdjust: 'none' },
  back: { color: tokens.colorStatusSuccessBorderActive },
  nothing: { color: tokens.colorPalettePlatinumBorderActive },
  still: { color: tokens.colorStatusWarningBorderActive },
  outside: { color: tokens.colorPalettePurpleBorderActive },
  uncertain: { color: tokens.colorStatusDangerBorderActive },
});

/** Decoration: the label stands beside it. */
export function FamilyIcon({ family }: { family: Family }): ReactNode {
  const styles = useStyles();
  const Icon = ICON[family];
  return <Icon className={mergeClasses(styles.icon, styles[family])} aria-hidden />;
}
