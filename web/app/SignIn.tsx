// The page at /: an address and a password.

import {
  Button,
  Field,
  Input,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Title2,
  tokens,
} from '@fluentui/react-components';
import { useState, type FormEvent, type ReactNode } from 'react';
import { navigate } from './router.ts';
import { numberFor, rememberSession, sessionsKnown } from './sessions.ts';
import { useTitle } from './title.ts';

const useStyles = makeStyles({
  page: {
    minHeight: '100vh',
    display: 'flex',
    justifyContent: 'center',
    alignItems: 'flex-start',
    paddingTop: 'min(20vh, 160px)',
    backgroundColor: tokens.colorNeutralBackground3,
    boxSizing: 'border-box',
  },
  form: {
    width: '360px',
    maxWidth: '100%',
    boxSizing: 'border-box',
    display: 'flex',
    flexDirection: 'column',
    gap: '16px',
    padding: '32px 24px',
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow16,
  },
  title: { margin: 0 },
});

export function SignIn({ next }: { next: string | null }): ReactNode {
  const styles = useStyles();
  useTitle('Sign in');
  const asked = next === null ? null : Number(/^\/u\/(\d+)\//.exec(next)?.[1] ?? 0);
  const [email, setEmail] = useState(asked === null ? '' : (sessionsKnown()[asked] ?? ''));
  const [password, setPassword] = useState('');
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const address = email.trim();
    if (address === '' || password === '') return setRefused('An email and a password are needed.');
    setBusy(true);
    setRefused(null);
    const number = numberFor(address, sessionsKnown(), asked);
    const problem = await signIn(number, address, password);
    setBusy(false);
    if (problem !== null) return setRefused(problem);
    rememberSession(number, address);
    navigate(next !== null && asked === number ? next : `/u/${number}/mail/inbox`, { replace: true });
  };

  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <Title2 as="h1" className={styles.title}>
          Homing
        </Title2>
        {refused !== null && (
          <MessageBar intent="error" role="alert">
            <MessageBarBody>{refused}</MessageBarBody>
          </MessageBar>
        )}
        <Field label="Email">
          <Input
            type="email"
            autoComplete="username"
            value={email}
            onChange={(_, { value }) => setEmail(value)}
            autoFocus
          />
        </Field>
        <Field label="Password">
          <Input
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(_, { value }) => setPassword(value)}
          />
        </Field>
        <Button type="submit" appearance="primary" disabled={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}

/** Null: done. Otherwise why not. */
async function signIn(number: number, email: string, password: string): Promise<string | null> {
  try {
    const response = await fetch(`/u/${number}/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-requested-with': 'Homing' },
      body: JSON.stringify({ email, password }),
    });
    if (response.ok) return null;
    const { detail } = (await response.json().catch(() => ({}))) as { detail?: string };
    return detail ?? 'The server did not understand.';
  } catch {
    return 'The server does not answer.';
  }
}
