// Saves what is written as it is written.

import { useEffect, useState } from 'react';
import type { Content } from './content.ts';
import { sentenceFor, type Keeper } from './keeper.ts';

export type Saved =
  | { state: 'none' | 'waiting' | 'saving' }
  /** Null: it was there when the letter was opened. */
  | { state: 'saved'; at: Date | null }
  | { state: 'failed'; why: string };

/** After the last key. */
const WAIT_MS = 1200;
const RETRY_MS = 5000;

export interface Saver {
  /** Something has changed. `content` is asked for when it is saved. */
  touch(content: () => Content): void;
  /** Nothing is saved from here on: it is being sent, or thrown away. */
  stop(): void;
  resume(): void;
  /** What is not saved yet is saved now. Throws JmapError. */
  flush(): Promise<void>;
  readonly dirty: boolean;
}

function createSaver(keeper: Keeper, onSaved: (saved: Saved) => void): Saver {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let content: (() => Content) | null = null;
  let stopped = false;

  let running: Promise<void> = Promise.resolve();

  /** Throws what the server refused; it is said, and tried again. */
  async function saveNow(): Promise<void> {
    clearTimeout(timer);
    if (content === null || stopped) return;
    const now = content;
    content = null;
    onSaved({ state: 'saving' });
    try {
      await keeper.save(now());
      onSaved(content === null ? { state: 'saved', at: new Date() } : { state: 'waiting' });
    } catch (error) {
      content ??= now;
      onSaved({ state: 'failed', why: sentenceFor(error) });
      if (!stopped) timer = setTimeout(later, RETRY_MS);
      throw error;
    }
  }

  const flush = (): Promise<void> => {
    const next = running.catch(() => undefined).then(saveNow);
    running = next;
    return next;
  };
  function later(): void {
    flush().catch(() => undefined);
  }

  return {
    touch(next) {
      content = next;
      if (stopped) return;
      onSaved({ state: 'waiting' });
      clearTimeout(timer);
      timer = setTimeout(later, WAIT_MS);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
    resume() {
      stopped = false;
    },
    flush,
    get dirty() {
      return content !== null;
    },
  };
}

export function useDraft(keeper: Keeper): { saved: Saved; saver: Saver } {
  const [saved, setSaved] = useState<Saved>(keeper.draftId === null ? { state: 'none' } : { state: 'saved', at: null });
  const [saver] = useState(() => createSaver(keeper, setSaved));
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent): void => {
      if (!saver.dirty) return;
      saver.flush().catch(() => undefined);
      event.preventDefault();
    };
    addEventListener('beforeunload', leave);
    return () => removeEventListener('beforeunload', leave);
  }, [saver]);
  return { saved, saver };
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

export function savedSentence(saved: Saved): string {
  switch (saved.state) {
    case 'none':
      return '';
    case 'waiting':
      return 'Not saved yet';
    case 'saving':
      return 'Saving…';
    case 'saved':
      return saved.at === null ? 'Saved in Drafts' : `Saved in Drafts at ${CLOCK.format(saved.at)}`;
    case 'failed':
      return `Not saved: ${saved.why}`;
  }
}
