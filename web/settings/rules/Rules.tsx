// What is done with mail as it comes: the account's rules, in the order in which they run.

import {
  Button,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Switch,
  Text,
  tokens,
  Tooltip,
} from '@fluentui/react-components';
import { ArrowDown20Regular, ArrowUp20Regular, Delete20Regular, Edit20Regular } from '@fluentui/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type ReactElement, type ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';
import { useJmap, useOwnAccountId } from '../../app/session.tsx';
import { useMailboxes } from '../../jmap/cache.ts';
import { allSet } from '../../jmap/client.ts';
import { sentenceOfError } from '../../parts/sentence.ts';
import { moved, sayRule, type InboxRule } from './rule.ts';
import { RuleDialog } from './RuleDialog.tsx';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: '12px', alignItems: 'stretch' },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  row: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    padding: '8px 0',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { flexWrap: 'wrap' },
  },
  what: { flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column', overflowWrap: 'anywhere' },
  toggle: { marginLeft: '-8px', flexShrink: 0 },
  said: { color: tokens.colorNeutralForeground3 },
  buttons: { display: 'flex', flexShrink: 0, [ON_PHONE]: { flexBasis: '100%', justifyContent: 'flex-end' } },
  button: { [ON_PHONE]: { minWidth: '44px', minHeight: '44px' } },
  add: { alignSelf: 'flex-start', [ON_PHONE]: { minHeight: '44px' } },
});

export function Rules(): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const accountId = useOwnAccountId();
  const mailboxes = useMailboxes(accountId);
  const queryKey = [accountId, 'InboxRule', 'all'];
  const { data: rules } = useQuery({
    queryKey,
    queryFn: async () => (await jmap.call<{ list: InboxRule[] }>('InboxRule/get', { accountId, ids: null })).list,
  });
  const [editing, setEditing] = useState<InboxRule | 'new' | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const add = useRef<HTMLButtonElement>(null);
  if (!rules) return null;

  /** Shown as the server has it, and not before. Throws what it refuses. */
  const set = async (change: object): Promise<void> => {
    try {
      allSet(await jmap.call('InboxRule/set', { accountId, ...change }));
    } finally {
      await client.invalidateQueries({ queryKey });
    }
  };
  const change = async (what: object): Promise<void> => {
    setProblem(null);
    try {
      await set(what);
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
  };
  const save = async (rule: Omit<InboxRule, 'id' | 'sortOrder' | 'isEnabled'>): Promise<void> => {
    if (editing === 'new') {
      const sortOrder = (rules.at(-1)?.sortOrder ?? 0) + 1;
      await set({ create: { rule: { ...rule, sortOrder } } });
    } else if (editing) await set({ update: { [editing.id]: rule } });
  };
  const remove = async (rule: InboxRule): Promise<void> => {
    await change({ destroy: [rule.id] });
    // The row that had the focus is gone.
    add.current?.focus();
  };
  const nameOf = (id: string): string | undefined => mailboxes.find((mailbox) => mailbox.id === id)?.name;

  return (
    <div className={styles.part}>
      {problem !== null && (
        <MessageBar intent="error">
          <MessageBarBody>{problem}</MessageBarBody>
        </MessageBar>
      )}
      {rules.length === 0 ? (
        <Text className={styles.said}>None yet.</Text>
      ) : (
        <ol className={styles.list} aria-label="Rules">
          {rules.map((rule, i) => (
            <li key={rule.id} className={styles.row}>
              <Switch
                className={styles.toggle}
                aria-label={`${rule.name}, on`}
                checked={rule.isEnabled}
                onChange={(_, { checked }) => void change({ update: { [rule.id]: { isEnabled: checked } } })}
              />
              <div className={styles.what}>
                <Text weight="semibold">{rule.name}</Text>
                <Text size={200} className={styles.said}>
                  {sayRule(rule, nameOf)}
                </Text>
              </div>
              <div className={styles.buttons}>
                <RowButton
                  label={`Move ${rule.name} up`}
                  icon={<ArrowUp20Regular />}
                  disabled={i === 0}
                  onClick={() => void change({ update: moved(rules, i, i - 1) })}
                />
                <RowButton
                  label={`Move ${rule.name} down`}
                  icon={<ArrowDown20Regular />}
                  disabled={i === rules.length - 1}
                  onClick={() => void change({ update: moved(rules, i, i + 1) })}
                />
                <RowButton label={`Edit ${rule.name}`} icon={<Edit20Regular />} onClick={() => setEditing(rule)} />
                <RowButton label={`Delete ${rule.name}`} icon={<Delete20Regular />} onClick={() => void remove(rule)} />
              </div>
            </li>
          ))}
        </ol>
      )}
      <Button ref={add} className={styles.add} onClick={() => setEditing('new')}>
        New rule
      </Button>
      {editing !== null && (
        <RuleDialog
          rule={editing === 'new' ? null : editing}
          mailboxes={mailboxes}
          onSave={save}
          onClose={() => setEditing(null)}
        />
      )}
    </div>
  );
}

interface RowButtonProps {
  label: string;
  icon: ReactElement;
  disabled?: boolean;
  onClick(): void;
}

/** Disabled, it can still have the focus: a rule that has come to the top is moved on by the same keys. */
function RowButton({ label, icon, disabled = false, onClick }: RowButtonProps): ReactNode {
  const styles = useStyles();
  return (
    <Tooltip content={label} relationship="label">
      <Button
        className={styles.button}
        appearance="subtle"
        icon={icon}
        disabledFocusable={disabled}
        onClick={onClick}
      />
    </Tooltip>
  );
}
