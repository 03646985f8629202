// *Audit*: what was done, by whom; whether anybody has changed the log; the log as a file.

import {
  Button,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Text,
  tokens,
} from '@fluentui/react-components';
import { ArrowDownloadRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { saveFile } from '../../app/file.ts';
import { navigate } from '../../app/router.ts';
import { useJmap } from '../../app/session.tsx';
import { JmapError, type Jmap } from '../../jmap/client.ts';
import type { Json } from '../../jmap/types.ts';
import { figure, several, shortTime } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { Empty, Page, Waiting } from '../parts/Page.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { detailWords, exportLine, type AuditEntry } from './entry.ts';

const PHONE = '@media (max-width: 639.98px)';

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: 'repeat(3, minmax(0, 1fr))',
    gap: '12px 16px',
    alignItems: 'end',
    '@media (min-width: 640px) and (max-width: 899.98px)': { gridTemplateColumns: 'repeat(2, minmax(0, 1fr))' },
    [PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
    '& .fui-Input': { minWidth: 0, width: '100%' },
  },
  buttons: { display: 'flex', gap: '8px' },
  more: { alignSelf: 'flex-start' },
  action: { fontWeight: 600 },
  detail: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

const FIELDS = [
  ['actor', 'Who', 'Part of an address'],
  ['action', 'What', 'recall., policy.changed …'],
  ['subject', 'To what', 'An address, r7 …'],
] as const;

const TIMES = [
  ['after', 'From'],
  ['before', 'Before'],
] as const;

type FieldName = (typeof FIELDS)[number][0] | (typeof TIMES)[number][0];

function filterOf(asked: URLSearchParams): Json {
  const filter: Json = {};
  for (const [name] of FIELDS) {
    const text = asked.get(name)?.trim();
    if (text) filter[name] = text;
  }
  for (const [name] of TIMES) {
    const at = Date.parse(asked.get(name) ?? '');
    if (!Number.isNaN(at)) filter[name] = new Date(at).toISOString();
  }
  return filter;
}

const PAGE = 50;
/** Of an export. */
const PART = 1000;

/** Entries, and their numbers' order: newest first, or oldest first. Throws JmapError. */
async function entriesOf(jmap: Jmap, args: Json): Promise<AuditEntry[]> {
  const { accountId } = args;
  const answers = await jmap.request([
    ['AdminAudit/query', args, 'q'],
    ['AdminAudit/get', { accountId, '#ids': { resultOf: 'q', name: 'AdminAudit/query', path: '/ids' } }, 'g'],
  ]);
  const failed = answers.find(([name]) => name === 'error')?.[1];
  if (failed) throw new JmapError(String(failed['type']), failed['description'] as string | undefined, failed);
  return (answers.find(([, , id]) => id === 'g')?.[1]['list'] ?? []) as AuditEntry[];
}

export function AuditPage({ route }: { route: AdminRoute }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  const filter = filterOf(route.parameters);
  const list = useInfiniteQuery({
    queryKey: [accountId, 'AdminAudit', 'list', filter],
    queryFn: ({ pageParam }) =>
      entriesOf(jmap, {
        accountId,
        filter: { ...filter, ...(pageParam === null ? {} : { maxSeq: pageParam }) },
        limit: PAGE,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : (last.at(-1)?.seq ?? 1) - 1),
    placeholderData: keepPreviousData,
    select: ({ pages }) => pages.flat(),
    staleTime: 0,
    retry: false,
  });
  const { data, error, isFetching, hasNextPage, fetchNextPage } = list;
  return (
    <Page
      title="Audit"
      says="What administrators and senders did, and what was refused. Nothing in it can be changed or removed: each entry’s hash follows from the one before it."
    >
      <Whole filter={filter} />
      <Filter key={route.parameters.toString()} asked={route.parameters} />
      {error && <Problem>{sentenceOfError(error)}</Problem>}
      {!data && !error && <Waiting what="Entries" />}
      {data?.length === 0 && <Empty>No entry fits.</Empty>}
      {data && data.length > 0 && <Entries entries={data} />}
      {hasNextPage && (
        <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

interface Verdict extends Json {
  intact: boolean;
  entries: number;
  brokenAt: number | null;
  why: string | null;
}

type State = { busy: string } | { verdict: Verdict } | { problem: string } | { saved: number } | null;

/** What is done with the log as a whole. */
function Whole({ filter }: { filter: Json }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  const [state, setState] = useState<State>(null);
  const isBusy = state !== null && 'busy' in state;
  const act = async (busy: string, work: () => Promise<State>): Promise<void> => {
    setState({ busy });
    setState(await work().catch((error: unknown) => ({ problem: sentenceOfError(error) })));
  };
  const verify = async (): Promise<State> => ({
    verdict: await jmap.call<Verdict>('AdminAudit/verify', { accountId }),
  });
  const save = async (): Promise<State> => {
    const parts: string[] = [];
    let count = 0;
    for (let minSeq = 0; ;) {
      const entries = await entriesOf(jmap, { accountId, filter: { ...filter, minSeq }, ascending: true, limit: PART });
      parts.push(...entries.map(exportLine));
      count += entries.length;
      setState({ busy: `Exporting… ${figure(count)}` });
      if (entries.length < PART) break;
      minSeq = (entries.at(-1)?.seq ?? 0) + 1;
    }
    saveFile(new Blob(parts, { type: 'application/jsonl' }), 'audit.jsonl');
    return { saved: count };
  };
  return (
    <>
      <div className={styles.buttons}>
        <Button
          icon={<ShieldCheckmarkRegular />}
          disabledFocusable={isBusy}
          onClick={() => void act('Verifying…', verify)}
        >
          Verify
        </Button>
        <Button icon={<ArrowDownloadRegular />} disabledFocusable={isBusy} onClick={() => void act('Exporting…', save)}>
          Export as JSON Lines
        </Button>
      </div>
      <div role="status">{state !== null && <Said state={state} />}</div>
    </>
  );
}

function Said({ state }: { state: NonNullable<State> }): ReactNode {
  if ('busy' in state) return <Text>{state.busy}</Text>;
  if ('problem' in state) return <Problem>{state.problem}</Problem>;
  if ('saved' in state) {
    return <Text>{`${several(state.saved, 'entry is', 'entries are')} in audit.jsonl, oldest first.`}</Text>;
  }
  const { intact, entries, brokenAt, why } = state.verdict;
  return (
    <MessageBar intent={intact ? 'success' : 'error'} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{intact ? 'Intact.' : `Broken at entry ${figure(brokenAt ?? 0)}.`}</MessageBarTitle>
        {intact
          ? `${several(entries, 'entry', 'entries')}, each follows from the one before it, and the last is the log’s end.`
          : `${several(entries, 'entry before it is', 'entries before it are')} as written; then ${why}. Keep a copy of the database, and find out who can write to it.`}
      </MessageBarBody>
    </MessageBar>
  );
}

function Filter({ asked }: { asked: URLSearchParams }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const [fields, setFields] = useState<Partial<Record<FieldName, string>>>(Object.fromEntries(asked));
  const set = (name: FieldName, value: string): void => setFields((before) => ({ ...before, [name]: value }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    navigate(
      pathTo('audit', null, Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ''))),
    );
  };
  return (
    <form className={styles.form} role="search" aria-label="Audit" onSubmit={submit}>
      {FIELDS.map(([name, label, hint]) => (
        <Field key={name} label={label}>
          <Input value={fields[name] ?? ''} placeholder={hint} onChange={(_, { value }) => set(name, value)} />
        </Field>
      ))}
      {TIMES.map(([name, label]) => (
        <Field key={name} label={label}>
          <Input type="datetime-local" value={fields[name] ?? ''} onChange={(_, { value }) => set(name, value)} />
        </Field>
      ))}
      <div className={styles.buttons}>
        <Button type="submit">Filter</Button>
        {asked.size > 0 && <Button onClick={() => navigate(pathTo('audit'))}>Clear</Button>}
      </div>
    </form>
  );
}

function Entries({ entries }: { entries: readonly AuditEntry[] }): ReactNode {
  const styles = useStyles();
  const columns: Column<AuditEntry>[] = [
    { header: 'What', lead: true, cell: ({ action }) => <span className={styles.action}>{action}</span> },
    { header: 'To what', cell: ({ subject }) => subject },
    { header: 'Who', cell: ({ actor }) => actor },
    {
      header: 'Details',
      width: '36%',
      cell: ({ detail }) => {
        const words = detailWords(detail);
        return words === '' ? '' : <span className={styles.detail}>{words}</span>;
      },
    },
    { header: 'When', end: true, nowrap: true, cell: ({ at }) => shortTime(at) },
    { header: 'No.', end: true, nowrap: true, cell: ({ seq }) => String(seq) },
  ];
  return <Table label="Entries" columns={columns} rows={entries} keyOf={({ id }) => id} />;
}
