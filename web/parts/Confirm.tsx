// A question before something is done that matters.

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
import { useState, type ReactNode } from 'react';
import { Problem } from './Problem.tsx';
import { sentenceOfError } from './sentence.ts';

const useStyles = makeStyles({
  surface: { maxWidth: '460px', borderRadius: tokens.borderRadiusXLarge, boxShadow: tokens.shadow64 },
});

export interface ConfirmProps {
  title: string;
  children: ReactNode;
  /** What the button says. */
  action: string;
  /** Closes when it is done; what it throws is shown. */
  onConfirm(): Promise<void>;
  onClose(): void;
}

export function Confirm({ title, children, action, onConfirm, onClose }: ConfirmProps): ReactNode {
  const styles = useStyles();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(sentenceOfError(error));
      setBusy(false);
    }
  };
  return (
    <Dialog open modalType="alert" onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle action={null}>{title}</DialogTitle>
          <DialogContent>
            {children}
            {problem !== null && <Problem>{problem}</Problem>}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button appearance="primary" disabledFocusable={busy} onClick={() => void confirm()}>
              {action}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
