// Whom a group names, one by one.

import { Button, Field, Input, makeStyles, SearchBox } from '@fluentui/react-components';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../../../app/theme.ts';
import { useJmap } from '../../../app/session.tsx';
import { Form } from '../../../parts/Form.tsx';
import { Problem } from '../../../parts/Problem.tsx';
import { sentenceOfError } from '../../../parts/sentence.ts';
import { useAdministrator } from '../../administrator.ts';
import { Empty } from '../../parts/Page.tsx';
import { Lines, Table, type Column } from '../../parts/Table.tsx';
import { addressesIn, KIND, useSet, type AdminGroup, type Member } from '../data.ts';

const useStyles = makeStyles({
  more: { alignSelf: 'flex-start' },
  search: { width: '260px', maxWidth: '100%', [ON_PHONE]: { width: '100%' } },
});

export function AddMembers({ group }: { group: AdminGroup }): ReactNode {
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

export function Members({ group, mayChange }: { group: AdminGroup; mayChange: boolean }): ReactNode {
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
