// What goes wrong while people are at work, and how often.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fuzz/fuzz.ts';
import type { Place } from './place.ts';
import type { Proxy } from './proxy.ts';

/** Between forward and backward: more than any lease, less than any time that a promise depends on. */
const CLOCK_MS = 15 * 60_000;

export type Trouble = [name: string, weight: number, cause: (place: Place, random: Random) => Promise<void>];

const proxiesOf = ({ servers }: Place): Proxy[] =>
  servers.flatMap(({ http, submissions, imaps }) => [http, submissions, imaps]);

export const TROUBLES: Trouble[] = [
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
  ['a worker is killed', 2, async (place, random) => place.endWorker(random.pick(place.servers))],
  [
    'some connections to PostgreSQL are ended',
    3,
    async (place) => {
      const some = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.2`;
      await place.sql(some).catch(() => undefined); // it is away itself
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
  ['all lines are cut', 4, async (place) => proxiesOf(place).forEach((proxy) => proxy.cut())],
  [
    'lines are unsteady',
    2,
    async (place, random) => {
      const proxies = proxiesOf(place);
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
