// All letters that are being written: one in front, the others folded away at the bottom.

import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { MailEditRegular } from '@fluentui/react-icons';
import { useEffect, useState, type ReactNode } from 'react';
import { useJmap, useOwnAccountId } from '../app/session.tsx';
import { Composer } from './Composer.tsx';
import { sentenceFor } from './keeper.ts';
import { openContent, type Opened } from './opening.ts';
import { bringForward, closeComposer, useComposers, type ComposeRequest } from './requests.ts';

const useStyles = makeStyles({
  tabs: { position: 'fixed', zIndex: 1000, left: '16px', bottom: '16px', display: 'flex', gap: '8px' },
  tab: { maxWidth: '240px', boxShadow: tokens.shadow16 },
  failed: {
    position: 'fixed',
    zIndex: 1001,
    right: '24px',
    bottom: '16px',
    display: 'flex',
    alignItems: 'center',
    gap: '16px',
    padding: '12px 16px',
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    boxShadow: tokens.shadow16,
  },
});

export function Composers(): ReactNode {
  const styles = useStyles();
  const { open, front } = useComposers();
  return (
    <>
      {open.map(({ key, request }) => (
        <Letter key={key} number={key} request={request} folded={key !== front} />
      ))}
      <div className={styles.tabs}>
        {open
          .filter(({ key }) => key !== front)
          .map(({ key }) => (
            <Button key={key} className={styles.tab} icon={<MailEditRegular />} onClick={() => bringForward(key)}>
              Unsent message
            </Button>
          ))}
      </div>
    </>
  );
}

interface LetterProps {
  number: number;
  request: ComposeRequest;
  folded: boolean;
  page?: boolean;
  onClosed?: () => void;
}

export function Letter({ number, request, folded, page, onClosed }: LetterProps): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const own = useOwnAccountId();
  const [opened, setOpened] = useState<Opened | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    let stopped = false;
    openContent(jmap, own, request)
      .then((content) => !stopped && setOpened(content))
      .catch((error: unknown) => !stopped && setFailed(sentenceFor(error)));
    return () => {
      stopped = true;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- opened once, whatever becomes of the session object
  }, [number]);
  if (failed !== null) {
    return (
      <div className={styles.failed} role="alert">
        {failed}
        <Button onClick={onClosed ?? (() => closeComposer(number))}>Close</Button>
      </div>
    );
  }
  if (!opened) return null;
  return (
    <Composer
      number={number}
      request={request}
      opened={opened}
      folded={folded}
      {...(page ? { page } : {})}
      {...(onClosed ? { onClosed } : {})}
    />
  );
}
