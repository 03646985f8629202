// *Audit*: what was done, by whom; whether anybody has changed the log; the log as a file.

import {
  Button,
  makeStyles,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Text,
  tokens,
} from '@fluentui/react-components';
import { ArrowDownloadRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { saveFile } from '../../app/file.ts';
import { useJmap } from '../../app/session.tsx';
import type { Jmap } from '../../jmap/client.ts';
import type { Json } from '../../jmap/types.ts';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { figure, several, shortTime } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { queryAndGet } from '../list.ts';
import { FilterForm, type FilterField } from '../parts/FilterForm.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page } from '../parts/Page.tsx';
import type { Column } from '../parts/Table.tsx';
import { detailWords, exportLine, type AuditEntry } from './entry.ts';

const useStyles = makeStyles({
  buttons: { display: 'flex', gap: '8px' },
  // There before anything is said, and takes no room.
  told: { display: 'contents' },
  action: { fontWeight: 600 },
  detail: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

const FIELDS: readonly FilterField[] = [
  { name: 'actor', label: 'Who', hint: 'Part of an address' },
  { name: 'action', label: 'What', hint: 'recall., policy.changed …' },
  { name: 'subject', label: 'To what', hint: 'An address, r7 …' },
  { name: 'after', label: 'From', isTime: true },
  { name: 'before', label: 'Before', isTime: true },
];

function filterOf(asked: URLSearchParams): Json {
  const filter: Json = {};
  for (const { name, isTime } of FIELDS) {
    const text = asked.get(name)?.trim() ?? '';
    const at = Date.parse(text);
    if (isTime !== true && text !== '') filter[name] = text;
    if (isTime === true && !Number.isNaN(at)) filter[name] = new Date(at).toISOString();
  }
  return filter;
}

const PAGE = 50;
/** Of an export. */
const PART = 1000;

/** Newest first, or oldest first. Throws JmapError. */
const entriesOf = (jmap: Jmap, args: Json): Promise<AuditEntry[]> => queryAndGet(jmap, 'AdminAudit', args);

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
  const columns: Column<AuditEntry>[] = [
    { header: 'What', lead: true, width: '20%', cell: ({ action }) => <span className={styles.action}>{action}</span> },
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
  return (
    <Page
      title="Audit"
      says="What administrators and senders did, and what was refused. Nothing in it can be changed or removed: each entry’s hash follows from the one before it."
    >
      <Whole filter={filter} />
      <FilterForm page="audit" label="Audit" asked={route.parameters} fields={FIELDS} columns={3} />
      <Listing list={list} label="Entries" none="No entry fits." columns={columns} keyOf={({ id }) => id} />
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
      <div role="status" className={styles.told}>
        {state !== null && <Said state={state} />}
      </div>
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
