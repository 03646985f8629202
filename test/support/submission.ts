// Ana writes and sends over JMAP.

import assert from 'node:assert/strict';
import type { Client, HttpWorld, Json } from './http.ts';

export type Refused = Record<string, Json & { type: string }>;

export interface Sender {
  identityId: string;
  /** A draft, from Ana to Ben unless said otherwise: its Email id. */
  draft(more?: Json, accountId?: string): Promise<string>;
  identityOf(email: string, accountId?: string): Promise<string>;
  /** EmailSubmission/set with one creation, "k". */
  submit(submission: Json, more?: Json): Promise<Json>;
  /** As `submit`; what was created. */
  sent(submission: Json): Promise<Json & { id: string }>;
  /** As `submit`; why it was not, and that nothing changed. */
  refusal(submission: Json): Promise<Json & { type: string }>;
  get(id: string, properties?: string[] | null): Promise<Json>;
  /** Emails that somebody finds. */
  found(client: Client, filter: Json): Promise<string[]>;
}

export async function createSender({ ana }: HttpWorld): Promise<Sender> {
  let drafts = 0;
  const sender: Sender = {
    identityId: '',
    async draft(more = {}, accountId = ana.accountId) {
      const email = {
        mailboxIds: { f2: true },
        keywords: { $draft: true, $seen: true },
        from: [{ email: 'ana@pigeon.test' }],
        to: [{ email: 'ben@pigeon.test' }],
        subject: `Draft ${++drafts}`,
        textBody: [{ partId: '1', type: 'text/plain' }],
        bodyValues: { 1: { value: 'Hello' } },
      };
      const { created, notCreated } = await ana.call('Email/set', { accountId, create: { k: { ...email, ...more } } });
      const id = (created as Record<string, { id: string }> | null)?.['k']?.id;
      assert.ok(id, JSON.stringify(notCreated));
      return id;
    },
    async identityOf(email, accountId = ana.accountId) {
      const { list } = await ana.call('Identity/get', { accountId });
      return (list as { id: string; email: string }[]).find((one) => one.email === email)?.id ?? '';
    },
    submit: (submission, more = {}) =>
      ana.call('EmailSubmission/set', {
        create: { k: { identityId: sender.identityId, ...submission } },
        ...more,
      }),
    async sent(submission) {
      const { created, notCreated } = await sender.submit(submission);
      const made = (created as Record<string, Json & { id: string }> | null)?.['k'];
      assert.ok(made, JSON.stringify(notCreated));
      return made;
    },
    async refusal(submission) {
      const answer = await sender.submit(submission);
      assert.equal(answer['created'], null);
      assert.equal(answer['oldState'], answer['newState']);
      const error: Json = (answer['notCreated'] as Refused)['k'] ?? {};
      delete error['description'];
      return { type: '', ...error };
    },
    async get(id, properties = null) {
      const { list } = await ana.call('EmailSubmission/get', { ids: [id], properties });
      return (list as Json[])[0] ?? {};
    },
    found: async (client, filter) => (await client.call('Email/query', { filter }))['ids'] as string[],
  };
  sender.identityId = await sender.identityOf('ana@pigeon.test');
  return sender;
}
