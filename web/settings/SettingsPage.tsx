// What a person can have otherwise: signature, automatic replies, reading, rules, app passwords, look.

import { makeStyles, Radio, RadioGroup, Switch, Text, tokens } from '@fluentui/react-components';
import { useId, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { canNotify, mayNotify } from '../app/notifications.ts';
import { changeSettings, useSettings, type Settings } from '../app/settings.ts';
import { useTitle } from '../app/title.ts';
import { AppPasswords } from './AppPasswords.tsx';
import { AutomaticReplies } from './AutomaticReplies.tsx';
import { RecallsOfMail } from './RecallsOfMail.tsx';
import { Rules } from './rules/Rules.tsx';
import { Signature } from './Signature.tsx';

const useStyles = makeStyles({
  page: { flex: 1, minHeight: 0, overflowY: 'auto', backgroundColor: tokens.colorNeutralBackground1 },
  middle: {
    maxWidth: '720px',
    margin: '0 auto',
    padding: '24px 16px 48px',
    boxSizing: 'border-box',
    display: 'flex',
    flexDirection: 'column',
    gap: '24px',
  },
  title: { margin: 0, fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500, fontWeight: 600 },
  section: {
    display: 'flex',
    flexDirection: 'column',
    gap: '16px',
    paddingTop: '24px',
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  heading: { margin: 0, fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400, fontWeight: 600 },
  choice: { display: 'flex', flexDirection: 'column', gap: '4px' },
  radios: {
    marginLeft: '-8px',
    flexWrap: 'wrap',
    [ON_PHONE]: { '& .fui-Radio': { minHeight: '44px', alignItems: 'center', whiteSpace: 'nowrap' } },
  },
  toggle: { marginLeft: '-8px' },
});

export function SettingsPage(): ReactNode {
  const styles = useStyles();
  const { conversations } = useSettings();
  useTitle('Settings');
  return (
    <main className={styles.page}>
      <div className={styles.middle}>
        <h1 className={styles.title}>Settings</h1>
        <Section heading="Signature">
          <Signature />
        </Section>
        <Section heading="Automatic replies">
          <AutomaticReplies />
        </Section>
        <Section heading="Reading">
          <Choice
            label="Reading pane"
            setting="readingPane"
            options={[
              ['right', 'On the right'],
              ['bottom', 'Below the list'],
              ['off', 'Off'],
            ]}
          />
          <Switch
            className={styles.toggle}
            label="Show messages as conversations (never in Sent Items)"
            checked={conversations}
            onChange={(_, { checked }) => changeSettings({ conversations: checked })}
          />
          {canNotify() && <Notify />}
        </Section>
        <Section heading="Rules for mail that comes">
          <Rules />
        </Section>
        <RecallsOfMail section={(children) => <Section heading="Recalls of mail to me">{children}</Section>} />
        <Section heading="App passwords">
          <AppPasswords />
        </Section>
        <Section heading="Look">
          <Choice
            label="Colours"
            setting="theme"
            options={[
              ['system', 'As the system has them'],
              ['light', 'Light'],
              ['dark', 'Dark'],
              ['contrast', 'High contrast'],
            ]}
          />
          <Choice
            label="Rows of the list"
            setting="density"
            options={[
              ['roomy', 'Roomy'],
              ['compact', 'Compact'],
            ]}
          />
        </Section>
      </div>
    </main>
  );
}

/** Asked for here, allowed by the browser. */
function Notify(): ReactNode {
  const styles = useStyles();
  const { notify } = useSettings();
  const [refused, setRefused] = useState(false);
  const change = async (wanted: boolean): Promise<void> => {
    const may = !wanted || (await mayNotify());
    setRefused(!may);
    changeSettings({ notify: wanted && may });
  };
  return (
    <div className={styles.choice}>
      <Switch
        className={styles.toggle}
        label="Tell me of new mail while a window is open"
        checked={notify && Notification.permission === 'granted'}
        onChange={(_, { checked }) => void change(checked)}
      />
      <Text role="status" size={200}>
        {refused && 'The browser does not allow it for this page.'}
      </Text>
    </div>
  );
}

function Section({ heading, children }: { heading: string; children: ReactNode }): ReactNode {
  const styles = useStyles();
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <h2 id={id} className={styles.heading}>
        {heading}
      </h2>
      {children}
    </section>
  );
}

type Chosen = 'readingPane' | 'theme' | 'density';

interface ChoiceProps<K extends Chosen> {
  label: string;
  setting: K;
  options: readonly (readonly [value: Settings[K], label: string])[];
}

function Choice<K extends Chosen>({ label, setting, options }: ChoiceProps<K>): ReactNode {
  const styles = useStyles();
  const id = useId();
  const settings = useSettings();
  return (
    <div className={styles.choice}>
      <Text id={id}>{label}</Text>
      <RadioGroup
        className={styles.radios}
        layout="horizontal"
        aria-labelledby={id}
        value={settings[setting]}
        onChange={(_, { value }) => changeSettings({ [setting]: value })}
      >
        {options.map(([value, text]) => (
          <Radio key={value} value={value} label={text} />
        ))}
      </RadioGroup>
    </div>
  );
}
