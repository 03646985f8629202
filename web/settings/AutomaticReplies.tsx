// What is answered while one is away. Off is at once; on, with all that belongs to it, is saved.

import { Checkbox, Field, Input, makeStyles, Switch, Text, Textarea, tokens } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { useOwnAccountId } from '../app/session.tsx';
import { useSetVacation, useVacation } from '../jmap/useVacation.ts';
import type { Vacation } from '../jmap/vacation.ts';
import { Form } from '../parts/Form.tsx';
import { Problem } from '../parts/Problem.tsx';
import { sentenceOfError } from '../parts/sentence.ts';
import { endsBeforeItBegins, fieldsOf, isAlike, vacationOf } from './replies.ts';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: '12px', alignItems: 'stretch' },
  toggle: { marginLeft: '-8px', alignSelf: 'flex-start' },
  says: { color: tokens.colorNeutralForeground3 },
  times: { display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(200px, 1fr))', gap: '12px 16px' },
  time: { minWidth: 0, width: '100%' },
});

export function AutomaticReplies(): ReactNode {
  const vacation = useVacation(useOwnAccountId());
  return vacation && <Editing vacation={vacation} />;
}

function Editing({ vacation }: { vacation: Vacation }): ReactNode {
  const styles = useStyles();
  const set = useSetVacation(useOwnAccountId());
  const [isBeginning, setBeginning] = useState(false);
  const [fields, setFields] = useState(() => fieldsOf(vacation));
  const [before, setBefore] = useState(vacation);
  const [problem, setProblem] = useState<string | null>(null);
  // Changed elsewhere: what is not being written follows.
  if (before !== vacation) {
    setBefore(vacation);
    if (isAlike(fields, fieldsOf(before))) setFields(fieldsOf(vacation));
  }
  const isOn = vacation.isEnabled || isBeginning;
  const change = (patch: Partial<typeof fields>): void => setFields({ ...fields, ...patch });
  const toggle = async (wanted: boolean): Promise<void> => {
    setProblem(null);
    setBeginning(wanted);
    if (vacation.isEnabled && !wanted)
      await set({ isEnabled: false }).catch((error: unknown) => setProblem(sentenceOfError(error)));
  };
  const isSame = vacation.isEnabled && isAlike(fields, fieldsOf(vacation));
  const isTurned = endsBeforeItBegins(fields);
  return (
    <div className={styles.part}>
      <Switch
        className={styles.toggle}
        label="Answer mail for me while I am away"
        checked={isOn}
        onChange={(_, { checked }) => void toggle(checked)}
      />
      <Text size={200} className={styles.says}>
        Everyone who writes to you is answered once a week. Lists, machines and mail that does not name you get no
        answer.
      </Text>
      {problem !== null && <Problem>{problem}</Problem>}
      {isOn && (
        <Form
          label="Automatic replies"
          action={vacation.isEnabled ? 'Save' : 'Turn on'}
          primary={!vacation.isEnabled}
          disabled={isSame || isTurned}
          onSave={async () => {
            await set(vacationOf(fields));
            setBeginning(false);
          }}
        >
          <Checkbox
            style={{ marginLeft: '-8px' }}
            label="Only for a time"
            checked={fields.isTimed}
            onChange={(_, { checked }) => change({ isTimed: checked === true })}
          />
          {fields.isTimed && (
            <div className={styles.times}>
              <Field label="From" hint="Empty: from now on.">
                <Input
                  className={styles.time}
                  type="datetime-local"
                  value={fields.from}
                  onChange={(_, { value }) => change({ from: value })}
                />
              </Field>
              <Field
                label="Until"
                hint="Empty: until you turn it off."
                {...(isTurned ? { validationMessage: 'It ends before it begins.' } : {})}
              >
                <Input
                  className={styles.time}
                  type="datetime-local"
                  value={fields.to}
                  onChange={(_, { value }) => change({ to: value })}
                />
              </Field>
            </div>
          )}
          <Field label="Subject" hint="Empty: Auto, and the subject of what is answered.">
            <Input value={fields.subject} maxLength={255} onChange={(_, { value }) => change({ subject: value })} />
          </Field>
          <Field label="Answer">
            <Textarea
              rows={5}
              resize="vertical"
              value={fields.text}
              placeholder="I am away. I will read your message when I am back."
              onChange={(_, { value }) => change({ text: value })}
            />
          </Field>
        </Form>
      )}
    </div>
  );
}
