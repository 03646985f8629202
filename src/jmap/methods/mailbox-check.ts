// What a mailbox may be, among the others of its account (RFC 8621 §2).

import { INBOX, mailboxName } from '../../mail/mailbox.ts';
import type { MailboxRow } from '../../store/mailboxes.ts';
import { invalidProperties, SetFault } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { isText, numberOf } from '../standard.ts';

/** IANA's IMAP Mailbox Name Attributes that name a purpose (RFC 8621 §2 role), and "inbox". */
const ROLES = [
  'all',
  'archive',
  'drafts',
  'flagged',
  'important',
  'inbox',
  'junk',
  'memos',
  'scheduled',
  'sent',
  'snoozed',
  'subscribed',
  'trash',
];

type Checked = Pick<MailboxRow, 'name' | 'parent_id' | 'role' | 'sort_order' | 'subscribed'>;

/**
 * The settings of mailbox `id`, or of a new one (null). Throws SetFault `invalidProperties`, naming them all, or
 * `alreadyExists`, with the id of the one that has its name. `alone`: whether it fits among the others is not looked at.
 */
export function checkMailbox(
  object: Record<string, unknown>,
  id: number | null,
  list: MailboxRow[],
  resolve: (id: string) => string,
  alone: boolean,
): Checked {
  const { name: given, parentId, role, sortOrder, isSubscribed } = object;
  const wrong: string[] = [];
  const name = (isText(given, LIMITS.maxMailboxName, 'line') ? mailboxName(given) : null) ?? '';
  if (name === '') wrong.push('name');
  const parent = parentId === null ? null : numberOf(typeof parentId === 'string' ? resolve(parentId) : parentId, 'f');
  if (parent === undefined || (parent !== null && !mayLieIn(parent, id, list, alone))) wrong.push('parentId');
  const isRole = role === null || (typeof role === 'string' && ROLES.includes(role));
  const isTaken = !alone && role !== null && list.some((row) => row.id !== id && row.role === role);
  if (!isRole || isTaken) wrong.push('role');
  const isOrder = typeof sortOrder === 'number' && Number.isInteger(sortOrder) && sortOrder >= 0 && sortOrder < 2 ** 31;
  if (!isOrder) wrong.push('sortOrder');
  if (typeof isSubscribed !== 'boolean') wrong.push('isSubscribed');
  if (wrong.length > 0) throw invalidProperties(wrong);

  const checked = {
    name,
    parent_id: parent ?? null,
    role: role as string | null,
    sort_order: sortOrder as number,
    subscribed: isSubscribed as boolean,
  };
  const other = list.find((row) => row.id !== id && row.parent_id === checked.parent_id && sameName(row, name));
  if (alone || !other) return checked;
  throw new SetFault('alreadyExists', 'Another mailbox has this name.', { existingId: `f${other.id}` });
}

/** IMAP knows the Inbox by its name, in whatever case (RFC 9051 §5.1). */
function sameName(row: MailboxRow, name: string): boolean {
  return row.name === name || (row.id === INBOX && name.toLowerCase() === 'inbox');
}

/** Is there such a mailbox, not within `id` itself, and not so deep that it, or what is in it, would be too deep? */
function mayLieIn(parent: number, id: number | null, list: MailboxRow[], alone: boolean): boolean {
  const byId = new Map(list.map((row) => [row.id, row]));
  if (alone || !byId.has(parent)) return byId.has(parent);
  let depth = 1;
  for (let at = byId.get(parent); at; at = at.parent_id === null ? undefined : byId.get(at.parent_id)) {
    if (at.id === id) return false;
    depth++;
  }
  return depth + (id === null ? 0 : height(id, list)) <= LIMITS.maxMailboxDepth;
}

/** Levels below a mailbox. */
function height(id: number, list: MailboxRow[]): number {
  const children = list.filter((row) => row.parent_id === id);
  return children.reduce((most, child) => Math.max(most, 1 + height(child.id, list)), 0);
}

/** Has every mailbox a name and a role of its own and a place that is none within itself, and is none too deep? */
export function fitTogether(list: MailboxRow[]): boolean {
  const byId = new Map(list.map((row) => [row.id, row]));
  const [names, roles] = [new Set<string>(), new Set<string>()];
  for (const { parent_id: parent, name, role } of list) {
    const key = `${parent} ${parent === null && name.toLowerCase() === 'inbox' ? 'inbox' : name}`;
    if (names.has(key) || (role !== null && roles.has(role))) return false;
    names.add(key);
    if (role !== null) roles.add(role);
    if (depthOf(parent, byId) >= LIMITS.maxMailboxDepth) return false;
  }
  return true;
}

/** Levels down to a mailbox, itself counted; `maxMailboxDepth` of one that lies within itself. */
export function depthOf(id: number | null, byId: ReadonlyMap<number, MailboxRow>): number {
  let depth = 0;
  for (let at = id; at !== null && depth < LIMITS.maxMailboxDepth; at = byId.get(at)?.parent_id ?? null) depth++;
  return depth;
}
