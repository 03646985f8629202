// EmailBodyPart (RFC 8621 §4.1.4).

import type { HeaderField } from '../../mail/mime/headers.ts';
import type { Part } from '../../mail/message.ts';
import type { MessageBytes } from './bytes.ts';
import { headerValue, parseHeaderProperty, type HeaderProperty } from './header-property.ts';
import { partBlobId } from './ids.ts';

export const DEFAULT_BODY_PROPERTIES = [
  'partId',
  'blobId',
  'size',
  'name',
  'type',
  'charset',
  'disposition',
  'cid',
  'language',
  'location',
];

const KNOWN: ReadonlySet<string> = new Set([...DEFAULT_BODY_PROPERTIES, 'headers', 'subParts']);

export interface BodyProperties {
  names: string[];
  headers: HeaderProperty[];
}

/** Null: one of them is no property of a part. */
export function parseBodyProperties(properties: string[]): BodyProperties | null {
  const names: string[] = [];
  const headers: HeaderProperty[] = [];
  for (const property of new Set(properties)) {
    const header = property.startsWith('header:') ? parseHeaderProperty(property) : null;
    if (header) headers.push(header);
    else if (KNOWN.has(property)) names.push(property);
    else return null;
  }
  return { names, headers };
}

/** `blobId`: of the message the part is in. */
export async function bodyPart(
  part: Part,
  wanted: BodyProperties,
  blobId: string,
  bytes: MessageBytes,
): Promise<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  const multipart = part.parts !== undefined;
  const needsFields = wanted.headers.length > 0 || wanted.names.includes('headers');
  const fields = needsFields ? await bytes.fields(part) : [];
  for (const name of wanted.names) shown[name] = await property(name);
  for (const header of wanted.headers) shown[header.property] = headerValue(header, fields);
  return shown;

  async function property(name: string): Promise<unknown> {
    switch (name) {
      case 'partId':
        return multipart ? null : part.partId;
      case 'blobId':
        return multipart ? null : partBlobId(blobId, part.partId);
      case 'size':
        return part.decodedSize;
      case 'headers':
        return allFields(fields);
      case 'charset':
        return part.params['charset'] ?? (part.type.startsWith('text/') ? 'us-ascii' : null);
      case 'subParts':
        return part.parts ? Promise.all(part.parts.map((child) => bodyPart(child, wanted, blobId, bytes))) : null;
      default:
        return part[name as 'name' | 'type' | 'disposition' | 'cid' | 'language' | 'location'];
    }
  }
}

export function allFields(fields: HeaderField[]): { name: string; value: string }[] {
  return fields.map(({ name, value }) => ({ name, value: value.replaceAll('\0', '') }));
}

/** Every leaf, in order. */
export function leaves(part: Part): Part[] {
  return part.parts ? part.parts.flatMap(leaves) : [part];
}
