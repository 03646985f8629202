import { makeStyles, tokens } from '@fluentui/react-components';
import { Globe16Regular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { useJmap } from '../app/session.tsx';
import { isOutside, uniqueRecipients, type Recipient } from './addresses.ts';
import { domainsOf } from './directory.ts';

const useStyles = makeStyles({
  line: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    padding: '4px 16px',
    flexShrink: 0,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    '& > svg': { color: tokens.colorPalettePurpleBorderActive },
  },
});

/** How many of them are outside: from there nothing can be taken back. */
export function OutsideLine({ recipients }: { recipients: Recipient[] }): ReactNode {
  const styles = useStyles();
  const domains = domainsOf(useJmap());
  const count = uniqueRecipients(recipients).filter(({ email }) => isOutside(email, domains)).length;
  return (
    <div role="status">
      {count > 0 && (
        <div className={styles.line}>
          <Globe16Regular aria-hidden />
          {count === 1 ? '1 is outside your organisation.' : `${count} are outside your organisation.`}
        </div>
      )}
    </div>
  );
}
