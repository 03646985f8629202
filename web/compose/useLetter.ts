// A letter as it is written: its fields, its text, its files; saved as it changes, sent, kept or thrown away.

import { useQueryClient } from '@tanstack/react-query';
import type { EditorView } from 'prosemirror-view';
import { useEffect, useEffectEvent, useRef, useState, type RefObject } from 'react';
import { closeOverlay } from '../app/overlay.ts';
import { navigate } from '../app/router.ts';
import { useJmap } from '../app/session.tsx';
import { refreshEmails, useEmails } from '../jmap/cache.ts';
import { trackingPath } from '../recall/paths.ts';
import { isAddress, type Recipient } from './addresses.ts';
import type { Closing } from './CloseDialog.tsx';
import type { Content } from './content.ts';
import { createEditor, insertPicture } from './editor.ts';
import { createKeeper, sentenceFor } from './keeper.ts';
import type { Opened } from './opening.ts';
import { closeComposer, wasSent, type ComposeRequest } from './requests.ts';
import { replace, restore, submit } from './sending.ts';
import { useAttachments, type Attaching } from './useAttachments.ts';
import { useDraft, type Saved } from './useDraft.ts';

export type Fields = Pick<Content, 'identityId' | 'to' | 'cc' | 'bcc' | 'subject'>;

export interface Letter {
  fields: Fields;
  change(part: Partial<Fields>): void;
  /** Everybody it goes to. */
  recipients: Recipient[];
  attaching: Attaching;
  /** Pictures among them stand in the text where `inText`. */
  addFiles(files: File[], inText: boolean): void;
  removeFile(key: string): void;
  /** Null until the editor is there; `version` is another after each of its changes. */
  view: EditorView | null;
  version: number;
  saved: Saved;
  /** What is in the way of sending it. */
  problem: string | null;
  sending: boolean;
  send(at?: Date | null): Promise<void>;
  /** What closing asks, where it has to. */
  closing: Closing | null;
  close(): void;
  stay(): void;
  answer(how: 'keep' | 'discard' | 'restore'): Promise<void>;
}

export interface LetterOptions {
  number: number;
  request: ComposeRequest;
  opened: Opened;
  /** Where the editor goes. */
  place: RefObject<HTMLDivElement | null>;
  /** A link is to be put in. */
  onLink(): void;
  onClosed?: (() => void) | undefined;
}

export function useLetter(options: LetterOptions): Letter {
  const { number, request, opened, place, onClosed } = options;
  const jmap = useJmap();
  const emails = useEmails();
  const client = useQueryClient();
  const { accountId, identities } = opened;
  const [fields, setFields] = useState<Pick<Content, 'identityId' | 'to' | 'cc' | 'bcc' | 'subject'>>(opened.content);
  const [view, setView] = useState<EditorView | null>(null);
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const [closing, setClosing] = useState<Closing | null>(null);
  const edited = useRef(false);
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
  const onLink = useEffectEvent(() => options.onLink());
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
      onLink: () => onLink(),
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

  return {
    fields,
    change,
    recipients,
    attaching,
    addFiles,
    removeFile(key) {
      attaching.remove(key);
      touch();
    },
    view,
    version,
    saved,
    problem,
    sending,
    send,
    closing,
    close,
    stay: () => setClosing(null),
    answer,
  };
}
