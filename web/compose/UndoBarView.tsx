// "Sent. 2 outside leave in 28 s." Take it back: for as long as something is held here, and a moment where nothing is.

import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { Dismiss20Regular } from '@fluentui/react-icons';
import { useEffect, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { useJmap } from '../app/session.tsx';
import { openRecallDialog } from '../recall/index.ts';
import { wasSent, type JustSent } from './requests.ts';
import { undoSentence, type Held } from './undo.ts';

const useStyles = makeStyles({
  bar: {
    position: 'fixed',
    zIndex: 1002,
    left: '50%',
    bottom: '16px',
    transform: 'translateX(-50%)',
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    height: '48px',
    maxWidth: 'calc(100vw - 32px)',
    boxSizing: 'border-box',
    padding: '0 8px 0 16px',
    // Seen where the system sets the colours.
    border: `1px solid ${tokens.colorTransparentStroke}`,
    borderRadius: tokens.borderRadiusMedium,
    boxShadow: tokens.shadow16,
    backgroundColor: tokens.colorNeutralBackgroundInverted,
    color: tokens.colorNeutralForegroundInverted,
    fontSize: tokens.fontSizeBase300,
    whiteSpace: 'nowrap',
    [ON_PHONE]: {
      left: 0,
      right: 0,
      bottom: 0,
      transform: 'none',
      maxWidth: '100vw',
      gap: 0,
      padding: '0 0 0 16px',
      borderRadius: 0,
    },
  },
  text: { overflow: 'hidden', textOverflow: 'ellipsis', marginRight: 'auto' },
  action: {
    color: tokens.colorNeutralForegroundInverted,
    textDecorationLine: 'underline',
    ':hover': { color: tokens.colorNeutralForegroundInverted },
    ':hover:active': { color: tokens.colorNeutralForegroundInverted },
  },
});

/** Where nothing waits. */
const SHOWN_MS = 10_000;
const AGAIN_MS = 1000;

export function UndoBarView({ sent }: { sent: JustSent }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const [held, setHeld] = useState<Held | null>(null);
  const [now, setNow] = useState(() => Date.now());
  const { accountId, emailId } = sent;

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let stopped = false;
    let wasHeld = false;
    const look = async (): Promise<void> => {
      try {
        const answer = await jmap.call<{ heldOutside: number; held: number; heldForMs: number | null }>(
          'Recall/preview',
          { accountId, emailId },
        );
        if (stopped) return;
        const { heldOutside, heldForMs } = answer;
        const waits = answer.held > 0 && heldForMs !== null;
        setHeld({ heldOutside, held: answer.held, until: waits ? Date.now() + heldForMs : null });
        if (waits) {
          wasHeld = true;
          timer = setTimeout(() => void look(), Math.min(heldForMs + AGAIN_MS, 2_000_000_000));
        } else timer = setTimeout(() => wasSent(null), wasHeld ? 0 : SHOWN_MS);
      } catch {
        if (!stopped) timer = setTimeout(() => void look(), 2 * AGAIN_MS);
      }
    };
    void look();
    const tick = setInterval(() => setNow(Date.now()), 250);
    return () => {
      stopped = true;
      clearTimeout(timer);
      clearInterval(tick);
    };
  }, [jmap, accountId, emailId]);

  const words = undoSentence(held, sent.sendAt, now);
  return (
    <div className={styles.bar} role="region" aria-label="Sent">
      <span className={styles.text}>{words}</span>
      {/* Said once, not every second. */}
      <span className="visually-hidden" role="status">
        {held === null ? 'Sent.' : undoSentence(held, sent.sendAt, null)}
      </span>
      <Button
        appearance="transparent"
        className={styles.action}
        onClick={() => {
          openRecallDialog({ accountId, emailId });
          wasSent(null);
        }}
      >
        Take it back
      </Button>
      <Button
        appearance="transparent"
        className={styles.action}
        icon={<Dismiss20Regular />}
        aria-label="Dismiss"
        onClick={() => wasSent(null)}
      />
    </div>
  );
}
