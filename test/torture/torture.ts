// Two servers on one database are killed, stopped and continued, PostgreSQL too; lines are cut, clocks moved, the disk is
// full; all while people send, read, recall, cancel and restore. Then everything has to be as they were told.

import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../fuzz/fuzz.ts';
import { reader, recaller, ruler, submitter, type Scene } from './actors.ts';
import { checkTold } from './check.ts';
import { createPlace, type Place } from './place.ts';
import { comeToRest } from './rest.ts';
import { createTold, type Told } from './told.ts';

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

/** Hours between forward and backward: more than any lease, less than any time that a promise depends on. */
const CLOCK_MS = 15 * 60_000;

type Trouble = [name: string, weight: number, cause: (place: Place, random: Random) => Promise<void>];

const TROUBLES: Trouble[] = [
  [
    'a server is killed',
    3,
    async ({ servers }, random) => {
      const one = random.pick(servers);
      await one.end('SIGKILL');
      await sleep(random.below(600));
      await one.start();
    },
  ],
  [
    'a server is ended and started',
    1,
    async ({ servers }, random) => {
      const one = random.pick(servers);
      await one.end('SIGTERM');
      await one.start();
    },
  ],
  [
    'both servers are killed',
    1,
    async ({ servers }) => {
      await Promise.all(servers.map((one) => one.end('SIGKILL')));
      await Promise.all(servers.map((one) => one.start()));
    },
  ],
  [
    'a server is stopped and continued',
    3,
    async ({ servers }, random) => {
      const one = random.pick(servers);
      one.signal('SIGSTOP');
      await sleep(200 + random.below(2500));
      one.signal('SIGCONT');
    },
  ],
  [
    'PostgreSQL is killed',
    3,
    async (place, random) => {
      place.database('SIGKILL');
      await sleep(random.below(400));
    },
  ],
  [
    'PostgreSQL is stopped and continued',
    2,
    async (place, random) => {
      place.database('SIGSTOP');
      await sleep(100 + random.below(1500));
      place.database('SIGCONT');
    },
  ],
  [
    'all lines are cut',
    4,
    async ({ servers }) => {
      for (const { http, submissions } of servers) [http, submissions].forEach((proxy) => proxy.cut());
    },
  ],
  [
    'lines are unsteady',
    2,
    async ({ servers }, random) => {
      const proxies = servers.flatMap(({ http, submissions }) => [http, submissions]);
      for (const proxy of proxies) proxy.unsteady = 50;
      await sleep(500 + random.below(1500));
      for (const proxy of proxies) proxy.unsteady = 5;
    },
  ],
  ['the clock is moved', 2, async (place, random) => place.moveClock(random.below(2 * CLOCK_MS) - CLOCK_MS)],
  [
    'the disk is full',
    1,
    async (place, random) => {
      const empty = place.fillDisk?.();
      await sleep(300 + random.below(1500));
      empty?.();
    },
  ],
];

/** `say` gets a line for each trouble; `only`: those with this in their name. Throws where it cannot even come to rest. */
export async function torture(
  seconds: number,
  seed: number,
  say: (line: string) => void,
  only = '',
): Promise<TortureResult> {
  const random = new Random(seed);
  const place = await createPlace(PEOPLE, random);
  const told = createTold();
  const troubles: Record<string, number> = {};
  try {
    await Promise.all(place.servers.map((server) => server.start()));
    const ends = performance.now() + seconds * 1000;
    const scene: Scene = { place, people: PEOPLE, told, random, over: () => performance.now() > ends };
    const actors = [submitter, submitter, reader, reader, reader, recaller, recaller, ruler].map((actor) =>
      actor(scene),
    );
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
