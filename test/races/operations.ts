// What can run beside a recall, as a table: what each needs to find, where it can be stopped, and how it runs.

import { fanoutStep } from '../../src/delivery/fanout.ts';
import { Refusal } from '../../src/mail/errors.ts';
import { toKeywords } from '../../src/mail/keywords.ts';
import { SILENT } from '../../src/mail/log.ts';
import { replaceStep } from '../../src/recall/apply/replace.ts';
import { requestRestore, restoreStep } from '../../src/recall/apply/restore.ts';
import { cancelRecall } from '../../src/recall/cancel.ts';
import { requestRecall } from '../../src/recall/request.ts';
import { sweepStep } from '../../src/recall/sweep.ts';
import { appendCopies } from '../../src/store/copies.ts';
import { copyCopies, moveCopies, removeCopies, setKeywords } from '../../src/store/email-change.ts';
import { markListed, readContent } from '../../src/store/exposure.ts';
import type { HeldCopy, Which } from '../../src/store/held-copies.ts';
import { readByUid } from '../../src/store/mailbox-read.ts';
import type { Transaction } from '../../src/store/postgres.ts';
import { pausing, type Firm, type Pause, type Sent, type World } from '../support/world.ts';

/** Two operations meet over this. */
export interface Meeting {
  world: World;
  firm: Firm;
  sent: Sent;
  /** Whose copy it is about, and which Email that is; 0: there is none yet. */
  account: number;
  emailId: number;
  /** The recall that was made before, if any: under way, or ended. */
  recall: number;
  /** What was handed out or done, for the check. */
  history: { content: boolean; opened: boolean; touched: boolean; recalls: number[] };
}

export interface Operation {
  name: string;
  /** 'waiting': the fan-out is not done. 'under way': a recall is. 'taken back': one has ended. 'restoring': and a restore was asked for. */
  needs?: 'waiting' | 'under way' | 'taken back' | 'restoring' | 'replacing';
  /** Where it can be stopped. */
  points: string[];
  run(meeting: Meeting, pause: Pause): Promise<unknown>;
}

const INBOX: Which = { mailbox: 1, all: true };
const SEEN = toKeywords(['$seen']);
const NONE = toKeywords([]);

/** A change of the account's Inbox in one transaction. */
function mutator(name: string, change: (tx: Transaction, meeting: Meeting) => Promise<unknown>): Operation {
  return {
    name,
    points: ['committing'],
    run: (meeting, pause) => pausing(meeting.world.store, pause).transact((tx) => change(tx, meeting)),
  };
}

const at = ({ world, firm, account }: Meeting): { tenant: number; account: number; now: Date } => ({
  tenant: firm.tenant,
  account,
  now: world.clock(),
});
const isIt =
  ({ sent }: Meeting) =>
  (copy: HeldCopy): boolean =>
    copy.message_id === sent.message && copy.delivery_n !== null;

/** An operation got hold of a delivered copy of the message. */
function note(meeting: Meeting, copy: HeldCopy): void {
  if (isIt(meeting)(copy)) meeting.history.touched = true;
}

async function recall(meeting: Meeting, pause: Pause, includeRead: boolean): Promise<void> {
  const { world, firm, sent } = meeting;
  const { ids, directory: people } = world.services;
  const store = pausing(world.store, pause);
  try {
    const made = await requestRecall(
      { store, ids, people, clock: world.clock, pause },
      {
        actor: firm.ana,
        account: firm.ana.id,
        message: { messageId: sent.header },
        mode: 'delete',
        recipients: null,
        includeRead,
        notifyMe: false,
        reason: null,
      },
    );
    meeting.history.recalls.push(made.id);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

const unlessRefused = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
  });

/** All of the Inbox, as IMAP reads it: under EXAMINE, so that nothing but the record says that it was opened. */
async function fetch(
  { world, firm, account, sent, history }: Meeting,
  pause: Pause,
  what: 'downloaded' | 'opened',
): Promise<void> {
  const store = pausing(world.store, pause);
  const given = { program: 'a phone', now: world.clock() };
  const give = what === 'opened' ? { what, readOnly: true, ...given } : { what, ...given };
  const where = { tenant: firm.tenant, account, mailbox: 1 };
  const uids = Array.from({ length: 20 }, (_, i) => i + 1);
  const rows = await readByUid(store, where, uids, ['email', 'envelope', 'header'], give, pause);
  if (!rows.some((row) => row.message_id === sent.message && row.delivery_n !== null)) return;
  history.content = true;
  if (what === 'opened') history.opened = true;
}

export const OPERATIONS: Operation[] = [
  {
    name: 'content read',
    points: ['looked', 'committing'],
    async run({ world, firm, account, emailId, sent, history }, pause) {
      const where = { tenant: firm.tenant, account, emailId };
      const store = pausing(world.store, pause);
      const content = await readContent(store, where, { program: 'a phone', now: world.clock() }, pause);
      if (content?.message_id === sent.message) history.content = true;
    },
  },
  {
    name: 'listing',
    points: ['committing'],
    run: ({ world, firm, account, emailId }, pause) =>
      markListed(pausing(world.store, pause), { tenant: firm.tenant, account }, [emailId], world.clock()),
  },
  {
    name: 'FETCH BODY.PEEK[]',
    points: ['looked'],
    run: (meeting, pause) => fetch(meeting, pause, 'downloaded'),
  },
  {
    name: 'FETCH BODY[]',
    points: ['committing'],
    run: (meeting, pause) => fetch(meeting, pause, 'opened'),
  },
  mutator('mark read', async (tx, meeting) => {
    const set = await setKeywords(tx, at(meeting), INBOX, (copy) => (note(meeting, copy), { add: SEEN, remove: NONE }));
    if (set.some(({ copy }) => isIt(meeting)(copy))) tx.onCommit(() => (meeting.history.opened = true));
  }),
  mutator('mark unread', (tx, meeting) =>
    setKeywords(tx, at(meeting), INBOX, (copy) => (note(meeting, copy), { add: NONE, remove: SEEN })),
  ),
  mutator('copy', async (tx, meeting) => {
    for (const { of } of await copyCopies(tx, at(meeting), INBOX, 4)) note(meeting, of);
  }),
  mutator('move', (tx, meeting) => moveCopies(tx, at(meeting), INBOX, (copy) => (note(meeting, copy), 6))),
  mutator('destroy', async (tx, meeting) => {
    for (const copy of await removeCopies(tx, at(meeting), INBOX)) note(meeting, copy);
  }),
  mutator('append', (tx, meeting) => {
    const { sent, world } = meeting;
    const copy = {
      messageId: sent.message,
      threadId: sent.message,
      receivedAt: world.clock(),
      savedAt: world.clock(),
      keywords: NONE,
    };
    return appendCopies(tx, { ...at(meeting), mailbox: 1 }, [copy]);
  }),
  {
    name: 'deliver',
    needs: 'waiting',
    points: ['accounts-locked', 'placed'],
    run: ({ world: { store, clock } }, pause) => fanoutStep({ store, clock, log: SILENT, pause }),
  },
  {
    name: 'claim and send',
    points: ['claiming', 'claimed', 'checked', 'sent', 'recording'],
    run: ({ world }, pause) => world.outgoing(pause).run(),
  },
  { name: 'gate', points: ['before-gate', 'gated'], run: (meeting, pause) => recall(meeting, pause, false) },
  {
    name: 'second recall',
    needs: 'taken back',
    points: ['before-gate', 'gated'],
    run: (meeting, pause) => recall(meeting, pause, true),
  },
  {
    name: 'sweep',
    needs: 'under way',
    points: ['accounts-locked', 'copies-locked', 'applied'],
    async run({ world: { services, store, clock } }, pause) {
      const { progress } = services.recalls;
      while (await sweepStep({ store, progress, clock, log: SILENT, pause }));
    },
  },
  {
    name: 'cancel',
    needs: 'under way',
    points: ['committing'],
    run({ world: { services, store, clock }, firm, recall: id }, pause) {
      const deps = { store: pausing(store, pause), ids: services.ids, people: services.directory, clock };
      return unlessRefused(cancelRecall(deps, firm.ana, firm.ana.id, id));
    },
  },
  {
    name: 'asking for a restore',
    needs: 'taken back',
    points: ['committing'],
    run({ world: { services, store, clock }, firm, recall: id }, pause) {
      const deps = { store: pausing(store, pause), people: services.directory, clock };
      return unlessRefused(requestRestore(deps, firm.ana, firm.ana.id, id));
    },
  },
  {
    name: 'restore',
    needs: 'restoring',
    points: ['accounts-locked', 'applied'],
    run: ({ world: { store, clock } }, pause) => restoreStep({ store, clock, log: SILENT, pause }),
  },
  {
    name: 'replace',
    needs: 'replacing',
    points: ['accounts-locked', 'applied'],
    run: ({ world: { store, clock } }, pause) => replaceStep({ store, clock, log: SILENT, pause }),
  },
];
