// Every message of testdata/ is read as its .txt says. After a change that is meant: UPDATE_CORPUS=1 writes them anew,
// and git shows what has become different.

import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EmailAddress, Envelope, Part } from '../message.ts';
import { bodyParts, bodyText } from './body.ts';
import { parseMessage } from './parse.ts';

const testdata = new URL('testdata/', import.meta.url);

for (const file of globSync('*.eml', { cwd: fileURLToPath(testdata) }).toSorted()) {
  test(file, () => {
    const bytes = readFileSync(new URL(file, testdata));
    const outline = outlineOf(bytes);
    const expected = new URL(file.replace('.eml', '.txt'), testdata);
    if (process.env['UPDATE_CORPUS']) writeFileSync(expected, outline);
    assert.equal(outline, readFileSync(expected, 'utf8'));
  });
}

function outlineOf(bytes: Buffer): string {
  const { envelope, root, preview, searchText, hasAttachment, baseSubject } = parseMessage(bytes);
  const { textBody, htmlBody, attachments } = bodyParts(root);
  const ids = (parts: Part[]): string => parts.map((part) => part.partId).join(', ') || '-';
  return [
    ...envelopeLines(envelope),
    `baseSubject: ${JSON.stringify(baseSubject)}`,
    `preview: ${JSON.stringify(preview)}`,
    `searchText: ${JSON.stringify(searchText)}`,
    `hasAttachment: ${hasAttachment}`,
    `textBody: ${ids(textBody)}   htmlBody: ${ids(htmlBody)}   attachments: ${ids(attachments)}`,
    '',
    ...partLines(bytes, root, ''),
    '',
  ].join('\n');
}

function envelopeLines(envelope: Envelope): string[] {
  const address = ({ name, email }: EmailAddress): string => `${name === null ? '' : JSON.stringify(name)}<${email}>`;
  return Object.entries(envelope)
    .filter(([, value]) => value !== null)
    .map(([name, value]: [string, string | (string | EmailAddress)[]]) => {
      if (typeof value === 'string') return `${name}: ${JSON.stringify(value)}`;
      return `${name}: ${value.map((each) => (typeof each === 'string' ? each : address(each))).join('   ') || '-'}`;
    });
}

function partLines(bytes: Buffer, part: Part, indent: string): string[] {
  const { partId, header, body, lines, decodedSize, parts, message, ...rest } = part;
  const said = Object.entries(rest)
    .filter(([, value]) => value !== null && (typeof value !== 'object' || Object.keys(value).length > 0))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const shown = [
    `${indent}[${partId}] ${said.join('  ')}`,
    `${indent}    header ${header.join('-')}  body ${body.join('-')}  lines ${lines}  decoded ${decodedSize}`,
  ];
  if (part.type.startsWith('text/')) {
    const { value, isEncodingProblem } = bodyText(bytes, part);
    shown.push(`${indent}    ${isEncodingProblem ? 'problem ' : ''}${JSON.stringify(value)}`);
  }
  if (message) shown.push(...envelopeLines(message.envelope).map((line) => `${indent}    | ${line}`));
  for (const child of parts ?? (message ? [message.root] : [])) shown.push(...partLines(bytes, child, `${indent}  `));
  return shown;
}
