import { Button, makeStyles, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { hush, useTold } from './tell.ts';

const useStyles = makeStyles({ bar: { flexShrink: 0 } });

export function ToldBar(): ReactNode {
  const styles = useStyles();
  const line = useTold();
  if (line === null) return null;
  return (
    <MessageBar intent="error" className={styles.bar}>
      <MessageBarBody>{line}</MessageBarBody>
      <MessageBarActions
        containerAction={
          <Button appearance="transparent" icon={<DismissRegular />} aria-label="Close" onClick={hush} />
        }
      />
    </MessageBar>
  );
}
