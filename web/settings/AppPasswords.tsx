// Passwords for single programs: each shown once, known by its name and its last use, and gone at a word.

import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type ReactNode } from 'react';
import { ON_PHONE } from '../app/theme.ts';
import { useJmap, useOwnAccountId } from '../app/session.tsx';
import { allSet } from '../jmap/client.ts';
import { Confirm } from '../parts/Confirm.tsx';
import { shortTime } from '../recall/words.ts';
import { NewAppPassword } from './NewAppPassword.tsx';

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: '12px', alignItems: 'stretch' },
  says: { color: tokens.colorNeutralForeground2 },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  row: {
    display: 'flex',
    alignItems: 'center',
    gap: '16px',
    padding: '8px 0',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  what: { flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column', overflowWrap: 'anywhere' },
  said: { color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums' },
  remove: { flexShrink: 0 },
  add: { alignSelf: 'flex-start', [ON_PHONE]: { minHeight: '44px' } },
});

interface AppPassword {
  id: string;
  name: string;
  createdAt: string;
  lastUsedAt: string | null;
  /** "imap 192.0.2.7" */
  lastUsedBy: string | null;
}

const FACE: Readonly<Record<string, string>> = { imap: 'IMAP', smtp: 'SMTP', http: 'JMAP' };

/** "Made 28 Nov. Last used 14:02: IMAP from 192.0.2.7" */
function historyOf({ createdAt, lastUsedAt, lastUsedBy }: AppPassword): string {
  const made = `Made ${shortTime(createdAt)}.`;
  if (lastUsedAt === null) return `${made} Not used yet.`;
  const [face = '', from = ''] = (lastUsedBy ?? '').split(' ');
  const by = from === '' ? '' : `: ${FACE[face] ?? face} from ${from}`;
  return `${made} Last used ${shortTime(lastUsedAt)}${by}.`;
}

export function AppPasswords(): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  const client = useQueryClient();
  const accountId = useOwnAccountId();
  const queryKey = [accountId, 'AppPassword', 'all'];
  const { data: passwords } = useQuery({
    queryKey,
    queryFn: async () => (await jmap.call<{ list: AppPassword[] }>('AppPassword/get', { accountId, ids: null })).list,
    // There is no push of them.
    staleTime: 0,
  });
  const [making, setMaking] = useState(false);
  const [removing, setRemoving] = useState<AppPassword | null>(null);
  const add = useRef<HTMLButtonElement>(null);
  if (!passwords) return null;

  const make = async (name: string): Promise<string> => {
    try {
      const { created } = allSet(await jmap.call('AppPassword/set', { accountId, create: { k: { name } } }));
      return (created as { k: { password: string } }).k.password;
    } finally {
      await client.invalidateQueries({ queryKey });
    }
  };
  const remove = async ({ id }: AppPassword): Promise<void> => {
    try {
      allSet(await jmap.call('AppPassword/set', { accountId, destroy: [id] }));
    } finally {
      await client.invalidateQueries({ queryKey });
    }
    // The row that had the focus is gone.
    add.current?.focus();
  };
  return (
    <div className={styles.part}>
      <Text className={styles.says}>
        A mail program or telephone gets a password of its own, with your address. When it is lost you take that one
        away, and your own stays as it is.
      </Text>
      {passwords.length === 0 ? (
        <Text className={styles.said}>None yet.</Text>
      ) : (
        <ul className={styles.list} aria-label="App passwords">
          {passwords
            .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))
            .map((one) => (
              <li key={one.id} className={styles.row}>
                <div className={styles.what}>
                  <Text weight="semibold">{one.name}</Text>
                  <Text size={200} className={styles.said}>
                    {historyOf(one)}
                  </Text>
                </div>
                <Button
                  className={styles.remove}
                  size="small"
                  aria-label={`Remove ${one.name}`}
                  onClick={() => setRemoving(one)}
                >
                  Remove
                </Button>
              </li>
            ))}
        </ul>
      )}
      <Button ref={add} className={styles.add} onClick={() => setMaking(true)}>
        New app password
      </Button>
      {making && <NewAppPassword make={make} onClose={() => setMaking(false)} />}
      {removing && (
        <Confirm
          title={`Remove "${removing.name}"?`}
          action="Remove"
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(null)}
        >
          Whatever signs in with it is signed out at once, and cannot come back. Your own password stays.
        </Confirm>
      )}
    </div>
  );
}
