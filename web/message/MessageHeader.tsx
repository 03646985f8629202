import { Avatar, Link, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import type { EmailAddress, EmailFull } from '../jmap/types.ts';
import { RecallMark } from '../recall/index.ts';
import { fullTime, nameOf } from './format.ts';

const useStyles = makeStyles({
  header: { display: 'flex', flexDirection: 'column', gap: '12px' },
  subject: { margin: 0, overflowWrap: 'anywhere' },
  people: { display: 'flex', gap: '12px', alignItems: 'flex-start' },
  words: { flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column', overflowWrap: 'anywhere' },
  quiet: { color: tokens.colorNeutralForeground3 },
  first: { display: 'flex', gap: '12px', alignItems: 'baseline', justifyContent: 'space-between' },
  time: { flexShrink: 0, color: tokens.colorNeutralForeground3, fontVariantNumeric: 'tabular-nums' },
});

/** Recipients shown before one asks for all. */
const FEW = 5;

export function MessageHeader({ accountId, email }: { accountId: string; email: EmailFull }): ReactNode {
  const styles = useStyles();
  const [from] = email.from ?? [];
  return (
    <header className={styles.header}>
      <Text as="h2" size={500} weight="semibold" className={styles.subject}>
        {email.subject || '(no subject)'}
      </Text>
      <RecallMark email={email} accountId={accountId} />
      <div className={styles.people}>
        <Avatar name={nameOf(from)} size={40} color="colorful" aria-hidden />
        <div className={styles.words}>
          <div className={styles.first}>
            <Text weight="semibold">
              {nameOf(from) || 'Nobody'}
              {from?.name && (
                <Text weight="regular" size={200} className={styles.quiet}>
                  {' '}
                  {from.email}
                </Text>
              )}
            </Text>
            <Text size={200} className={styles.time}>
              <time dateTime={email.receivedAt}>{fullTime(email.receivedAt)}</time>
            </Text>
          </div>
          <Recipients label="To" addresses={email.to} />
          <Recipients label="Cc" addresses={email.cc} />
          <Recipients label="Bcc" addresses={email.bcc} />
        </div>
      </div>
    </header>
  );
}

function Recipients({ label, addresses }: { label: string; addresses: EmailAddress[] | null }): ReactNode {
  const styles = useStyles();
  const [all, setAll] = useState(false);
  if (!addresses || addresses.length === 0) return null;
  const shown = all ? addresses : addresses.slice(0, FEW);
  return (
    <Text size={200} className={styles.quiet}>
      {label}:{' '}
      {shown.map((address, i) => (
        <span key={address.email} title={address.email}>
          {i > 0 && ', '}
          {nameOf(address)}
        </span>
      ))}
      {shown.length < addresses.length && (
        <>
          {' '}
          <Link inline as="button" onClick={() => setAll(true)}>
            and {(addresses.length - shown.length).toLocaleString('en')} more
          </Link>
        </>
      )}
    </Text>
  );
}
