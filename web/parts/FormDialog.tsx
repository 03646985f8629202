// A dialog that is a form: Enter is its button, Escape closes; what is refused is said at its top, and it stays.

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useState, type FormEvent, type ReactNode } from 'react';
import { Problem } from './Problem.tsx';
import { sentenceOfError } from './sentence.ts';

const useStyles = makeStyles({
  surface: { borderRadius: tokens.borderRadiusXLarge, boxShadow: tokens.shadow64 },
  body: { gap: '16px' },
  content: { display: 'flex', flexDirection: 'column', gap: '16px' },
});

export interface FormDialogProps {
  title: string;
  /** What the button says. */
  action: string;
  /** A question that a click beside it does not close. */
  isQuestion?: boolean;
  /** Pixels; without, as Fluent has it. */
  width?: number;
  /** Whoever calls closes it, once that is done; what it throws is shown. */
  onSubmit(): Promise<void>;
  onClose(): void;
  children: ReactNode;
}

export function FormDialog(props: FormDialogProps): ReactNode {
  const { title, action, isQuestion = false, width, onSubmit, onClose, children } = props;
  const styles = useStyles();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await onSubmit();
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
    setBusy(false);
  };
  return (
    <Dialog open modalType={isQuestion ? 'alert' : 'modal'} onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface} style={{ maxWidth: width }}>
        <form noValidate onSubmit={(event) => void submit(event)}>
          <DialogBody className={styles.body}>
            <DialogTitle action={null}>{title}</DialogTitle>
            <DialogContent className={styles.content}>
              {problem !== null && <Problem>{problem}</Problem>}
              {children}
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Cancel</Button>
              <Button type="submit" appearance="primary" disabledFocusable={busy}>
                {action}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
