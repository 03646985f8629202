// *Groups*: addresses that lead to several; whom they name, and who may see that.

import { Button, makeStyles } from '@fluentui/react-components';
import { AddRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { usePages } from '../list.ts';
import { FilterForm, type FilterField } from '../parts/FilterForm.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page } from '../parts/Page.tsx';
import { Lines, type Column } from '../parts/Table.tsx';
import { membersOf, VISIBLE, type AdminGroup } from './data.ts';
import { GroupPage } from './group/GroupPage.tsx';
import { NewGroup } from './group/NewGroup.tsx';

const useStyles = makeStyles({ name: { fontWeight: 600 } });

const FIELDS: readonly FilterField[] = [{ name: 'text', label: 'Name or address', hint: 'Part of it' }];

export function GroupsPage({ route }: { route: AdminRoute }): ReactNode {
  if (route.id === 'new') return <NewGroup />;
  return route.id === null ? <All route={route} /> : <GroupPage id={route.id} />;
}

function All({ route }: { route: AdminRoute }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const { may } = useAdministrator();
  const text = route.parameters.get('text')?.trim() ?? '';
  const list = usePages<AdminGroup>('AdminGroup', text === '' ? {} : { text });
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
      <FilterForm
        page="groups"
        label="Groups"
        asked={route.parameters}
        fields={FIELDS}
        columns="minmax(0, 420px) auto"
      />
      <Listing
        list={list}
        label="Groups"
        none={text === '' ? 'There is no group yet.' : 'No group fits.'}
        columns={columns}
        keyOf={({ id }) => id}
      />
    </Page>
  );
}
