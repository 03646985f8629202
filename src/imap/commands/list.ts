// LIST and LSUB (RFC 9051 §6.3.9, RFC 3501 §6.3.9; RFC 5258, RFC 5819, RFC 6154).

import { allBoxes, specialUseOf, type Box } from '../mailboxes.ts';
import { ok } from '../replies.ts';
import { userOf, isUtf8, type Session } from '../session.ts';
import type { Verb } from '../verb.ts';
import type { StatusItem } from '../wire/command.ts';
import { matchesPattern } from '../wire/list-pattern.ts';
import { mailbox } from '../wire/response.ts';
import { statusLines } from './status.ts';

export const list: Verb<'LIST'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { reference, patterns, select, give, extended }) {
    const { out } = session;
    // RFC 9051 §6.3.9: an empty pattern asks for the hierarchy delimiter.
    if (!extended && patterns[0] === '') {
      out.line('* LIST (\\NoSelect) "/" ""');
      return ok('That is all.');
    }
    const boxes = await allBoxes(session.deps, userOf(session));
    const matches = matcher(patterns.map((pattern) => reference + pattern));
    const chosen: Box[] = [];
    const parents = namesAbove(boxes.filter((box) => !box.lost));
    const overSubscribed =
      select.recursiveMatch && select.subscribed
        ? namesAbove(boxes.filter((box) => box.subscribed && !matches(box.name)))
        : new Set<string>();
    for (const box of boxes) {
      if (!matches(box.name)) continue;
      const selected =
        (select.subscribed ? box.subscribed : !box.lost) && (!select.specialUse || specialUseOf(box.row) !== undefined);
      const below = overSubscribed.has(box.name);
      if (!selected && !below) continue;
      chosen.push(box);
      const attributes = attributesOf(box, parents.has(box.name), select.subscribed || give.subscribed);
      // RFC 5258 §3.5.
      const childInfo = below ? ' ("CHILDINFO" ("SUBSCRIBED"))' : '';
      out.line(`* LIST (${attributes.join(' ')}) "/" ${mailbox(box.name, isUtf8(session))}${childInfo}`);
      await out.more();
    }
    // RFC 5258 §3: what something subscribed lies below need not be there.
    for (const name of missingOf(overSubscribed, boxes)) {
      if (matches(name))
        out.line(`* LIST (\\NonExistent) "/" ${mailbox(name, isUtf8(session))} ("CHILDINFO" ("SUBSCRIBED"))`);
    }
    if (give.status) await status(session, chosen, give.status);
    return ok('That is all.');
  },
};

/** RFC 5819 §2: for those that can be selected. */
async function status(session: Session, boxes: Box[], items: readonly StatusItem[]): Promise<void> {
  for (const line of await statusLines(session, boxes, items)) {
    session.out.line(line);
    await session.out.more();
  }
}

/** RFC 3501 §6.3.9: with "%", a name that has only subscribed ones below it comes with \Noselect. */
export const lsub: Verb<'LSUB'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { reference, pattern }) {
    const boxes = await allBoxes(session.deps, userOf(session));
    const matches = matcher([reference + pattern]);
    const subscribed = boxes.filter((box) => box.subscribed);
    const shown = new Map<string, string>();
    for (const { name, lost } of subscribed) {
      if (matches(name)) shown.set(name, lost ? '\\Noselect' : '');
      else if (pattern.includes('%'))
        for (const above of namesAbove([{ name }]))
          if (matches(above) && !shown.has(above)) shown.set(above, '\\Noselect');
    }
    for (const [name, attribute] of shown)
      session.out.line(`* LSUB (${attribute}) "/" ${mailbox(name, isUtf8(session))}`);
    return ok('That is all.');
  },
};

/** Every name that one of these lies below, the nearest first. */
function namesAbove(boxes: readonly Pick<Box, 'name'>[]): Set<string> {
  const names = new Set<string>();
  for (const { name } of boxes)
    for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1)) names.add(name.slice(0, end));
  return names;
}

function missingOf(names: ReadonlySet<string>, boxes: readonly Box[]): string[] {
  const there = new Set(boxes.map(({ name }) => name));
  return [...names].filter((name) => !there.has(name));
}

function attributesOf(box: Box, isParent: boolean, subscribed: boolean): string[] {
  if (box.lost) return ['\\NonExistent', '\\Subscribed'];
  const attributes = box.row === null ? ['\\Noselect'] : [];
  attributes.push(isParent ? '\\HasChildren' : '\\HasNoChildren');
  const use = specialUseOf(box.row);
  if (use !== undefined) attributes.push(use);
  if (subscribed && box.subscribed) attributes.push('\\Subscribed');
  return attributes;
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const normal = patterns.map((pattern) => pattern.normalize('NFC'));
  return (name) => normal.some((pattern) => matchesPattern(pattern, name));
}
