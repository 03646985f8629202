// *People*: everybody who has a mailbox here, shared ones and services too.

import { Badge, Button, Field, Input, makeStyles, Select } from '@fluentui/react-components';
import { AddRegular } from '@fluentui/react-icons';
import { useState, type FormEvent, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import type { Json } from '../../jmap/types.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Waiting } from '../parts/Page.tsx';
import { type Column, Lines, Table } from '../parts/Table.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { usePages } from '../recall/data.ts';
import { addressesIn, KIND, ROLE, useSet, type AdminAccount, type Kind } from './data.ts';
import { Form } from '../../parts/Form.tsx';
import { PersonPage } from './PersonPage.tsx';

const PHONE = '@media (max-width: 639.98px)';

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 180px 220px auto',
    gap: '12px 16px',
    alignItems: 'end',
    '@media (min-width: 640px) and (max-width: 899.98px)': { gridTemplateColumns: 'repeat(2, minmax(0, 1fr))' },
    [PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
    '& .fui-Input': { minWidth: 0, width: '100%' },
  },
  buttons: { display: 'flex', gap: '8px' },
  more: { alignSelf: 'flex-start' },
  name: { fontWeight: 600 },
});

export function PeoplePage({ route }: { route: AdminRoute }): ReactNode {
  if (route.id === 'new') return <NewPerson />;
  return route.id === null ? <All route={route} /> : <PersonPage id={route.id} />;
}

function filterOf(asked: URLSearchParams): Json {
  const given = ['text', 'kind', 'role'].flatMap((name) => {
    const value = asked.get(name)?.trim();
    return value ? [[name, value] as const] : [];
  });
  return Object.fromEntries(given);
}

export const rolesOf = ({ roles }: AdminAccount): string =>
  roles.flatMap((role) => (role === 'user' ? [] : [ROLE[role][0]])).join(', ');

function All({ route }: { route: AdminRoute }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const { may } = useAdministrator();
  const list = usePages<AdminAccount>('AdminAccount', filterOf(route.parameters), { staleTime: 0 });
  const { data, error, isFetching, hasNextPage, fetchNextPage } = list;
  const columns: Column<AdminAccount>[] = [
    {
      header: 'Name',
      lead: true,
      cell: (one) => (
        <Lines below={one.address}>
          <GoTo to={pathTo('people', one.id)}>
            <span className={styles.name}>{one.name}</span>
          </GoTo>
        </Lines>
      ),
    },
    { header: 'Kind', cell: ({ kind }) => KIND[kind] },
    { header: 'Roles', cell: rolesOf },
    { header: 'Signs in', cell: ({ canSignIn }) => (canSignIn ? 'Yes' : 'No') },
    {
      header: 'Legal hold',
      cell: ({ legalHold }) =>
        legalHold ? (
          <Badge appearance="tint" color="warning">
            On hold
          </Badge>
        ) : (
          ''
        ),
    },
  ];
  return (
    <Page
      title="People"
      says="Everybody who has a mailbox here, shared mailboxes and services too."
      actions={
        may('change-directory') && (
          <Button appearance="primary" icon={<AddRegular />} onClick={() => navigate(pathTo('people', 'new'))}>
            Add
          </Button>
        )
      }
    >
      <Filter key={route.parameters.toString()} asked={route.parameters} />
      {error && !data && <Problem>{sentenceOfError(error)}</Problem>}
      {!data && !error && <Waiting what="People" />}
      {data?.length === 0 && <Empty>Nobody fits.</Empty>}
      {data && data.length > 0 && <Table label="People" columns={columns} rows={data} keyOf={({ id }) => id} />}
      {hasNextPage && (
        <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

function Filter({ asked }: { asked: URLSearchParams }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const [text, setText] = useState(asked.get('text') ?? '');
  const go = (change: Record<string, string>): void => {
    const all = Object.entries({ ...Object.fromEntries(asked), text: text.trim(), ...change });
    navigate(pathTo('people', null, Object.fromEntries(all.filter(([, value]) => value !== ''))));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    go({});
  };
  return (
    <form className={styles.form} role="search" aria-label="People" onSubmit={submit}>
      <Field label="Name or address">
        <Input value={text} placeholder="Part of it" onChange={(_, { value }) => setText(value)} />
      </Field>
      <Field label="Kind">
        <Select value={asked.get('kind') ?? ''} onChange={(_, { value }) => go({ kind: value })}>
          <option value="">Any</option>
          {Object.entries(KIND).map(([kind, label]) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Role">
        <Select value={asked.get('role') ?? ''} onChange={(_, { value }) => go({ role: value })}>
          <option value="">Any or none</option>
          {Object.entries(ROLE).map(([role, [label]]) => (
            <option key={role} value={role}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <div className={styles.buttons}>
        <Button type="submit">Filter</Button>
        {asked.size > 0 && <Button onClick={() => navigate(pathTo('people'))}>Clear</Button>}
      </div>
    </form>
  );
}

function NewPerson(): ReactNode {
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
        <Field label="Kind">
          <Select value={kind} onChange={(_, { value }) => setKind(value as Kind)}>
            {Object.entries(KIND).map(([one, label]) => (
              <option key={one} value={one}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Password" hint="Without one, nobody signs in.">
          <Input
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={(_, { value }) => setPassword(value)}
          />
        </Field>
        <Field label="Aliases" hint="More addresses that lead here, with commas between them.">
          <Input value={aliases} onChange={(_, { value }) => setAliases(value)} />
        </Field>
      </Form>
    </Page>
  );
}
