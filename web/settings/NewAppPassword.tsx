// A new app password: named, then shown, this once.

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Problem } from '../parts/Problem.tsx';
import { sentenceOfError } from '../parts/sentence.ts';

const useStyles = makeStyles({
  surface: { maxWidth: '560px', borderRadius: tokens.borderRadiusXLarge, boxShadow: tokens.shadow64 },
  content: { display: 'flex', flexDirection: 'column', gap: '16px' },
  line: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center' },
  word: { flex: '1 1 320px', minWidth: 0, '& input': { fontFamily: tokens.fontFamilyMonospace } },
  said: { color: tokens.colorNeutralForeground2, minHeight: tokens.lineHeightBase300 },
});

export interface NewAppPasswordProps {
  /** Answers the password. Throws what the server refuses. */
  make(name: string): Promise<string>;
  onClose(): void;
}

export function NewAppPassword({ make, onClose }: NewAppPasswordProps): ReactNode {
  const styles = useStyles();
  const [name, setName] = useState('');
  const [password, setPassword] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const create = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      setPassword(await make(name));
    } catch (error) {
      setProblem(sentenceOfError(error));
    }
    setBusy(false);
  };
  return (
    // Once it is shown, only *Done* closes: a click beside it would lose it.
    <Dialog open modalType={password === null ? 'modal' : 'alert'} onOpenChange={(_, { open }) => !open && onClose()}>
      <DialogSurface className={styles.surface}>
        {password === null ? (
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              if (!busy) void create();
            }}
          >
            <DialogBody>
              <DialogTitle>New app password</DialogTitle>
              <DialogContent className={styles.content}>
                {problem !== null && <Problem>{problem}</Problem>}
                <Field label="Name" hint="What it is for, so that you know it again: My telephone, say.">
                  <Input value={name} maxLength={100} onChange={(_, { value }) => setName(value)} />
                </Field>
              </DialogContent>
              <DialogActions>
                <Button onClick={onClose}>Cancel</Button>
                <Button type="submit" appearance="primary" disabledFocusable={busy}>
                  Create
                </Button>
              </DialogActions>
            </DialogBody>
          </form>
        ) : (
          <DialogBody>
            <DialogTitle action={null}>{`Password for "${name.trim()}"`}</DialogTitle>
            <DialogContent className={styles.content}>
              <Text>It is shown this once. Give it to the program now, together with your address.</Text>
              <Shown password={password} />
            </DialogContent>
            <DialogActions>
              <Button onClick={onClose}>Done</Button>
            </DialogActions>
          </DialogBody>
        )}
      </DialogSurface>
    </Dialog>
  );
}

function Shown({ password }: { password: string }): ReactNode {
  const styles = useStyles();
  const field = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [said, setSaid] = useState('');
  useEffect(() => button.current?.focus(), []);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(password);
      setSaid('Copied.');
    } catch {
      // No browser lets a page copy that did not come over TLS, but for this machine's own.
      field.current?.select();
      setSaid('Your browser does not let this page copy. It is selected: copy it by hand.');
    }
  };
  return (
    <>
      <div className={styles.line}>
        <Input
          ref={field}
          className={styles.word}
          aria-label="App password"
          readOnly
          spellCheck={false}
          value={password}
          onFocus={() => field.current?.select()}
        />
        <Button ref={button} appearance="primary" onClick={() => void copy()}>
          Copy
        </Button>
      </div>
      <Text role="status" size={200} className={styles.said}>
        {said}
      </Text>
    </>
  );
}
