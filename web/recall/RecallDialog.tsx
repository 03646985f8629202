// The dialog *Recall This Message*. While it is open nothing is sent, and it never says who has read.

import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { closeOverlay } from '../app/overlay.ts';
import { navigate } from '../app/router.ts';
import { useJmap } from '../app/session.tsx';
import { openComposer } from '../compose/index.ts';
import { useEmail } from '../jmap/cache.ts';
import { JmapError } from '../jmap/client.ts';
import type { EmailRow } from '../jmap/types.ts';
import { carryOut, type Wishes } from './asking.ts';
import { EVERYONE } from './choice.ts';
import { usePreview, useRecallOf, type Preview, type RecallState } from './data.ts';
import { Expected } from './Expected.tsx';
import { Modes } from './Modes.tsx';
import { closeRecallDialog, giveFocusBack, type RecallRequest } from './open.ts';
import { trackingPath } from './paths.ts';
import { RecipientList } from './RecipientList.tsx';
import { Refusal, type Told } from './Refusal.tsx';
import { ago, markOf, refusalSentence, several } from './words.ts';

const useStyles = makeStyles({
  surface: {
    width: '560px',
    maxWidth: '560px',
    padding: '24px',
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow64,
    [ON_PHONE]: {
      position: 'fixed',
      inset: 0,
      margin: 0,
      width: '100%',
      maxWidth: '100%',
      height: '100dvh',
      maxHeight: '100dvh',
      borderRadius: 0,
      border: 'none',
      overflowY: 'auto',
      boxSizing: 'border-box',
    },
  },
  body: {
    gap: '4px',
    [ON_PHONE]: { height: 'calc(100dvh - 48px)', maxHeight: 'none', gridTemplateRows: 'auto minmax(0, 1fr) auto' },
  },
  title: { fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500, fontWeight: 600 },
  content: { display: 'flex', flexDirection: 'column', gap: '16px', minHeight: 0 },
  // It stays under the title where the rest must be scrolled.
  about: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
    overflowWrap: 'anywhere',
  },
  options: { display: 'flex', flexDirection: 'column', gap: '4px', marginLeft: '-8px' },
  option: { [ON_PHONE]: { minHeight: '44px', alignItems: 'center' } },
  actions: { marginTop: '12px', [ON_PHONE]: { flexDirection: 'row', justifyContent: 'flex-end' } },
  button: { [ON_PHONE]: { minHeight: '44px', width: 'auto' } },
});

const AS_ASKED: Wishes = {
  mode: 'delete',
  now: true,
  notifyMe: true,
  includeRead: false,
  reason: '',
  choice: EVERYONE,
};

/** Copies leave by themselves while the dialog is open: what it says is looked up again this often. */
const LOOK_AGAIN_MS = 3000;

/** `open` false: on its way out. It must close before it goes, else the page behind stays hidden from screen readers. */
export function RecallDialog({ open, ...request }: RecallRequest & { open: boolean }): ReactNode {
  const styles = useStyles();
  return (
    <Dialog open={open} onOpenChange={(_, data) => !data.open && closeRecallDialog()}>
      <DialogSurface className={styles.surface} aria-label="Recall This Message">
        <Asking {...request} />
      </DialogSurface>
    </Dialog>
  );
}

function Asking({ accountId, emailId }: RecallRequest): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const { data: email } = useEmail(accountId, emailId, 'list');
  const [wishes, setWishes] = useState(AS_ASKED);
  const [refused, setRefused] = useState<JmapError | null>(null);
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<Wishes>): void => {
    setWishes((before) => ({ ...before, ...part }));
    setRefused(null);
  };
  const preview = usePreview(accountId, emailId, null);
  const { refetch } = preview;
  useEffect(() => {
    const timer = setInterval(() => void refetch(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [refetch]);
  useEffect(
    () => () => {
      requestAnimationFrame(giveFocusBack);
    },
    [],
  );
  const recall = useRecallOf(accountId, email ?? { id: emailId });
  const track = (recallId: string): void => {
    closeRecallDialog();
    closeOverlay();
    navigate(trackingPath(jmap, accountId, recallId));
  };
  const told = whatStands({ preview: preview.data, failed: preview.error, email, recall, refused });
  const isRefused = told?.intent === 'warning' || told?.intent === 'error';

  const confirm = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy || isRefused || !preview.data) return;
    setBusy(true);
    try {
      const done = await carryOut(jmap, { accountId, emailId }, wishes, preview.data.total);
      if (done.kind === 'tracking') return track(done.recallId);
      closeRecallDialog();
      openComposer({ kind: 'replacement', accountId, emailId, recallId: done.recallId, options: done.options });
    } catch (error) {
      setRefused(error instanceof JmapError ? error : new JmapError('serverFail', String(error)));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void confirm(event)}>
      <DialogBody className={styles.body}>
        <DialogTitle className={styles.title} action={null}>
          Recall This Message
        </DialogTitle>
        <DialogContent className={styles.content}>
          <Text className={styles.about}>{about(email, preview.data)}</Text>
          {told && (
            <Refusal
              sentence={told.sentence}
              intent={told.intent}
              {...(told.recallId === undefined
                ? {}
                : {
                    tracking: {
                      path: trackingPath(jmap, accountId, told.recallId),
                      onOpen: () => track(told.recallId ?? ''),
                    },
                  })}
            />
          )}
          {!isTakenBack(recall) && <Expected preview={preview.data} includeRead={wishes.includeRead} />}
          <Modes mode={wishes.mode} now={wishes.now} onChange={change} />
          {preview.data && preview.data.total > 0 && (
            <RecipientList
              accountId={accountId}
              emailId={emailId}
              total={preview.data.total}
              choice={wishes.choice}
              onChange={(choice) => change({ choice })}
            />
          )}
          <div className={styles.options}>
            <Checkbox
              className={styles.option}
              label="Tell me if recall succeeds or fails for each recipient"
              checked={wishes.notifyMe}
              onChange={(_, { checked }) => change({ notifyMe: checked === true })}
            />
            {preview.data?.readCopiesAllowed && (
              <Checkbox
                className={styles.option}
                label="Also take back copies that were already read"
                checked={wishes.includeRead}
                onChange={(_, { checked }) => change({ includeRead: checked === true })}
              />
            )}
          </div>
          <Field label="Reason">
            <Input
              value={wishes.reason}
              maxLength={200}
              placeholder="Optional"
              onChange={(_, { value }) => change({ reason: value })}
            />
          </Field>
        </DialogContent>
        <DialogActions className={styles.actions}>
          <Button className={styles.button} onClick={closeRecallDialog}>
            Cancel
          </Button>
          <Button
            className={styles.button}
            appearance="primary"
            type="submit"
            disabledFocusable={busy}
            disabled={isRefused || !preview.data}
          >
            OK
          </Button>
        </DialogActions>
      </DialogBody>
    </form>
  );
}

/** "Salaries 2026 · sent 2 min ago to 433 people" */
function about(email: EmailRow | undefined, preview: Preview | undefined): string {
  const subject = email ? (email.subject ?? '').trim() || '(no subject)' : '';
  const sent = email ? `sent ${ago(Date.now() - Date.parse(email.receivedAt))}` : '';
  const to = preview && preview.total > 0 ? ` to ${several(preview.total, 'person', 'people')}` : '';
  return email ? `${subject} · ${sent}${to}` : '\u00a0';
}

/** Then delivery states say nothing of what can be expected any more. */
const isTakenBack = (recall: RecallState | undefined): boolean =>
  recall !== undefined && recall.status !== 'sweeping' && recall.restoreRequestedAt === null;

interface Standing {
  preview: Preview | undefined;
  failed: Error | null;
  email: EmailRow | undefined;
  recall: RecallState | undefined;
  refused: JmapError | null;
}

/** What stands in the way, or is to be known first. */
function whatStands(of: Standing): (Pick<Told, 'sentence' | 'intent'> & { recallId?: string }) | null {
  const { preview, failed, email, recall, refused } = of;
  if (recall?.status === 'sweeping') {
    return { sentence: 'Already being recalled.', intent: 'warning', recallId: recall.id };
  }
  if (refused) {
    const sentence = refusalSentence({ reason: refused.type, description: refused.message }, senderOf(email));
    return { sentence, intent: 'error', ...(refused.existingId ? { recallId: refused.existingId } : {}) };
  }
  if (preview?.refusal) return { sentence: refusalSentence(preview.refusal, senderOf(email)), intent: 'warning' };
  if (failed instanceof JmapError && failed.type === 'notFound') {
    return { sentence: 'This message is not there any more.', intent: 'error' };
  }
  if (failed && !preview) return { sentence: 'The server does not answer.', intent: 'error' };
  if (recall) return { sentence: `Recalled before: ${markOf(recall)}.`, intent: 'info', recallId: recall.id };
  return null;
}

function senderOf(email: EmailRow | undefined): string | null {
  const [from] = email?.from ?? [];
  return from ? from.name || from.email : null;
}
