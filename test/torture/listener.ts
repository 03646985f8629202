// Whoever listens hears of every change before long: RFC 8620 §7.3 event sources, taken up again where a line broke.

import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, forEver, NoAnswer, type Scene } from './actors.ts';
import { person } from './place.ts';

/** Looks, each of which the database has answered, after which a change must have been told. */
const LOOKS = 40;
const LOOK_MS = 400;

export async function listener(scene: Scene): Promise<void> {
  const { place, random, people, told } = scene;
  /** Of each account: the last event's id, and how far it had come. */
  const heard = new Map<string, { id: string; state: number }>();
  await forEver(scene, async () => {
    const who = person(1 + random.below(people));
    const account = place.accounts.get(who) ?? 0;
    const before = heard.get(who);
    const ending = new AbortController();
    const { port } = random.pick(place.servers).http;
    const response = await fetch(`http://127.0.0.1:${port}/jmap/eventsource/?types=Email&closeafter=no&ping=0`, {
      headers: { ...credentials(who), ...(before ? { 'last-event-id': before.id } : {}) },
      signal: AbortSignal.any([ending.signal, AbortSignal.timeout(60_000)]),
    }).catch((error: unknown) => {
      throw new NoAnswer('eventsource', { cause: error });
    });
    if (response.status !== 200 || !response.body) throw new NoAnswer(`eventsource: ${response.status}`);
    // Who has not listened before is told of what comes from now on.
    let state = before?.state ?? (await modseqOf(scene, account));
    let broken = false;
    const reading = (async () => {
      let text = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const event = text.slice(0, end);
          text = text.slice(end + 2);
          const id = /^id: (.*)$/m.exec(event)?.[1];
          const data = /^data: (.*)$/m.exec(event)?.[1];
          if (id === undefined || data === undefined) continue;
          const { changed } = JSON.parse(data) as { changed: Record<string, { Email?: string }> };
          state = Number(changed[`a${account}`]?.Email ?? state);
          heard.set(who, { id, state });
        }
      }
    })()
      .catch(() => undefined)
      .finally(() => (broken = true));
    try {
      for (let i = 1 + random.below(20); i > 0 && !broken && !scene.over(); i--) {
        const now = await modseqOf(scene, account);
        let look = 0;
        while (state < now && look < LOOKS && !broken && !scene.over()) {
          await sleep(LOOK_MS);
          if ((await modseqOf(scene, account).catch(() => null)) !== null) look++;
        }
        if (look === LOOKS && !broken)
          told.wrong.push(`push: ${who} was told of ${state}, and it is ${now} since ${LOOKS} looks`);
        await sleep(random.below(300));
      }
    } finally {
      ending.abort();
      await reading;
    }
  });
}

async function modseqOf({ place }: Scene, account: number): Promise<number> {
  try {
    const [row] = await place.sql<{ modseq: string }>(
      `SELECT modseq FROM account_state WHERE tenant_id = $1 AND account_id = $2`,
      [place.tenant, account],
    );
    return Number(row?.modseq);
  } catch (error) {
    throw new NoAnswer('the database', { cause: error });
  }
}
