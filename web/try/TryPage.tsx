// The first minute: Ana's Sent Items and Ben's Inbox side by side, both the real client, and the mailboxes beneath them.

import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { SessionProvider } from '../app/session.tsx';
import { sentenceOfError } from '../parts/sentence.ts';
import { Mailboxes } from './Mailboxes.tsx';

const useStyles = makeStyles({
  page: {
    minHeight: '100dvh',
    boxSizing: 'border-box',
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground3,
  },
  begun: { height: '100dvh', [ON_PHONE]: { height: 'auto' } },
  top: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: '16px',
    padding: '12px 16px',
  },
  line: { margin: 0, fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500, fontWeight: 600 },
  first: {
    flex: 1,
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    gap: '24px',
    padding: '16px',
    textAlign: 'center',
  },
  headline: {
    margin: 0,
    fontSize: tokens.fontSizeHero700,
    lineHeight: tokens.lineHeightHero700,
    fontWeight: 600,
  },
  whole: { whiteSpace: 'nowrap' },
  button: { flexShrink: 0, whiteSpace: 'nowrap', [ON_PHONE]: { minHeight: '44px' } },
  frames: {
    flex: 1,
    minHeight: 0,
    display: 'grid',
    gridTemplateColumns: '1fr 1fr',
    gap: '8px',
    padding: '0 8px',
    [ON_PHONE]: { flex: 'none', gridTemplateColumns: '1fr', padding: '0 4px' },
  },
  side: { display: 'flex', flexDirection: 'column', gap: '4px', minHeight: 0, minWidth: 0 },
  whose: { padding: '0 8px', color: tokens.colorNeutralForeground2 },
  frame: {
    flex: 1,
    width: '100%',
    minHeight: 0,
    boxSizing: 'border-box',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground2,
    [ON_PHONE]: { flex: 'none', height: '76dvh' },
  },
  problem: { color: tokens.colorStatusDangerForeground1 },
});

/** Where it has no room, it breaks between its sentences. */
function Line(): ReactNode {
  const styles = useStyles();
  return (
    <>
      Ana has just sent everyone the salaries. <span className={styles.whole}>Take it back.</span>
    </>
  );
}

interface Sent {
  emailId: string;
  messageId: string;
  total: number;
}

export function TryPage(): ReactNode {
  const styles = useStyles();
  const [sent, setSent] = useState<Sent | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const begin = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      setSent(await sendIt());
    } catch (error) {
      setProblem(sentenceOfError(error));
    } finally {
      setBusy(false);
    }
  };
  const button = (
    <Button
      className={styles.button}
      appearance={sent ? 'secondary' : 'primary'}
      size={sent ? 'medium' : 'large'}
      disabledFocusable={busy}
      onClick={() => void begin()}
    >
      {sent ? 'Begin again' : 'Begin'}
    </Button>
  );
  if (!sent) {
    return (
      <main className={styles.page}>
        <div className={styles.first}>
          <h1 className={styles.headline}>
            <Line />
          </h1>
          {button}
          {problem !== null && (
            <Text role="alert" className={styles.problem}>
              {problem}
            </Text>
          )}
        </div>
      </main>
    );
  }
  return (
    <main className={`${styles.page} ${styles.begun}`}>
      <div className={styles.top}>
        <h1 className={styles.line}>
          <Line />
        </h1>
        {button}
      </div>
      {problem !== null && (
        <Text role="alert" className={styles.problem}>
          {problem}
        </Text>
      )}
      <div className={styles.frames}>
        <Side whose="Ana's Sent Items" path="/u/0/mail/sent" />
        <Side whose="Ben's Inbox" path="/u/1/mail/inbox" />
      </div>
      <SessionProvider number={0}>
        <Mailboxes key={sent.emailId} {...sent} />
      </SessionProvider>
    </main>
  );
}

function Side({ whose, path }: { whose: string; path: string }): ReactNode {
  const styles = useStyles();
  return (
    <section className={styles.side} aria-label={whose}>
      <Text size={200} weight="semibold" className={styles.whose}>
        {whose}
      </Text>
      {/* This client itself: it needs all that a page of its origin may do. */}
      {/* oxlint-disable-next-line react/iframe-missing-sandbox */}
      <iframe className={styles.frame} src={path} title={whose} />
    </section>
  );
}

/** Sends it now, and signs both of them in. Throws with a sentence. */
async function sendIt(): Promise<Sent> {
  const response = await fetch('/try/begin', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-requested-with': 'Homing' },
    body: '{}',
  });
  const answer = (await response.json().catch(() => ({}))) as Partial<Sent> & { detail?: string };
  if (!response.ok) throw new Error(answer.detail ?? 'The server does not answer.');
  return answer as Sent;
}
