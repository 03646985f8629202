// A message read once: all that is stored beside its bytes.

import type { ParsedMessage, Part } from '../message.ts';
import { bodyParts, bodyText } from './body.ts';
import { envelopeOf } from './envelope.ts';
import { LIMITS } from './limits.ts';
import { scan } from './structure.ts';

/** Takes any bytes; never throws. */
export function parseMessage(bytes: Uint8Array): ParsedMessage {
  const { root, fields } = scan(bytes);
  const envelope = envelopeOf(fields);
  const { textBody, htmlBody, attachments } = bodyParts(root);
  const texts = (textBody.length > 0 ? textBody : htmlBody).filter((part) => part.type.startsWith('text/'));
  let searchText = '';
  for (const part of texts) {
    if (searchText.length >= LIMITS.searchText) break;
    searchText += `${readable(bytes, part)}\n`;
  }
  return {
    envelope,
    root,
    preview: searchText
      .slice(0, 4 * LIMITS.preview)
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, LIMITS.preview)
      .toWellFormed()
      .replace(/\uFFFD$/, ''),
    searchText: searchText.slice(0, LIMITS.searchText).toWellFormed(),
    hasAttachment: attachments.some((part) => part.disposition === 'attachment' || !part.cid),
    baseSubject: baseSubject(envelope.subject ?? ''),
  };
}

function readable(bytes: Uint8Array, part: Part): string {
  const bounded: Part = { ...part, body: [part.body[0], Math.min(part.body[1], part.body[0] + LIMITS.textPart)] };
  const { value } = bodyText(bytes, bounded);
  return part.type === 'text/html' ? htmlToText(value) : value;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Words of an HTML text, for preview and search alone: never shown as HTML. Linear in its length. */
export function htmlToText(html: string): string {
  let text = '';
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) {
      text += html.slice(at);
      break;
    }
    text += html.slice(at, open);
    const dropped = /^<(script|style|head|title|!--)/i.exec(html.slice(open, open + 8))?.[1]?.toLowerCase();
    const end = dropped === undefined ? '>' : dropped === '!--' ? '-->' : `</${dropped}`;
    const close = indexOfIgnoringCase(html, end, open);
    if (close < 0) break;
    at = end.endsWith('>') ? close + end.length : afterTag(html, close);
    if (/^<\/?(?:p|div|br|tr|td|li|h\d|table|blockquote)\b/i.test(html.slice(open, open + 12))) text += ' ';
  }
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,6}));/gi,
    (all, dec?: string, hexa?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? all;
      const code = dec === undefined ? Number.parseInt(hexa ?? '', 16) : Number(dec);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
    },
  );
}

function indexOfIgnoringCase(html: string, needle: string, from: number): number {
  if (!/[a-z]/.test(needle)) return html.indexOf(needle, from);
  const pattern = new RegExp(needle, 'gi');
  pattern.lastIndex = from;
  return pattern.exec(html)?.index ?? -1;
}

function afterTag(html: string, close: number): number {
  const end = html.indexOf('>', close);
  return end < 0 ? html.length : end + 1;
}

/** RFC 5256 §2.1, without its full grammar's corner cases: leading re/fw/fwd and list tags, trailing (fwd). */
export function baseSubject(subject: string): string {
  let base = subject.replace(/\s+/g, ' ').trim();
  for (;;) {
    const shorter = base
      .replace(/\s*\(fwd\)$/i, '')
      .replace(/^(?:\[[^[\]]*\]\s*)*(?:re|fwd?|aw|wg|sv|vs|antw)\s*(?:\[[^[\]]*\])?\s*:\s*/i, '')
      .replace(/^\[[^[\]]*\]\s+(?=\S)/, '')
      .replace(/^\[fwd:\s*(.*)\]$/i, '$1')
      .trim();
    if (shorter === base) return base;
    base = shorter;
  }
}
