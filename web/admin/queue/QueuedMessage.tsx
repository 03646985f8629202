// One message of the queue: its recipients outside, what their servers said, and giving up.

import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import { useJmap } from '../../app/session.tsx';
import { Confirm } from '../../parts/Confirm.tsx';
import { figure, several, shortTime } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import { Facts } from '../parts/Facts.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Section, Waiting } from '../parts/Page.tsx';
import { type Column, Lines, Table } from '../parts/Table.tsx';
import { AGAIN_MS, senderOf, standing, subjectOf, useQueue, type Queued, type Recipient } from './data.ts';
import { Retry } from './Retry.tsx';

const useStyles = makeStyles({
  warns: { color: tokens.colorStatusWarningForeground1 },
});

const STATE: Readonly<Record<Recipient['state'], string>> = {
  held: 'Held for the sender',
  queued: 'Waits',
  sending: 'Under way',
  delivered: 'Taken by the other server',
  failed: 'Failed',
  stopped: 'Stopped by a recall',
};

const waits = ({ state }: Recipient): boolean => state === 'held' || state === 'queued';

export function QueuedMessage({ id }: { id: string }): ReactNode {
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
        <Retry message={id} queued={message.queued}>
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
