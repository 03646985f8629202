// *Queue*: mail that waits to go to other servers, and what can be done with it.

import { makeStyles, Text } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { figure, several, shortTime } from '../../recall/words.ts';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Waiting } from '../parts/Page.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { senderOf, standing, subjectOf, useQueue, type Queued } from './data.ts';
import { QueuedMessage } from './QueuedMessage.tsx';
import { Retry } from './Retry.tsx';

const useStyles = makeStyles({
  subject: { fontWeight: 600 },
  says: { fontVariantNumeric: 'tabular-nums' },
});

export function QueuePage({ route }: { route: AdminRoute }): ReactNode {
  return route.id === null ? <All /> : <QueuedMessage id={route.id} />;
}

function All(): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const { may } = useAdministrator();
  const { data, error } = useQueue(null);
  const columns: Column<Queued>[] = [
    {
      header: 'Message',
      lead: true,
      cell: (message) => (
        <GoTo to={pathTo('queue', message.id)}>
          <span className={styles.subject}>{subjectOf(message)}</span>
        </GoTo>
      ),
    },
    { header: 'From', cell: senderOf },
    { header: 'Recipients outside', cell: standing },
    {
      header: 'Next attempt',
      end: true,
      nowrap: true,
      cell: ({ nextAt }) => (nextAt === null ? '' : shortTime(nextAt)),
    },
    { header: 'Accepted', end: true, nowrap: true, cell: ({ receivedAt }) => shortTime(receivedAt) },
  ];
  const totals = data?.totals;
  return (
    <Page
      title="Queue"
      says="Mail that waits to go to other servers. What is held waits for its sender’s second thoughts, and leaves by itself."
    >
      {error && !data && <Problem>{sentenceOfError(error)}</Problem>}
      {!data && !error && <Waiting what="Queue" />}
      {totals?.messages === 0 && <Empty>Nothing waits.</Empty>}
      {data && totals && totals.messages > 0 && (
        <>
          <Text className={styles.says}>
            {`${several(totals.messages, 'message', 'messages')}: ${standing(totals)}.`}
            {totals.messages > data.list.length && ` The oldest ${figure(data.list.length)} are shown.`}
          </Text>
          {may('change-queue') && totals.queued > 0 && <Retry message={null} queued={totals.queued} />}
          <Table label="Queue" columns={columns} rows={data.list} keyOf={({ id }) => id} />
        </>
      )}
    </Page>
  );
}
