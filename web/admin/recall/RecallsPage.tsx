// *Recalls*: every recall of the organisation, and requests that wait for a second administrator.

import {
  Button,
  Field,
  Input,
  makeStyles,
  mergeClasses,
  MessageBar,
  MessageBarBody,
  Select,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useState, type FormEvent, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import type { Json } from '../../jmap/types.ts';
import { ThinFamilyBar } from '../../recall/Families.tsx';
import { several, shortTime } from '../../recall/words.ts';
import { useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Section, Waiting } from '../parts/Page.tsx';
import { type Column, Lines, Table } from '../parts/Table.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { usePages, type AdminRecall } from './data.ts';
import { Figures } from './Figures.tsx';
import { Tracking } from './Tracking.tsx';
import { isRecall, standingOf, STATUS, subjectOf } from './words.ts';

const PHONE = '@media (max-width: 639.98px)';

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: '180px 200px minmax(0, 1fr) auto',
    gap: '12px 16px',
    alignItems: 'end',
    '@media (min-width: 640px) and (max-width: 899.98px)': { gridTemplateColumns: 'repeat(2, minmax(0, 1fr))' },
    [PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
    '& .fui-Input': { minWidth: 0, width: '100%' },
  },
  buttons: { display: 'flex', gap: '8px' },
  more: { alignSelf: 'flex-start' },
  lines: { display: 'flex', flexDirection: 'column', gap: '2px', minWidth: 0 },
  subject: { fontWeight: 600 },
  bar: { width: '160px', paddingTop: '4px', [PHONE]: { width: '100%' } },
  waits: { color: tokens.colorStatusWarningForeground1, fontWeight: 600 },
});

/** While the page is looked at, news come by themselves. */
const AGAIN_MS = 10_000;

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
  const styles = useStyles();
  const filter = filterOf(route.parameters);
  const isFiltered = Object.keys(filter).length > 0;
  const list = usePages<AdminRecall>('AdminRecall', filter, { refetchInterval: AGAIN_MS });
  const { data, error, isFetching, hasNextPage, fetchNextPage } = list;
  return (
    <Page title="Recalls" says="Every recall of your organisation, its senders’ and its administrators’.">
      {filter['status'] !== 'waiting' && <Waiters />}
      <Figures />
      <Section heading="All recalls">
        <Filter key={route.parameters.toString()} asked={route.parameters} />
        {error && <Problem>{sentenceOfError(error)}</Problem>}
        {!data && !error && <Waiting what="Recalls" />}
        {data?.length === 0 && <Empty>{isFiltered ? 'No recall fits.' : 'Nobody has recalled a message yet.'}</Empty>}
        {data && data.length > 0 && <Recalls recalls={data} />}
        {hasNextPage && (
          <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        )}
      </Section>
    </Page>
  );
}

/** Somebody waits for the reader, or for another administrator. */
function Waiters(): ReactNode {
  const pathTo = useAdminPath();
  const { data } = usePages<AdminRecall>('AdminRecall', { status: 'waiting' }, { refetchInterval: AGAIN_MS });
  if (!data || data.length === 0) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        {several(data.length, 'request waits', 'requests wait')} for another administrator’s approval.{' '}
        <GoTo inline to={pathTo('recalls', null, { status: 'waiting' })}>
          Show
        </GoTo>
      </MessageBarBody>
    </MessageBar>
  );
}

function Filter({ asked }: { asked: URLSearchParams }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const [sender, setSender] = useState(asked.get('sender') ?? '');
  const go = (change: Record<string, string>): void => {
    const all = Object.entries({ ...Object.fromEntries(asked), sender: sender.trim(), ...change });
    navigate(pathTo('recalls', null, Object.fromEntries(all.filter(([, value]) => value !== ''))));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    go({});
  };
  return (
    <form className={styles.form} role="search" aria-label="Recalls" onSubmit={submit}>
      <Field label="Status">
        <Select value={asked.get('status') ?? ''} onChange={(_, { value }) => go({ status: value })}>
          <option value="">Any</option>
          {Object.entries(STATUS).map(([status, label]) => (
            <option key={status} value={status}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Asked for by">
        <Select value={asked.get('by') ?? ''} onChange={(_, { value }) => go({ by: value })}>
          <option value="">Anyone</option>
          <option value="senders">Senders</option>
          <option value="administrators">Administrators</option>
        </Select>
      </Field>
      <Field label="Sender of the message">
        <Input
          value={sender}
          placeholder="An address of your organisation"
          onChange={(_, { value }) => setSender(value)}
        />
      </Field>
      <div className={styles.buttons}>
        <Button type="submit">Filter</Button>
        {asked.size > 0 && <Button onClick={() => navigate(pathTo('recalls'))}>Clear</Button>}
      </div>
    </form>
  );
}

const administratorWords = ({ forwardOf }: AdminRecall): string =>
  forwardOf === null ? 'Administrator' : 'Administrator, as a forward';

function Recalls({ recalls }: { recalls: readonly AdminRecall[] }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const columns: Column<AdminRecall>[] = [
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
  return <Table label="Recalls" columns={columns} rows={recalls} keyOf={({ id }) => id} />;
}
