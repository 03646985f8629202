// Administrators at work over JMAP, and mail from outside for them to take back.

import assert from 'node:assert/strict';
import type { TestHoming } from './homing.ts';
import type { Client, Json } from './http.ts';
import { mail } from './mailboxes.ts';

/** A message from outside; answers the id by which administrators know it. */
export async function fromOutside(
  homing: Pick<TestHoming, 'services' | 'tenant'>,
  to: string[],
  subject: string,
  more: { raw?: string; headers?: string[] } = {},
): Promise<string> {
  const options = {
    from: 'Eve <eve@outside.test>',
    to: to.join(', '),
    ...(more.headers ? { headers: more.headers } : {}),
  };
  const accepted = await homing.services.accept({
    tenant: homing.tenant,
    origin: { kind: 'outside' },
    mailFrom: 'eve@outside.test',
    recipients: to.map((address) => ({ address })),
    bytes: Buffer.from((more.raw ?? mail(subject, options)).replace(/\r?\n/g, '\r\n')),
  });
  return `mg${accepted.messageId}`;
}

/** Asks for an administrator's recall: the AdminRecall, or the SetError. */
export async function askAdminRecall(by: Client, message: string, more: Json = {}): Promise<Json> {
  const create = { r: { message, reason: 'Phishing', ...more } };
  const answer = await by.call('AdminRecall/set', { create });
  assert.equal(answer['error'], undefined, JSON.stringify(answer));
  return (((answer['created'] ?? {}) as Json)['r'] ?? ((answer['notCreated'] ?? {}) as Json)['r']) as Json;
}

/** Sets an AdminRecall's status: null, what else changed, or the SetError. */
export async function setAdminRecall(by: Client, id: unknown, status: string): Promise<Json | null> {
  const { updated, notUpdated } = await by.call('AdminRecall/set', { update: { [String(id)]: { status } } });
  return ((updated ?? notUpdated) as Record<string, Json | null>)[String(id)] ?? null;
}

export async function adminRecallOf(by: Client, id: unknown): Promise<Json> {
  const { list } = (await by.call('AdminRecall/get', { ids: [id] })) as { list: Json[] };
  assert.equal(list.length, 1, String(id));
  return list[0] ?? {};
}

/** The bare outcomes of any recall, by recipient. */
export async function adminOutcomes(by: Client, recallId: unknown): Promise<Record<string, Json>> {
  const { ids } = await by.call('AdminRecallOutcome/query', { filter: { recallId } });
  const { list } = (await by.call('AdminRecallOutcome/get', { ids })) as { list: Json[] };
  return Object.fromEntries(list.map((row) => [String(row['recipient']), row]));
}
