// *People*: everybody who has a mailbox here, shared ones and services too.

import { Badge, Button, makeStyles } from '@fluentui/react-components';
import { AddRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import type { Json } from '../../jmap/types.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { usePages } from '../list.ts';
import { FilterForm, type FilterField } from '../parts/FilterForm.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page } from '../parts/Page.tsx';
import { Lines, type Column } from '../parts/Table.tsx';
import { KIND, ROLE, type AdminAccount } from './data.ts';
import { NewPerson } from './person/NewPerson.tsx';
import { PersonPage } from './person/PersonPage.tsx';

const useStyles = makeStyles({ name: { fontWeight: 600 } });

const FIELDS: readonly FilterField[] = [
  { name: 'text', label: 'Name or address', hint: 'Part of it' },
  { name: 'kind', label: 'Kind', of: { any: 'Any', choices: Object.entries(KIND) } },
  {
    name: 'role',
    label: 'Role',
    of: { any: 'Any or none', choices: Object.entries(ROLE).map(([role, [label]]) => [role, label] as const) },
  },
];

export function PeoplePage({ route }: { route: AdminRoute }): ReactNode {
  if (route.id === 'new') return <NewPerson />;
  return route.id === null ? <All route={route} /> : <PersonPage id={route.id} />;
}

function filterOf(asked: URLSearchParams): Json {
  const given = FIELDS.flatMap(({ name }) => {
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
  const list = usePages<AdminAccount>('AdminAccount', filterOf(route.parameters));
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
      <FilterForm
        page="people"
        label="People"
        asked={route.parameters}
        fields={FIELDS}
        columns="minmax(0, 1fr) 180px 220px auto"
      />
      <Listing list={list} label="People" none="Nobody fits." columns={columns} keyOf={({ id }) => id} />
    </Page>
  );
}
