// *Vault and restore*: what was taken back and is kept, recall by recall.

import { Button, makeStyles } from '@fluentui/react-components';
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useJmap } from '../../app/session.tsx';
import { figure, several, shortTime } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import { GoTo } from '../parts/GoTo.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page } from '../parts/Page.tsx';
import { Lines, type Column } from '../parts/Table.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { restoreRecall } from '../recall/data.ts';
import { subjectOf } from '../recall/words.ts';

const useStyles = makeStyles({
  subject: { fontWeight: 600 },
});

interface Kept {
  recall: string;
  subject: string | null;
  sender: string | null;
  copies: number;
  held: number;
  removedAt: string;
  expiresAt: string;
  restoring: boolean;
}

const PAGE = 50;
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** "26 Feb 2027", and what legal hold keeps longer. */
function keptUntil({ expiresAt, copies, held }: Kept): ReactNode {
  const day = DAY.format(new Date(expiresAt));
  if (held === 0) return day;
  if (held === copies) return 'Under legal hold';
  return <Lines below={`${figure(held)} under legal hold`}>{day}</Lines>;
}

export function VaultPage(): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const pathTo = useAdminPath();
  const { accountId, may } = useAdministrator();
  const [restoring, setRestoring] = useState<Kept | null>(null);
  const list = useInfiniteQuery({
    queryKey: [accountId, 'AdminVault', 'list'],
    queryFn: async ({ pageParam }) =>
      (await jmap.call<{ list: Kept[] }>('AdminVault/get', { accountId, position: pageParam, limit: PAGE })).list,
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.length < PAGE ? undefined : all.length * PAGE),
    placeholderData: keepPreviousData,
    select: ({ pages }) => pages.flat(),
    staleTime: 0,
  });
  const columns: Column<Kept>[] = [
    {
      header: 'Message',
      lead: true,
      cell: (kept) => (
        <Lines below={kept.sender === null ? 'From outside' : `From ${kept.sender}`}>
          <GoTo to={pathTo('recalls', kept.recall)}>
            <span className={styles.subject}>{subjectOf(kept)}</span>
          </GoTo>
        </Lines>
      ),
    },
    { header: 'Copies', end: true, cell: ({ copies }) => figure(copies) },
    { header: 'Taken back', end: true, nowrap: true, cell: ({ removedAt }) => shortTime(removedAt) },
    { header: 'Kept until', end: true, nowrap: true, cell: keptUntil },
  ];
  if (may('recall')) {
    columns.push({
      header: '',
      end: true,
      nowrap: true,
      cell: (kept) =>
        kept.restoring ? (
          'Being restored'
        ) : (
          <Button size="small" aria-label={`Restore ${subjectOf(kept)}`} onClick={() => setRestoring(kept)}>
            Restore
          </Button>
        ),
    });
  }
  return (
    <Page
      title="Vault"
      says="What was taken back is kept here, out of its owners’ sight, for as long as policy says. Its texts are shown to nobody; restored, it returns to its mailboxes."
    >
      <Listing list={list} label="Vault" none="Nothing is kept." columns={columns} keyOf={({ recall }) => recall} />
      {restoring && <Restore kept={restoring} onClose={() => setRestoring(null)} />}
    </Page>
  );
}

function Restore({ kept, onClose }: { kept: Kept; onClose(): void }): ReactNode {
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId } = useAdministrator();
  const restore = async (): Promise<void> => {
    try {
      await restoreRecall(jmap, accountId, kept.recall);
    } finally {
      await client.invalidateQueries({ queryKey: [accountId, 'AdminVault'] });
    }
  };
  return (
    <Confirm title="Put it back?" action="Restore" onConfirm={restore} onClose={onClose}>
      {`${several(kept.copies, 'copy', 'copies')} of "${subjectOf(kept)}" return to where they were, with their date and unread state. This can be done once.`}
    </Confirm>
  );
}
