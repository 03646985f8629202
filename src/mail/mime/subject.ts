// What a subject is about, without what replies and mailing lists put around it.

import { LIMITS } from './limits.ts';

/** RFC 5256 §2.1, exactly: servers and clients are to agree in it. `subject` is decoded. */
export function baseSubject(subject: string): string {
  return reduce(subject, STANDARD);
}

/** The same, and without what programs in other languages write for "Re" and "Fwd": what threads are made by. */
export function threadSubject(subject: string): string {
  return reduce(subject, EVERYWHERE);
}

const STANDARD = leaderOf('re|fwd?', ':');
const EVERYWHERE = leaderOf('re|fwd?|aw|wg|sv|vs|vb|tr|rv|rif|odp|antw|ynt|回复|回覆|答复|转发|轉寄', '[:：]');

/** RFC 5256 §5 subj-leader. */
function leaderOf(prefix: string, colon: string): RegExp {
  const blob = String.raw`\[[^[\]]*\] *`;
  return new RegExp(`^(?: |(?:${blob})*(?:${prefix}) *(?:${blob})?${colon})`, 'i');
}

function reduce(subject: string, leader: RegExp): string {
  // (1); more than this many characters are nobody's subject
  let base = subject.slice(0, LIMITS.baseSubject).toWellFormed().replace(/\s+/g, ' ');
  for (;;) {
    base = base.replace(/(?: |\(fwd\))+$/i, ''); // (2)
    base = withoutLeaders(base, leader);
    const forwarded = /^\[fwd:(.*)\]$/i.exec(base); // (6)
    if (!forwarded) return base;
    base = forwarded[1] ?? '';
  }
}

/** (3) to (5) */
function withoutLeaders(subject: string, leader: RegExp): string {
  let base = subject;
  for (;;) {
    const shorter = base.replace(leader, '').replace(/^\[[^[\]]*\] *(?=[^ ])/, '');
    if (shorter === base) return base;
    base = shorter;
  }
}
