// Two servers on one database are killed, stopped and continued, PostgreSQL too; lines are cut, clocks moved, the disk is
// full; all while people send, read, recall, cancel and restore. Then everything has to be as they were told.

import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../fuzz/fuzz.ts';
import { until } from '../support/server.ts';
import { reader, recaller, ruler, submitter, type Scene } from './actors.ts';
import { checkTold } from './check.ts';
import { createPlace, type Place } from './place.ts';
import { createTold, type Told } from './told.ts';

export interface TortureResult {
  /** Everything that is not as it should be. */
  wrong: string[];
  /** What was done how often. */
  troubles: Record<string, number>;
  told: Told;
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
    await rest(place, 90_000 + seconds * 2000);
    return { wrong: await checkTold(place, told), troubles, told, errors: place.errors };
  } finally {
    await place.close();
  }
}

/** Servers are up, clocks are right, what waits for a date need not wait, and everything comes to its end: workers yield to whatever else runs. */
async function rest(place: Place, patienceMs: number): Promise<void> {
  for (const server of place.servers) await server.end('SIGTERM');
  place.moveClock(0);
  await until('the database is back', async () => (await place.sql('SELECT 1')).length === 1, 60_000);
  await place.sql(`UPDATE delivery SET lease_until = now() WHERE state = 'sending'`);
  await place.sql(`UPDATE delivery SET due_at = now() WHERE state IN ('held', 'queued') AND account_id IS NULL`);
  await place.sql(`UPDATE work SET not_before = now() WHERE not_before > now()`);
  for (const server of place.servers) await server.start();
  const left = async (): Promise<object | undefined> =>
    (
      await place.sql<{ work: number; gates: number; recalls: number; deliveries: number; restores: number }>(
        `SELECT (SELECT count(*) FROM work)::int AS work, (SELECT count(*) FROM gate)::int AS gates,
           (SELECT count(*) FROM recall r LEFT JOIN recall_state s ON s.tenant_id = r.tenant_id AND s.recall_id = r.id
            WHERE s.status IS NULL OR s.status = 'sweeping')::int AS recalls,
           (SELECT count(*) FROM delivery WHERE state IN ('held', 'queued', 'sending'))::int AS deliveries,
           (SELECT count(*) FROM recall_restore WHERE done_at IS NULL)::int AS restores`,
      )
    )[0];
  await until(
    'nothing is left to do',
    async () => Object.values((await left()) ?? {}).every((count) => count === 0),
    patienceMs,
  ).catch(async (error: unknown) => {
    const work = await place.sql(`SELECT * FROM work LIMIT 5`);
    const found = { left: await left(), now: new Date(), work, errors: place.errors.slice(-10) };
    throw new Error(`it does not come to rest: ${JSON.stringify(found, null, 1)}`, { cause: error });
  });
}
