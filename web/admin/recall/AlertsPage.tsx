// *Alerts*: recalls that were unusual, and which administrator has seen that.

import { Button, makeStyles, Tab, TabList } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import { useJmap } from '../../app/session.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { shortTime } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { usePages } from '../list.ts';
import { GoTo } from '../parts/GoTo.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page } from '../parts/Page.tsx';
import { Lines, type Column } from '../parts/Table.tsx';
import { Causes, seenBy, useAcknowledge } from './Alert.tsx';
import type { AdminAlert, AdminRecall } from './data.ts';
import { standingOf, subjectOf } from './words.ts';

const useStyles = makeStyles({ subject: { fontWeight: 600 }, tabs: { marginLeft: '-12px' } });

/** The recalls of these alerts, by id. */
function useRecallsOf(alerts: readonly AdminAlert[]): ReadonlyMap<string, AdminRecall> {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  const ids = alerts.map(({ recall }) => recall);
  const { data } = useQuery({
    queryKey: [accountId, 'AdminRecall', 'of alerts', ids],
    queryFn: async () => (await jmap.call<{ list: AdminRecall[] }>('AdminRecall/get', { accountId, ids })).list,
    enabled: ids.length > 0,
    placeholderData: (before) => before,
  });
  return new Map((data ?? []).map((recall) => [recall.id, recall]));
}

export function AlertsPage({ route }: { route: AdminRoute }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const { may } = useAdministrator();
  const shown = route.parameters.get('shown') === 'all' ? 'all' : 'new';
  const list = usePages<AdminAlert>('AdminAlert', shown === 'all' ? {} : { acknowledged: false });
  const recalls = useRecallsOf(list.data ?? []);
  const acknowledge = useAcknowledge();
  const [problem, setProblem] = useState<string | null>(null);
  const see = (alert: AdminAlert): void => {
    setProblem(null);
    acknowledge(alert).catch((error: unknown) => setProblem(sentenceOfError(error)));
  };
  const titleOf = ({ recall }: AdminAlert): string => {
    const known = recalls.get(recall);
    return known ? subjectOf(known) : recall;
  };
  const columns: Column<AdminAlert>[] = [
    {
      header: 'Recall of',
      lead: true,
      cell: (alert) => {
        const recall = recalls.get(alert.recall);
        return (
          <Lines below={recall ? standingOf(recall) : null}>
            <GoTo to={pathTo('recalls', alert.recall)}>
              <span className={styles.subject}>{titleOf(alert)}</span>
            </GoTo>
          </Lines>
        );
      },
    },
    { header: 'Unusual', cell: Causes },
    {
      header: 'Asked for by',
      cell: ({ recall }) => {
        const known = recalls.get(recall);
        if (!known) return '';
        return (
          <Lines below={known.byAdministrator ? 'Administrator' : null}>
            {known.requestedBy ?? 'An account that is gone'}
          </Lines>
        );
      },
    },
    { header: 'When', end: true, nowrap: true, cell: ({ createdAt }) => shortTime(createdAt) },
    {
      header: 'Seen by',
      end: true,
      cell: (alert) => {
        if (alert.acknowledged) return seenBy(alert);
        if (!may('recall')) return 'Not yet';
        return (
          <Button size="small" aria-label={`Acknowledge ${titleOf(alert)}`} onClick={() => see(alert)}>
            Acknowledge
          </Button>
        );
      },
    },
  ];
  return (
    <Page
      title="Alerts"
      says="Recalls that are old, large, many within an hour, or take read copies: as policy has them. Everybody who may recall is mailed of each; here it is said who has seen it."
    >
      <TabList
        className={styles.tabs}
        selectedValue={shown}
        onTabSelect={(_, { value }) => navigate(pathTo('alerts', null, value === 'all' ? { shown: 'all' } : {}))}
      >
        <Tab value="new">To be seen</Tab>
        <Tab value="all">All</Tab>
      </TabList>
      {problem !== null && <Problem>{problem}</Problem>}
      <Listing
        list={list}
        label="Alerts"
        none={shown === 'all' ? 'Nothing unusual yet.' : 'Nothing unusual that nobody has seen.'}
        columns={columns}
        keyOf={({ id }) => id}
      />
    </Page>
  );
}
