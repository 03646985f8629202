// Random histories: readers, changes, recalls, cancels, restores and workers run beside each other over a few accounts
// and messages, in real transactions; a checker then holds what each was answered against the promises.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { fanoutStep } from '../../src/delivery/fanout.ts';
import { Refusal } from '../../src/mail/errors.ts';
import { toKeywords } from '../../src/mail/keywords.ts';
import { SILENT } from '../../src/mail/log.ts';
import { copyCopies, moveCopies, removeCopies, setKeywords } from '../../src/store/email-change.ts';
import { readContent } from '../../src/store/exposure.ts';
import type { HeldCopy } from '../../src/store/held-copies.ts';
import type { Transaction } from '../../src/store/postgres.ts';
import { checkEnd, checkGates, checkMailboxes, knownExposure, look } from '../support/invariants.ts';
import { mail } from '../support/mailboxes.ts';
import { createWorld, type Firm, type Sent } from '../support/world.ts';

const RUNS = 60;
const PEOPLE = 3;
const MESSAGES = 2;
/** By each of them, one after the other; they run beside each other. */
const ACTORS = 5;

const world = await createWorld();
after(() => world.close());
const { store, clock } = world;
const { recalls } = world.services;

const KINDS = [
  'read',
  'read',
  'read',
  'mark read',
  'mark unread',
  'copy',
  'move',
  'destroy',
  'deliver',
  'send',
  'recall',
  'recall some',
  'recall read',
  'recall to replace',
  'cancel',
  'restore',
  'replace',
  'sweep',
  'sweep',
] as const;

interface Command {
  kind: (typeof KINDS)[number];
  who: number;
  which: number;
}

const command: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom(...KINDS),
  who: fc.nat(PEOPLE - 1),
  which: fc.nat(MESSAGES - 1),
});

/** Something that somebody was answered, in ticks of one counter: anything that ended before another's beginning is earlier. */
interface Event {
  what: 'content' | 'opened' | 'gate' | 'done';
  began: number;
  ended: number;
  account: number;
  message: number;
  emailId: number;
  recall: number;
  /** The copy had been opened before. */
  wasOpened: boolean;
}

class History {
  #tick = 0;
  readonly events: Event[] = [];

  now(): number {
    return ++this.#tick;
  }

  add(event: Partial<Event> & Pick<Event, 'what' | 'began'>): void {
    this.events.push({ ended: this.now(), account: 0, message: 0, emailId: 0, recall: 0, wasOpened: false, ...event });
  }
}

interface Run {
  firm: Firm;
  sent: Sent[];
  history: History;
}

async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function act({ firm, sent, history }: Run, { kind, who, which }: Command): Promise<void> {
  const letter = sent[which];
  const account = firm.people[who] ?? 0;
  if (!letter) return;
  const message = letter.message;
  const began = history.now();
  const at = { tenant: firm.tenant, account, now: clock() };
  const mine = (copy: HeldCopy): boolean => copy.message_id === message && copy.delivery_n !== null;
  const copies = await world.sql<{ email_id: string; opened: boolean }>(
    `SELECT email_id, opened_at IS NOT NULL AS opened FROM copy WHERE tenant_id = $1 AND account_id = $2 AND message_id = $3`,
    [firm.tenant, account, message],
  );
  const emailIds = copies.map((copy) => Number(copy.email_id));
  const change = (work: (tx: Transaction) => Promise<unknown>): Promise<unknown> => store.transact(work);
  const recall = async (more: object): Promise<void> => {
    const id = await unlessRefused(world.recall(firm, letter, more));
    if (id !== undefined) history.add({ what: 'gate', began, message, recall: id });
  };
  const earlier = history.events.findLast((event) => event.what === 'gate' && event.message === message)?.recall ?? 0;
  switch (kind) {
    case 'read':
      for (const copy of copies) {
        const start = history.now();
        const where = { tenant: firm.tenant, account, emailId: Number(copy.email_id) };
        const content = await readContent(store, where, { program: 'a phone', now: clock() });
        if (content?.message_id === message)
          history.add({
            what: 'content',
            began: start,
            account,
            message,
            emailId: where.emailId,
            wasOpened: copy.opened,
          });
      }
      return;
    case 'mark read': {
      const set = await change((tx) =>
        setKeywords(tx, at, { emailIds }, () => ({ add: toKeywords(['$seen']), remove: toKeywords([]) })),
      );
      if ((set as { copy: HeldCopy }[]).some(({ copy }) => mine(copy)))
        history.add({ what: 'opened', began, account, message });
      return;
    }
    case 'mark unread':
      await change((tx) =>
        setKeywords(tx, at, { emailIds }, () => ({ add: toKeywords([]), remove: toKeywords(['$seen']) })),
      );
      return;
    case 'copy':
      await change((tx) => copyCopies(tx, at, { emailIds }, 4));
      return;
    case 'move':
      await change((tx) => moveCopies(tx, at, { emailIds }, (copy) => (copy.mailbox_id === 6 ? 1 : 6)));
      return;
    case 'destroy':
      await change((tx) => removeCopies(tx, at, { emailIds }));
      return;
    case 'deliver':
      await fanoutStep({ store, clock, log: SILENT });
      return;
    case 'send':
      await world.outgoing().run();
      return;
    case 'recall':
      return recall({});
    case 'recall some':
      return recall({ recipients: [`p${who + 1}@${firm.domain}`] });
    case 'recall read':
      return recall({ includeRead: true });
    case 'recall to replace':
      return recall({ mode: 'replace' });
    case 'cancel':
      await unlessRefused(recalls.cancel(firm.ana, firm.ana.id, earlier));
      return;
    case 'restore':
      await unlessRefused(recalls.restore(firm.ana, firm.ana.id, earlier));
      return;
    case 'replace':
      if (earlier === 0) return;
      await unlessRefused(
        recalls.replace(firm.ana, firm.ana.id, earlier, {
          mailFrom: firm.ana.address,
          recipients: [`everyone@${firm.domain}`],
          bytes: Buffer.from(mail('Correction', { from: firm.ana.address, to: `everyone@${firm.domain}` })),
          emailId: null,
        }),
      );
      return;
    case 'sweep':
      await recalls.worker.drain();
      // Ended, and seen to be: from here on what a recall let go or gave back may be shown again.
      for (const row of await world.sql<{ id: string }>(
        `SELECT recall_id AS id FROM recall_state WHERE tenant_id = $1 AND status <> 'sweeping'`,
        [firm.tenant],
      ))
        history.add({ what: 'done', began, recall: Number(row.id) });
  }
}

/** Holds what was answered against what the recalls say. */
async function checkHistory({ firm, sent, history }: Run): Promise<void> {
  const { events } = history;
  const rows = await world.sql<{
    recall: string;
    message: string;
    account: number;
    outcome: string;
    exposure: string;
    read: boolean;
  }>(
    `SELECT o.recall_id AS recall, r.message_id AS message, d.account_id AS account, o.outcome, o.exposure, r.include_read AS read
     FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id
     JOIN delivery d ON d.tenant_id = o.tenant_id AND d.message_id = r.message_id AND d.n = o.n
     WHERE o.tenant_id = $1 AND d.account_id IS NOT NULL`,
    [firm.tenant],
  );
  for (const row of rows) {
    const [message, recall] = [Number(row.message), Number(row.recall)];
    const gate = events.find((event) => event.what === 'gate' && event.recall === recall);
    if (!gate) continue;
    const about = events.filter((event) => event.account === row.account && event.message === message);
    const before = about.filter((event) => event.ended < gate.began);
    const text = (): string => JSON.stringify({ row, gate, about });
    if (before.some((event) => event.what === 'content'))
      assert.ok(['downloaded', 'opened'].includes(row.exposure), `read before: ${text()}`);
    if (before.some((event) => event.what === 'opened')) {
      assert.equal(row.exposure, 'opened', `opened before: ${text()}`);
      assert.ok(row.read || row.outcome !== 'recalled', `P3: ${text()}`);
    }
    // Recalled, and never given back: whoever asked after the gate got nothing.
    const restored = await world.sql(
      `SELECT 1 FROM recall_restore x JOIN recall r ON r.tenant_id = x.tenant_id AND r.id = x.recall_id WHERE r.tenant_id = $1 AND r.message_id = $2`,
      [firm.tenant, message],
    );
    if (row.outcome === 'recalled' && restored.length === 0) {
      const late = about.filter((event) => event.what === 'content' && event.began > gate.ended && !event.wasOpened);
      assert.deepEqual(late, [], `P1: ${text()}`);
    }
  }
  for (const { message } of sent) {
    for (const account of firm.people) {
      const known = await knownExposure(world, firm, account, message);
      const has = (what: Event['what']): boolean =>
        events.some((event) => event.what === what && event.account === account && event.message === message);
      if (has('opened')) assert.equal(known, 'opened');
      else if (has('content'))
        assert.ok(known === 'downloaded' || known === 'opened', `content was given, and it is ${known}`);
    }
  }
}

test('random histories keep the promises', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(command, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: ACTORS }),
      fc.boolean(),
      async (actors, delivered) => {
        const firm = await world.firm(PEOPLE);
        const sent = [];
        for (let i = 0; i < MESSAGES; i++) sent.push(await world.send(firm));
        if (delivered) await world.fanOut();
        const run: Run = { firm, sent, history: new History() };
        const seen = await look(world, firm);
        try {
          await Promise.all(
            actors.map(async (commands) => {
              for (const one of commands) await act(run, one);
            }),
          );
          await checkGates(world, firm);
          await checkMailboxes(world, firm, seen);
          seen.push(...(await look(world, firm)));
        } finally {
          await world.drain();
        }
        await checkMailboxes(world, firm, seen);
        await checkEnd(world, firm, sent);
        await checkHistory(run);
      },
    ),
    { numRuns: Number(process.env['HOMING_RUNS'] ?? RUNS), endOnFailure: true },
  );
});
