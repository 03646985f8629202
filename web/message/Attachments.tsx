import {
  Button,
  Caption1,
  Dialog,
  DialogSurface,
  DialogTrigger,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components';
import { ArrowDownloadRegular, DocumentRegular, EyeRegular, ImageRegular } from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { useJmap } from '../app/session.tsx';
import type { EmailBodyPart } from '../jmap/types.ts';
import { sizeOf } from './format.ts';

const useStyles = makeStyles({
  list: { display: 'flex', flexWrap: 'wrap', gap: '8px', margin: 0, padding: 0, listStyleType: 'none' },
  file: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    maxWidth: '280px',
    padding: '4px 4px 4px 12px',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  icon: { flexShrink: 0 },
  words: { display: 'flex', flexDirection: 'column', minWidth: 0 },
  size: { color: tokens.colorNeutralForeground3 },
  picture: { maxWidth: '100%', maxHeight: '80vh', objectFit: 'contain', display: 'block', margin: '0 auto' },
});

const PICTURE = /^image\/(?:png|gif|jpe?g|webp|bmp)$/i;

export function Attachments({ accountId, parts }: { accountId: string; parts: EmailBodyPart[] }): ReactNode {
  const styles = useStyles();
  const jmap = useJmap();
  if (parts.length === 0) return null;
  return (
    <ul className={styles.list} aria-label="Attachments">
      {parts.map((part) => {
        const name = part.name || 'unnamed';
        const url = jmap.downloadUrl(accountId, part.blobId ?? '', name, part.type);
        const isPicture = PICTURE.test(part.type);
        return (
          <li key={part.blobId} className={styles.file}>
            {isPicture ? (
              <ImageRegular className={styles.icon} fontSize={20} />
            ) : (
              <DocumentRegular className={styles.icon} fontSize={20} />
            )}
            <span className={styles.words}>
              <Text truncate wrap={false} title={name}>
                {name}
              </Text>
              <Caption1 className={styles.size}>{sizeOf(part.size)}</Caption1>
            </span>
            {isPicture && (
              <Dialog>
                <DialogTrigger disableButtonEnhancement>
                  <Button appearance="subtle" icon={<EyeRegular />} aria-label={`Look at ${name}`} />
                </DialogTrigger>
                <DialogSurface aria-label={name}>
                  <img className={styles.picture} src={url} alt={name} />
                </DialogSurface>
              </Dialog>
            )}
            <Button
              as="a"
              href={url}
              download={name}
              appearance="subtle"
              icon={<ArrowDownloadRegular />}
              aria-label={`Download ${name}`}
            />
          </li>
        );
      })}
    </ul>
  );
}
