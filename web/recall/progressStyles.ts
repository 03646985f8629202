// How a recall's progress looks, on its sender's page and on an administrator's: the headline, and what is above the list.

import { makeStyles, tokens } from '@fluentui/react-components';
import { ON_PHONE } from '../app/theme.ts';

export const useProgressStyles = makeStyles({
  headline: {
    margin: 0,
    fontSize: tokens.fontSizeHero700,
    lineHeight: tokens.lineHeightHero700,
    fontWeight: 600,
    fontVariantNumeric: 'tabular-nums',
    textWrap: 'balance',
  },
  beside: { fontVariantNumeric: 'tabular-nums', color: tokens.colorNeutralForeground2 },
  tools: { display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'center', justifyContent: 'space-between' },
  search: { width: '260px', maxWidth: '100%', [ON_PHONE]: { width: '100%', minHeight: '44px' } },
});
