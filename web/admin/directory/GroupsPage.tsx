// *Groups*: addresses that lead to several; whom they name, and who may see that.

import {
  Button,
  Field,
  Input,
  makeStyles,
  SearchBox,
  Select,
  Switch,
  Text,
  Textarea,
} from '@fluentui/react-components';
import { AddRegular } from '@fluentui/react-icons';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue, useState, type FormEvent, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import { useJmap } from '../../app/session.tsx';
import { figure, several } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { Facts } from '../parts/Facts.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Section, Waiting } from '../parts/Page.tsx';
import { type Column, Lines, Table } from '../parts/Table.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { usePages } from '../recall/data.ts';
import { addressesIn, KIND, useOne, useSet, VISIBLE, type AdminGroup, type Member, type Visible } from './data.ts';
import { Form } from '../../parts/Form.tsx';
import { GroupPolicy } from './PolicyPage.tsx';

const PHONE = '@media (max-width: 639.98px)';

const useStyles = makeStyles({
  form: { display: 'flex', flexWrap: 'wrap', gap: '12px 16px', alignItems: 'end' },
  text: { flex: 1, minWidth: '220px', maxWidth: '420px', '& .fui-Input': { minWidth: 0, width: '100%' } },
  buttons: { display: 'flex', gap: '8px' },
  more: { alignSelf: 'flex-start' },
  name: { fontWeight: 600 },
  toggle: { marginLeft: '-8px' },
  search: { width: '260px', maxWidth: '100%', [PHONE]: { width: '100%' } },
});

export function GroupsPage({ route }: { route: AdminRoute }): ReactNode {
  if (route.id === 'new') return <NewGroup />;
  return route.id === null ? <All route={route} /> : <One id={route.id} />;
}

function membersOf({ everybody, memberCount }: AdminGroup): string {
  if (!everybody) return figure(memberCount);
  return memberCount === 0 ? 'Everybody' : `Everybody and ${figure(memberCount)} more`;
}

function All({ route }: { route: AdminRoute }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const { may } = useAdministrator();
  const text = route.parameters.get('text')?.trim() ?? '';
  const list = usePages<AdminGroup>('AdminGroup', text === '' ? {} : { text }, { staleTime: 0 });
  const { data, error, isFetching, hasNextPage, fetchNextPage } = list;
  const columns: Column<AdminGroup>[] = [
    {
      header: 'Name',
      lead: true,
      cell: (group) => (
        <Lines below={group.address}>
          <GoTo to={pathTo('groups', group.id)}>
            <span className={styles.name}>{group.name}</span>
          </GoTo>
        </Lines>
      ),
    },
    { header: 'Members', end: true, cell: membersOf },
    { header: 'Members are shown to', cell: ({ membersVisibleTo }) => VISIBLE[membersVisibleTo] },
  ];
  return (
    <Page
      title="Groups"
      says="Addresses that lead to several. Where members are not shown to a sender, reports of recalls have the group as one row with counts."
      actions={
        may('change-directory') && (
          <Button appearance="primary" icon={<AddRegular />} onClick={() => navigate(pathTo('groups', 'new'))}>
            Add
          </Button>
        )
      }
    >
      <Filter key={text} text={text} />
      {error && !data && <Problem>{sentenceOfError(error)}</Problem>}
      {!data && !error && <Waiting what="Groups" />}
      {data?.length === 0 && <Empty>{text === '' ? 'There is no group yet.' : 'No group fits.'}</Empty>}
      {data && data.length > 0 && <Table label="Groups" columns={columns} rows={data} keyOf={({ id }) => id} />}
      {hasNextPage && (
        <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

function Filter({ text: asked }: { text: string }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const [text, setText] = useState(asked);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    navigate(pathTo('groups', null, text.trim() === '' ? {} : { text: text.trim() }));
  };
  return (
    <form className={styles.form} role="search" aria-label="Groups" onSubmit={submit}>
      <Field label="Name or address" className={styles.text}>
        <Input value={text} placeholder="Part of it" onChange={(_, { value }) => setText(value)} />
      </Field>
      <div className={styles.buttons}>
        <Button type="submit">Filter</Button>
        {asked !== '' && <Button onClick={() => navigate(pathTo('groups'))}>Clear</Button>}
      </div>
    </form>
  );
}

interface Fields {
  name: string;
  everybody: boolean;
  membersVisibleTo: Visible;
}

function GroupFields({ fields, onChange }: { fields: Fields; onChange(fields: Fields): void }): ReactNode {
  const styles = useStyles();
  return (
    <>
      <Field label="Name">
        <Input value={fields.name} onChange={(_, { value }) => onChange({ ...fields, name: value })} />
      </Field>
      <Field label="Members are shown to" hint="To others, a recall’s dialog and report have the group as one row.">
        <Select
          value={fields.membersVisibleTo}
          onChange={(_, { value }) => onChange({ ...fields, membersVisibleTo: value as Visible })}
        >
          {Object.entries(VISIBLE).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Switch
        className={styles.toggle}
        label="Everybody belongs to it, whoever comes later too"
        checked={fields.everybody}
        onChange={(_, { checked }) => onChange({ ...fields, everybody: checked })}
      />
    </>
  );
}

function NewGroup(): ReactNode {
  const pathTo = useAdminPath();
  const set = useSet('AdminGroup');
  const [address, setAddress] = useState('');
  const [fields, setFields] = useState<Fields>({ name: '', everybody: false, membersVisibleTo: 'everyone' });
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

function One({ id }: { id: string }): ReactNode {
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
  const [fields, setFields] = useState<Fields>({
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

function AddMembers({ group }: { group: AdminGroup }): ReactNode {
  const set = useSet('AdminGroup');
  const [added, setAdded] = useState('');
  const add = async (): Promise<void> => {
    await set({ update: { [group.id]: { add: addressesIn(added) } } });
    setAdded('');
  };
  return (
    <Form label="Add members" action="Add" disabled={addressesIn(added).length === 0} onSave={add}>
      <Field label="Add members" hint="Addresses of people, groups or anybody outside, with commas between them.">
        <Input value={added} onChange={(_, { value }) => setAdded(value)} />
      </Field>
    </Form>
  );
}

const PAGE = 100;

function Members({ group, mayChange }: { group: AdminGroup; mayChange: boolean }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const set = useSet('AdminGroup');
  const { accountId } = useAdministrator();
  const [typed, setTyped] = useState('');
  const text = useDeferredValue(typed.trim());
  const [problem, setProblem] = useState<string | null>(null);
  const list = useInfiniteQuery({
    queryKey: [accountId, 'AdminGroup', 'members', group.id, text],
    queryFn: ({ pageParam }) =>
      jmap.call<{ members: Member[]; total: number }>('AdminGroup/members', {
        accountId,
        group: group.id,
        text: text === '' ? null : text,
        position: pageParam,
        limit: PAGE,
      }),
    initialPageParam: 0,
    getNextPageParam: ({ total }, all) => (all.length * PAGE < total ? all.length * PAGE : undefined),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  const remove = async (address: string): Promise<void> => {
    setProblem(null);
    await set({ update: { [group.id]: { remove: [address] } } }).catch((error: unknown) =>
      setProblem(sentenceOfError(error)),
    );
  };
  const columns: Column<Member>[] = [
    {
      header: 'Member',
      lead: true,
      cell: ({ address, name }) => <Lines below={name === null ? null : address}>{name ?? address}</Lines>,
    },
    { header: 'Kind', cell: ({ kind }) => (kind === 'group' ? 'Group' : kind === 'outside' ? 'Outside' : KIND[kind]) },
  ];
  if (mayChange) {
    columns.push({
      header: '',
      end: true,
      cell: ({ address }) => (
        <Button size="small" aria-label={`Remove ${address}`} onClick={() => void remove(address)}>
          Remove
        </Button>
      ),
    });
  }
  const members = list.data?.pages.flatMap((page) => page.members);
  return (
    <>
      {(group.memberCount > 10 || typed !== '') && (
        <SearchBox
          className={styles.search}
          placeholder="Search members"
          aria-label="Search members"
          value={typed}
          onChange={(_, { value }) => setTyped(value)}
        />
      )}
      {problem !== null && <Problem>{problem}</Problem>}
      {members?.length === 0 && <Empty>{text === '' ? 'It names nobody one by one.' : 'No member fits.'}</Empty>}
      {members && members.length > 0 && (
        <Table label="Members" columns={columns} rows={members} keyOf={({ address }) => address} />
      )}
      {list.hasNextPage && (
        <Button className={styles.more} disabledFocusable={list.isFetching} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
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
      <Button className={styles.more} onClick={() => setAsking(true)}>{`Remove ${group.address}`}</Button>
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
