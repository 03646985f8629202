// Those who use Homing while it is tortured: they send, read, file, delete, and change their rules and policy, over lines
// that break, and keep a record of what they were told.

import { connectSubmission, type SmtpClient } from '../../bench/support/smtp.ts';
import { Unavailable } from '../../src/mail/errors.ts';
import type { Random } from '../fuzz/fuzz.ts';
import { ANA, DOMAIN, EVERYONE, PASSWORD, person, type Place } from './place.ts';
import type { Told } from './told.ts';

export interface Scene {
  place: Place;
  people: number;
  told: Told;
  random: Random;
  over(): boolean;
}

export type Json = Record<string, unknown>;

const USING = ['core', 'mail', 'submission']
  .map((name) => `urn:ietf:params:jmap:${name}`)
  .concat('urn:x-homing:recall', 'urn:x-homing:rules', 'urn:x-homing:admin');

/** Nobody waits for longer: a server may have been stopped. */
const PATIENCE_MS = 8_000;

/** Signals that no answer came: what was asked for may have happened or not. */
export class NoAnswer extends Error {}

export const credentials = (who: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${who}:${PASSWORD}`).toString('base64')}`,
});

export async function call(scene: Scene, who: string, name: string, args: Json): Promise<Json> {
  const { place, random } = scene;
  const { port } = random.pick(place.servers).http;
  const accountId = `a${place.accounts.get(who)}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`http://127.0.0.1:${port}/jmap/`, {
      method: 'POST',
      headers: { ...credentials(who), 'content-type': 'application/json', 'user-agent': 'torture' },
      body: JSON.stringify({ using: USING, methodCalls: [[name, { accountId, ...args }, 'c']] }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    text = await response.text();
  } catch (error) {
    throw new NoAnswer(name, { cause: error });
  }
  if (response.status === 503 || response.status === 429) throw new NoAnswer(text);
  if (response.status !== 200) throw new Error(`${name}: ${response.status} ${text.slice(0, 300)}`);
  const [[answered, result] = ['', {}]] = (JSON.parse(text) as { methodResponses: [string, Json][] }).methodResponses;
  if (answered !== 'error') return result;
  if (result['type'] === 'serverUnavailable') throw new NoAnswer(name);
  throw Object.assign(new Error(`${name}: ${JSON.stringify(result)}`), { type: result['type'] });
}

export async function forEver(scene: Scene, act: () => Promise<void>): Promise<void> {
  while (!scene.over()) {
    try {
      await act();
      await new Promise((resolve) => setImmediate(resolve)); // one that found nothing to do must not keep the others waiting
    } catch (error) {
      if (!(error instanceof NoAnswer)) scene.told.wrong.push((error as Error).message);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

let made = 0;
export const newToken = (): string => `tok${++made}z`;

/** Messages to some or all inside, and to an address outside that nobody else writes to. */
export async function submitter(scene: Scene): Promise<void> {
  const { place, told, random, people } = scene;
  let client: SmtpClient | undefined;
  let left = 0;
  await forEver(scene, async () => {
    if (!client || left-- === 0) {
      client?.close();
      client = undefined;
      left = 1 + random.below(12);
      const line = random.pick(place.servers).submissions.port;
      client = await within(connectSubmission(line, ANA, PASSWORD));
    }
    const token = newToken();
    const some = (): string[] => [...new Set([person(1 + random.below(people)), person(1 + random.below(people))])];
    const recipients = random.chance(2) ? [EVERYONE] : some();
    if (random.chance(3)) recipients.push(`${token}@outside.test`);
    const sent = { token, recipients, told: false };
    told.sent.push(sent);
    const text = `From: ${ANA}\r\nTo: ${recipients.join(', ')}\r\nSubject: ${token}\r\nMessage-ID: <${token}@${DOMAIN}>\r\n\r\nThe word is ${token}.\r\n`;
    try {
      await within(client.send(ANA, recipients, text));
      sent.told = true;
    } catch (error) {
      client.close();
      client = undefined;
      throw error;
    }
  });
  client?.close();
}

/** A reply, or no answer: a refusal is one too, for all that the sender knows. */
export async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer('late')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw /got: (?!4)/.test((error as Error).message) ? error : new NoAnswer('smtp', { cause: error });
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** Looks at the newest of somebody's mail, and reads, opens, files or destroys some of it. */
export async function reader(scene: Scene): Promise<void> {
  const { told, random, people } = scene;
  await forEver(scene, async () => {
    const who = person(1 + random.below(people));
    const sort = [{ property: 'receivedAt', isAscending: false }];
    const { ids } = await call(scene, who, 'Email/query', { filter: { notKeyword: '$draft' }, sort, limit: 12 });
    const some = (ids as string[]).filter(() => random.chance(3)).slice(0, 4);
    if (some.length === 0) return;
    const began = told.tick();
    const { list } = await call(scene, who, 'Email/get', {
      ids: some,
      properties: ['id', 'bodyValues'],
      fetchTextBodyValues: true,
    });
    const ended = told.tick();
    const read = (list as Json[]).flatMap((email) => {
      const token = /tok\d+z/.exec(JSON.stringify(email['bodyValues']))?.[0];
      return token === undefined ? [] : [{ id: String(email['id']), token }];
    });
    for (const { token } of read) told.content.push({ who, token, began, ended });
    for (const { id, token } of read) {
      switch (random.below(5)) {
        case 0: {
          const asked = { who, token, began: told.tick(), ended: Infinity };
          told.opened.push(asked);
          const { updated } = await call(scene, who, 'Email/set', { update: { [id]: { 'keywords/$seen': true } } });
          if (updated && id in (updated as Json)) asked.ended = told.tick();
          break;
        }
        case 1:
          await call(scene, who, 'Email/set', {
            update: { [id]: { mailboxIds: { [random.pick(['f1', 'f4', 'f6'])]: true } } },
          });
          break;
        case 2:
          if (random.chance(2)) {
            told.destroyed.push({ who, token, began: told.tick(), ended: Infinity });
            await call(scene, who, 'Email/set', { destroy: [id] });
          }
          break;
        default:
      }
    }
  });
}

/** Whether notices are written, and what was filed is taken back: now so, now otherwise. */
export async function administrator({ place, told, random, over }: Scene): Promise<void> {
  const changes = [
    { notices: 'none' },
    { notices: 'noticed-only' },
    { notices: null },
    { processedCopies: 'keep' },
    { processedCopies: null },
  ];
  while (!over()) {
    await new Promise((resolve) => setTimeout(resolve, 500 + random.below(1500)));
    try {
      await place.setPolicy(random.pick(changes));
      told.policies.made++;
    } catch (error) {
      told.policies.unknown++;
      if (!(error instanceof Unavailable)) told.wrong.push(`policy: ${(error as Error).message}`);
    }
  }
}

/** p1's mail goes to p2 too, p3's is filed, p4's is marked read: now it does, now it does not. */
export async function ruler(scene: Scene): Promise<void> {
  const { random } = scene;
  const all = { conditions: { subject: ['tok'] }, exceptions: {}, isEnabled: true };
  const rules: [string, Json][] = [
    [person(1), { redirectTo: [person(2)] }],
    [person(3), { moveTo: 'f4' }],
    [person(4), { markRead: true }],
  ];
  const ids = new Map<string, string>();
  await forEver(scene, async () => {
    const [who, actions] = random.pick(rules);
    const id = ids.get(who);
    if (id === undefined) {
      const { created } = await call(scene, who, 'InboxRule/set', {
        create: { k: { name: 'Torture', ...all, actions } },
      });
      const madeId = (created as Record<string, { id: string }> | null)?.['k']?.id;
      if (madeId !== undefined) ids.set(who, madeId);
    } else await call(scene, who, 'InboxRule/set', { update: { [id]: { isEnabled: random.chance(2) } } });
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
}
