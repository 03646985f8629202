import { Button } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { Confirm } from '../../../parts/Confirm.tsx';
import { Form } from '../../../parts/Form.tsx';
import { PasswordField } from '../fields.tsx';
import { useChange, type PartProps } from './change.ts';

export function Password({ account }: PartProps): ReactNode {
  const change = useChange(account);
  const [password, setPassword] = useState('');
  const [asking, setAsking] = useState(false);
  const save = async (): Promise<void> => {
    await change({ password });
    setPassword('');
  };
  return (
    <>
      <Form
        label="Password"
        action="Set password"
        disabled={password === ''}
        onSave={save}
        more={account.canSignIn && <Button onClick={() => setAsking(true)}>Stop sign-in</Button>}
      >
        <PasswordField label="New password" hint="The old one ends at once." value={password} onChange={setPassword} />
      </Form>
      {asking && (
        <Confirm
          title="Stop sign-in?"
          action="Stop sign-in"
          onConfirm={() => change({ password: null })}
          onClose={() => setAsking(false)}
        >
          Nobody signs in as {account.address} until it has a password again. Its mail stays, and more comes.
        </Confirm>
      )}
    </>
  );
}
