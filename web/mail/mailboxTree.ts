// Mailboxes as people see them: within each other, Inbox first. Pure.

import type { Mailbox } from '../jmap/types.ts';

export interface MailboxNode {
  mailbox: Mailbox;
  children: MailboxNode[];
}

const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'];

/** Those with a role in their own order, then the others by order and name. */
function compareMailboxes(a: Mailbox, b: Mailbox): number {
  const rank = ({ role }: Mailbox): number => {
    const at = ROLES.indexOf(role ?? '');
    return at < 0 ? ROLES.length : at;
  };
  return rank(a) - rank(b) || a.sortOrder - b.sortOrder || NAMES.compare(a.name, b.name);
}

const NAMES = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** A mailbox whose parent is not among them stands at the top. */
export function treeOf(mailboxes: readonly Mailbox[]): MailboxNode[] {
  const nodes = new Map(mailboxes.map((mailbox): [string, MailboxNode] => [mailbox.id, { mailbox, children: [] }]));
  const top: MailboxNode[] = [];
  for (const node of nodes.values()) (nodes.get(node.mailbox.parentId ?? '')?.children ?? top).push(node);
  const sort = (list: MailboxNode[]): MailboxNode[] => {
    list.sort((a, b) => compareMailboxes(a.mailbox, b.mailbox));
    for (const { children } of list) sort(children);
    return list;
  };
  return sort(top);
}

/** All of a tree, each with how deep it lies. */
export function flatten(nodes: readonly MailboxNode[], depth = 0): { mailbox: Mailbox; depth: number }[] {
  return nodes.flatMap(({ mailbox, children }) => [{ mailbox, depth }, ...flatten(children, depth + 1)]);
}

/** Is `id` the mailbox `within`, or somewhere in it? */
export function liesWithin(mailboxes: readonly Mailbox[], id: string | null, within: string): boolean {
  const byId = new Map(mailboxes.map((one) => [one.id, one]));
  for (let at = byId.get(id ?? ''); at; at = byId.get(at.parentId ?? '')) if (at.id === within) return true;
  return false;
}

/** May it go there? Not into itself, not where it is already. `parentId` null: to the top. */
export function mayMoveTo(mailboxes: readonly Mailbox[], mailbox: Mailbox, parentId: string | null): boolean {
  if (!mailbox.myRights.mayRename || mailbox.parentId === parentId) return false;
  if (parentId === null) return true;
  const parent = mailboxes.find((one) => one.id === parentId);
  return parent !== undefined && parent.myRights.mayCreateChild && !liesWithin(mailboxes, parentId, mailbox.id);
}

/** The number beside a name: what is unread; in Drafts, what is there. */
export function countOf({ role, totalEmails, unreadEmails }: Mailbox): number {
  return role === 'drafts' ? totalEmails : role === 'trash' || role === 'sent' ? 0 : unreadEmails;
}

/** A name that none of them has: "Roof", "Roof 2", "Roof 3". */
export function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let i = 2; taken.includes(free); i++) free = `${name} ${i}`;
  return free;
}
