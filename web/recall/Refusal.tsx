// Why a message cannot be recalled, or that it is being recalled already.

import { Link, MessageBar, MessageBarBody } from '@fluentui/react-components';
import type { ReactNode } from 'react';

export interface Told {
  sentence: string;
  /** A recall that is there already. */
  tracking?: { path: string; onOpen: () => void };
  intent: 'warning' | 'info' | 'error';
}

export function Refusal({ sentence, tracking, intent }: Told): ReactNode {
  return (
    <MessageBar intent={intent} layout="multiline">
      <MessageBarBody>
        {sentence}
        {tracking && (
          <>
            {' '}
            <Link
              href={tracking.path}
              inline
              onClick={(event) => {
                event.preventDefault();
                tracking.onOpen();
              }}
            >
              Open tracking
            </Link>
          </>
        )}
      </MessageBarBody>
    </MessageBar>
  );
}
