// Threads (RFC 5256 §3): ORDEREDSUBJECT and REFERENCES. Pure: rows in, trees out.

import type { SortRow } from '../store/mailbox-search.ts';
import { folded } from './commands/sort.ts';

/** A message, or the place of one that there is not, and its answers. */
export interface Node {
  row: SortRow | null;
  children: Node[];
}

const bySent = (a: SortRow, b: SortRow): number => a.sent - b.sent || a.uid - b.uid;

/** Messages of one base subject, oldest first: all others answer the first. */
export function orderedSubject(rows: readonly SortRow[]): Node[] {
  const groups = Map.groupBy(rows.toSorted(bySent), (row) => folded(row.subject));
  return [...groups.values()]
    .toSorted(([a], [b]) => (a && b ? bySent(a, b) : 0))
    .map(([first = null, ...rest]) => ({ row: first, children: rest.map((row) => ({ row, children: [] })) }));
}

interface Container {
  row: SortRow | null;
  parent: Container | null;
  children: Container[];
}

export function references(rows: readonly SortRow[]): Node[] {
  const roots = rootsOf(link(rows)).flatMap(pruned);
  sortAll(roots);
  const gathered = gather(roots);
  sortAll(gathered);
  return gathered;
}

/** Steps 1: who answers whom. */
function link(rows: readonly SortRow[]): Container[] {
  const byId = new Map<string, Container>();
  const all: Container[] = [];
  const make = (row: SortRow | null): Container => {
    const made = { row, parent: null, children: [] };
    all.push(made);
    return made;
  };
  const named = (id: string): Container => {
    const known = byId.get(id);
    if (known) return known;
    const made = make(null);
    byId.set(id, made);
    return made;
  };
  for (const row of rows) {
    // One without a Message-ID, or with one that another has, is known by none.
    const known = row.message_id === null ? undefined : named(row.message_id);
    const own = known && known.row === null ? known : make(null);
    own.row = row;
    let above: Container | null = null;
    for (const id of row.refs ?? row.in_reply_to?.slice(0, 1) ?? []) {
      const next = named(id);
      if (above && next.parent === null && !isAbove(next, above)) adopt(above, next);
      above = next;
    }
    // What others made of it was from a list cut short: its own word counts, unless that leads round in a circle.
    if (own.parent) own.parent.children.splice(own.parent.children.indexOf(own), 1);
    own.parent = null;
    if (above && !isAbove(own, above)) adopt(above, own);
  }
  return all;
}

function adopt(parent: Container, child: Container): void {
  child.parent = parent;
  parent.children.push(child);
}

function isAbove(container: Container, of: Container): boolean {
  for (let at: Container | null = of; at; at = at.parent) if (at === container) return true;
  return false;
}

const rootsOf = (all: Container[]): Container[] => all.filter((one) => one.parent === null);

/** Step 3: places of messages that there are not go, but where they hold several together at the top. */
function pruned({ row, parent, children }: Container): Node[] {
  const kept = children.flatMap(pruned);
  if (row) return [{ row, children: kept }];
  if (kept.length === 0) return [];
  return parent !== null || kept.length === 1 ? kept : [{ row: null, children: kept }];
}

/** Steps 2, 4 and 6: siblings by date; a place without a message by its first. */
function sortAll(nodes: Node[]): void {
  for (const node of nodes) sortAll(node.children);
  nodes.sort((a, b) => {
    const [x, y] = [firstOf(a), firstOf(b)];
    return x && y ? bySent(x, y) : 0;
  });
}

function firstOf({ row, children }: Node): SortRow | null {
  return row ?? (children[0] ? firstOf(children[0]) : null);
}

/** Step 5: threads of one base subject become one. */
function gather(roots: Node[]): Node[] {
  const table = new Map<string, Node>();
  const subjectOf = (node: Node): string => folded(firstOf(node)?.subject ?? '');
  const isReply = (node: Node): boolean => firstOf(node)?.is_reply ?? false;
  for (const node of roots) {
    const subject = subjectOf(node);
    if (subject === '') continue;
    const known = table.get(subject);
    if (!known || (node.row === null && known.row !== null) || (isReply(known) && !isReply(node) && known.row !== null))
      table.set(subject, node);
  }
  const gone = new Set<Node>();
  for (const node of roots) {
    const subject = subjectOf(node);
    const known = table.get(subject);
    if (subject === '' || !known || known === node) continue;
    if (known.row === null && node.row === null) known.children.push(...node.children);
    else if (known.row === null) known.children.push(node);
    else if (isReply(node) && !isReply(known)) known.children.push(node);
    else {
      const before: Node = { row: known.row, children: known.children };
      known.row = null;
      known.children = [before, node];
    }
    gone.add(node);
  }
  return roots.filter((node) => !gone.has(node));
}

/** RFC 5256 §4: `(2)(3 6 (4 23)(44 7 96))`. */
export function formatThreads(nodes: readonly Node[], number: (row: SortRow) => number): string {
  return nodes.map((node) => `(${inside(node, number)})`).join('');
}

function inside(node: Node, number: (row: SortRow) => number): string {
  let text = '';
  let at: Node = node;
  // A chain stands in one list, however long it is.
  for (;;) {
    if (at.row) text += `${text === '' ? '' : ' '}${number(at.row)}`;
    const [only] = at.children;
    if (at.children.length !== 1 || !only) break;
    at = only;
  }
  if (at.children.length === 0) return text;
  return `${text}${text === '' ? '' : ' '}${formatThreads(at.children, number)}`;
}
