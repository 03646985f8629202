import { MessageBar, MessageBarBody } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { usePushState } from '../jmap/push.ts';

/** Says that what is shown may be old. */
export function ConnectionBar(): ReactNode {
  const lost = usePushState() === 'lost';
  return (
    <div role="status" aria-live="polite">
      {lost && (
        <MessageBar intent="warning" shape="square">
          <MessageBarBody>Connection lost. Trying again.</MessageBarBody>
        </MessageBar>
      )}
    </div>
  );
}
