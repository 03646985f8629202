// Mail for the tests of the web client: sent by the people of pigeon.test, or come from outside.

import { randomUUID } from 'node:crypto';
import type { TestHoming } from '../../support/homing.ts';

export interface Letter {
  /** "ana@pigeon.test"; whoever is not of pigeon.test writes from outside. */
  from?: string;
  to: string[];
  subject: string;
  text?: string;
  html?: string;
  /** Header lines more. */
  headers?: string[];
}

export interface SentLetter {
  /** In the sender's Sent Items; '' for mail from outside. */
  emailId: string;
  /** Without angle brackets. */
  messageId: string;
}

/** Sends it by the ordinary way; answers when those inside have it (with few recipients, that is at once). */
export async function send(homing: TestHoming, letter: Letter): Promise<SentLetter> {
  const { directory, accept } = homing.services;
  const from = letter.from ?? 'ana@pigeon.test';
  const messageId = `${randomUUID()}@${from.split('@')[1]}`;
  const sender = from.endsWith('@pigeon.test') ? await directory.resolve(from) : null;
  const account = sender?.kind === 'account' ? sender : null;
  const accepted = await accept({
    tenant: homing.tenant,
    origin: account
      ? { kind: 'submission', account: account.account, submittedBy: account.account, source: 'jmap' }
      : { kind: 'outside' },
    mailFrom: from,
    recipients: letter.to.map((address) => ({ address })),
    bytes: written(letter, from, messageId, homing.clock()),
  });
  return { emailId: account ? `m${accepted.sentEmailId}` : '', messageId };
}

function written({ to, subject, text, html, headers = [] }: Letter, from: string, id: string, at: Date): Buffer {
  const type = html === undefined ? 'text/plain' : 'text/html';
  const lines = [
    `From: ${NAMES[from] ?? ''} <${from}>`.replace('  ', ' '),
    `To: ${to.join(', ')}`,
    `Subject: ${subject}`,
    `Date: ${at.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}>`,
    'MIME-Version: 1.0',
    ...headers,
    `Content-Type: ${type}; charset=utf-8`,
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(html ?? text ?? `Text of ${subject}.`)
      .toString('base64')
      .replaceAll(/.{76}/g, '$&\r\n'),
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

const NAMES: Record<string, string> = {
  'ana@pigeon.test': 'Ana Silva',
  'ben@pigeon.test': 'Ben Okafor',
  'cho@pigeon.test': 'Cho Min-jun',
  'dia@pigeon.test': 'Dia Rahman',
  'eli@pigeon.test': 'Eli Novak',
};
