// One letter being written.

import {
  Button,
  Dropdown,
  makeStyles,
  mergeClasses,
  MessageBar,
  MessageBarBody,
  Option,
  tokens,
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
import { useQueryClient } from '@tanstack/react-query';
import type { EditorView } from 'prosemirror-view';
import {
  useEffect,
  useEffectEvent,
  useRef,
  useState,
  type DragEvent,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import { closeOverlay } from '../app/overlay.ts';
import { navigate } from '../app/router.ts';
import { useJmap } from '../app/session.tsx';
import { refreshEmails, useEmails } from '../jmap/cache.ts';
import { trackingPath } from '../recall/paths.ts';
import { AttachmentList } from './AttachmentList.tsx';
import { isAddress, type Recipient } from './addresses.ts';
import { CloseDialog, type Closing } from './CloseDialog.tsx';
import type { Content } from './content.ts';
import { createEditor, insertPicture, replaceSignature } from './editor.ts';
import { createKeeper, sentenceFor } from './keeper.ts';
import { signatureOf, type Opened } from './opening.ts';
import { OutsideLine } from './OutsideLine.tsx';
import { RecipientField } from './RecipientField.tsx';
import { bringForward, closeComposer, wasSent, type ComposeRequest } from './requests.ts';
import { SendButton } from './SendButton.tsx';
import { replace, restore, submit } from './sending.ts';
import { Toolbar } from './Toolbar.tsx';
import { useAttachments } from './useAttachments.ts';
import { savedSentence, useDraft } from './useDraft.ts';

const PHONE = '@media (max-width: 639.98px)';

const useStyles = makeStyles({
  sheet: {
    position: 'fixed',
    zIndex: 1001,
    right: '24px',
    bottom: '16px',
    width: 'min(720px, calc(100vw - 48px))',
    height: 'min(680px, calc(100dvh - 72px))',
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow64,
    overflow: 'hidden',
    boxSizing: 'border-box',
    [PHONE]: { inset: 0, width: '100%', height: '100dvh', borderRadius: 0, border: 'none' },
  },
  wide: { inset: '16px', width: 'auto', height: 'auto', [PHONE]: { inset: 0 } },
  page: { position: 'static', width: '100%', height: '100%', borderRadius: 0, boxShadow: 'none' },
  folded: { display: 'none' },
  head: {
    display: 'flex',
    alignItems: 'center',
    gap: '4px',
    height: '44px',
    padding: '0 8px 0 16px',
    flexShrink: 0,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  title: {
    flex: 1,
    margin: 0,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    fontSize: tokens.fontSizeBase300,
    fontWeight: tokens.fontWeightSemibold,
  },
  bar: { flexShrink: 0 },
  from: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    padding: '4px 16px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  label: { width: '48px', flexShrink: 0, color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase300 },
  more: {
    display: 'flex',
    flexShrink: 0,
    '& > button': { minWidth: 0, padding: '0 8px', [PHONE]: { minHeight: '44px', minWidth: '44px' } },
  },
  subject: {
    flex: 1,
    minWidth: 0,
    height: '28px',
    border: 'none',
    outlineStyle: 'none',
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    fontWeight: tokens.fontWeightSemibold,
    [PHONE]: { height: '44px' },
  },
  letter: {
    flex: 1,
    minHeight: '80px',
    overflowY: 'auto',
    cursor: 'text',
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
    '& .ProseMirror': {
      minHeight: '100%',
      boxSizing: 'border-box',
      padding: '12px 16px',
      outlineStyle: 'none',
      whiteSpace: 'pre-wrap',
      overflowWrap: 'break-word',
    },
    '& p': { margin: 0 },
    '& blockquote': {
      margin: '0 0 0 4px',
      paddingLeft: '12px',
      borderLeft: `2px solid ${tokens.colorNeutralStroke1}`,
      color: tokens.colorNeutralForeground2,
    },
    '& .signature': { color: tokens.colorNeutralForeground2 },
    '& hr': { border: 'none', borderTop: `1px solid ${tokens.colorNeutralStroke1}`, margin: '8px 0' },
    '& img': { maxWidth: '100%', height: 'auto' },
    '& a': { color: tokens.colorBrandForegroundLink },
    '& ul, & ol': { margin: 0, paddingLeft: '24px' },
    '& .ProseMirror-selectednode': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  over: { outline: `2px dashed ${tokens.colorBrandStroke1}`, outlineOffset: '-8px' },
  foot: {
    display: 'flex',
    alignItems: 'center',
    gap: '4px',
    padding: '8px 16px',
    flexShrink: 0,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    [PHONE]: { padding: '4px 8px', '& button': { minHeight: '44px', minWidth: '44px' } },
  },
  saved: {
    marginLeft: 'auto',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  },
  failed: { color: tokens.colorStatusDangerForeground1 },
});

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
  const styles = useStyles();
  const jmap = useJmap();
  const emails = useEmails();
  const client = useQueryClient();
  const { accountId, identities } = opened;
  const [fields, setFields] = useState<Pick<Content, 'identityId' | 'to' | 'cc' | 'bcc' | 'subject'>>(opened.content);
  const [shown, setShown] = useState({ cc: fields.cc.length > 0, bcc: fields.bcc.length > 0 });
  const [wide, setWide] = useState(false);
  const [over, setOver] = useState(false);
  const [linking, setLinking] = useState(false);
  const [view, setView] = useState<EditorView | null>(null);
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const [closing, setClosing] = useState<Closing | null>(null);
  const edited = useRef(false);
  const place = useRef<HTMLDivElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const pictures = useRef<HTMLInputElement>(null);
  const urls = useRef<string[]>(opened.pictures);

  const attaching = useAttachments(accountId, opened.content.attachments, () => changed());
  const [keeper] = useState(() =>
    createKeeper({
      jmap,
      accountId,
      drafts: opened.drafts,
      thread: opened.thread,
      identities,
      draftId: opened.draftId,
      onBlobs: (blobIds) => attaching.moved(blobIds),
    }),
  );
  const content = (): Content => ({
    ...fields,
    doc: view?.state.doc ?? opened.content.doc,
    attachments: attaching.list,
  });
  const { saved, saver } = useDraft(keeper);
  const latest = useRef(content);
  useEffect(() => {
    latest.current = content;
  });
  /** What is saved is what is there by then. */
  function changed(): void {
    saver.touch(() => latest.current());
  }

  const touch = (): void => {
    edited.current = true;
    setProblem(null);
    changed();
  };
  const change = (part: Partial<typeof fields>): void => {
    setFields((before) => ({ ...before, ...part }));
    touch();
  };

  const addFiles = (list: File[], inText: boolean): void => {
    const isPicture = ({ type }: File): boolean => /^image\/(?:png|jpeg|gif|webp)$/.test(type);
    for (const file of list) {
      const inline = inText && isPicture(file) && view !== null;
      const [begun] = attaching.add([file], inline);
      if (!begun || begun.cid === null || !view) continue;
      const src = URL.createObjectURL(file);
      urls.current.push(src);
      insertPicture(view, { cid: begun.cid, src, alt: begun.name });
    }
    touch();
  };
  const onFiles = useEffectEvent((list: File[]): void => addFiles(list, true));
  const onEdited = useEffectEvent((isOther: boolean): void => {
    setVersion((count) => count + 1);
    if (isOther) touch();
  });

  useEffect(() => {
    if (!place.current) return;
    let doc = opened.content.doc;
    const editor = createEditor({
      place: place.current,
      doc,
      onChange(at) {
        const isOther = at.state.doc !== doc;
        doc = at.state.doc;
        onEdited(isOther);
      },
      onFiles: (list) => onFiles(list),
      onLink: () => setLinking(true),
    });
    setView(editor);
    if (request.kind !== 'new' && request.kind !== 'forward') editor.focus();
    return () => editor.destroy();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- one editor for one letter
  }, []);
  useEffect(() => {
    const all = urls.current;
    return () => all.forEach((url) => URL.revokeObjectURL(url));
  }, []);

  const gone = (): void => {
    void refreshEmails({ jmap, emails, client }, accountId).catch(() => undefined);
    if (onClosed) onClosed();
    else closeComposer(number);
  };

  const recipients: Recipient[] = [...fields.to, ...fields.cc, ...fields.bcc];

  const send = async (sendAt: Date | null = null): Promise<void> => {
    if (sending) return;
    const wrong = recipients.find(({ email }) => !isAddress(email));
    const why =
      recipients.length === 0
        ? 'To whom? Name at least one recipient.'
        : wrong
          ? `“${wrong.email}” is not an address.`
          : attaching.busy
            ? 'An attachment is still being uploaded.'
            : null;
    if (why !== null) return setProblem(why);
    setSending(true);
    setProblem(null);
    saver.stop();
    try {
      const emailId = await keeper.save(content());
      if (request.kind === 'replacement') {
        const recallId = await replace(jmap, opened, request, emailId);
        keeper.release();
        closeOverlay();
        gone();
        return navigate(trackingPath(jmap, accountId, recallId));
      }
      await submit(jmap, opened, { emailId, identityId: fields.identityId, sendAt });
      keeper.release();
      if (opened.answers) {
        const { emailId: answered, keyword } = opened.answers;
        void jmap
          .call('Email/set', { accountId, update: { [answered]: { [`keywords/${keyword}`]: true } } })
          .catch(() => undefined);
      }
      wasSent({ accountId, emailId, sendAt });
      gone();
    } catch (error) {
      setProblem(sentenceFor(error));
      setSending(false);
      saver.resume();
    }
  };

  const close = (): void => {
    if (request.kind === 'replacement') return setClosing(request.recallId === null ? 'unreplaced' : 'taken');
    const isUntouched = !edited.current && (keeper.draftId === null || request.kind === 'draft');
    if (isUntouched) return gone();
    setClosing('draft');
  };
  const discard = async (): Promise<void> => {
    saver.stop();
    await keeper.discard();
    gone();
  };
  /** Answers a question that closing asked; what fails is said, and the letter stays. */
  const answer = async (how: 'keep' | 'discard' | 'restore'): Promise<void> => {
    try {
      if (how === 'keep') {
        await saver.flush();
        return gone();
      }
      if (how === 'restore' && request.kind === 'replacement' && request.recallId !== null) {
        await restore(jmap, accountId, request.recallId);
      }
      await discard();
    } catch (error) {
      setClosing(null);
      setProblem(sentenceFor(error));
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    // The editor keeps Escape from the browser, and does nothing with it.
    const inLetter = place.current?.contains(event.target as Node) === true;
    // Menus and dialogs of the letter have keys of their own.
    if (!event.currentTarget.contains(event.target as Node)) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      void send();
    } else if (event.key === 'Escape' && (!event.defaultPrevented || inLetter) && closing === null && !linking) {
      event.stopPropagation();
      close();
    } else if (event.key !== 'Escape') event.stopPropagation();
  };
  const onDrop = (event: DragEvent): void => {
    setOver(false);
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    addFiles([...event.dataTransfer.files], false);
  };

  const title = fields.subject.trim() || TITLES[request.kind];
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
        <Button appearance="subtle" icon={<Dismiss20Regular />} aria-label="Close" onClick={close} />
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
            size="small"
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
      <AttachmentList
        list={attaching.list}
        onRemove={(key) => {
          attaching.remove(key);
          touch();
        }}
      />
      <Toolbar view={view} version={version} linking={linking} onLinking={setLinking} />
      <div className={styles.foot}>
        <SendButton
          disabled={sending}
          onSend={(at) => void send(at)}
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
            <Button appearance="subtle" icon={<DeleteRegular />} onClick={() => void answer('discard')} />
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
      {closing && (
        <CloseDialog closing={closing} onAnswer={(how) => void answer(how)} onStay={() => setClosing(null)} />
      )}
    </div>
  );
}

interface PickerProps {
  at: RefObject<HTMLInputElement | null>;
  accept?: string;
  onFiles(list: File[]): void;
}

function Picker({ at, accept, onFiles }: PickerProps): ReactNode {
  return (
    <input
      ref={at}
      type="file"
      multiple
      hidden
      accept={accept}
      aria-label={accept ? 'Pictures' : 'Files'}
      onChange={(event) => {
        onFiles([...(event.target.files ?? [])]);
        event.target.value = '';
      }}
    />
  );
}
