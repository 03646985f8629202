import { Field, Input } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { Form } from '../../../parts/Form.tsx';
import { addressesIn } from '../data.ts';
import { AliasesField, KindField } from '../fields.tsx';
import { useChange, type PartProps } from './change.ts';

export function Names({ account }: PartProps): ReactNode {
  const change = useChange(account);
  const [name, setName] = useState(account.name);
  const [kind, setKind] = useState(account.kind);
  const [aliases, setAliases] = useState(account.aliases.join(', '));
  const isSame =
    name === account.name && kind === account.kind && addressesIn(aliases).join() === account.aliases.join();
  return (
    <Form
      label="Name and addresses"
      disabled={isSame}
      onSave={() => change({ name, kind, aliases: addressesIn(aliases) })}
    >
      <Field label="Name">
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <KindField kind={kind} onChange={setKind} />
      <AliasesField value={aliases} onChange={setAliases} />
    </Form>
  );
}
