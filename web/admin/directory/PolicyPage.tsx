// *Policy*: every setting of the organisation, with a sentence of explanation.

import { Button, Label, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ON_PHONE } from '../../app/theme.ts';
import { useJmap } from '../../app/session.tsx';
import { several } from '../../recall/words.ts';
import { useAdministrator } from '../administrator.ts';
import { Page, Section, Waiting } from '../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { sentenceOfError } from '../../parts/sentence.ts';
import { addressesIn, useSet } from './data.ts';
import { AS_EVERYBODY, defaultWords, grouped, isSame, labelOf, valueWords, type Setting } from './policy.ts';
import { SettingControl } from './SettingControl.tsx';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '32px' },
  setting: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 300px',
    gap: '4px 32px',
    alignItems: 'start',
    padding: '12px 0',
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    [ON_PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)', gap: '8px' },
  },
  words: { display: 'flex', flexDirection: 'column', gap: '2px' },
  help: { color: tokens.colorNeutralForeground2 },
  default: { color: tokens.colorNeutralForeground3 },
  changed: { color: tokens.colorBrandForeground1, fontWeight: 600 },
  control: { display: 'flex', flexDirection: 'column', gap: '4px', '& .fui-Input': { width: '100%', minWidth: 0 } },
  back: { alignSelf: 'flex-start', marginLeft: '-8px', minWidth: 0 },
  bar: {
    position: 'sticky',
    bottom: 0,
    zIndex: 1,
    padding: '12px 0',
    display: 'flex',
    flexWrap: 'wrap',
    gap: '12px',
    alignItems: 'center',
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

interface PolicyObject {
  id: string;
  /** Its address; null: everybody's. */
  group: string | null;
  policy: Record<string, unknown>;
  settings: Setting[];
}

/** `singleton`, or a group's id. */
function usePolicy(id: string) {
  const jmap = useJmap();
  const { accountId } = useAdministrator();
  return useQuery({
    queryKey: [accountId, 'AdminPolicy', id],
    queryFn: async () =>
      (await jmap.call<{ list: PolicyObject[] }>('AdminPolicy/get', { accountId, ids: [id] })).list[0] ?? null,
    staleTime: 0,
  });
}

/** What holds for what a group's members send; a setting that it does not have is as the organisation's. */
export function GroupPolicy({ id }: { id: string }): ReactNode {
  const { may } = useAdministrator();
  const { data, error } = usePolicy(id);
  if (error && !data) return <Problem>{sentenceOfError(error)}</Problem>;
  if (!data) return <Waiting what="Policy" />;
  return may('change-policy') ? <Settings {...data} /> : <Shown {...data} />;
}

export function PolicyPage(): ReactNode {
  const { may } = useAdministrator();
  const { data, error } = usePolicy('singleton');
  return (
    <Page
      title="Policy"
      says={
        may('change-policy')
          ? 'What holds for everybody here. A recall keeps the policy that stood when it was made; every change is in the audit log.'
          : 'What holds for everybody here. An owner changes it.'
      }
    >
      {error && !data && <Problem>{sentenceOfError(error)}</Problem>}
      {!data && !error && <Waiting what="Policy" />}
      {data && (may('change-policy') ? <Settings {...data} /> : <Shown {...data} />)}
    </Page>
  );
}

function Shown({ policy, settings }: PolicyObject): ReactNode {
  const styles = useStyles();
  return (
    <div className={styles.form}>
      {grouped(settings).map(({ heading, settings: some }) => (
        <Section key={heading} heading={heading}>
          <div>
            {some.map((setting) => (
              <div key={setting.name} className={styles.setting}>
                <Words setting={setting} isChanged={false} />
                <Text>{valueWords(setting, policy[setting.name] ?? null)}</Text>
              </div>
            ))}
          </div>
        </Section>
      ))}
    </div>
  );
}

function Words({ setting, isChanged, id }: { setting: Setting; isChanged: boolean; id?: string }): ReactNode {
  const styles = useStyles();
  return (
    <div className={styles.words}>
      <span>
        {id === undefined ? (
          <Text weight="semibold">{labelOf(setting.name)}</Text>
        ) : (
          <Label htmlFor={id} weight="semibold">
            {labelOf(setting.name)}
          </Label>
        )}
        {isChanged && <span className={styles.changed}> · changed</span>}
      </span>
      <Text className={styles.help} id={id === undefined ? undefined : `${id}-help`}>
        {setting.help}
      </Text>
      <Text size={200} className={styles.default}>
        {defaultWords(setting)}
      </Text>
    </div>
  );
}

const backWords = (group: string | null): string => (group === null ? 'Back to default' : AS_EVERYBODY);

function Settings({ id, group, policy, settings }: PolicyObject): ReactNode {
  const styles = useStyles();
  const set = useSet('AdminPolicy');
  const [typed, setTyped] = useState<Record<string, unknown>>({});
  const [state, setState] = useState<'idle' | 'saving' | 'saved' | { problem: string }>('idle');
  const changes = Object.entries(typed).filter(([name, value]) => !isSame(value, policy[name] ?? null));
  const change = (name: string, value: unknown): void => {
    setTyped((before) => ({ ...before, [name]: value }));
    setState('idle');
  };
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (changes.length === 0 || state === 'saving') return;
    setState('saving');
    try {
      // Typed and not left yet: still a text.
      const isList = (name: string): boolean => settings.some((one) => one.name === name && one.type === 'addresses');
      const read = ([name, value]: [string, unknown]): [string, unknown] =>
        typeof value === 'string' && isList(name) ? [name, addressesIn(value)] : [name, value];
      await set({ update: { [id]: Object.fromEntries(changes.map(read)) } });
      setTyped({});
      setState('saved');
    } catch (error) {
      setState({ problem: sentenceOfError(error) });
    }
  };
  return (
    <form className={styles.form} aria-label="Policy" noValidate onSubmit={(event) => void save(event)}>
      {grouped(settings).map(({ heading, settings: some }) => (
        <Section key={heading} heading={heading}>
          <div>
            {some.map((setting) => {
              const { name } = setting;
              const value = name in typed ? typed[name] : (policy[name] ?? null);
              return (
                <div key={name} className={styles.setting}>
                  <Words id={`policy-${name}`} setting={setting} isChanged={!isSame(value, policy[name] ?? null)} />
                  <div className={styles.control}>
                    <SettingControl
                      setting={setting}
                      ofGroup={group !== null}
                      value={value}
                      onChange={(next) => change(name, next)}
                    />
                    {!isSame(value, setting.default) && (
                      <Button
                        className={styles.back}
                        size="small"
                        appearance="transparent"
                        aria-label={`${backWords(group)}: ${labelOf(name)}`}
                        onClick={() => change(name, setting.default)}
                      >
                        {backWords(group)}
                      </Button>
                    )}
                  </div>
                </div>
              );
            })}
          </div>
        </Section>
      ))}
      <div className={styles.bar}>
        <Button
          type="submit"
          appearance="primary"
          disabled={changes.length === 0}
          disabledFocusable={state === 'saving'}
        >
          Save
        </Button>
        {changes.length > 0 && <Button onClick={() => setTyped({})}>Discard</Button>}
        <Text role="status">
          {changes.length > 0 && several(changes.length, 'setting is changed', 'settings are changed')}
          {state === 'saved' && changes.length === 0 && 'Saved.'}
        </Text>
        {typeof state === 'object' && <Problem>{state.problem}</Problem>}
      </div>
    </form>
  );
}
