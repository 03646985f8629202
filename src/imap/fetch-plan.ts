// What a FETCH needs to read, and what it hands out (recall.md, Exposure).

import type { Depth } from '../store/mailbox-read.ts';
import type { FetchItem, Section } from './wire/command.ts';
import type { CommandOf } from './verb.ts';

export interface Plan {
  /** As they are shown: UID with them where UIDs were named, MODSEQ where it is told always. */
  items: FetchItem[];
  /**
   * 'existence': UID, FLAGS and MODSEQ, which a gate does not hide. 'copy': what is a copy's own. Then what recall.md calls
   * listed, downloaded and opened.
   */
  give: 'existence' | 'copy' | 'listed' | 'downloaded' | 'opened';
  uidOnly: boolean;
  depths: Depth[];
  /** Messages read together; and how many such readings go on at once. */
  atOnce: number;
  ahead: number;
}

const RANK = ['existence', 'copy', 'listed', 'downloaded', 'opened'] as const;

export function planOf({ items: asked, uid, changedSince }: CommandOf<'FETCH'>, modseqs: boolean): Plan {
  const items = [...asked];
  const has = (name: string): boolean => items.some(({ item }) => item === name);
  if (uid && !has('UID')) items.unshift({ item: 'UID' });
  // RFC 7162 §3.1.4: where changes are asked for, and with flags once it is enabled.
  if ((changedSince !== null || (modseqs && has('FLAGS'))) && !has('MODSEQ')) items.push({ item: 'MODSEQ' });
  const depths = new Set<Depth>();
  let rank = 0;
  for (const item of items) {
    rank = Math.max(rank, RANK.indexOf(exposureOf(item)));
    for (const depth of depthsOf(item)) depths.add(depth);
  }
  const give = RANK[rank] ?? 'opened';
  if (give === 'opened') depths.add('flags');
  return {
    items,
    give,
    uidOnly: items.every(({ item }) => item === 'UID'),
    // The structure is there once.
    depths: [...depths].filter((depth) => depth !== 'bodystructure' || !depths.has('structure')),
    ...pace(give, depths),
  };
}

/**
 * So many that none who has to be read waits for the way there and back (two at once leave the processors waiting for each
 * other), and no more than a slow reader may keep waiting here: fewer of what is large. What has to be recorded is so with a
 * commit for each reading. Those that open wait for each other at the account's lock.
 */
function pace(give: Plan['give'], depths: ReadonlySet<Depth>): Pick<Plan, 'atOnce' | 'ahead'> {
  if (give === 'opened') return { atOnce: 100, ahead: 1 };
  if (give === 'downloaded') return { atOnce: 100, ahead: 3 };
  return { atOnce: depths.has('header') || depths.has('structure') ? 250 : 500, ahead: 3 };
}

function exposureOf(item: FetchItem): Plan['give'] {
  switch (item.item) {
    case 'UID':
    case 'FLAGS':
    case 'MODSEQ':
      return 'existence';
    case 'ENVELOPE':
    case 'BODY':
    case 'BODYSTRUCTURE':
    case 'PREVIEW':
      return 'listed';
    case 'SECTION': {
      if (!item.peek) return 'opened';
      return isHeader(item.section) ? 'listed' : 'downloaded';
    }
    case 'BINARY':
      return item.peek ? 'downloaded' : 'opened';
    case 'BINARY.SIZE':
      return 'listed';
    default:
      return 'copy';
  }
}

/** Of the message's own header, or a part of it. */
export function isHeader({ part, what }: Section): boolean {
  return part === '' && what !== 'ALL' && what !== 'TEXT';
}

function depthsOf(item: FetchItem): Depth[] {
  switch (item.item) {
    case 'FLAGS':
    case 'MODSEQ':
      return ['flags'];
    case 'INTERNALDATE':
      return ['date'];
    case 'SAVEDATE':
      return ['saved'];
    case 'RFC822.SIZE':
      return ['size'];
    case 'EMAILID':
      return ['email'];
    case 'THREADID':
      return ['thread'];
    case 'ENVELOPE':
      return ['envelope'];
    case 'PREVIEW':
      return ['preview'];
    case 'BODYSTRUCTURE':
      return ['bodystructure'];
    case 'BODY':
      return ['structure'];
    case 'BINARY':
    case 'BINARY.SIZE':
      return ['structure', 'size', 'blob'];
    case 'SECTION':
      if (item.section.part !== '') return ['structure', 'size', 'blob'];
      return isHeader(item.section) ? ['header'] : ['header size', 'size', 'blob'];
    default:
      return [];
  }
}
