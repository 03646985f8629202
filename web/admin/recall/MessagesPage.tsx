// *Recall a message*: any message of the organisation is found, one of those found is chosen.

import { Button, Field, Input, makeStyles, Text } from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons';
import { useState, type FormEvent, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import type { Json } from '../../jmap/types.ts';
import { figure, shortTime } from '../../recall/words.ts';
import { useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Waiting } from '../parts/Page.tsx';
import { type Column, Lines, Table } from '../parts/Table.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { usePages, type AdminMessage } from './data.ts';
import { MessagePage } from './MessagePage.tsx';
import { subjectOf } from './words.ts';

const PHONE = '@media (max-width: 639.98px)';

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: 'repeat(3, minmax(0, 1fr))',
    gap: '12px 16px',
    alignItems: 'start',
    '@media (min-width: 640px) and (max-width: 899.98px)': { gridTemplateColumns: 'repeat(2, minmax(0, 1fr))' },
    [PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
    '& .fui-Input': { minWidth: 0, width: '100%' },
  },
  end: { gridColumn: '1 / -1', display: 'flex', gap: '8px' },
  more: { alignSelf: 'flex-start' },
  subject: { fontWeight: 600 },
});

const FIELDS = [
  ['subject', 'Subject', 'Part of it'],
  ['from', 'Sender', 'Part of a name or address'],
  ['messageId', 'Message-ID', ''],
  ['attachment', 'Attachment', 'Part of its name, or its SHA-256'],
] as const;

const TIMES = [
  ['after', 'Accepted from'],
  ['before', 'Accepted before'],
] as const;

type FieldName = (typeof FIELDS)[number][0] | (typeof TIMES)[number][0];

/** What the address says; local times of the fields are the reader's own. */
function filterOf(asked: URLSearchParams): Json | null {
  const text = (name: FieldName): string | undefined => asked.get(name)?.trim() || undefined;
  const time = (name: FieldName): string | undefined => {
    const at = text(name);
    const ms = at === undefined ? Number.NaN : Date.parse(at);
    return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
  };
  const attachment = text('attachment');
  const isHash = attachment !== undefined && /^[\da-f]{64}$/i.test(attachment);
  const filter = {
    subject: text('subject'),
    from: text('from'),
    messageId: text('messageId'),
    attachmentName: isHash ? undefined : attachment,
    attachmentSha256: isHash ? attachment : undefined,
    after: time('after'),
    before: time('before'),
  };
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return given.length === 0 ? null : Object.fromEntries(given);
}

export function MessagesPage({ route }: { route: AdminRoute }): ReactNode {
  return route.id === null ? <Search route={route} /> : <MessagePage id={route.id} />;
}

function Search({ route }: { route: AdminRoute }): ReactNode {
  const styles = useStyles();
  const filter = filterOf(route.parameters);
  const { data, error, isFetching, hasNextPage, fetchNextPage } = usePages<AdminMessage>('AdminMessage', filter);
  return (
    <Page
      title="Recall a message"
      says="Find any message of your organisation, sent from here or not, and take its copies back. Texts are not shown; every search is in the audit log."
    >
      <SearchForm key={route.parameters.toString()} asked={route.parameters} />
      {error && <Problem>{sentenceOfError(error)}</Problem>}
      {filter !== null && isFetching && <Waiting what="Searching" />}
      {filter !== null && data && data.length === 0 && (
        <Empty>No message fits. Say less: a part of the subject or of the sender is enough.</Empty>
      )}
      {filter !== null && data && data.length > 0 && (
        <>
          <Found messages={data} />
          {hasNextPage && (
            <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
              Show more
            </Button>
          )}
        </>
      )}
    </Page>
  );
}

function SearchForm({ asked }: { asked: URLSearchParams }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const [fields, setFields] = useState<Partial<Record<FieldName, string>>>(Object.fromEntries(asked));
  const [isEmpty, setEmpty] = useState(false);
  const search = (event: FormEvent): void => {
    event.preventDefault();
    const given = Object.entries(fields).filter(([, value]) => value.trim() !== '');
    setEmpty(given.length === 0);
    if (given.length > 0) navigate(pathTo('messages', null, Object.fromEntries(given)));
  };
  const set = (name: FieldName, value: string): void => setFields((before) => ({ ...before, [name]: value }));
  return (
    <form className={styles.form} role="search" aria-label="Messages" onSubmit={search}>
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
      <div className={styles.end}>
        <Button type="submit" appearance="primary" icon={<SearchRegular />}>
          Search
        </Button>
        {asked.size > 0 && <Button onClick={() => navigate(pathTo('messages'))}>Clear</Button>}
      </div>
      {isEmpty && (
        <div className={styles.end} role="alert">
          <Text>Say something of the message to look for.</Text>
        </div>
      )}
    </form>
  );
}

function Found({ messages }: { messages: readonly AdminMessage[] }): ReactNode {
  const styles = useStyles();
  const pathTo = useAdminPath();
  const columns: Column<AdminMessage>[] = [
    {
      header: 'Subject',
      lead: true,
      cell: (message) => (
        <GoTo to={pathTo('messages', message.id)}>
          <span className={styles.subject}>{subjectOf(message)}</span>
        </GoTo>
      ),
    },
    {
      header: 'From',
      cell: ({ from }) => {
        const [first] = from ?? [];
        return first?.name ? <Lines below={first.email}>{first.name}</Lines> : (first?.email ?? '(nobody named)');
      },
    },
    { header: 'Attachments', cell: ({ attachmentNames }) => attachmentNames.join(', ') },
    { header: 'Recipients', end: true, cell: ({ recipientCount }) => figure(recipientCount) },
    { header: 'Accepted', end: true, nowrap: true, cell: ({ acceptedAt }) => shortTime(acceptedAt) },
  ];
  return <Table label="Messages found" columns={columns} rows={messages} keyOf={({ id }) => id} />;
}

/** "Ana Silva <ana@pigeon.test>" */
export function senderOf({ from }: Pick<AdminMessage, 'from'>): string {
  const [first] = from ?? [];
  if (!first) return '(nobody named)';
  return first.name ? `${first.name} <${first.email}>` : first.email;
}
