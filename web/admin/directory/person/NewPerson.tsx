// An account that is added.

import { Field, Input } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { navigate } from '../../../app/router.ts';
import { Form } from '../../../parts/Form.tsx';
import { useAdminPath } from '../../administrator.ts';
import { GoTo } from '../../parts/GoTo.tsx';
import { Page } from '../../parts/Page.tsx';
import { addressesIn, useSet, type Kind } from '../data.ts';
import { AliasesField, KindField, PasswordField } from '../fields.tsx';

export function NewPerson(): ReactNode {
  const pathTo = useAdminPath();
  const set = useSet('AdminAccount');
  const [address, setAddress] = useState('');
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('person');
  const [password, setPassword] = useState('');
  const [aliases, setAliases] = useState('');
  const add = async (): Promise<void> => {
    const create = {
      address: address.trim(),
      kind,
      aliases: addressesIn(aliases),
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      ...(password === '' ? {} : { password }),
    };
    const { k } = (await set({ create: { k: create } })) as { k: { id: string } };
    navigate(pathTo('people', k.id));
  };
  return (
    <Page title="Add to People" says={<GoTo to={pathTo('people')}>People</GoTo>}>
      <Form label="New account" action="Add" primary onSave={add}>
        <Field label="Address" required>
          <Input type="email" value={address} onChange={(_, { value }) => setAddress(value)} />
        </Field>
        <Field label="Name" hint="Without one, what stands before the @.">
          <Input value={name} onChange={(_, { value }) => setName(value)} />
        </Field>
        <KindField kind={kind} onChange={setKind} />
        <PasswordField label="Password" hint="Without one, nobody signs in." value={password} onChange={setPassword} />
        <AliasesField value={aliases} onChange={setAliases} />
      </Form>
    </Page>
  );
}
