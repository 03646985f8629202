import { Field, Input, makeStyles, Select, Switch } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { VISIBLE, type Visible } from '../data.ts';

const useStyles = makeStyles({ toggle: { marginLeft: '-8px' } });

export interface GroupForm {
  name: string;
  everybody: boolean;
  membersVisibleTo: Visible;
}

export function GroupFields({ fields, onChange }: { fields: GroupForm; onChange(fields: GroupForm): void }): ReactNode {
  const styles = useStyles();
  return (
    <>
      <Field label="Name">
        <Input value={fields.name} onChange={(_, { value }) => onChange({ ...fields, name: value })} />
      </Field>
      <Field label="Members are shown to" hint="To others, a recall’s dialog and report have the group as one row.">
        <Select
          value={fields.membersVisibleTo}
          onChange={(_, { value }) => onChange({ ...fields, membersVisibleTo: value as Visible })}
        >
          {Object.entries(VISIBLE).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Switch
        className={styles.toggle}
        label="Everybody belongs to it, whoever comes later too"
        checked={fields.everybody}
        onChange={(_, { checked }) => onChange({ ...fields, everybody: checked })}
      />
    </>
  );
}
