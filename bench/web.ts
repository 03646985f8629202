// The web client as a person has it, in a real Chromium against a running server: how much comes down for the mail page,
// when its list is there, how long a message takes to open, and how long a recall takes from OK in the sender's window
// until the message is gone from the recipient's.

import { get } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../test/web/support/chromium.ts';
import { prepareWeb } from '../test/web/support/prepare.ts';
import type { BenchOptions } from './options.ts';
import { percentile, round } from './support/figures.ts';
import { connectJmap, type JmapClient } from './support/jmap.ts';
import { startHoming } from './support/server.ts';
import { connectSubmission, type SmtpClient } from './support/smtp.ts';
import { sentIds } from './recall.ts';

const ANA = 'ana@pigeon.test';
const BEN = 'ben@pigeon.test';
const PASSWORD = 'homing';
const LOADS = 10;
const OPENINGS = 40;
const RECALLS = 20;

export async function run({ say }: BenchOptions): Promise<object> {
  const { chromium, why } = prepareWeb(say, 'whole');
  if (chromium === null) throw new Error(why);
  const homing = await startHoming();
  const base = `http://127.0.0.1:${homing.ports.http}`;
  const browser = await launchChromium(chromium);
  try {
    const smtp = await connectSubmission(homing.ports.submissions, ANA, PASSWORD);
    const ana = await connectJmap(homing.ports.http, ANA, PASSWORD);
    for (let i = 0; i < OPENINGS; i++) await send(smtp, `Opening ${i}`, `Text of opening ${i}.`);

    say('first load');
    const listMs: number[] = [];
    let firstLoadKb = 0;
    for (let i = 0; i < LOADS; i++) {
      const visit = await newVisit(browser, base, BEN);
      listMs.push(await untilListed(visit.page));
      if (i === 0) firstLoadKb = round((await weigh(visit.asked)) / 1000);
      await visit.context.close();
    }

    say('opening messages');
    const ben = await newVisit(browser, base, BEN);
    await untilListed(ben.page);
    const openMs: number[] = [];
    // Each is unread, and was never looked at before.
    for (let i = OPENINGS - 1; i >= 0; i--) openMs.push(await openMessage(ben.page, `Opening ${i}`, `opening ${i}.`));

    say('recalls, from OK to gone');
    await ben.page.goto('/u/0/mail/inbox'); // its top
    const anas = await newVisit(browser, base, ANA);
    const goneMs: number[] = [];
    for (let i = 0; i < RECALLS; i++) goneMs.push(await recallOne(smtp, ana, anas.page, ben.page, `Recall ${i}`));
    smtp.close();
    ana.close();
    return {
      bench: 'web',
      firstLoadKb,
      listMs: summary(listMs),
      openMs: summary(openMs),
      goneMs: summary(goneMs),
      rssMb: await homing.rssMb(),
    };
  } finally {
    await browser.close();
    await homing.stop();
  }
}

function summary(ms: number[]): { n: number; p50: number; p95: number } {
  return { n: ms.length, p50: round(percentile(ms, 0.5)), p95: round(percentile(ms, 0.95)) };
}

async function send(smtp: SmtpClient, subject: string, text: string): Promise<void> {
  const id = subject.replaceAll(' ', '-');
  await smtp.send(
    ANA,
    [BEN],
    `From: Ana Silva <${ANA}>\r\nTo: ${BEN}\r\nSubject: ${subject}\r\nMessage-ID: <${id}@bench.pigeon.test>\r\n\r\n${text}\r\n`,
  );
}

/** A browser profile of its own, with nothing in its cache, signed in; its window is on its way to the Inbox. */
async function newVisit(
  browser: Browser,
  base: string,
  address: string,
): Promise<{ context: BrowserContext; page: Page; asked: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, baseURL: base });
  await context.request.post('/u/0/auth/sign-in', { data: { email: address, password: PASSWORD } });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'GET' && !request.url().includes('/eventsource/')) asked.push(request.url());
  });
  await page.goto('/u/0/mail/inbox', { waitUntil: 'commit' });
  return { context, page, asked };
}

/** Milliseconds from the navigation's begin until rows of the list stand on the page. */
async function untilListed(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          if (!document.querySelector('[role="row"][data-index]')) return;
          observer.disconnect();
          resolve(performance.now());
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { childList: true, subtree: true });
        look();
      }),
  );
}

/** Octets of what was asked for, gzipped as a server hands it out, without the font. */
async function weigh(urls: string[]): Promise<number> {
  const sizes = await Promise.all(
    [...new Set(urls)].filter((url) => !url.endsWith('.woff2') && !url.startsWith('blob:')).map(gzipped),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function gzipped(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let octets = 0;
      response.on('data', (chunk: Buffer) => (octets += chunk.length));
      response.on('end', () => resolve(octets));
    }).on('error', reject);
  });
}

/** Milliseconds from the click on an unread row until its text can be read. */
async function openMessage(page: Page, subject: string, ending: string): Promise<number> {
  const row = page.getByRole('row', { name: `, ${subject}, ` });
  await row.scrollIntoViewIfNeeded();
  return row.evaluate(
    (element, text) =>
      new Promise<number>((resolve) => {
        const began = performance.now();
        const observer = new MutationObserver(() => {
          if (!document.querySelector('[role="main"] article, main article')?.textContent?.includes(text)) return;
          observer.disconnect();
          resolve(performance.now() - began);
        });
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
        (element as HTMLElement).click();
      }),
    ending,
  );
}

/** Milliseconds from OK in Ana's dialog until the message's row has left Ben's list; both windows keep one clock. */
async function recallOne(smtp: SmtpClient, client: JmapClient, ana: Page, ben: Page, subject: string): Promise<number> {
  await send(smtp, subject, 'To be taken back.');
  const [id = ''] = await sentIds(client, 1);
  await ana.goto(`/u/0/message/${id}`);
  await ana.getByRole('tab', { name: 'Message' }).click();
  await ana.getByRole('button', { name: 'Actions' }).click();
  await ana.getByRole('menuitem', { name: 'Recall This Message…' }).click();
  await ana
    .getByRole('dialog', { name: 'Recall This Message' })
    .getByText(/can be taken back/)
    .waitFor();
  await ben.getByRole('row', { name: `, ${subject}, ` }).waitFor();
  const gone = ben.evaluate(
    (text) =>
      new Promise<number>((resolve) => {
        const isThere = (): boolean => document.querySelector(`[role="row"][aria-label*=", ${text}, "]`) !== null;
        const observer = new MutationObserver(() => {
          if (isThere()) return;
          observer.disconnect();
          resolve(performance.timeOrigin + performance.now());
        });
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      }),
    subject,
  );
  const asked = await ana
    .getByRole('dialog', { name: 'Recall This Message' })
    .getByRole('button', { name: 'OK' })
    .evaluate((button) => {
      const now = performance.timeOrigin + performance.now();
      (button as HTMLElement).click();
      return now;
    });
  return (await gone) - asked;
}
