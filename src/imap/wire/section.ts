// Which octets of a message a section is (RFC 9051 §6.4.5.1), by the structure that was parsed at delivery.

import type { ByteRange, Part } from '../../mail/message.ts';
import type { Partial, Section } from './command.ts';
import { astring } from './response.ts';

/** The part of that number: of a message and the multipart in it, which have one number, the message. */
export function findPart(root: Part, number: string): Part | undefined {
  if (root.partId === number && !(number === '' && root.parts)) return root;
  for (const part of root.parts ?? (root.message ? [root.message.root] : [])) {
    const found = findPart(part, number);
    if (found) return found;
  }
  return undefined;
}

/** What there is to know of a message: where its header ends suffices for its own sections. */
export interface Outline {
  root: Part | null;
  header: ByteRange;
  /** Octets. */
  size: number;
}

/** Of FIELDS, the header they are in. Null: the message has no such section. */
export function sectionRange({ root, header, size }: Outline, section: Section): ByteRange | null {
  const isHeader = section.what === 'HEADER' || section.what === 'FIELDS' || section.what === 'FIELDS.NOT';
  if (section.part === '') {
    if (section.what === 'ALL') return [0, size];
    return isHeader ? header : [header[1], size];
  }
  const part = root && findPart(root, section.part);
  if (!part) return null;
  if (section.what === 'ALL') return part.body;
  if (section.what === 'MIME') return part.header;
  // RFC 9051 §6.4.5.1: HEADER and TEXT of a part that is a message.
  const inner = part.message?.root;
  if (!inner) return null;
  return isHeader ? inner.header : [inner.header[1], part.body[1]];
}

/** RFC 9051 §6.4.5: `<0.100>` of so many octets, as a range within them. */
export function cut(size: number, partial: Partial | null): ByteRange {
  if (!partial) return [0, size];
  const start = Math.min(size, partial.offset);
  return [start, Math.min(size, start + partial.count)];
}

/** `BODY[1.HEADER.FIELDS (From To)]<0>`, as the client asked for it. */
export function sectionName(section: Section, partial: Partial | null): string {
  const what = {
    ALL: '',
    HEADER: 'HEADER',
    TEXT: 'TEXT',
    MIME: 'MIME',
    FIELDS: 'HEADER.FIELDS',
    'FIELDS.NOT': 'HEADER.FIELDS.NOT',
  };
  const fields = section.fields.length === 0 ? '' : ` (${section.fields.map(astring).join(' ')})`;
  const dot = section.part !== '' && section.what !== 'ALL' ? '.' : '';
  return `BODY[${section.part}${dot}${what[section.what]}${fields}]${partial ? `<${partial.offset}>` : ''}`;
}
