// One group: its settings, its members, the policy for what they send.

import { Button, makeStyles, Text } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { navigate } from '../../../app/router.ts';
import { Confirm } from '../../../parts/Confirm.tsx';
import { Form } from '../../../parts/Form.tsx';
import { Problem } from '../../../parts/Problem.tsx';
import { sentenceOfError } from '../../../parts/sentence.ts';
import { several } from '../../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../../administrator.ts';
import { Facts } from '../../parts/Facts.tsx';
import { GoTo } from '../../parts/GoTo.tsx';
import { Page, Section, Waiting } from '../../parts/Page.tsx';
import { membersOf, useOne, useSet, VISIBLE, type AdminGroup } from '../data.ts';
import { GroupPolicy } from '../PolicyPage.tsx';
import { GroupFields, type GroupForm } from './GroupFields.tsx';
import { AddMembers, Members } from './Members.tsx';

const useStyles = makeStyles({ button: { alignSelf: 'flex-start' } });

export function GroupPage({ id }: { id: string }): ReactNode {
  const pathTo = useAdminPath();
  const { data: group, error } = useOne<AdminGroup>('AdminGroup', id);
  const back = <GoTo to={pathTo('groups')}>Groups</GoTo>;
  if (group) return <Group key={group.id} group={group} back={back} />;
  if (group === null)
    return (
      <Page title="There is no such group here." says={back}>
        {null}
      </Page>
    );
  return error ? <Page title="Groups">{<Problem>{sentenceOfError(error)}</Problem>}</Page> : <Waiting what="Group" />;
}

function Group({ group, back }: { group: AdminGroup; back: ReactNode }): ReactNode {
  const { may } = useAdministrator();
  const set = useSet('AdminGroup');
  const [fields, setFields] = useState<GroupForm>({
    name: group.name,
    everybody: group.everybody,
    membersVisibleTo: group.membersVisibleTo,
  });
  const mayChange = may('change-directory');
  const isSame =
    fields.name === group.name &&
    fields.everybody === group.everybody &&
    fields.membersVisibleTo === group.membersVisibleTo;
  return (
    <Page title={group.name} says={back}>
      <Facts
        facts={[
          ['Address', group.address],
          ['Members', membersOf(group)],
          ['Shown to', mayChange ? null : VISIBLE[group.membersVisibleTo]],
        ]}
      />
      {mayChange && (
        <Section ruled heading="Settings">
          <Form
            label="Settings"
            disabled={isSame}
            onSave={async () => void (await set({ update: { [group.id]: fields } }))}
          >
            <GroupFields fields={fields} onChange={setFields} />
          </Form>
        </Section>
      )}
      <Section ruled heading={group.everybody ? 'Members beside everybody' : 'Members'}>
        {mayChange && <AddMembers group={group} />}
        <Members group={group} mayChange={mayChange} />
      </Section>
      {may('see-policy') && (
        <Section ruled heading="Policy for what its members send">
          <Text>
            What is set here stands in place of the organisation’s; where somebody belongs to several groups, the
            strictest holds.
          </Text>
          <GroupPolicy id={group.id} />
        </Section>
      )}
      {mayChange && (
        <Section ruled heading="Remove">
          <Remove group={group} />
        </Section>
      )}
    </Page>
  );
}

function Remove({ group }: { group: AdminGroup }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const set = useSet('AdminGroup');
  const [asking, setAsking] = useState(false);
  const remove = async (): Promise<void> => {
    await set({ destroy: [group.id] });
    navigate(pathTo('groups'));
  };
  return (
    <>
      <Button className={styles.button} onClick={() => setAsking(true)}>{`Remove ${group.address}`}</Button>
      {asking && (
        <Confirm title={`Remove ${group.name}?`} action="Remove" onConfirm={remove} onClose={() => setAsking(false)}>
          <Text>
            {`Mail to ${group.address} finds nobody any more. `}
            {group.memberCount > 0 && `Its ${several(group.memberCount, 'member stays', 'members stay')}. `}
            Recalls of what it got before go on.
          </Text>
        </Confirm>
      )}
    </>
  );
}
