// What the header of a MIME entity says of it (RFC 2045, 2183, 2392, 2557, 3282).

import type { Part } from '../message.ts';
import { asContentId, asText, type HeaderField } from './headers.ts';
import { withoutComments } from './lexical.ts';
import { parseParameters } from './parameters.ts';

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** A part without its number, ranges and sizes; and the boundary of a multipart. `implied`: where no type is given. */
export function describe(fields: HeaderField[], implied: string): { part: Part; boundary: string | null } {
  const content = new Map<string, string>();
  for (const { name, value } of fields) {
    const lower = name.toLowerCase();
    if (lower.startsWith('content-') && !content.has(lower)) content.set(lower, value);
  }
  const text = (name: string): string | null => {
    const value = content.get(name);
    return value === undefined ? null : asText(value).trim() || null;
  };
  const { type, params } = contentType(content.get('content-type'), implied);
  const dispositionField = content.get('content-disposition');
  const disposition = dispositionField === undefined ? null : parseParameters(dispositionField);
  const language = content.get('content-language');
  const part: Part = {
    partId: '',
    type,
    params,
    disposition: disposition?.value || null,
    dispositionParams: disposition?.params ?? {},
    name: fileName(disposition?.params['filename'] ?? params['name']),
    encoding: transferEncoding(content.get('content-transfer-encoding')),
    cid: content.has('content-id') ? asContentId(content.get('content-id') ?? '') : null,
    description: text('content-description'),
    language: language === undefined ? null : languageTags(language),
    location: text('content-location')?.replace(/\s+/g, '') ?? null,
    md5: text('content-md5'),
    header: [0, 0],
    body: [0, 0],
    lines: 0,
    decodedSize: 0,
  };
  return { part, boundary: (type.startsWith('multipart/') && params['boundary']?.trimEnd()) || null };
}

/** RFC 2045 §5.2: none, or one that is none, is plain ASCII text. */
function contentType(value: string | undefined, implied: string): Pick<Part, 'type' | 'params'> {
  const given = value === undefined ? null : parseParameters(value);
  if (given && MEDIA_TYPE.test(given.value)) return { type: given.value, params: given.params };
  const type = given ? 'text/plain' : implied;
  return { type, params: type === 'text/plain' ? { charset: 'us-ascii', ...given?.params } : {} };
}

function fileName(name: string | undefined): string | null {
  return name?.replace(/\p{Cc}+/gu, '').trim() || null;
}

/** RFC 2045 §6.1. */
function transferEncoding(value: string | undefined): string {
  if (value === undefined) return '7bit';
  const [token = '7bit'] = /[^\s;]+/.exec(withoutComments(asText(value))) ?? [];
  return token.toLowerCase();
}

/** RFC 3282 §2. */
function languageTags(value: string): string[] | null {
  const tags = withoutComments(asText(value))
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  return tags.length === 0 ? null : tags;
}
