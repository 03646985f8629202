// A question before something is done that matters.

import type { ReactNode } from 'react';
import { FormDialog } from './FormDialog.tsx';

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
  const submit = async (): Promise<void> => {
    await onConfirm();
    onClose();
  };
  return (
    <FormDialog title={title} action={action} isQuestion width={460} onSubmit={submit} onClose={onClose}>
      <div>{children}</div>
    </FormDialog>
  );
}
