// *Recalls*: every recall of the organisation, and requests that wait for a second administrator.

import { makeStyles, mergeClasses, MessageBar, MessageBarBody, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';
import type { Json } from '../../jmap/types.ts';
import { ThinFamilyBar } from '../../recall/Families.tsx';
import { several, shortTime } from '../../recall/words.ts';
import { useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { usePages } from '../list.ts';
import { FilterForm, type FilterField } from '../parts/FilterForm.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page, Section } from '../parts/Page.tsx';
import { Lines, type Column } from '../parts/Table.tsx';
import type { AdminRecall } from './data.ts';
import { Figures } from './Figures.tsx';
import { Tracking } from './Tracking.tsx';
import { isRecall, standingOf, STATUS, subjectOf } from './words.ts';

const useStyles = makeStyles({
  // There before anything is said, and takes no room.
  told: { display: 'contents' },
  lines: { display: 'flex', flexDirection: 'column', gap: '2px', minWidth: 0 },
  subject: { fontWeight: 600 },
  bar: { width: '160px', paddingTop: '4px', [ON_PHONE]: { width: '100%' } },
  waits: { color: tokens.colorStatusWarningForeground1, fontWeight: 600 },
});

const FIELDS: readonly FilterField[] = [
  { name: 'status', label: 'Status', of: { any: 'Any', choices: Object.entries(STATUS) } },
  {
    name: 'by',
    label: 'Asked for by',
    of: {
      any: 'Anyone',
      choices: [
        ['senders', 'Senders'],
        ['administrators', 'Administrators'],
      ],
    },
  },
  { name: 'sender', label: 'Sender of the message', hint: 'An address of your organisation' },
];

export function RecallsPage({ route }: { route: AdminRoute }): ReactNode {
  return route.id === null ? <All route={route} /> : <Tracking recallId={route.id} />;
}

function filterOf(asked: URLSearchParams): Json {
  const filter: Json = {};
  const status = asked.get('status');
  const by = asked.get('by');
  const sender = asked.get('sender')?.trim();
  if (status !== null && status in STATUS) filter['status'] = status;
  if (by === 'administrators' || by === 'senders') filter['byAdministrator'] = by === 'administrators';
  if (sender) filter['sender'] = sender;
  return filter;
}

function All({ route }: { route: AdminRoute }): ReactNode {
  const filter = filterOf(route.parameters);
  const isFiltered = Object.keys(filter).length > 0;
  const list = usePages<AdminRecall>('AdminRecall', filter);
  return (
    <Page title="Recalls" says="Every recall of your organisation, its senders’ and its administrators’.">
      {filter['status'] !== 'waiting' && <Waiters />}
      <Figures />
      <Section heading="All recalls">
        <FilterForm
          page="recalls"
          label="Recalls"
          asked={route.parameters}
          fields={FIELDS}
          columns="180px 200px minmax(0, 1fr) auto"
        />
        <Listing
          list={list}
          label="Recalls"
          none={isFiltered ? 'No recall fits.' : 'Nobody has recalled a message yet.'}
          columns={useColumns()}
          keyOf={({ id }) => id}
        />
      </Section>
    </Page>
  );
}

/** Somebody waits for the reader, or for another administrator. */
function Waiters(): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const { data } = usePages<AdminRecall>('AdminRecall', { status: 'waiting' });
  return (
    <div role="status" className={styles.told}>
      {data && data.length > 0 && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            {several(data.length, 'request waits', 'requests wait')} for another administrator’s approval.{' '}
            <GoTo inline to={pathTo('recalls', null, { status: 'waiting' })}>
              Show
            </GoTo>
          </MessageBarBody>
        </MessageBar>
      )}
    </div>
  );
}

const administratorWords = ({ forwardOf }: AdminRecall): string =>
  forwardOf === null ? 'Administrator' : 'Administrator, as a forward';

function useColumns(): Column<AdminRecall>[] {
  const styles = useStyles();
  const pathTo = useAdminPath();
  return [
    {
      header: 'Message',
      lead: true,
      cell: (recall) => (
        <Lines below={recall.sender === null ? 'From outside' : `From ${recall.sender}`}>
          <GoTo to={pathTo('recalls', recall.id)}>
            <span className={styles.subject}>{subjectOf(recall)}</span>
          </GoTo>
        </Lines>
      ),
    },
    {
      header: 'Asked for by',
      cell: (recall) => (
        <Lines below={recall.byAdministrator ? administratorWords(recall) : null}>
          {recall.requestedBy ?? 'An account that is gone'}
        </Lines>
      ),
    },
    {
      header: 'Outcome',
      cell: (recall) => (
        <span className={styles.lines}>
          <Text className={mergeClasses(recall.status === 'waiting' && styles.waits)}>{standingOf(recall)}</Text>
          {isRecall(recall) && (
            <span className={styles.bar}>
              <ThinFamilyBar counts={recall.counts} total={recall.total} />
            </span>
          )}
        </span>
      ),
    },
    { header: 'When', end: true, nowrap: true, cell: ({ createdAt }) => shortTime(createdAt) },
  ];
}
