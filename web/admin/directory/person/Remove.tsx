import { Button, makeStyles } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { navigate } from '../../../app/router.ts';
import { Confirm } from '../../../parts/Confirm.tsx';
import { useAdminPath } from '../../administrator.ts';
import { useSet } from '../data.ts';
import type { PartProps } from './change.ts';

const useStyles = makeStyles({ button: { alignSelf: 'flex-start' } });

export function Remove({ account }: PartProps): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const set = useSet('AdminAccount');
  const [asking, setAsking] = useState(false);
  const remove = async (): Promise<void> => {
    await set({ destroy: [account.id] });
    navigate(pathTo('people'));
  };
  return (
    <>
      <Button className={styles.button} onClick={() => setAsking(true)}>
        {`Remove ${account.address}`}
      </Button>
      {asking && (
        <Confirm title={`Remove ${account.name}?`} action="Remove" onConfirm={remove} onClose={() => setAsking(false)}>
          The account goes with all of its mail, and this cannot be undone. What it sent stays with those who have it.
          To keep the mail, stop sign-in instead.
        </Confirm>
      )}
    </>
  );
}
