// *Holds*: people under legal hold.

import { Button, Field, Input } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { useJmap } from '../../app/session.tsx';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import { GoTo } from '../parts/GoTo.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page } from '../parts/Page.tsx';
import { Lines, type Column } from '../parts/Table.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { queryAndGet, usePages } from '../list.ts';
import { KIND, useSet, type AdminAccount } from './data.ts';
import { Form } from '../../parts/Form.tsx';

export function HoldsPage(): ReactNode {
  const pathTo = useAdminPath();
  const { may } = useAdministrator();
  const set = useSet('AdminAccount');
  const [ending, setEnding] = useState<AdminAccount | null>(null);
  const list = usePages<AdminAccount>('AdminAccount', { legalHold: true });
  const columns: Column<AdminAccount>[] = [
    {
      header: 'Name',
      lead: true,
      cell: (one) => (
        <Lines below={one.address}>
          <GoTo to={pathTo('people', one.id)}>{one.name}</GoTo>
        </Lines>
      ),
    },
    { header: 'Kind', cell: ({ kind }) => KIND[kind] },
  ];
  if (may('hold')) {
    columns.push({
      header: '',
      end: true,
      cell: (one) => (
        <Button size="small" aria-label={`End hold of ${one.address}`} onClick={() => setEnding(one)}>
          End hold
        </Button>
      ),
    });
  }
  return (
    <Page
      title="Holds"
      says="What recalls took from people under legal hold, or for them, is kept for as long as the hold stands. Recalls go on, and nobody but administrators sees a hold."
    >
      {may('hold') && <Begin />}
      <Listing
        list={list}
        label="Under legal hold"
        none="Nobody is under legal hold."
        columns={columns}
        keyOf={({ id }) => id}
      />
      {ending && (
        <Confirm
          title="End the hold?"
          action="End hold"
          onConfirm={async () => void (await set({ update: { [ending.id]: { legalHold: false } } }))}
          onClose={() => setEnding(null)}
        >
          What was taken back from {ending.address}, or for it, goes when policy says: what is older than that, soon.
        </Confirm>
      )}
    </Page>
  );
}

function Begin(): ReactNode {
  const jmap = useJmap();
  const set = useSet('AdminAccount');
  const { accountId } = useAdministrator();
  const [address, setAddress] = useState('');
  const begin = async (): Promise<void> => {
    const wanted = address.trim().toLowerCase();
    const found = await queryAndGet<AdminAccount>(jmap, 'AdminAccount', { accountId, filter: { text: wanted } });
    const account = found.find((one) => one.address === wanted || one.aliases.includes(wanted));
    if (!account) throw new Error(`There is no account ${wanted} here.`);
    await set({ update: { [account.id]: { legalHold: true } } });
    setAddress('');
  };
  return (
    <Form label="Begin a hold" action="Put under hold" disabled={address.trim() === ''} onSave={begin}>
      <Field label="Address">
        <Input type="email" value={address} onChange={(_, { value }) => setAddress(value)} />
      </Field>
    </Form>
  );
}
