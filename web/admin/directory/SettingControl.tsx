// What one setting of a policy is set with, by its type.

import { Input, makeStyles, Select, Switch, Textarea, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { addressesIn } from './data.ts';
import { AS_EVERYBODY, choiceLabel, textOf, type Setting } from './policy.ts';

const useStyles = makeStyles({
  toggle: { marginLeft: '-8px' },
  unit: { color: tokens.colorNeutralForeground3 },
});

interface SettingControlProps {
  setting: Setting;
  /** It may have none of its own. */
  ofGroup: boolean;
  value: unknown;
  onChange(value: unknown): void;
}

/** What a group has no own value of is null, which leaves it to everybody's policy. */
export function SettingControl({ setting, ofGroup, value, onChange }: SettingControlProps): ReactNode {
  const styles = useStyles();
  const { name, type, choices = [], of, least, most } = setting;
  const named = { id: `policy-${name}`, 'aria-describedby': `policy-${name}-help` };
  switch (type) {
    case 'boolean':
      if (ofGroup) {
        return (
          <Select
            {...named}
            value={textOf(value)}
            onChange={(_, data) => onChange(data.value === '' ? null : data.value === 'true')}
          >
            <option value="">{AS_EVERYBODY}</option>
            <option value="true">On</option>
            <option value="false">Off</option>
          </Select>
        );
      }
      return (
        <Switch
          {...named}
          className={styles.toggle}
          checked={value === true}
          onChange={(_, { checked }) => onChange(checked)}
        />
      );
    case 'choice':
      return (
        <Select
          {...named}
          value={textOf(value)}
          onChange={(_, data) => onChange(data.value === '' ? null : data.value)}
        >
          {ofGroup && <option value="">{AS_EVERYBODY}</option>}
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choiceLabel(name, choice)}
            </option>
          ))}
        </Select>
      );
    case 'number':
      return (
        <Input
          {...named}
          type="number"
          min={least}
          max={most}
          value={textOf(value)}
          placeholder={ofGroup ? AS_EVERYBODY : undefined}
          contentAfter={<span className={styles.unit}>{of}</span>}
          // What is no number is refused by the server, in a sentence.
          onChange={(_, data) =>
            onChange(ofGroup && data.value === '' ? null : /^\d+$/.test(data.value) ? Number(data.value) : data.value)
          }
        />
      );
    case 'addresses':
      return (
        <Textarea
          {...named}
          rows={2}
          resize="vertical"
          placeholder="Addresses, one in a line"
          value={textOf(value)}
          onChange={(_, data) => onChange(data.value)}
          onBlur={() => typeof value === 'string' && onChange(addressesIn(value))}
        />
      );
  }
}
