// The form above a list: what is asked for stands in the page's address. Words are asked for by Enter or the button, what is
// chosen of a few at once.

import { Button, Field, Input, makeStyles, mergeClasses, Select, Text } from '@fluentui/react-components';
import { useState, type CSSProperties, type FormEvent, type ReactElement, type ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';
import { navigate } from '../../app/router.ts';
import { useAdminPath } from '../administrator.ts';

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: 'var(--columns)',
    gap: '12px 16px',
    alignItems: 'end',
    '@media (min-width: 640px) and (max-width: 899.98px)': { gridTemplateColumns: 'repeat(2, minmax(0, 1fr))' },
    [ON_PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
    '& .fui-Input': { minWidth: 0, width: '100%' },
  },
  buttons: { display: 'flex', gap: '8px' },
  /** On a line of their own. */
  below: { gridColumn: '1 / -1' },
});

export interface FilterField {
  /** In the address. */
  name: string;
  label: string;
  /** What may be chosen, and what stands for all of it; without: words. */
  of?: { any: string; choices: readonly (readonly [value: string, label: string])[] };
  /** A day and time, the reader's own. */
  isTime?: boolean;
  /** What stands in it while it is empty. */
  hint?: string;
}

export interface FilterFormProps {
  /** The page's address and its name for screen readers. */
  page: string;
  label: string;
  asked: URLSearchParams;
  fields: readonly FilterField[];
  /** Of the fields and, at the end, the buttons: as grid-template-columns; or how many stand in a row. */
  columns: string | number;
  action?: string;
  icon?: ReactElement;
  primary?: boolean;
  /** What is said of a form that asks for nothing; without, that is all there is. */
  needs?: string;
}

/** What is in the fields, and how it is asked for. */
function useFilter(page: string, asked: URLSearchParams) {
  const pathTo = useAdminPath();
  const [fields, setFields] = useState<Readonly<Record<string, string>>>(Object.fromEntries(asked));
  const ask = (all: Readonly<Record<string, string>>): number => {
    const given = Object.entries(all)
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== '');
    if (given.length > 0 || asked.size > 0) navigate(pathTo(page, null, Object.fromEntries(given)));
    return given.length;
  };
  return {
    valueOf: (name: string) => fields[name] ?? '',
    type: (name: string, value: string) => setFields((before) => ({ ...before, [name]: value })),
    choose: (name: string, value: string) => void ask({ ...fields, [name]: value }),
    ask: () => ask(fields),
    clear: () => navigate(pathTo(page)),
  };
}

/** Another address is another form. */
export function FilterForm(props: FilterFormProps): ReactNode {
  return <Fields key={props.asked.toString()} {...props} />;
}

function Fields(props: FilterFormProps): ReactNode {
  const { page, label, asked, fields, columns, action = 'Filter', icon, primary = false, needs } = props;
  const styles = useStyles();
  const filter = useFilter(page, asked);
  const [isEmpty, setEmpty] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setEmpty(filter.ask() === 0 && needs !== undefined);
  };
  const isGrid = typeof columns === 'number';
  const isFull = isGrid && fields.length % columns === 0;
  return (
    <form
      className={styles.form}
      style={{ '--columns': isGrid ? `repeat(${columns}, minmax(0, 1fr))` : columns } as CSSProperties}
      role="search"
      aria-label={label}
      onSubmit={submit}
    >
      {fields.map(({ name, label: of, of: chosen, isTime = false, hint }) => (
        <Field key={name} label={of}>
          {chosen ? (
            <Select value={filter.valueOf(name)} onChange={(_, { value }) => filter.choose(name, value)}>
              <option value="">{chosen.any}</option>
              {chosen.choices.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </Select>
          ) : (
            <Input
              type={isTime ? 'datetime-local' : 'text'}
              value={filter.valueOf(name)}
              {...(hint === undefined ? {} : { placeholder: hint })}
              onChange={(_, { value }) => filter.type(name, value)}
            />
          )}
        </Field>
      ))}
      <div className={mergeClasses(styles.buttons, isFull && styles.below)}>
        <Button type="submit" appearance={primary ? 'primary' : 'secondary'} {...(icon === undefined ? {} : { icon })}>
          {action}
        </Button>
        {asked.size > 0 && <Button onClick={filter.clear}>Clear</Button>}
      </div>
      {isEmpty && (
        <div className={styles.below} role="alert">
          <Text>{needs}</Text>
        </div>
      )}
    </form>
  );
}
