// A link to another page of the administration.

import { Link, makeStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';
import { navigate } from '../../app/router.ts';

const useStyles = makeStyles({
  goTo: {
    textAlign: 'left',
    [ON_PHONE]: { display: 'inline-block', padding: '12px 0', margin: '-12px 0', minWidth: '44px' },
  },
});

export function GoTo({
  to,
  inline = false,
  children,
}: {
  to: string;
  inline?: boolean;
  children: ReactNode;
}): ReactNode {
  const styles = useStyles();
  return (
    <Link
      className={inline ? undefined : styles.goTo}
      inline={inline}
      href={to}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </Link>
  );
}
