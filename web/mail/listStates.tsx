// What stands in a list's place while there is none: it is on its way, or empty.

import { Link, makeStyles, Skeleton, SkeletonItem, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { navigate, pathOf } from '../app/router.ts';
import type { Mailbox } from '../jmap/types.ts';
import type { MailRoute } from './MailPage.tsx';

const useStyles = makeStyles({
  empty: { padding: '48px 16px', textAlign: 'center', color: tokens.colorNeutralForeground3 },
  waiting: { padding: '12px 16px', boxSizing: 'border-box' },
});

const NOTHING: Record<string, string> = {
  inbox: 'Nothing new.',
  sent: 'What you send can be taken back from here.',
  drafts: 'No drafts.',
};

interface NothingListedProps {
  mailbox: Mailbox;
  route: MailRoute;
  /** Some kinds of messages are left out. */
  isFiltered: boolean;
}

/** In the place of a list that is empty. */
export function NothingListed({ mailbox, route, isFiltered }: NothingListedProps): ReactNode {
  const styles = useStyles();
  const within = route.search !== null && /(?:^|\s)in:\S+/i.test(route.search);
  if (route.search !== null) {
    return (
      <div className={styles.empty}>
        <Text>Nothing found. </Text>
        {within && (
          <Link
            as="button"
            inline
            onClick={() =>
              navigate(
                pathOf({ ...route, search: route.search?.replace(/(?:^|\s)in:(?:"[^"]*"|\S+)/gi, '').trim() ?? null }),
              )
            }
          >
            Search everywhere
          </Link>
        )}
      </div>
    );
  }
  return (
    <div className={styles.empty}>
      <Text>{isFiltered ? 'Nothing here is like that.' : (NOTHING[mailbox.role ?? ''] ?? 'Nothing here.')}</Text>
    </div>
  );
}

/** In the place of a list that is not there yet; `height` of a row, in pixels. */
export function ListWaits({ height }: { height: number }): ReactNode {
  const styles = useStyles();
  return (
    <Skeleton aria-label="Loading">
      {[0, 1, 2, 3, 4, 5].map((i) => (
        <div key={i} className={styles.waiting} style={{ height }}>
          <SkeletonItem size={16} />
        </div>
      ))}
    </Skeleton>
  );
}
