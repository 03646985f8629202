// Colours and letters. Everything else takes its tokens from here; a raw colour anywhere else is a fault.

import {
  createDarkTheme,
  createLightTheme,
  teamsHighContrastTheme,
  type BrandVariants,
  type Theme,
} from '@fluentui/react-components';
import { useSyncExternalStore } from 'react';
import { useSettings } from './settings.ts';

/** Petrol: neither Outlook's blue nor Teams' indigo. */
const BRAND: BrandVariants = {
  10: '#000b10',
  20: '#00171e',
  30: '#01242d',
  40: '#00303c',
  50: '#003c4b',
  60: '#044959',
  70: '#035669',
  80: '#06677d',
  90: '#1d7e97',
  100: '#43a6c3',
  110: '#54b3cf',
  120: '#6abfd9',
  130: '#89cde3',
  140: '#addded',
  150: '#ceecf7',
  160: '#e9f6fa',
};

const LETTERS = { fontFamilyBase: "'Segoe UI', -apple-system, 'Inter Variable', sans-serif" };

/** Of rows that are ours; Fluent's own in high contrast would want other letters on them too. */
const ROWS = {
  rowHover: 'var(--colorNeutralBackground1Hover)',
  rowSelected: 'var(--colorNeutralBackground1Selected)',
  paneHover: 'var(--colorNeutralBackground3Hover)',
  paneSelected: 'var(--colorNeutralBackground3Selected)',
};

const THEMES = {
  light: { ...createLightTheme(BRAND), ...LETTERS, ...ROWS },
  dark: {
    ...createDarkTheme(BRAND),
    // The ramp's middle is too dark for words on a dark ground.
    colorBrandForeground1: BRAND[110],
    colorBrandForeground2: BRAND[120],
    ...LETTERS,
    ...ROWS,
  },
  contrast: {
    ...teamsHighContrastTheme,
    ...LETTERS,
    rowHover: '#242424',
    rowSelected: BRAND[50],
    paneHover: '#242424',
    paneSelected: BRAND[50],
    // Families stay apart: Fluent's own has one colour for all of them.
    colorStatusSuccessBorderActive: '#3ff23f',
    colorPalettePlatinumBorderActive: '#c0c0c0',
    colorStatusWarningBorderActive: '#ffff00',
    colorPalettePurpleBorderActive: '#d7a3ff',
    colorStatusDangerBorderActive: '#ff9090',
  },
} satisfies Record<string, Theme & typeof ROWS>;

/** Grounds of rows: tokens as Fluent's are. */
export const rows = {
  hover: 'var(--rowHover)',
  selected: 'var(--rowSelected)',
  paneHover: 'var(--paneHover)',
  paneSelected: 'var(--paneSelected)',
} as const;

/** Mail in HTML is shown as on paper, in any look: what it says of colours was meant for that. */
export const PAPER = { ground: '#ffffff', text: '#242424', link: BRAND[80] };

export type Look = keyof typeof THEMES;

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}

/** As chosen, else as the system has it. */
export function useLook(): Look {
  const { theme } = useSettings();
  const dark = useMedia('(prefers-color-scheme: dark)');
  const more = useMedia('(prefers-contrast: more)');
  const forced = useMedia('(forced-colors: active)');
  if (theme !== 'system') return theme;
  if (more && !forced) return 'contrast';
  return dark ? 'dark' : 'light';
}

export function useTheme(): Theme {
  return THEMES[useLook()];
}

/** Where the system sets the colours (forced-colors): what is told by a colour alone needs one of its. */
export const FORCED = '@media (forced-colors: active)';

/** Widths at which the page changes. */
export const WIDE = '(min-width: 1100px)';
export const PHONE = '(max-width: 639.98px)';
/** The same, of a style. */
export const ON_PHONE = `@media ${PHONE}`;

/** Fingers, and no pointer that could hang over anything. */
export const TOUCH = '(hover: none)';

export { useMedia };
