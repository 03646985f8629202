// Fields that the forms of accounts share.

import { Field, Input, Select } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { KIND, type Kind } from './data.ts';

export function KindField({ kind, onChange }: { kind: Kind; onChange(kind: Kind): void }): ReactNode {
  return (
    <Field label="Kind">
      <Select value={kind} onChange={(_, { value }) => onChange(value as Kind)}>
        {Object.entries(KIND).map(([one, label]) => (
          <option key={one} value={one}>
            {label}
          </option>
        ))}
      </Select>
    </Field>
  );
}

export interface WordProps {
  value: string;
  onChange(value: string): void;
}

/** Separated by commas, or by anything that no address has: addressesIn. */
export function AliasesField({ value, onChange }: WordProps): ReactNode {
  return (
    <Field label="Aliases" hint="More addresses that lead here, with commas between them.">
      <Input value={value} onChange={(_, { value: typed }) => onChange(typed)} />
    </Field>
  );
}

export function PasswordField({
  label,
  hint,
  value,
  onChange,
}: WordProps & { label: string; hint: string }): ReactNode {
  return (
    <Field label={label} hint={hint}>
      <Input
        type="password"
        autoComplete="new-password"
        value={value}
        onChange={(_, { value: typed }) => onChange(typed)}
      />
    </Field>
  );
}
