// What a sent message that was recalled shows in its row and its header: "412 of 433 taken back", and the way to more.

import { Link, makeStyles, tokens } from '@fluentui/react-components';
import { ArrowUndo16Filled } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { navigate } from '../app/router.ts';
import { useAccountId } from '../app/session.tsx';
import { useRecallOf, type OfEmail } from './data.ts';
import { useTrackingPath } from './paths.ts';
import { markOf } from './words.ts';

const useStyles = makeStyles({
  mark: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '4px',
    minWidth: 0,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
  },
  icon: { flexShrink: 0 },
});

export interface RecallMarkProps {
  email: OfEmail;
  /** Default: the account in view. */
  accountId?: string;
}

export function RecallMark({ email, accountId }: RecallMarkProps): ReactNode {
  const inView = useAccountId();
  const recall = useRecallOf(accountId ?? inView, email);
  return recall ? <Mark accountId={accountId ?? inView} id={recall.id} text={markOf(recall)} /> : null;
}

function Mark({ accountId, id, text }: { accountId: string; id: string; text: string }): ReactNode {
  const styles = useStyles();
  const path = useTrackingPath(accountId, id);
  return (
    <Link
      className={styles.mark}
      href={path}
      title="Open tracking"
      onClick={(event) => {
        event.preventDefault();
        event.stopPropagation();
        navigate(path);
      }}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <ArrowUndo16Filled className={styles.icon} />
      {text}
    </Link>
  );
}
