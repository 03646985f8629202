// A whole Homing and a real Chromium: several people signed in at once, in one browser, as on /try.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { PASSWORD, type Client } from '../../support/http.ts';
import { startTestHoming, type HomingOptions, type TestHoming } from '../../support/homing.ts';
import { launchChromium } from './chromium.ts';
import { send, type Letter, type SentLetter } from './letters.ts';
import { prepareWeb } from './prepare.ts';
import { watch, type Watch } from './watch.ts';

export interface Stage {
  homing: TestHoming;
  browser: Browser;
  /** http://127.0.0.1:… */
  base: string;
  /** A browser of its own, empty; closed after the test. */
  newBrowser(options?: BrowserContextOptions): Promise<Visit>;
  /** The named people, signed in at /u/0/, /u/1/ … of one new browser, each with a window on their Inbox. */
  people(addresses: string[], options?: BrowserContextOptions): Promise<[Visit, ...Page[]]>;
  client(address: string): Promise<Client>;
  send(letter: Letter): Promise<SentLetter>;
}

/** One browser profile. */
export interface Visit {
  context: BrowserContext;
  watch: Watch;
  /** Signs somebody in at /u/N/ without the page for it. */
  signIn(number: number, address: string): Promise<void>;
  open(path: string): Promise<Page>;
}

export const SIZE = { width: 1366, height: 768 };

/** How long a page may take for what it does at once when nothing else runs: other files, and others, share the machine. */
const PATIENCE_MS = 30_000;

/** HOMING_TEST_LATE: answers come up to this many milliseconds late, by chance: to find tests that guess at an order. */
const LATE_MS = Number(process.env['HOMING_TEST_LATE'] ?? 0);

/** A suite of tests in the browser, on one server. A console error, CSP violation or foreign request fails the test. */
export function webSuite(name: string, options: HomingOptions, tests: (stage: Stage) => void): void {
  const { chromium, why } = prepareWeb((line) => console.error(line));
  describe(name, { skip: chromium === null && why }, () => {
    const stage = {} as Stage;
    let visits: Visit[] = [];

    before(async () => {
      const homing = await startTestHoming({ workers: true, realTime: true, ...options });
      const browser = await launchChromium(chromium ?? '');
      const newBrowser = async (more?: BrowserContextOptions): Promise<Visit> => {
        const visit = await openVisit(browser, homing.base, more);
        visits.push(visit);
        return visit;
      };
      Object.assign(stage, {
        homing,
        browser,
        base: homing.base,
        newBrowser,
        client: homing.client,
        send: (letter) => send(homing, letter),
        async people(addresses, more) {
          const visit = await newBrowser(more);
          await Promise.all(addresses.map((address, number) => visit.signIn(number, address)));
          const windows: Page[] = [];
          // One after the other: of windows that open together Chromium paints some once a second.
          for (const [number, address] of addresses.entries()) {
            const page = await visit.open(`/u/${number}/mail/inbox`);
            await page.getByRole('button', { name: `Account of ${address}` }).waitFor();
            windows.push(page);
          }
          return [visit, ...windows];
        },
      } satisfies Stage);
    });

    afterEach(async (t) => {
      if ('passed' in t && !t.passed) await picture(visits, t.name);
      const seen = visits.flatMap((visit) => visit.watch.take());
      await Promise.all(visits.map((visit) => visit.context.close()));
      visits = [];
      assert.deepEqual(seen, []);
    });

    after(async () => {
      await stage.browser?.close();
      await stage.homing?.close();
    });

    tests(stage);
  });
}

async function openVisit(browser: Browser, base: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: SIZE, reducedMotion: 'reduce', baseURL: base, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  if (LATE_MS > 0) await makeLate(context);
  const watching = await watch(context, base);
  return {
    context,
    watch: watching,
    async signIn(number, address) {
      const response = await context.request.post(`/u/${number}/auth/sign-in`, {
        data: { email: address, password: PASSWORD },
      });
      assert.equal(response.status(), 200, `${address} signs in`);
    },
    async open(path) {
      const page = await context.newPage();
      await page.goto(path);
      await page.bringToFront();
      return page;
    },
  };
}

async function makeLate(context: BrowserContext): Promise<void> {
  await context.route('**/jmap/**', async (route) => {
    await sleep(Math.random() * LATE_MS);
    await route.fallback();
  });
}

/** HOMING_TEST_PICTURES names a directory: what the windows showed when a test failed is put there. */
async function picture(visits: Visit[], name: string): Promise<void> {
  const directory = process.env['HOMING_TEST_PICTURES'];
  if (!directory) return;
  const pages = visits.flatMap((visit) => visit.context.pages());
  for (const [i, page] of pages.entries()) {
    await page.screenshot({ path: `${directory}/${name.replaceAll(/\W+/g, '-')}-${i}.png` }).catch(() => undefined);
  }
}
