import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';

/** A link that shows one place and goes to another. */
export function LinkWarning({ shown, href, onClose }: { shown: string; href: string; onClose(): void }): ReactNode {
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>This link goes somewhere else</DialogTitle>
          <DialogContent>
            It shows <b>{shown}</b>, and goes to <b>{new URL(href).hostname}</b>.
          </DialogContent>
          <DialogActions>
            <Button
              onClick={() => {
                open(href, '_blank', 'noopener,noreferrer');
                onClose();
              }}
            >
              Open it all the same
            </Button>
            <Button appearance="primary" onClick={onClose}>
              Stay here
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
