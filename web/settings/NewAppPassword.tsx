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
import { useRef, useState, type ReactNode } from 'react';
import { FormDialog } from '../parts/FormDialog.tsx';

const useStyles = makeStyles({
  surface: { maxWidth: '560px', borderRadius: tokens.borderRadiusXLarge, boxShadow: tokens.shadow64 },
  body: { gap: '16px' },
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
  const [name, setName] = useState('');
  const [password, setPassword] = useState<string | null>(null);
  if (password !== null) return <Made name={name.trim()} password={password} onClose={onClose} />;
  return (
    <FormDialog
      title="New app password"
      action="Create"
      width={560}
      onSubmit={async () => setPassword(await make(name))}
      onClose={onClose}
    >
      <Field label="Name" hint="What it is for, so that you know it again: My telephone, say.">
        <Input value={name} maxLength={100} onChange={(_, { value }) => setName(value)} />
      </Field>
    </FormDialog>
  );
}

/** Only *Done* closes: a click beside it, or Escape, would lose it. */
function Made({ name, password, onClose }: { name: string; password: string; onClose(): void }): ReactNode {
  const styles = useStyles();
  return (
    <Dialog open modalType="alert">
      <DialogSurface className={styles.surface}>
        <DialogBody className={styles.body}>
          <DialogTitle action={null}>{`Password for "${name}"`}</DialogTitle>
          <DialogContent className={styles.content}>
            <Text>It is shown this once. Give it to the program now, together with your address.</Text>
            <Shown password={password} />
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Done</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function Shown({ password }: { password: string }): ReactNode {
  const styles = useStyles();
  const field = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
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
        <Button appearance="primary" onClick={() => void copy()}>
          Copy
        </Button>
      </div>
      <Text role="status" size={200} className={styles.said}>
        {said}
      </Text>
    </>
  );
}
