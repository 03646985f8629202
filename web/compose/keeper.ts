// One draft on the server for one composer. The new one is there before the old one goes, so that none is ever lost.

import { allSet, JmapError, type Jmap } from '../jmap/client.ts';
import type { EmailBodyPart, Identity, Json } from '../jmap/types.ts';
import { attached, emailOf, type Content, type Threading } from './content.ts';

export interface Keeper {
  readonly draftId: string | null;
  /** Puts the draft in place of the one before. Answers its id. Throws JmapError: the one before is still there. */
  save(content: Content): Promise<string>;
  /** It was sent, or is somebody else's from now on. */
  release(): void;
  discard(): Promise<void>;
}

interface KeeperDeps {
  jmap: Jmap;
  accountId: string;
  drafts: string;
  thread: Threading;
  identities: readonly Identity[];
  draftId: string | null;
  /** The parts of the old draft go with it: these are the new one's. By attachment key. */
  onBlobs(blobIds: ReadonlyMap<string, string>): void;
}

export function createKeeper(deps: KeeperDeps): Keeper {
  const { jmap, accountId, drafts, thread, identities, onBlobs } = deps;
  let { draftId } = deps;
  let last: Promise<unknown> = Promise.resolve();
  const moved = new Map<string, string>();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.catch(() => undefined).then(work);
    last = next;
    return next;
  };

  const destroy = async (id: string): Promise<void> => {
    await jmap.call('Email/set', { accountId, destroy: [id] });
  };

  const saveNow = async (given: Content): Promise<string> => {
    // What was attached before the save before knows its part by the draft that is gone.
    const attachments = given.attachments.map((one) => ({ ...one, blobId: moved.get(one.key) ?? one.blobId }));
    const content = { ...given, attachments };
    const identity = identities.find(({ id }) => id === content.identityId);
    const email = emailOf(content, identity, thread, drafts);
    const { created } = allSet(await jmap.call('Email/set', { accountId, create: { draft: email } }));
    const id = (created as Record<string, Json>)['draft']?.['id'] as string;
    const files = attached(content).filter(({ blobId }) => blobId !== null);
    if (files.length > 0) {
      const { list } = await jmap.call<{ list: { attachments: EmailBodyPart[] }[] }>('Email/get', {
        accountId,
        ids: [id],
        properties: ['attachments'],
        bodyProperties: ['blobId', 'cid', 'name'],
      });
      const parts = [...(list[0]?.attachments ?? [])];
      for (const file of files) {
        const at = parts.findIndex(({ cid, name }) =>
          file.cid === null ? !cid && name === file.name : cid === file.cid,
        );
        const [part] = at < 0 ? [] : parts.splice(at, 1);
        if (part?.blobId) moved.set(file.key, part.blobId);
      }
      onBlobs(moved);
    }
    const before = draftId;
    draftId = id;
    if (before !== null) await destroy(before).catch(() => undefined);
    return id;
  };

  return {
    get draftId() {
      return draftId;
    },
    save: (content) => inTurn(() => saveNow(content)),
    release() {
      draftId = null;
    },
    discard: () =>
      inTurn(async () => {
        const id = draftId;
        draftId = null;
        if (id !== null) await destroy(id);
      }),
  };
}

/** What is told of an error; nothing that was written is lost by any. */
export function sentenceFor(error: unknown): string {
  if (!(error instanceof JmapError)) return String(error);
  switch (error.type) {
    case 'network':
    case 'unavailable':
      return 'The server does not answer. What you wrote is kept here.';
    case 'invalidRecipients': {
      const invalid = (error['invalidRecipients'] ?? []) as string[];
      return `Nobody has this address: ${invalid.join(', ')}.`;
    }
    case 'tooLarge':
      return 'This is too large to be sent. Take an attachment out.';
    default:
      return error.message;
  }
}
