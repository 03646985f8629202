// Sending and recalling as a program does, over JMAP.

import assert from 'node:assert/strict';
import type { Client, Json } from './http.ts';

export const INBOX = 'f1';
export const DRAFTS = 'f2';
export const SENT = 'f3';

export interface SentMail {
  emailId: string;
  submissionId: string;
}

/** Writes a draft and answers its id. */
export async function draft(from: Client, to: string[], subject: string, more: Json = {}): Promise<string> {
  const email = {
    mailboxIds: { [DRAFTS]: true },
    keywords: { $draft: true },
    from: [{ email: from.address }],
    to: to.map((address) => ({ email: address })),
    subject,
    bodyValues: { 1: { value: `Text of ${subject}.` } },
    textBody: [{ partId: '1', type: 'text/plain' }],
    ...more,
  };
  const { created, notCreated } = await from.call('Email/set', { create: { d: email } });
  assert.ok(created && (created as Json)['d'], JSON.stringify(notCreated));
  return (created as Record<string, { id: string }>)['d']?.id ?? '';
}

/** Sends a new message; its Email is in Sent. */
export async function sendMail(from: Client, to: string[], subject: string): Promise<SentMail> {
  const emailId = await draft(from, to, subject);
  const identities = (await from.call('Identity/get'))['list'] as { id: string; email: string }[];
  const identityId = identities.find((one) => one.email === from.address)?.id;
  const { created, notCreated } = await from.call('EmailSubmission/set', {
    create: { s: { emailId, identityId } },
    onSuccessUpdateEmail: { '#s': { mailboxIds: { [SENT]: true }, 'keywords/$draft': null } },
  });
  assert.ok(created && (created as Json)['s'], JSON.stringify(notCreated));
  return { emailId, submissionId: (created as Record<string, { id: string }>)['s']?.id ?? '' };
}

/** Asks for a recall: the Recall, or the SetError. */
export async function askRecall(from: Client, emailId: string, more: Json = {}): Promise<Json> {
  const answer = await from.call('Recall/set', { create: { r: { emailId, mode: 'delete', ...more } } });
  assert.equal(answer['error'], undefined, JSON.stringify(answer));
  const made = ((answer['created'] ?? {}) as Json)['r'] ?? ((answer['notCreated'] ?? {}) as Json)['r'];
  return made as Json;
}

/** Emails of somebody's by subject, newest first, with what tells of their state. */
export async function emailsOf(client: Client, subject: string, inMailbox?: string): Promise<Json[]> {
  const filter = { subject, ...(inMailbox ? { inMailbox } : {}) };
  const { ids } = await client.call('Email/query', { filter });
  const properties = ['id', 'subject', 'keywords', 'mailboxIds', 'receivedAt', 'threadId', 'blobId', 'recallNotice'];
  return (await client.call('Email/get', { ids, properties }))['list'] as Json[];
}

export async function markRead(client: Client, email: Json | undefined, seen = true): Promise<void> {
  const id = String(email?.['id']);
  const { updated } = await client.call('Email/set', { update: { [id]: { 'keywords/$seen': seen ? true : null } } });
  assert.ok(updated && id in (updated as Json));
}

/** Outcomes of a recall, by recipient. */
export async function outcomesOf(client: Client, recallId: string, more: Json = {}): Promise<Record<string, Json>> {
  const { ids } = await client.call('RecallOutcome/query', { filter: { recallId, ...more } });
  const { list } = (await client.call('RecallOutcome/get', { ids })) as { list: Json[] };
  return Object.fromEntries(list.map((row) => [String(row['recipient']), row]));
}

/** The bare outcomes of a recall, by recipient. */
export async function outcomeWords(client: Client, recallId: string): Promise<Record<string, unknown>> {
  const rows = await outcomesOf(client, recallId);
  return Object.fromEntries(Object.entries(rows).map(([recipient, row]) => [recipient, row['outcome']]));
}
