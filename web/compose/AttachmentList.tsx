import { Button, makeStyles, ProgressBar, tokens } from '@fluentui/react-components';
import { Attach16Regular, Dismiss16Regular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { octets, type Attachment } from './content.ts';

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '8px',
    margin: 0,
    padding: '8px 16px',
    listStyleType: 'none',
    maxHeight: '104px',
    overflowY: 'auto',
    flexShrink: 0,
  },
  item: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    maxWidth: '280px',
    height: '36px',
    padding: '0 4px 0 8px',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    overflow: 'hidden',
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', fontSize: tokens.fontSizeBase300 },
  size: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, whiteSpace: 'nowrap' },
  error: { color: tokens.colorStatusDangerForeground1, fontSize: tokens.fontSizeBase200 },
  progress: { position: 'absolute', left: 0, right: 0, bottom: 0, width: 'auto' },
});

export function AttachmentList({ list, onRemove }: { list: Attachment[]; onRemove(key: string): void }): ReactNode {
  const styles = useStyles();
  const shown = list.filter(({ cid, error }) => cid === null || error !== null);
  if (shown.length === 0) return null;
  return (
    <ul className={styles.list} aria-label="Attachments">
      {shown.map(({ key, name, size, progress, blobId, error }) => (
        <li key={key} className={styles.item}>
          <Attach16Regular aria-hidden />
          <span className={styles.name} title={name}>
            {name}
          </span>
          <span className={error === null ? styles.size : styles.error}>{error ?? octets(size)}</span>
          <Button
            appearance="transparent"
            size="small"
            icon={<Dismiss16Regular />}
            aria-label={`Remove ${name}`}
            onClick={() => onRemove(key)}
          />
          {blobId === null && error === null && (
            <ProgressBar
              className={styles.progress}
              thickness="medium"
              value={progress}
              aria-label={`Uploading ${name}`}
            />
          )}
        </li>
      ))}
    </ul>
  );
}
