// One rule, new or changed.

import { Checkbox, Field, Input, makeStyles, Select, Textarea, tokens } from '@fluentui/react-components';
import { useId, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';
import type { Mailbox } from '../../jmap/types.ts';
import { flatten, treeOf } from '../../mail/mailboxTree.ts';
import { FormDialog } from '../../parts/FormDialog.tsx';
import { conditionsOf, fieldsOf, linesOf, type Actions, type ConditionFields, type InboxRule } from './rule.ts';

const useStyles = makeStyles({
  group: {
    margin: 0,
    padding: 0,
    border: 'none',
    minWidth: 0,
    display: 'grid',
    gridTemplateColumns: '1fr 1fr',
    gap: '12px 16px',
    alignItems: 'start',
    [ON_PHONE]: { gridTemplateColumns: '1fr' },
  },
  legend: { padding: '0 0 8px', fontWeight: tokens.fontWeightSemibold, fontSize: tokens.fontSizeBase300 },
  switches: { display: 'flex', flexDirection: 'column', marginLeft: '-8px' },
});

export interface RuleDialogProps {
  /** Null: a new one. */
  rule: InboxRule | null;
  mailboxes: readonly Mailbox[];
  /** Throws what the server refuses. */
  onSave(rule: Pick<InboxRule, 'name' | 'conditions' | 'exceptions' | 'actions'>): Promise<void>;
  onClose(): void;
}

const SWITCHES = [
  ['markRead', 'Mark as read'],
  ['flag', 'Flag'],
  ['delete', 'Delete (move to Trash)'],
  ['stop', 'Look at no rule after this one'],
] as const;

export function RuleDialog({ rule, mailboxes, onSave, onClose }: RuleDialogProps): ReactNode {
  const styles = useStyles();
  const [name, setName] = useState(rule?.name ?? '');
  const [conditions, setConditions] = useState(fieldsOf(rule?.conditions ?? {}));
  const [exceptions, setExceptions] = useState(fieldsOf(rule?.exceptions ?? {}));
  const [actions, setActions] = useState<Actions>(rule?.actions ?? {});
  const [redirect, setRedirect] = useState((rule?.actions.redirectTo ?? []).join('\n'));

  const save = async (): Promise<void> => {
    await onSave({
      name,
      conditions: conditionsOf(conditions),
      exceptions: conditionsOf(exceptions),
      actions: { ...actions, redirectTo: linesOf(redirect) },
    });
    onClose();
  };
  return (
    <FormDialog
      title={rule === null ? 'New rule' : `Change "${rule.name}"`}
      action="Save"
      onSubmit={save}
      onClose={onClose}
    >
      <Field label="Name" required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <ConditionGroup legend="If all of these hold" fields={conditions} onChange={setConditions} />
      <ConditionGroup legend="But not if any of these does" fields={exceptions} onChange={setExceptions} />
      <fieldset className={styles.group}>
        <legend className={styles.legend}>Then</legend>
        <Field label="Move to">
          <Select
            value={actions.moveTo ?? ''}
            onChange={(_, { value }) => {
              const { moveTo: _old, ...others } = actions;
              setActions(value === '' ? others : { ...others, moveTo: value });
            }}
          >
            <option value="">Nowhere else</option>
            {actions.moveTo !== undefined && !mailboxes.some(({ id }) => id === actions.moveTo) && (
              <option value={actions.moveTo}>A mailbox that is gone</option>
            )}
            {flatten(treeOf(mailboxes)).map(({ mailbox, depth }) => (
              <option key={mailbox.id} value={mailbox.id}>
                {'\u2003'.repeat(depth) + mailbox.name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Forward to" hint="Addresses, one in a line. They get the message as it came; it stays here too.">
          <Textarea rows={2} value={redirect} onChange={(_, { value }) => setRedirect(value)} />
        </Field>
        <div className={styles.switches}>
          {SWITCHES.map(([action, label]) => (
            <Checkbox
              key={action}
              label={label}
              checked={actions[action] ?? false}
              onChange={(_, { checked }) => setActions({ ...actions, [action]: checked === true })}
            />
          ))}
        </div>
      </fieldset>
    </FormDialog>
  );
}

const TEXTS = [
  ['from', 'From'],
  ['to', 'To or Cc'],
  ['subject', 'Subject has'],
  ['body', 'Text has'],
] as const;

const SIZES = [
  ['minSize', 'Size at least, kB'],
  ['maxSize', 'Size less than, kB'],
] as const;

interface ConditionGroupProps {
  legend: string;
  fields: ConditionFields;
  onChange(fields: ConditionFields): void;
}

function ConditionGroup({ legend, fields, onChange }: ConditionGroupProps): ReactNode {
  const styles = useStyles();
  const hint = useId();
  return (
    <fieldset className={styles.group} aria-describedby={hint}>
      <legend className={styles.legend}>
        {legend} <span id={hint}>(texts one in a line: any of them)</span>
      </legend>
      {TEXTS.map(([field, label]) => (
        <Field key={field} label={label}>
          <Textarea
            rows={1}
            resize="vertical"
            value={fields[field]}
            onChange={(_, { value }) => onChange({ ...fields, [field]: value })}
          />
        </Field>
      ))}
      <Field label="Attachments">
        <Select
          value={fields.attachment}
          onChange={(_, { value }) => onChange({ ...fields, attachment: value as ConditionFields['attachment'] })}
        >
          <option value="">With or without</option>
          <option value="with">With</option>
          <option value="without">Without</option>
        </Select>
      </Field>
      {SIZES.map(([field, label]) => (
        <Field key={field} label={label}>
          <Input
            type="number"
            min={0}
            step="any"
            value={fields[field]}
            onChange={(_, { value }) => onChange({ ...fields, [field]: value })}
          />
        </Field>
      ))}
    </fieldset>
  );
}
