// What closing an unsent letter asks.

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

/** 'taken': its copies were taken back already; 'unreplaced': nothing has happened yet. */
export type Closing = 'draft' | 'taken' | 'unreplaced';
type How = 'keep' | 'discard' | 'restore';

const WORDS: Record<Closing, { title: string; text: string; ways: [how: How, label: string][] }> = {
  draft: {
    title: 'Keep this as a draft?',
    text: 'It was not sent.',
    ways: [
      ['discard', 'Discard'],
      ['keep', 'Keep draft'],
    ],
  },
  taken: {
    title: 'The new message was not sent',
    text: 'The copies are taken back, and a notice stands in their place. They can stay so, or return to where they were.',
    ways: [
      ['restore', 'Restore'],
      ['discard', 'Leave taken back'],
    ],
  },
  unreplaced: {
    title: 'Nothing was taken back',
    text: 'Everyone can still read the message. Closing changes nothing of that.',
    ways: [['discard', 'Close']],
  },
};

export function CloseDialog(props: { closing: Closing; onAnswer(how: How): void; onStay(): void }): ReactNode {
  const { closing, onAnswer, onStay } = props;
  const { title, text, ways } = WORDS[closing];
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && onStay()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent>{text}</DialogContent>
          <DialogActions>
            <Button onClick={onStay}>Go on writing</Button>
            {ways.map(([how, label], i) => (
              <Button
                key={how}
                appearance={i === ways.length - 1 ? 'primary' : 'secondary'}
                onClick={() => onAnswer(how)}
              >
                {label}
              </Button>
            ))}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
