// *Queue*: mail that waits to go to other servers, and what can be done with it.

import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import { ArrowClockwiseRegular, DismissRegular } from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import { useJmap } from '../../app/session.tsx';
import { figure, several, shortTime } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import type { AdminRoute } from '../AdminPage.tsx';
import { Facts } from '../parts/Facts.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Section, Waiting } from '../parts/Page.tsx';
import { type Column, Lines, Table } from '../parts/Table.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';

const useStyles = makeStyles({
  subject: { fontWeight: 600 },
  says: { fontVariantNumeric: 'tabular-nums' },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  warns: { color: tokens.colorStatusWarningForeground1 },
});

interface Queued {
  id: string;
  messageId: string | null;
  subject: string | null;
  mailFrom: string;
  size: number;
  receivedAt: string;
  held: number;
  queued: number;
  sending: number;
  nextAt: string | null;
}

interface Totals {
  messages: number;
  held: number;
  queued: number;
  sending: number;
}

interface Recipient {
  recipient: string;
  via: string | null;
  state: 'held' | 'queued' | 'sending' | 'delivered' | 'failed' | 'stopped';
  attempts: number;
  maybeSent: boolean;
  dueAt: string | null;
  finishedAt: string | null;
  remoteHost: string | null;
  reply: string | null;
}

/** It empties and fills by itself. */
const AGAIN_MS = 5000;

export function QueuePage({ route }: { route: AdminRoute }): ReactNode {
  return route.id === null ? <All /> : <One id={route.id} />;
}

function useQueue(ids: string[] | null) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, 'AdminQueue', ids],
    queryFn: () => jmap.call<{ list: Queued[]; totals: Totals }>('AdminQueue/get', { accountId, ids }),
    staleTime: 0,
    refetchInterval: AGAIN_MS,
  });
}

const subjectOf = ({ subject }: Queued): string => (subject ?? '').trim() || '(no subject)';
const senderOf = ({ mailFrom }: Queued): string => (mailFrom === '' ? 'This server itself' : mailFrom);

/** "2 held for their sender, 1 waits, 1 under way" */
function standing({ held, queued, sending }: Pick<Queued, 'held' | 'queued' | 'sending'>): string {
  return [
    held > 0 ? `${figure(held)} held for the sender` : '',
    queued > 0 ? several(queued, 'waits', 'wait') : '',
    sending > 0 ? `${figure(sending)} under way` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
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
          {may('change-queue') && totals.queued > 0 && <Retry message={null} />}
          <Table label="Queue" columns={columns} rows={data.list} keyOf={({ id }) => id} />
        </>
      )}
    </Page>
  );
}

/** `message` null: everything. */
function Retry({ message, children }: { message: string | null; children?: ReactNode }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const { accountId } = useAdministrator();
  const [said, setSaid] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const retry = async (): Promise<void> => {
    setProblem(null);
    try {
      const { due } = await jmap.call<{ due: number }>('AdminQueue/retry', { accountId, message });
      setSaid(due === 0 ? 'All of it is due already.' : `${several(due, 'delivery is', 'deliveries are')} due now.`);
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
    await client.invalidateQueries({ queryKey: [accountId, 'AdminQueue'] });
  };
  return (
    <>
      <div className={styles.buttons}>
        <Button icon={<ArrowClockwiseRegular />} onClick={() => void retry()}>
          {message === null ? 'Try all now' : 'Try now'}
        </Button>
        {children}
        <Text role="status" style={{ alignSelf: 'center' }}>
          {said}
        </Text>
      </div>
      {problem !== null && <Problem>{problem}</Problem>}
    </>
  );
}

const STATE: Readonly<Record<Recipient['state'], string>> = {
  held: 'Held for the sender',
  queued: 'Waits',
  sending: 'Under way',
  delivered: 'Taken by the other server',
  failed: 'Failed',
  stopped: 'Stopped by a recall',
};

const waits = ({ state }: Recipient): boolean => state === 'held' || state === 'queued';

function One({ id }: { id: string }): ReactNode {
  const jmap = useJmap();
  const pathTo = useAdminPath();
  const { accountId, may } = useAdministrator();
  const { data, error } = useQueue([id]);
  const recipients = useQuery({
    queryKey: [accountId, 'AdminQueue', 'recipients', id],
    queryFn: async () =>
      (await jmap.call<{ recipients: Recipient[] }>('AdminQueue/recipients', { accountId, message: id })).recipients,
    staleTime: 0,
    refetchInterval: AGAIN_MS,
  });
  const [dropping, setDropping] = useState<Recipient | 'all' | null>(null);
  const message = data?.list[0];
  const all = recipients.data ?? [];
  const waiting = all.filter(waits).length;
  if (!data && !error) return <Waiting what="Message" />;
  if (!message) {
    return (
      <Page
        title={all.length === 0 ? 'There is no such message here.' : 'Nothing of it waits any more.'}
        says={<GoTo to={pathTo('queue')}>The queue</GoTo>}
      >
        {all.length > 0 ? <Recipients recipients={all} onDrop={null} /> : <Empty>It may have left by now.</Empty>}
      </Page>
    );
  }
  return (
    <Page title={subjectOf(message)} says={<GoTo to={pathTo('queue')}>The queue</GoTo>}>
      <Facts
        facts={[
          ['From', senderOf(message)],
          ['Accepted', shortTime(message.receivedAt)],
          ['Recipients outside', standing(message)],
          ['Message-ID', message.messageId],
        ]}
      />
      {may('change-queue') && (
        <Retry message={id}>
          {waiting > 0 && (
            <Button icon={<DismissRegular />} onClick={() => setDropping('all')}>
              Give up for all that wait
            </Button>
          )}
        </Retry>
      )}
      <Section heading="Recipients outside">
        <Recipients recipients={all} onDrop={may('change-queue') ? setDropping : null} />
      </Section>
      {dropping !== null && (
        <Drop message={message} of={dropping} waiting={waiting} onClose={() => setDropping(null)} />
      )}
    </Page>
  );
}

function Recipients({
  recipients,
  onDrop,
}: {
  recipients: readonly Recipient[];
  onDrop: ((recipient: Recipient) => void) | null;
}): ReactNode {
  const styles = useStyles();
  const columns: Column<Recipient>[] = [
    {
      header: 'Recipient',
      lead: true,
      cell: ({ recipient, via }) => <Lines below={via === null ? null : `through ${via}`}>{recipient}</Lines>,
    },
    {
      header: 'State',
      cell: (one) => (
        <Lines below={[one.remoteHost, one.reply].filter(Boolean).join(': ')}>
          <span>
            {STATE[one.state]}
            {one.maybeSent && one.state !== 'delivered' && <span className={styles.warns}>, may have arrived</span>}
          </span>
        </Lines>
      ),
    },
    { header: 'Attempts', end: true, cell: ({ attempts }) => figure(attempts) },
    {
      header: 'When',
      end: true,
      nowrap: true,
      cell: ({ dueAt, finishedAt }) => (finishedAt ?? dueAt) && shortTime(finishedAt ?? dueAt ?? ''),
    },
  ];
  if (onDrop) {
    columns.push({
      header: '',
      end: true,
      cell: (one) =>
        waits(one) ? (
          <Button size="small" aria-label={`Give up for ${one.recipient}`} onClick={() => onDrop(one)}>
            Give up
          </Button>
        ) : (
          ''
        ),
    });
  }
  return <Table label="Recipients" columns={columns} rows={recipients} keyOf={({ recipient }) => recipient} />;
}

interface DropProps {
  message: Queued;
  of: Recipient | 'all';
  waiting: number;
  onClose(): void;
}

function Drop({ message, of, waiting, onClose }: DropProps): ReactNode {
  const jmap = useJmap();
  const client = useQueryClient();
  const pathTo = useAdminPath();
  const { accountId } = useAdministrator();
  const drop = async (): Promise<void> => {
    try {
      await jmap.call('AdminQueue/drop', {
        accountId,
        message: message.id,
        recipient: of === 'all' ? null : of.recipient,
      });
      if (of === 'all' && message.sending === 0) navigate(pathTo('queue'));
    } finally {
      await client.invalidateQueries({ queryKey: [accountId, 'AdminQueue'] });
    }
  };
  return (
    <Confirm title="Give it up?" action="Give up" onConfirm={drop} onClose={onClose}>
      {of === 'all'
        ? `It does not go to ${several(waiting, 'recipient', 'recipients')} that it waits for`
        : `It does not go to ${of.recipient}`}
      , and its sender is told so. This cannot be undone.
    </Confirm>
  );
}
