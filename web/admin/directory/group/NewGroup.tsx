import { Field, Input, Textarea } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { navigate } from '../../../app/router.ts';
import { Form } from '../../../parts/Form.tsx';
import { useAdminPath } from '../../administrator.ts';
import { GoTo } from '../../parts/GoTo.tsx';
import { Page } from '../../parts/Page.tsx';
import { addressesIn, useSet } from '../data.ts';
import { GroupFields, type GroupForm } from './GroupFields.tsx';

export function NewGroup(): ReactNode {
  const pathTo = useAdminPath();
  const set = useSet('AdminGroup');
  const [address, setAddress] = useState('');
  const [fields, setFields] = useState<GroupForm>({ name: '', everybody: false, membersVisibleTo: 'everyone' });
  const [members, setMembers] = useState('');
  const add = async (): Promise<void> => {
    const create = { ...fields, address: address.trim(), members: addressesIn(members) };
    const { k } = (await set({ create: { k: create } })) as { k: { id: string } };
    navigate(pathTo('groups', k.id));
  };
  return (
    <Page title="Add a group" says={<GoTo to={pathTo('groups')}>Groups</GoTo>}>
      <Form label="New group" action="Add" primary onSave={add}>
        <Field label="Address" required>
          <Input type="email" value={address} onChange={(_, { value }) => setAddress(value)} />
        </Field>
        <GroupFields fields={fields} onChange={setFields} />
        <Field label="Members" hint="Addresses of people, groups or anybody outside, one in a line.">
          <Textarea rows={4} resize="vertical" value={members} onChange={(_, { value }) => setMembers(value)} />
        </Field>
      </Form>
    </Page>
  );
}
