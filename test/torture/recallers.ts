// Those who take back, replace, cancel and give back while Homing is tortured: the sender, and an administrator.

import { call, forEver, newToken, NoAnswer, type Json, type Scene } from './actors.ts';
import { ANA, BOSS, DOMAIN, EVERYONE, person } from './place.ts';
import type { RecallAsked, Sent } from './told.ts';

const MAILBOX = { drafts: 'f2', sent: 'f3' };

const madeOf = (answer: Json): Json | undefined => (answer['created'] as Record<string, Json> | null)?.['r'];

/** Something that was sent, not long ago. */
function recent({ told, random }: Scene): Sent | null {
  const sent = told.sent.slice(-30).filter((one) => one.told);
  return sent.length === 0 ? null : random.pick(sent);
}

/** Asks for a recall by `create`, and keeps what was said; answers its id, or null: it was refused. */
async function ask(
  scene: Scene,
  who: string,
  method: string,
  asked: RecallAsked,
  create: Json,
): Promise<string | null> {
  const { told } = scene;
  told.recalls.push(asked);
  const answer = await call(scene, who, method, { create: { r: create } });
  const made = madeOf(answer);
  if (made === undefined) {
    told.recalls.splice(told.recalls.indexOf(asked), 1);
    const { type } = (answer['notCreated'] as Record<string, { type: string }>)['r'] ?? { type: 'nothing was said' };
    told.refused.set(type, (told.refused.get(type) ?? 0) + 1);
    return null;
  }
  asked.recallId = Number((made['id'] as string).slice(1));
  asked.ended = told.tick();
  return made['id'] as string;
}

/** Cancels it now and then; it may have ended before. */
async function perhapsCancel(scene: Scene, who: string, method: string, id: string): Promise<void> {
  if (!scene.random.chance(8)) return;
  const { updated } = await call(scene, who, method, { update: { [id]: { status: 'cancelled' } } });
  if (updated && id in (updated as Json)) scene.told.cancelled.push(Number(id.slice(1)));
}

/** Takes back what was sent: from all or one, read copies too or not, some with a replacement; cancels some. */
export async function recaller(scene: Scene): Promise<void> {
  const { told, random, people } = scene;
  await forEver(scene, async () => {
    const sent = recent(scene);
    if (!sent) return;
    const { token } = sent;
    const { ids } = await call(scene, ANA, 'Email/query', { filter: { subject: token, inMailbox: MAILBOX.sent } });
    const [emailId] = ids as string[];
    if (emailId === undefined) {
      if (sent.isDraft) return; // not filed yet
      told.wrong.push(`Ana has no copy of ${token}, which was accepted`);
      return;
    }
    const includeRead = random.chance(4);
    const recipients = random.chance(4) ? [person(1 + random.below(people))] : null;
    const replacement = random.chance(6) ? await writeReplacement(scene) : null;
    const asked = { token, began: told.tick(), ended: Infinity, recallId: null, includeRead };
    // With it at once, or a moment after what it replaces is gone.
    const later = random.chance(2);
    const create = {
      emailId,
      recipients,
      includeRead,
      notifyMe: random.chance(5),
      reason: null,
      ...(replacement === null ? {} : { mode: 'replace', replacementEmailId: later ? null : replacement.emailId }),
    };
    const id = await ask(scene, ANA, 'Recall/set', asked, create);
    if (id === null) return;
    if (replacement === null) return perhapsCancel(scene, ANA, 'Recall/set', id);
    if (later) {
      const { updated } = await call(scene, ANA, 'Recall/set', {
        update: { [id]: { replacementEmailId: replacement.emailId } },
      });
      replacement.sent.told = updated !== null && id in (updated as Json);
    } else replacement.sent.told = true;
    // As the client files it; if the line breaks before that, it stands among the drafts, and is sent.
    if (replacement.sent.told)
      await call(scene, ANA, 'Email/set', {
        update: { [replacement.emailId]: { mailboxIds: { [MAILBOX.sent]: true }, 'keywords/$draft': null } },
      });
  });
}

/** A draft for everybody or a few, and for somebody outside to whom nothing else goes. */
async function writeReplacement(scene: Scene): Promise<{ emailId: string; sent: Sent }> {
  const { told, random, people } = scene;
  const token = newToken();
  const recipients = random.chance(2) ? [EVERYONE] : [person(1 + random.below(people))];
  if (random.chance(3)) recipients.push(`${token}@outside.test`);
  const draft = {
    mailboxIds: { [MAILBOX.drafts]: true },
    keywords: { $draft: true },
    from: [{ email: ANA }],
    to: recipients.map((email) => ({ email })),
    subject: token,
    messageId: [`${token}@${DOMAIN}`],
    bodyValues: { 1: { value: `The word is ${token}.` } },
    textBody: [{ partId: '1', type: 'text/plain' }],
  };
  const sent: Sent = { token, recipients, told: false, isDraft: true };
  told.sent.push(sent);
  const made = madeOf(await call(scene, ANA, 'Email/set', { create: { r: draft } }));
  if (made === undefined) throw new Error('a draft was not stored');
  return { emailId: made['id'] as string, sent };
}

/** An administrator takes back anybody's. */
export async function administratorsRecaller(scene: Scene): Promise<void> {
  const { told, random, people } = scene;
  await forEver(scene, async () => {
    await new Promise((resolve) => setTimeout(resolve, random.below(1000)));
    const sent = recent(scene);
    if (!sent) return;
    const { token } = sent;
    const { ids } = await call(scene, BOSS, 'AdminMessage/query', { filter: { messageId: `${token}@${DOMAIN}` } });
    const [message] = ids as string[];
    if (message === undefined) {
      told.wrong.push(`The administrator does not find ${token}, which was accepted`);
      return;
    }
    const includeRead = random.chance(2);
    const recipients = random.chance(4) ? [person(1 + random.below(people))] : null;
    const asked = { token, began: told.tick(), ended: Infinity, recallId: null, includeRead, byAdministrator: true };
    const create = { message, recipients, includeRead, forwards: false, notifyMe: false, reason: 'Torture' };
    const id = await ask(scene, BOSS, 'AdminRecall/set', asked, create);
    if (id !== null) await perhapsCancel(scene, BOSS, 'AdminRecall/set', id);
  });
}

/** Gives back what was taken, a while ago or just now. */
export async function restorer(scene: Scene): Promise<void> {
  const { told, random } = scene;
  const answered = new Set<number>();
  await forEver(scene, async () => {
    await new Promise((resolve) => setTimeout(resolve, random.below(200)));
    const possible = told.recalls.slice(-60).filter(({ recallId }) => recallId !== null && !answered.has(recallId));
    if (possible.length === 0) return;
    const { recallId, byAdministrator } = random.pick(possible) as RecallAsked & { recallId: number };
    const asked = { recallId, began: told.tick(), told: false };
    told.restores.push(asked);
    try {
      const [who, method] = byAdministrator ? [BOSS, 'AdminRecall/restore'] : [ANA, 'Recall/restore'];
      await call(scene, who, method, { recallId: `r${recallId}` });
      asked.told = true;
      answered.add(recallId);
    } catch (error) {
      const { type } = error as { type?: string };
      if (error instanceof NoAnswer || type === undefined) throw error;
      told.restores.splice(told.restores.indexOf(asked), 1);
      if (type === 'alreadyRestored') answered.add(recallId);
      // Under way, or cancelled: nothing to give back yet. Or an administrator took it since.
      else if (!['sweeping', 'notFound', 'byAdministrator'].includes(type)) throw error;
    }
  });
}
