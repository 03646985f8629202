// One message that was found: what it is, what a recall would meet, and the recall itself.

import {
  Button,
  Checkbox,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Radio,
  RadioGroup,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components';
import { useState, type FormEvent, type ReactNode } from 'react';
import { navigate } from '../../app/router.ts';
import { useJmap } from '../../app/session.tsx';
import { JmapError } from '../../jmap/client.ts';
import { figure, several, shortTime } from '../../recall/words.ts';
import { useAdministrator, useAdminPath } from '../administrator.ts';
import { Facts } from '../parts/Facts.tsx';
import { GoTo } from '../parts/GoTo.tsx';
import { Empty, Page, Section, Waiting } from '../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { askRecall, useDryRun, useMessage, type AdminMessage, type DryRun, type Scope } from './data.ts';
import { senderOf } from './MessagesPage.tsx';
import { dryRunSentences, subjectOf } from './words.ts';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '20px', maxWidth: '720px' },
  options: { display: 'flex', flexDirection: 'column', gap: '4px', marginLeft: '-8px' },
  radios: { marginLeft: '-8px' },
  hint: { color: tokens.colorNeutralForeground3 },
  run: {
    display: 'flex',
    flexDirection: 'column',
    gap: '8px',
    padding: '16px',
    backgroundColor: tokens.colorNeutralBackground2,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    fontVariantNumeric: 'tabular-nums',
  },
  sentences: { margin: 0, padding: 0, listStyle: 'none', display: 'flex', flexDirection: 'column', gap: '4px' },
  forwards: { margin: 0, paddingLeft: '20px' },
  button: { alignSelf: 'flex-start' },
});

export function MessagePage({ id }: { id: string }): ReactNode {
  const pathTo = useAdminPath();
  const { data: message, error } = useMessage(id);
  if (error) return <Page title="Recall a message">{<Problem>{sentenceOfError(error)}</Problem>}</Page>;
  if (message === undefined) return <Waiting what="Message" />;
  if (message === null) {
    return (
      <Page title="There is no such message here.">
        <Empty>
          It may be too old to be on record.{' '}
          <GoTo inline to={pathTo('messages')}>
            Search again
          </GoTo>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title={subjectOf(message)} says={<GoTo to={pathTo('messages')}>Search for another message</GoTo>}>
      <Facts
        facts={[
          ['From', senderOf(message)],
          ['Sent by', message.sender ?? 'It came from outside'],
          ['Accepted', shortTime(message.acceptedAt)],
          ['Recipients', figure(message.recipientCount)],
          ['Size', sizeOf(message.size)],
          ['Attachments', message.attachmentNames.join(', ')],
          ['Message-ID', message.messageId],
        ]}
      />
      <Asking message={message} />
    </Page>
  );
}

const sizeOf = (octets: number): string =>
  octets < 1_000_000 ? `${figure(Math.max(1, Math.round(octets / 1000)))} kB` : `${(octets / 1_000_000).toFixed(1)} MB`;

function Asking({ message }: { message: AdminMessage }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const pathTo = useAdminPath();
  const { accountId } = useAdministrator();
  const [choice, setChoice] = useState<'everyone' | 'some'>('everyone');
  const [typed, setTyped] = useState('');
  const [scope, setScope] = useState<Scope>({ message: message.id, recipients: null, forwards: false });
  const [includeRead, setIncludeRead] = useState(false);
  const [notifyMe, setNotifyMe] = useState(true);
  const [reason, setReason] = useState('');
  const [refused, setRefused] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const run = useDryRun(scope);
  const needsApproval = run.data?.needsApproval ?? false;

  /** Each dry run is on record: one when a list of recipients is written, not one a letter. */
  const narrow = (to: 'everyone' | 'some', text: string): Scope => {
    const recipients = to === 'everyone' ? null : text.split(/[\s,;]+/).filter((one) => one !== '');
    return { ...scope, recipients: recipients?.length === 0 ? null : recipients };
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const wanted = narrow(choice, typed);
    if (choice === 'some' && wanted.recipients === null)
      return setRefused(new Error('Name the recipients, or choose all.'));
    if (reason.trim() === '') return setRefused(new Error('Say why: an administrator’s recall has a reason.'));
    setBusy(true);
    setRefused(null);
    try {
      navigate(pathTo('recalls', await askRecall(jmap, accountId, { ...wanted, includeRead, notifyMe, reason })));
    } catch (error) {
      setRefused(error);
      setBusy(false);
    }
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <Section heading="What to take back">
        <RadioGroup
          className={styles.radios}
          aria-label="Recipients"
          value={choice}
          onChange={(_, { value }) => {
            setChoice(value as typeof choice);
            setScope(narrow(value as typeof choice, typed));
          }}
        >
          <Radio value="everyone" label={`From everyone it went to (${figure(message.recipientCount)})`} />
          <Radio value="some" label="Only from the recipients named below" />
        </RadioGroup>
        {choice === 'some' && (
          <Field label="Recipients" hint="Addresses of people or groups it went to, one in a line.">
            <Textarea
              value={typed}
              rows={3}
              resize="vertical"
              onChange={(_, { value }) => setTyped(value)}
              onBlur={() => setScope(narrow('some', typed))}
            />
          </Field>
        )}
        <div className={styles.options}>
          <Checkbox
            label="Also take back copies that were read"
            checked={includeRead}
            onChange={(_, { checked }) => setIncludeRead(checked === true)}
          />
          <Checkbox
            label="Take along what people inside forwarded of it"
            checked={scope.forwards}
            onChange={(_, { checked }) => setScope({ ...scope, forwards: checked === true })}
          />
          <Checkbox
            label="Mail me the report"
            checked={notifyMe}
            onChange={(_, { checked }) => setNotifyMe(checked === true)}
          />
        </div>
      </Section>
      <Section heading="Dry run">
        <DryRunView run={run.data} error={run.error} includeRead={includeRead} />
      </Section>
      <Field
        label="Reason"
        required
        hint="Plain text, without links. It is in the audit log, and where policy says so in the notices."
      >
        <Input value={reason} maxLength={200} onChange={(_, { value }) => setReason(value)} />
      </Field>
      {needsApproval && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>
            Your organisation wants two: nothing happens until another administrator has approved it.
          </MessageBarBody>
        </MessageBar>
      )}
      {refused !== null && <Refused error={refused} />}
      <Button
        className={styles.button}
        type="submit"
        appearance="primary"
        disabled={!run.data}
        disabledFocusable={busy}
      >
        {needsApproval ? 'Ask for approval' : 'Take back'}
      </Button>
    </form>
  );
}

function Refused({ error }: { error: unknown }): ReactNode {
  const pathTo = useAdminPath();
  const existing = error instanceof JmapError ? error.existingId : undefined;
  return (
    <Problem>
      {sentenceOfError(error)}{' '}
      {existing !== undefined && (
        <GoTo inline to={pathTo('recalls', existing)}>
          Open it
        </GoTo>
      )}
    </Problem>
  );
}

const EXPOSURES = [
  ['none', 'shown by no program'],
  ['listed', 'seen in a list'],
  ['downloaded', 'on a device, unread'],
  ['opened', 'read'],
] as const;

/** What a recall would meet now. */
export function DryRunView({
  run,
  error,
  includeRead,
}: {
  run: DryRun | undefined;
  error: Error | null;
  includeRead: boolean;
}): ReactNode {
  const styles = useStyles();
  if (error) return <Problem>{sentenceOfError(error)}</Problem>;
  if (!run) return <Waiting what="Dry run" />;
  const { exposure, forwards } = run;
  return (
    <div className={styles.run} role="status">
      <ul className={styles.sentences}>
        {dryRunSentences(run, includeRead).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {exposure && (
        <Text size={200} className={styles.hint}>
          {`Of the ${figure(run.inside)} inside: ${EXPOSURES.map(([name, words]) => `${figure(exposure[name])} ${words}`).join(', ')}.`}
        </Text>
      )}
      {forwards?.length === 0 && <Text>Nobody inside has forwarded it.</Text>}
      {forwards && forwards.length > 0 && (
        <>
          <Text>{`${several(forwards.length, 'forward goes', 'forwards go')} along:`}</Text>
          <ul className={styles.forwards}>
            {forwards.map((one) => (
              <li key={one.message}>{`${subjectOf(one)}, to ${several(one.total, 'recipient', 'recipients')}`}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
