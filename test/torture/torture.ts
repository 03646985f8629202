// Two servers on one database are killed, stopped and continued, PostgreSQL too; lines are cut, clocks moved, the disk is
// full; all while people send, read, recall, cancel and restore. Then everything has to be as they were told.

import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../fuzz/fuzz.ts';
import { administrator, reader, ruler, submitter, type Scene } from './actors.ts';
import { checkTold } from './check.ts';
import { imapProgram, imapTruth } from './imap.ts';
import { listener } from './listener.ts';
import { createPlace } from './place.ts';
import { administratorsRecaller, recaller, restorer } from './recallers.ts';
import { comeToRest } from './rest.ts';
import { createTold, type Told } from './told.ts';
import { TROUBLES } from './troubles.ts';

export interface TortureResult {
  /** Everything that is not as it should be. */
  wrong: string[];
  /** What was done how often. */
  troubles: Record<string, number>;
  told: Told;
  /** How long it took until nothing was left to do, milliseconds. */
  restMs: number;
  /** What the servers have logged as errors. */
  errors: string[];
}

const PEOPLE = 8;

/** `say` gets a line for each trouble; `only`: those with this in their name. Throws where it cannot even come to rest. */
export async function torture(
  seconds: number,
  seed: number,
  say: (line: string) => void,
  only = '',
): Promise<TortureResult> {
  const random = new Random(seed);
  const place = await createPlace(PEOPLE, seconds, random);
  const told = createTold(PEOPLE);
  const troubles: Record<string, number> = {};
  try {
    await Promise.all(place.servers.map((server) => server.start()));
    const ends = performance.now() + seconds * 1000;
    const scene: Scene = { place, people: PEOPLE, told, random, over: () => performance.now() > ends };
    const imap = imapProgram(imapTruth(told));
    const people = [
      submitter,
      submitter,
      reader,
      reader,
      reader,
      imap,
      imap,
      imap,
      recaller,
      recaller,
      administratorsRecaller,
      restorer,
    ];
    const actors = [...people, listener, listener, ruler, administrator].map((actor) => actor(scene));
    const possible = TROUBLES.filter(
      ([name]) => name.includes(only) && (name !== 'the disk is full' || place.fillDisk !== null),
    ).flatMap((trouble) => Array.from({ length: trouble[1] }, () => trouble));
    while (!scene.over()) {
      await sleep(300 + random.below(1200));
      const [name, , cause] = random.pick(possible);
      troubles[name] = (troubles[name] ?? 0) + 1;
      say(name);
      await cause(place, random);
    }
    await Promise.all(actors);
    say('quiet');
    const restMs = await comeToRest(place, say);
    return { wrong: [...place.died, ...(await checkTold(place, told))], troubles, told, restMs, errors: place.errors };
  } finally {
    await place.close();
  }
}
