// What stands under a new message, for each address that one sends from. Kept by the server, so that every device has it.

import { Button, Field, makeStyles, Select, Text, Textarea, tokens } from '@fluentui/react-components';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { useJmap, useOwnAccountId } from '../app/session.tsx';
import { allSet } from '../jmap/client.ts';
import type { Identity } from '../jmap/types.ts';
import { sentenceOfError } from '../parts/sentence.ts';
import { htmlOf } from './html.ts';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '12px', alignItems: 'stretch' },
  end: { display: 'flex', gap: '12px', alignItems: 'center' },
  button: { [ON_PHONE]: { minHeight: '44px' } },
  said: { color: tokens.colorNeutralForeground3 },
  problem: { color: tokens.colorStatusDangerForeground1 },
});

export function Signature(): ReactNode {
  const jmap = useJmap();
  const accountId = useOwnAccountId();
  const { data: identities } = useQuery({
    queryKey: [accountId, 'Identity', 'all'],
    queryFn: async () => (await jmap.call<{ list: Identity[] }>('Identity/get', { accountId, ids: null })).list,
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const identity = identities?.find(({ id }) => id === chosen) ?? identities?.[0];
  if (!identities || !identity) return null;
  return (
    <>
      {identities.length > 1 && (
        <Field label="Address">
          <Select value={identity.id} onChange={(_, { value }) => setChosen(value)}>
            {identities.map(({ id, email, name }) => (
              <option key={id} value={id}>
                {name === '' ? email : `${name}, ${email}`}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <Editing key={identity.id} accountId={accountId} identity={identity} />
    </>
  );
}

function Editing({ accountId, identity }: { accountId: string; identity: Identity }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const [text, setText] = useState(identity.textSignature);
  const [state, setState] = useState<'idle' | 'saving' | 'saved' | { problem: string }>('idle');
  const save = async (): Promise<void> => {
    setState('saving');
    try {
      const signature = { textSignature: text, htmlSignature: htmlOf(text) };
      allSet(await jmap.call('Identity/set', { accountId, update: { [identity.id]: signature } }));
      await client.invalidateQueries({ queryKey: [accountId, 'Identity'] });
      setState('saved');
    } catch (error) {
      setState({ problem: sentenceOfError(error) });
    }
  };
  return (
    <div className={styles.form}>
      <Field label="Signature">
        <Textarea
          value={text}
          rows={4}
          resize="vertical"
          onChange={(_, { value }) => {
            setText(value);
            setState('idle');
          }}
        />
      </Field>
      <div className={styles.end}>
        <Button
          className={styles.button}
          disabled={text === identity.textSignature}
          disabledFocusable={state === 'saving'}
          onClick={() => void save()}
        >
          Save
        </Button>
        <span role="status">
          {state === 'saved' && <Text className={styles.said}>Saved.</Text>}
          {typeof state === 'object' && <Text className={styles.problem}>{state.problem}</Text>}
        </span>
      </div>
    </div>
  );
}
