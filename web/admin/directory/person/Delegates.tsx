// Who else may act for an account, and how.

import { Button, Checkbox, Field, Input, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { Form } from '../../../parts/Form.tsx';
import { Empty } from '../../parts/Page.tsx';
import { RIGHT, RIGHTS, type Right } from '../data.ts';
import { useChange, type PartProps } from './change.ts';

const useStyles = makeStyles({
  delegate: {
    display: 'flex',
    flexDirection: 'column',
    gap: '4px',
    paddingBottom: '12px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  rights: { display: 'flex', flexWrap: 'wrap', marginLeft: '-8px', columnGap: '8px' },
  list: { margin: 0, paddingLeft: '20px' },
});

export function Delegates({ account, mayChange }: PartProps & { mayChange: boolean }): ReactNode {
  const styles = useStyles();
  const change = useChange(account);
  const [delegates, setDelegates] = useState(account.delegates);
  const [added, setAdded] = useState('');
  const known = Object.entries(delegates);
  if (!mayChange) {
    return known.length === 0 ? (
      <Empty>Nobody else.</Empty>
    ) : (
      <ul className={styles.list}>
        {known.map(([address, rights]) => (
          <li key={address}>{`${address}: ${rights.map((right) => RIGHT[right].toLowerCase()).join(', ')}`}</li>
        ))}
      </ul>
    );
  }
  const toggle = (address: string, right: Right, on: boolean): void => {
    const before = delegates[address] ?? [];
    setDelegates({ ...delegates, [address]: on ? [...before, right] : before.filter((one) => one !== right) });
  };
  const add = (): void => {
    const address = added.trim().toLowerCase();
    if (address !== '' && !(address in delegates)) setDelegates({ ...delegates, [address]: ['full'] });
    setAdded('');
  };
  const save = async (): Promise<void> => {
    const all = added.trim() === '' ? delegates : { ...delegates, [added.trim().toLowerCase()]: ['full'] };
    await change({ delegates: all });
    setDelegates(Object.fromEntries(Object.entries(delegates).filter(([, rights]) => rights.length > 0)));
    setAdded('');
  };
  return (
    <Form label="Who may act for it" onSave={save}>
      {known.length === 0 && <Empty>Nobody else.</Empty>}
      {known.map(([address, rights]) => (
        <div key={address} className={styles.delegate} role="group" aria-label={address}>
          <Text weight="semibold">{address}</Text>
          <div className={styles.rights}>
            {RIGHTS.map((right) => (
              <Checkbox
                key={right}
                label={RIGHT[right]}
                checked={rights.includes(right)}
                onChange={(_, { checked }) => toggle(address, right, checked === true)}
              />
            ))}
          </div>
          {rights.length === 0 && <Empty>May do nothing any more, once this is saved.</Empty>}
        </div>
      ))}
      <Field label="Add somebody" hint="An address of your organisation.">
        <Input
          value={added}
          onChange={(_, { value }) => setAdded(value)}
          contentAfter={
            <Button size="small" appearance="transparent" disabled={added.trim() === ''} onClick={add}>
              Add
            </Button>
          }
        />
      </Field>
    </Form>
  );
}
