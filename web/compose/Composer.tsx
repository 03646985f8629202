// One letter being written, as it stands on the page.

import {
  Button,
  Dropdown,
  mergeClasses,
  MessageBar,
  MessageBarBody,
  Option,
  Tooltip,
} from '@fluentui/react-components';
import {
  AttachRegular,
  ChevronDownRegular,
  DeleteRegular,
  Dismiss20Regular,
  FullScreenMaximize20Regular,
  FullScreenMinimize20Regular,
  ImageRegular,
  Subtract20Regular,
} from '@fluentui/react-icons';
import { useRef, useState, type DragEvent, type KeyboardEvent, type ReactNode } from 'react';
import type { Recipient } from './addresses.ts';
import { AttachmentList } from './AttachmentList.tsx';
import { CloseDialog } from './CloseDialog.tsx';
import { useComposerStyles } from './composerStyles.ts';
import { replaceSignature } from './editor.ts';
import { signatureOf, type Opened } from './opening.ts';
import { OutsideLine } from './OutsideLine.tsx';
import { Picker } from './Picker.tsx';
import { RecipientField } from './RecipientField.tsx';
import { bringForward, type ComposeRequest } from './requests.ts';
import { SendButton } from './SendButton.tsx';
import { Toolbar } from './Toolbar.tsx';
import { savedSentence } from './useDraft.ts';
import { useLetter } from './useLetter.ts';

const TITLES: Record<ComposeRequest['kind'], string> = {
  new: 'New message',
  reply: 'Reply',
  replyAll: 'Reply all',
  forward: 'Forward',
  draft: 'Draft',
  resend: 'Resend',
  replacement: 'New message in place of the old',
};

export interface ComposerProps {
  number: number;
  request: ComposeRequest;
  opened: Opened;
  folded: boolean;
  /** In a window of its own. */
  page?: boolean;
  onClosed?: () => void;
}

export function Composer({ number, request, opened, folded, page = false, onClosed }: ComposerProps): ReactNode {
  const styles = useComposerStyles();
  const place = useRef<HTMLDivElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const pictures = useRef<HTMLInputElement>(null);
  const [wide, setWide] = useState(false);
  const [over, setOver] = useState(false);
  const [linking, setLinking] = useState(false);
  const letter = useLetter({ number, request, opened, place, onLink: () => setLinking(true), onClosed });
  const { fields, change, recipients, attaching, addFiles, view, saved, problem, sending, closing } = letter;
  const [shown, setShown] = useState({ cc: fields.cc.length > 0, bcc: fields.bcc.length > 0 });

  const onKeyDown = (event: KeyboardEvent): void => {
    // The editor keeps Escape from the browser, and does nothing with it.
    const inLetter = place.current?.contains(event.target as Node) === true;
    // Menus and dialogs of the letter have keys of their own.
    if (!event.currentTarget.contains(event.target as Node)) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      void letter.send();
    } else if (event.key === 'Escape' && (!event.defaultPrevented || inLetter) && closing === null && !linking) {
      event.stopPropagation();
      letter.close();
    } else if (event.key !== 'Escape') event.stopPropagation();
  };
  const onDrop = (event: DragEvent): void => {
    setOver(false);
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    addFiles([...event.dataTransfer.files], false);
  };

  const title = fields.subject.trim() || TITLES[request.kind];
  const { identities } = opened;
  const identity = identities.find(({ id }) => id === fields.identityId);
  const others = (own: Recipient[]): Recipient[] => recipients.filter((one) => !own.includes(one));
  return (
    // Keys and files are for the whole of the letter, wherever in it they come.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className={mergeClasses(styles.sheet, wide && styles.wide, page && styles.page, folded && styles.folded)}
      role="dialog"
      aria-label={TITLES[request.kind]}
      onKeyDown={onKeyDown}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <div className={styles.head}>
        <h2 className={styles.title}>{title}</h2>
        {!page && (
          <>
            <Button
              appearance="subtle"
              icon={<Subtract20Regular />}
              aria-label="Fold away"
              onClick={() => bringForward(null)}
            />
            <Button
              appearance="subtle"
              icon={wide ? <FullScreenMinimize20Regular /> : <FullScreenMaximize20Regular />}
              aria-label={wide ? 'Smaller' : 'Larger'}
              onClick={() => setWide(!wide)}
            />
          </>
        )}
        <Button appearance="subtle" icon={<Dismiss20Regular />} aria-label="Close" onClick={letter.close} />
      </div>
      {request.kind === 'replacement' && (
        <MessageBar className={styles.bar} intent={request.recallId === null ? 'warning' : 'info'}>
          <MessageBarBody>
            {request.recallId === null
              ? 'Everyone can still read it until you send.'
              : 'The copies are taken back. What you send stands in their place; whom you remove keeps the notice only.'}
          </MessageBarBody>
        </MessageBar>
      )}
      {(problem ?? attaching.refusal) !== null && (
        <MessageBar className={styles.bar} intent="error" politeness="assertive">
          <MessageBarBody>{problem ?? attaching.refusal}</MessageBarBody>
        </MessageBar>
      )}
      {identities.length > 1 && (
        <div className={styles.from}>
          <span className={styles.label}>From</span>
          <Dropdown
            aria-label="From"
            appearance="underline"
            className={styles.sender}
            value={identity ? `${identity.name} <${identity.email}>` : ''}
            selectedOptions={[fields.identityId]}
            onOptionSelect={(_, { optionValue }) => {
              const next = identities.find(({ id }) => id === optionValue);
              if (!next) return;
              change({ identityId: next.id });
              if (view) replaceSignature(view, signatureOf(next));
            }}
          >
            {identities.map(({ id, name, email }) => (
              <Option key={id} value={id} text={`${name} <${email}>`}>
                {`${name} <${email}>`}
              </Option>
            ))}
          </Dropdown>
        </div>
      )}
      <RecipientField
        label="To"
        value={fields.to}
        others={others(fields.to)}
        autoFocus={request.kind === 'forward' || (request.kind === 'new' && fields.to.length === 0)}
        onChange={(to) => change({ to })}
      >
        <span className={styles.more}>
          {!shown.cc && (
            <Button appearance="transparent" size="small" onClick={() => setShown({ ...shown, cc: true })}>
              Cc
            </Button>
          )}
          {!shown.bcc && (
            <Button appearance="transparent" size="small" onClick={() => setShown({ ...shown, bcc: true })}>
              Bcc
            </Button>
          )}
        </span>
      </RecipientField>
      {shown.cc && (
        <RecipientField label="Cc" value={fields.cc} others={others(fields.cc)} onChange={(cc) => change({ cc })} />
      )}
      {shown.bcc && (
        <RecipientField
          label="Bcc"
          value={fields.bcc}
          others={others(fields.bcc)}
          onChange={(bcc) => change({ bcc })}
        />
      )}
      <div className={styles.from}>
        <label className={styles.label} htmlFor={`subject-${number}`}>
          Subject
        </label>
        <input
          id={`subject-${number}`}
          className={styles.subject}
          value={fields.subject}
          maxLength={900}
          autoComplete="off"
          onChange={(event) => change({ subject: event.target.value })}
        />
      </div>
      <OutsideLine recipients={recipients} />
      <div
        ref={place}
        className={mergeClasses(styles.letter, over && styles.over)}
        role="presentation"
        onMouseDown={(event) => {
          if (event.target !== place.current) return;
          event.preventDefault();
          view?.focus();
        }}
      />
      <AttachmentList list={attaching.list} onRemove={letter.removeFile} />
      <Toolbar view={view} version={letter.version} linking={linking} onLinking={setLinking} />
      <div className={styles.foot}>
        <SendButton
          disabled={sending}
          onSend={(at) => void letter.send(at)}
          later={request.kind !== 'replacement'}
          menuIcon={<ChevronDownRegular />}
        />
        <Tooltip content="Attach files" relationship="label">
          <Button appearance="subtle" icon={<AttachRegular />} onClick={() => files.current?.click()} />
        </Tooltip>
        <Tooltip content="Insert a picture" relationship="label">
          <Button appearance="subtle" icon={<ImageRegular />} onClick={() => pictures.current?.click()} />
        </Tooltip>
        {request.kind !== 'replacement' && (
          <Tooltip content="Discard" relationship="label">
            <Button appearance="subtle" icon={<DeleteRegular />} onClick={() => void letter.answer('discard')} />
          </Tooltip>
        )}
        <span className={mergeClasses(styles.saved, saved.state === 'failed' && styles.failed)} role="status">
          {sending ? 'Sending…' : savedSentence(saved)}
        </span>
      </div>
      <Picker at={files} onFiles={(list) => addFiles(list, false)} />
      <Picker
        at={pictures}
        accept="image/png,image/jpeg,image/gif,image/webp"
        onFiles={(list) => addFiles(list, true)}
      />
      {closing && <CloseDialog closing={closing} onAnswer={(how) => void letter.answer(how)} onStay={letter.stay} />}
    </div>
  );
}
