// Makes docs/standards.md from the comments that name an RFC at the lines that implement it. With --check it writes
// nothing, and fails if the page is not what the code says.

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TITLES: Record<number, string> = {
  1870: 'SMTP SIZE',
  2033: 'LMTP',
  2034: 'SMTP ENHANCEDSTATUSCODES',
  2045: 'MIME: format of message bodies',
  2046: 'MIME: media types',
  2047: 'MIME: non-ASCII text in headers',
  2183: 'Content-Disposition',
  2231: 'MIME parameters: character sets, languages, continuations',
  2369: 'List- header fields',
  2387: 'multipart/related',
  2781: 'UTF-16',
  2919: 'List-Id',
  2920: 'SMTP PIPELINING',
  2971: 'IMAP ID',
  3282: 'Content-Language',
  3461: 'SMTP DSN',
  3463: 'Enhanced status codes',
  3464: 'Delivery status notifications',
  3501: 'IMAP4rev1',
  3502: 'IMAP MULTIAPPEND',
  3516: 'IMAP BINARY',
  3834: 'Automatic responses',
  4180: 'CSV',
  4315: 'IMAP UIDPLUS',
  4467: 'IMAP URLAUTH',
  4469: 'IMAP CATENATE',
  4551: 'IMAP CONDSTORE',
  4648: 'Base64',
  4790: 'Collation registry',
  4865: 'SMTP FUTURERELEASE',
  4954: 'SMTP AUTH',
  4959: 'IMAP SASL-IR',
  5032: 'IMAP WITHIN',
  5051: 'i;unicode-casemap',
  5161: 'IMAP ENABLE',
  5182: 'IMAP SEARCHRES',
  5198: 'Net-Unicode',
  5228: 'Sieve',
  5230: 'Sieve vacation',
  5256: 'Base subject; IMAP SORT and THREAD',
  5258: 'IMAP LIST-EXTENDED',
  5321: 'SMTP',
  5322: 'Internet message format',
  5464: 'IMAP METADATA',
  5530: 'IMAP response codes',
  5819: 'IMAP LIST-STATUS',
  5957: 'IMAP SORT=DISPLAY',
  6152: 'SMTP 8BITMIME',
  6154: 'IMAP SPECIAL-USE',
  6376: 'DKIM',
  6409: 'Message submission',
  6455: 'WebSocket',
  6522: 'multipart/report',
  6531: 'SMTPUTF8',
  6532: 'Internationalized headers',
  6533: 'Internationalized DSN',
  6585: 'Additional HTTP status codes',
  6750: 'Bearer tokens',
  6851: 'IMAP MOVE',
  6855: 'IMAP UTF8=ACCEPT',
  6901: 'JSON Pointer',
  7162: 'IMAP CONDSTORE and QRESYNC',
  7208: 'SPF',
  7435: 'Opportunistic security',
  7489: 'DMARC',
  7617: 'HTTP Basic authentication',
  7807: 'Problem details for HTTP',
  7888: 'IMAP LITERAL+ and LITERAL-',
  8030: 'HTTP push',
  8187: 'Parameters in HTTP header fields',
  8188: 'Encrypted content-encoding',
  8265: 'Usernames and passwords (PRECIS)',
  8291: 'Web push encryption',
  8461: 'MTA-STS',
  8474: 'IMAP OBJECTID',
  8514: 'IMAP SAVEDATE',
  8620: 'JMAP',
  8621: 'JMAP for mail',
  8689: 'SMTP REQUIRETLS',
  8887: 'JMAP over WebSocket',
  8970: 'IMAP PREVIEW',
  9051: 'IMAP4rev2',
  9228: 'The Delivered-To header field',
  9106: 'Argon2',
  9404: 'JMAP Blob management',
  9425: 'JMAP for Quotas',
  9670: 'JMAP Sharing: principals',
};

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/standards.md');

/** RFC → section ('' is none) → files. */
const found = new Map<number, Map<string, Set<string>>>();
for (const file of globSync('src/**/*.ts', { cwd: root })) {
  if (/\.(?:test|contract)\.ts$/.test(file)) continue;
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/\n\s*(?:\/\/|\*)\s?/g, ' ');
  for (const [, rfc, list] of text.matchAll(/\bRFC (\d{3,5})((?:(?:,| and|,? to)? §§?[\d.]*[\dA-Z])*)/g)) {
    const sections = [...(list ?? '').matchAll(/[\d.]*[\dA-Z]/g)].map(([section]) => section);
    for (const section of sections.length > 0 ? sections : ['']) add(Number(rfc), section, file);
  }
}

function add(rfc: number, section: string, file: string): void {
  const sections = found.get(rfc) ?? new Map<string, Set<string>>();
  found.set(rfc, sections);
  sections.set(section, (sections.get(section) ?? new Set()).add(file));
}

const inOrder = new Intl.Collator('en', { numeric: true }).compare;
const made = [
  '# Standards',
  '',
  'Which sections of which RFC are implemented where. Made by `npm run standards` from the comments in the code; what the code',
  'does not say is not here. Where we deviate, the manual and the comment at the line say so.',
  ...[...found.keys()]
    .toSorted((a, b) => a - b)
    .flatMap((rfc) => [
      '',
      `## [RFC ${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc}) ${TITLES[rfc] ?? ''}`.trimEnd(),
      '',
      ...[...(found.get(rfc) ?? [])]
        .toSorted(([a], [b]) => inOrder(a, b))
        .map(([section, files]) => {
          const places = [...files].toSorted().map((file) => `[${file.slice('src/'.length)}](../${file})`);
          return `- ${section === '' ? 'as a whole' : `§${section}`}: ${places.join(', ')}`;
        }),
    ]),
  '',
].join('\n');

if (!process.argv.includes('--check')) writeFileSync(page, made);
else if (read(page) !== made) {
  console.error('docs/standards.md is not what the code says: npm run standards');
  process.exit(1);
}
const count = [...found.values()].reduce((sum, sections) => sum + sections.size, 0);
console.log(`standards: ${found.size} RFCs, ${count} sections`);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
