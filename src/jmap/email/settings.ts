// The mutable part of an Email, as clients give it: mailboxIds, keywords, receivedAt (RFC 8621 §4.6–4.8).

import { DELETED, isKeyword, toKeywords, type Keywords } from '../../mail/keywords.ts';
import { isRecallBox, NOTHING_STORED } from '../../recall/mailbox.ts';
import { mailboxPlaces } from '../../store/emails.ts';
import type { AccountKey } from '../../store/exposure.ts';
import type { MailboxRow } from '../../store/mailboxes.ts';
import type { Reader } from '../../store/postgres.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import { isObject } from '../standard.ts';
import { recallBeside } from '../recall-boxes.ts';
import { mailboxIdOf, parseMailboxId } from './ids.ts';
import { isWritable, readUtcDate } from '../dates.ts';

/** Keywords of its owner's own that one Email may have. */
const MAX_KEYWORDS = 100;

/** An account's mailboxes, and what a creation id stands for. */
export interface Boxes {
  /** By number. */
  roles: ReadonlyMap<number, string | null>;
  /** What takes messages back, where it is shown. */
  recall: readonly MailboxRow[];
  resolve(id: string): string;
}

/** `shows`: of showsRecall. */
export async function boxesOf(
  reader: Reader,
  at: AccountKey,
  shows: boolean,
  resolve: (id: string) => string,
): Promise<Boxes> {
  const places = await mailboxPlaces(reader, at);
  const roles = new Map(places.map(({ id, role }) => [id, role]));
  return { roles, recall: recallBeside(shows, places), resolve };
}

/** An Id[Boolean] or String[Boolean] in which every value is true; null: it is none. */
function trueSet(value: unknown): string[] | null {
  return isObject(value) && Object.values(value).every((each) => each === true) ? Object.keys(value) : null;
}

/** The one mailbox it is put into. Throws SetFault `invalidProperties`, `tooManyMailboxes`; `forbidden` for Recall. */
export function readMailbox(value: unknown, boxes: Boxes): number {
  const mailbox = readPlace(value, boxes);
  if (isRecallBox({ id: mailbox })) throw new SetFault('forbidden', NOTHING_STORED);
  return mailbox;
}

/** Recall has a number too: recall/mailbox.ts. */
function readPlace(value: unknown, boxes: Boxes): number {
  const ids = trueSet(value);
  if (ids === null || ids.length === 0) throw invalidProperties(['mailboxIds'], 'An Email is in a mailbox.');
  if (ids.length > 1)
    throw new SetFault('tooManyMailboxes', 'An Email is in one mailbox.', { properties: ['mailboxIds'] });
  const id = boxes.resolve(ids[0] ?? '');
  const recall = boxes.recall.find((box) => mailboxIdOf(box.id) === id);
  const mailbox = recall?.id ?? parseMailboxId(id);
  if (mailbox === null || !(recall || boxes.roles.has(mailbox)))
    throw invalidProperties(['mailboxIds'], 'There is no such mailbox.');
  return mailbox;
}

/** Throws SetFault `invalidProperties`, `tooManyKeywords`. */
export function readKeywords(value: unknown): Keywords {
  const words = value === null || value === undefined ? [] : trueSet(value);
  if (words === null || !words.every(isKeyword)) throw invalidProperties(['keywords'], 'Not all of them are keywords.');
  return bounded(toKeywords(words));
}

function bounded(keywords: Keywords): Keywords {
  if ((keywords.others?.length ?? 0) <= MAX_KEYWORDS) return keywords;
  throw new SetFault('tooManyKeywords', `An Email may have ${MAX_KEYWORDS} keywords of one's own.`);
}

/** Null or absent: `fallback`. Throws SetFault `invalidProperties`. */
export function readReceivedAt(value: unknown, fallback: Date): Date {
  if (value === null || value === undefined) return fallback;
  const date = readUtcDate(value);
  if (date === null || !isWritable(date)) throw invalidProperties(['receivedAt'], 'Is no UTCDate, or of no year.');
  return date;
}

export interface EmailPatch {
  /** Instead of all there are; or single ones set (true) and taken away (false). */
  keywords: { replace: Keywords } | { set: Map<string, boolean> } | null;
  /** As given: a whole set, or single ones put in (true) and taken out (false). */
  mailboxIds: { replace: unknown } | { set: Map<string, boolean> } | null;
  /** Others, which may be given if they are as they are. */
  immutable: Map<string, unknown>;
}

/** A PatchObject of an Email (RFC 8620 §5.3). Throws SetFault `invalidPatch`, `invalidProperties`. */
export function readPatch(patch: Record<string, unknown>): EmailPatch {
  const read: EmailPatch = { keywords: null, mailboxIds: null, immutable: new Map() };
  const words = new Map<string, boolean>();
  const boxes = new Map<string, boolean>();
  for (const [path, value] of Object.entries(patch)) {
    const [property = '', key, ...deeper] = path
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (property === 'keywords' && key === undefined) read.keywords = { replace: readKeywords(value) };
    else if (property === 'mailboxIds' && key === undefined) read.mailboxIds = { replace: value };
    else if (key === undefined) read.immutable.set(property, value);
    else if (deeper.length > 0 || (property !== 'keywords' && property !== 'mailboxIds'))
      throw new SetFault('invalidPatch', `There is nothing at "${path}" to set.`);
    else if (value !== true && value !== null) throw invalidProperties([path], 'Is true, or null to take it away.');
    else if (property === 'mailboxIds') boxes.set(key, value === true);
    else if (isKeyword(key)) words.set(key, value === true);
    else throw invalidProperties([path], 'Is no keyword.');
  }
  if ((words.size > 0 && read.keywords) || (boxes.size > 0 && read.mailboxIds))
    throw new SetFault('invalidPatch', 'A property and a part of it are both set.');
  if (words.size > 0) read.keywords = { set: words };
  if (boxes.size > 0) read.mailboxIds = { set: boxes };
  return read;
}

/** What to add and what to remove; null: nothing was asked. Throws SetFault `tooManyKeywords`. */
export function keywordChange(patch: EmailPatch, current: Keywords): { add: Keywords; remove: Keywords } | null {
  const { keywords } = patch;
  if (keywords === null) return null;
  if ('replace' in keywords) {
    const { flags, others } = keywords.replace;
    return {
      // What is there already is not set again: setting $seen says that somebody read it.
      add: { flags: flags & ~current.flags, others },
      // \Deleted is IMAP's: JMAP does not show it, so it does not take it away.
      remove: { flags: current.flags & ~flags & ~DELETED, others: current.others },
    };
  }
  const words = [...keywords.set];
  const change = {
    add: toKeywords(words.filter(([, set]) => set).map(([word]) => word)),
    remove: toKeywords(words.filter(([, set]) => !set).map(([word]) => word)),
  };
  bounded({ flags: 0, others: [...new Set([...(current.others ?? []), ...(change.add.others ?? [])])] });
  return change;
}

/** The mailbox it is to be in, or what it is moved into to be taken back; null: nothing was asked. Throws as readMailbox. */
export function mailboxChange(patch: EmailPatch, current: number, boxes: Boxes): number | null {
  const { mailboxIds } = patch;
  if (mailboxIds === null) return null;
  if ('replace' in mailboxIds) return readPlace(mailboxIds.replace, boxes);
  const ids = new Set([`f${current}`]);
  for (const [given, put] of mailboxIds.set) {
    const id = boxes.resolve(given);
    if (put) ids.add(id);
    else ids.delete(id);
  }
  return readPlace(Object.fromEntries([...ids].map((id) => [id, true])), boxes);
}
