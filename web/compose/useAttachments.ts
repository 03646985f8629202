// Files on their way into a letter.

import { useRef, useState } from 'react';
import { useJmap } from '../app/session.tsx';
import { JmapError } from '../jmap/client.ts';
import { CAPABILITIES } from '../jmap/types.ts';
import { octets, sizeOf, type Attachment } from './content.ts';
import { upload } from './upload.ts';

export interface Attaching {
  list: Attachment[];
  /** Answers what was begun; a picture may be put into the text under its Content-ID. */
  add(files: File[], inline: boolean): Attachment[];
  remove(key: string): void;
  /** The same parts under other blobIds. */
  moved(blobIds: ReadonlyMap<string, string>): void;
  busy: boolean;
  refusal: string | null;
}

export function useAttachments(accountId: string, first: Attachment[], onUploaded: () => void): Attaching {
  const jmap = useJmap();
  const [list, setList] = useState(first);
  const [refusal, setRefusal] = useState<string | null>(null);
  const running = useRef(new Map<string, AbortController>());
  const patch = (key: string, change: Partial<Attachment>): void =>
    setList((before) => before.map((one) => (one.key === key ? { ...one, ...change } : one)));

  const { maxSizeUpload = Infinity } = (jmap.session.capabilities[CAPABILITIES.core] ?? {}) as {
    maxSizeUpload?: number;
  };
  const mail = jmap.session.accounts[accountId]?.accountCapabilities[CAPABILITIES.mail] ?? {};
  const most = (mail['maxSizeAttachmentsPerEmail'] as number | null) ?? Infinity;

  const send = async (key: string, file: File): Promise<void> => {
    const controller = new AbortController();
    running.current.set(key, controller);
    try {
      const { blobId } = await upload(jmap, accountId, file, {
        signal: controller.signal,
        onProgress: (progress) => patch(key, { progress }),
      });
      patch(key, { blobId, progress: 1 });
      onUploaded();
    } catch (error) {
      if (error instanceof JmapError && error.type === 'aborted') return;
      patch(key, { error: error instanceof Error ? error.message : 'It could not be uploaded.' });
    } finally {
      running.current.delete(key);
    }
  };

  return {
    list,
    refusal,
    busy: list.some(({ blobId, error }) => blobId === null && error === null),
    add(files, inline) {
      const begun: Attachment[] = [];
      let room = most - sizeOf(list);
      setRefusal(null);
      for (const file of files) {
        if (file.size > Math.min(room, maxSizeUpload)) {
          setRefusal(
            `${file.name} has ${octets(file.size)}; ${octets(Math.max(0, Math.min(room, maxSizeUpload)))} are left.`,
          );
          continue;
        }
        room -= file.size;
        const key = crypto.randomUUID();
        const cid = inline ? `${key}@homing` : null;
        const type = file.type || 'application/octet-stream';
        begun.push({
          key,
          name: file.name || 'picture.png',
          type,
          size: file.size,
          blobId: null,
          cid,
          progress: 0,
          error: null,
        });
        void send(key, file);
      }
      setList((before) => [...before, ...begun]);
      return begun;
    },
    remove(key) {
      running.current.get(key)?.abort();
      setList((before) => before.filter((one) => one.key !== key));
      setRefusal(null);
    },
    moved(blobIds) {
      setList((before) => before.map((one) => ({ ...one, blobId: blobIds.get(one.key) ?? one.blobId })));
    },
  };
}
