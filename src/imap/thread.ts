// Threads (RFC 5256 §3): ORDEREDSUBJECT and REFERENCES. Pure: rows in, trees out. A tree may be as deep as there are messages,
// and who sends them decides on it: nothing here goes down one by calling itself.

import type { SortRow } from '../store/mailbox-search.ts';
import { folded } from './casemap.ts';

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
  const roots = pruned(rootsOf(link(rows)));
  sortAll(roots);
  const threads = gather(roots);
  sortAll(threads);
  return threads;
}

/** Step 1: who answers whom. */
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

/** What nobody answers is above none: so it mostly costs nothing, however long a thread is. */
function isAbove(container: Container, of: Container): boolean {
  if (container.children.length === 0 && container !== of) return false;
  for (let at: Container | null = of; at; at = at.parent) if (at === container) return true;
  return false;
}

const rootsOf = (all: Container[]): Container[] => all.filter((one) => one.parent === null);

/** Step 3: places of messages that there are not go, but where they hold several together at the top. */
function pruned(roots: readonly Container[]): Node[] {
  const made = new Map<Container, Node[]>();
  const nodesOf = (list: readonly Container[]): Node[] => gathered(list.map((one) => made.get(one) ?? []));
  for (const one of fromBelow(roots)) {
    const { row, parent, children } = one;
    const kept = nodesOf(children);
    if (row) made.set(one, [{ row, children: kept }]);
    else if (kept.length > 0)
      made.set(one, parent !== null || kept.length === 1 ? kept : [{ row: null, children: kept }]);
  }
  return nodesOf(roots);
}

/** In no order, as they are sorted later: all goes into the longest, so that what comes up through many is not copied each time. */
function gathered(lists: Node[][]): Node[] {
  const longest = lists.reduce((a, b) => (b.length > a.length ? b : a), []);
  for (const list of lists) if (list !== longest) for (const node of list) longest.push(node);
  return longest;
}

/** Steps 2, 4 and 6: siblings by date; a place without a message by its first. */
function sortAll(roots: Node[]): void {
  const byFirst = (a: Node, b: Node): number => {
    const [x, y] = [firstOf(a), firstOf(b)];
    return x && y ? bySent(x, y) : 0;
  };
  for (const { children } of fromBelow(roots)) children.sort(byFirst);
  roots.sort(byFirst);
}

/** All of some trees, each after all that are below it. */
function fromBelow<T extends { children: T[] }>(roots: readonly T[]): T[] {
  const all = [...roots];
  for (const one of all) for (const child of one.children) all.push(child);
  return all.toReversed();
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
  let text = '';
  const rest: (Node | ')')[] = nodes.toReversed();
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next === ')') {
      text += next;
      continue;
    }
    // A chain stands in one list.
    const numbers: number[] = [];
    let at: Node = next;
    for (;;) {
      if (at.row) numbers.push(number(at.row));
      const [only] = at.children;
      if (at.children.length !== 1 || !only) break;
      at = only;
    }
    text += `(${numbers.join(' ')}${numbers.length > 0 && at.children.length > 0 ? ' ' : ''}`;
    rest.push(')');
    for (const child of at.children.toReversed()) rest.push(child);
  }
  return text;
}
