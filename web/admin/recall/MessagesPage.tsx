// *Recall a message*: any message of the organisation is found, one of those found is chosen.

import { makeStyles } from '@fluentui/react-components';
import { SearchRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import type { Json } from '../../jmap/types.ts';
import { figure, shortTime } from '../../recall/words.ts';
import { useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { usePages } from '../list.ts';
import { FilterForm, type FilterField } from '../parts/FilterForm.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Listing } from '../parts/Listing.tsx';
import { Page } from '../parts/Page.tsx';
import { Lines, type Column } from '../parts/Table.tsx';
import type { AdminMessage } from './data.ts';
import { MessagePage } from './MessagePage.tsx';
import { subjectOf } from './words.ts';

const useStyles = makeStyles({ subject: { fontWeight: 600 } });

const FIELDS = [
  { name: 'subject', label: 'Subject', hint: 'Part of it' },
  { name: 'from', label: 'Sender', hint: 'Part of a name or address' },
  { name: 'messageId', label: 'Message-ID' },
  { name: 'attachment', label: 'Attachment', hint: 'Part of its name, or its SHA-256' },
  { name: 'after', label: 'Accepted from', isTime: true },
  { name: 'before', label: 'Accepted before', isTime: true },
] as const satisfies readonly FilterField[];

type FieldName = (typeof FIELDS)[number]['name'];

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
  const pathTo = useAdminPath();
  const filter = filterOf(route.parameters);
  const list = usePages<AdminMessage>('AdminMessage', filter);
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
  return (
    <Page
      title="Recall a message"
      says="Find any message of your organisation, sent from here or not, and take its copies back. Texts are not shown; every search is in the audit log."
    >
      <FilterForm
        page="messages"
        label="Messages"
        asked={route.parameters}
        fields={FIELDS}
        columns={3}
        action="Search"
        icon={<SearchRegular />}
        primary
        needs="Say something of the message to look for."
      />
      {filter !== null && (
        <Listing
          list={list}
          label="Messages found"
          none="No message fits. Say less: a part of the subject or of the sender is enough."
          columns={columns}
          keyOf={({ id }) => id}
        />
      )}
    </Page>
  );
}

/** "Ana Silva <ana@pigeon.test>" */
export function senderOf({ from }: Pick<AdminMessage, 'from'>): string {
  const [first] = from ?? [];
  if (!first) return '(nobody named)';
  return first.name ? `${first.name} <${first.email}>` : first.email;
}
