// SMTP's words: what is added to commands, what a server offers, what it replies. Pure.

import { GIVEN } from './notify.ts';
import type { OutgoingMail } from './smtp-client.ts';

const NOTIFY = [
  [1, 'SUCCESS'],
  [2, 'FAILURE'],
  [4, 'DELAY'],
] as const;

/** What is added to MAIL and RCPT: SMTPUTF8 (RFC 6531 §3.4), RET, ENVID, NOTIFY and ORCPT (RFC 3461 §4). */
export function parametersOf(
  mail: Pick<OutgoingMail, 'smtputf8' | 'ret' | 'envid'>,
  recipients: OutgoingMail['recipients'],
  extensions: ReadonlyMap<string, string>,
): (command: string) => string {
  const dsn = extensions.has('DSN');
  const ofMail = [
    ...(mail.smtputf8 && extensions.has('SMTPUTF8') ? [' SMTPUTF8'] : []),
    ...(dsn && (mail.ret === 'FULL' || mail.ret === 'HDRS') ? [` RET=${mail.ret}`] : []),
    ...(dsn && mail.envid ? [` ENVID=${xtext(mail.envid)}`] : []),
  ];
  const ofRcpt = new Map(
    recipients.map(({ address, notify, originalRecipient }) => {
      const words = NOTIFY.filter(([bit]) => (notify & bit) !== 0).map(([, word]) => word);
      const [, type = '', original = ''] = /^([\w-]+);(.+)$/s.exec(originalRecipient ?? '') ?? [];
      return [
        `RCPT TO:<${address}>`,
        [
          // RFC 3461 §5.2.1
          ...(dsn && (notify & GIVEN) !== 0
            ? [` NOTIFY=${(notify & 8) !== 0 || words.length === 0 ? 'NEVER' : words.join(',')}`]
            : []),
          ...(dsn && original !== '' ? [` ORCPT=${type};${xtext(original)}`] : []),
        ].join(''),
      ];
    }),
  );
  return (command) => {
    if (command.startsWith('MAIL FROM:')) return ofMail.filter((parameter) => !command.includes(parameter)).join('');
    return ofRcpt.get(command) ?? '';
  };
}

/** RFC 3461 §4. */
function xtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/g, (character) =>
    [...Buffer.from(character)].map((octet) => `+${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** Keyword → parameters, of an answer to EHLO (RFC 5321 §4.1.1.1). */
export function extensionsOf(reply: string | false): Map<string, string> {
  const lines = (reply || '').split(/\r?\n/).slice(1);
  return new Map(
    lines.flatMap((line) => {
      const [, keyword = '', parameters = ''] = /^250[ -](\S+)(?: (.*))?$/.exec(line) ?? [];
      return keyword === '' ? [] : [[keyword.toUpperCase(), parameters] as const];
    }),
  );
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** A reply of several lines as one, bounded: `250-2.0.0 a\n250 2.0.0 b` → `250 2.0.0 a b`. */
export function oneLine(reply: string): string {
  const [first = '', ...rest] = reply.split(/\r?\n/);
  const code = first.slice(0, 3);
  const more = rest.map((line) => (line.startsWith(code) ? line.slice(4).replace(/^\d\.\d{1,3}\.\d{1,3} /, '') : line));
  return [first.replace(/^(\d{3})-/, '$1 '), ...more]
    .join(' ')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 500);
}
