// Makes the pictures of docs/guide.md and of the README from a running Homing in a real Chromium: `npm run screenshots`, or
// `npm run screenshots -- away` for those of one part.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { connectJmap } from '../bench/support/jmap.ts';
import { startHoming } from '../bench/support/server.ts';
import { connectSubmission } from '../bench/support/smtp.ts';
import { launchChromium } from '../test/web/support/chromium.ts';
import { prepareWeb } from '../test/web/support/prepare.ts';

const PASSWORD = 'homing';
const ANA = 'ana@pigeon.test';
const PEOPLE = 423;
const WINDOW = { width: 1366, height: 768 };
const PHONE = { width: 390, height: 844 };
const target = fileURLToPath(new URL('../docs/images', import.meta.url));

const { chromium, why } = prepareWeb((line) => console.error(line), 'whole');
if (chromium === null) throw new Error(why);
mkdirSync(target, { recursive: true });
const homing = await startHoming({ people: PEOPLE });
const browser = await launchChromium(chromium);
const PARTS: Record<string, (of: Browser) => Promise<void>> = {
  try: ofTry,
  recall: ofRecall,
  replacement: ofReplacement,
  away: ofAway,
  administration: ofAdministration,
};
const asked = process.argv.slice(2);
try {
  for (const [name, part] of Object.entries(PARTS)) if (asked.length === 0 || asked.includes(name)) await part(browser);
} finally {
  await browser.close();
  await homing.stop();
}

/** With the pointer on nothing. */
async function save(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(target, `${name}.png`), scale: 'css', animations: 'disabled', caret: 'hide' });
  console.log(`docs/images/${name}.png`);
}

async function signedIn(of: Browser, address: string, viewport = WINDOW): Promise<Page> {
  const context = await of.newContext({
    viewport,
    baseURL: `http://127.0.0.1:${homing.ports.http}`,
    reducedMotion: 'reduce',
    ...(viewport === PHONE ? { hasTouch: true, isMobile: true } : {}),
  });
  await context.request.post('/u/0/auth/sign-in', { data: { email: address, password: PASSWORD } });
  const page = await context.newPage();
  await page.goto('/u/0/mail/inbox');
  return page;
}

/** The first minute. */
async function ofTry(of: Browser): Promise<void> {
  const context = await of.newContext({
    viewport: { width: 1366, height: 860 },
    baseURL: `http://127.0.0.1:${homing.ports.http}`,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto('/try');
  await page.getByRole('button', { name: 'Begin' }).click();
  for (const title of [/Ana/, /Ben/]) {
    const frame = page.frameLocator(`iframe[title*="${title.source}"]`);
    await frame.getByRole('row').filter({ hasText: 'Salaries' }).first().waitFor();
  }
  await save(page, 'try');
  await context.close();
}

async function sendSalaries(subject: string, to: string[]): Promise<void> {
  const smtp = await connectSubmission(homing.ports.submissions, ANA, PASSWORD);
  const letter = [
    'From: Ana Silva <ana@pigeon.test>',
    `To: ${to.join(', ')}`,
    `Subject: ${subject}`,
    `Message-ID: <${subject.replaceAll(/\W+/g, '-')}@pigeon.test>`,
    '',
    'The salaries of everybody, as agreed.',
    '',
    'Ana 61,000. Ben 58,000. Cho 64,500.',
    '',
  ].join('\r\n');
  await smtp.send(ANA, to, letter);
  smtp.close();
}

/** Some people's programs fetch it, some people read it. */
async function live(subject: string, readers: string[], fetchers: string[]): Promise<void> {
  for (const address of [...readers, ...fetchers]) {
    const client = await connectJmap(homing.ports.http, address, PASSWORD);
    const { ids } = await client.call('Email/query', { filter: { inMailbox: 'f1', subject } });
    if (readers.includes(address)) await client.call('Email/set', { update: { [ids[0]]: { 'keywords/$seen': true } } });
    await client.call('Email/get', { ids, fetchTextBodyValues: true, properties: ['bodyValues'] });
    client.close();
  }
}

async function openSent(ana: Page, subject: string): Promise<void> {
  await ana.getByRole('link', { name: /^Sent Items/ }).click();
  await ana.getByRole('row', { name: `, ${subject}, ` }).click();
  await ana.getByRole('article', { name: subject }).waitFor();
}

async function ownWindow(ana: Page, subject: string): Promise<Page> {
  const [window] = await Promise.all([
    ana.context().waitForEvent('page'),
    ana.getByRole('row', { name: `, ${subject}, ` }).dblclick(),
  ]);
  await window.setViewportSize({ width: 960, height: 720 });
  await window.getByRole('tab', { name: 'Message' }).waitFor();
  return window;
}

async function dialogOf(window: Page): Promise<Locator> {
  await window.getByRole('button', { name: 'Actions' }).click();
  await window.getByRole('menuitem', { name: 'Recall This Message…' }).click();
  const dialog = window.getByRole('dialog', { name: 'Recall This Message' });
  await dialog.getByText(/can be taken back/).waitFor();
  return dialog;
}

/** Command, dialog, tracking page, what the recipient sees, and the mark in Sent Items. */
async function ofRecall(of: Browser): Promise<void> {
  const subject = 'Pay review 2026';
  await sendSalaries(subject, ['all@pigeon.test', 'nora@outside.test', 'press@outside.test']);
  const ben = await signedIn(of, 'ben@pigeon.test');
  await ben.getByRole('row', { name: `, ${subject}, ` }).waitFor();
  const numbers = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `p${from + i * 7}@pigeon.test`);
  await live(subject, numbers(3, 14), numbers(5, 9));

  const ana = await signedIn(of, ANA);
  await openSent(ana, subject);
  const window = await ownWindow(ana, subject);
  await window.getByRole('button', { name: 'Actions' }).click();
  await window.getByRole('menuitem', { name: 'Recall This Message…' }).waitFor();
  await save(window, 'command');
  await window.keyboard.press('Escape');
  const dialog = await dialogOf(window);
  await save(window, 'dialog');
  await dialog.getByRole('button', { name: 'OK' }).click();
  const tracked = window.getByText(/^Taken back from \d/);
  await tracked.waitFor();
  await window.setViewportSize(WINDOW);
  await window.getByRole('table', { name: 'Recipients' }).getByText('p9@pigeon.test').waitFor();
  await save(window, 'tracking');
  await window.close();

  await ben.getByRole('row').filter({ hasText: 'Message recalled' }).first().click();
  await ben
    .getByRole('main')
    .getByText(/took this message back/)
    .waitFor();
  await save(ben, 'notice');
  await ana.getByRole('row').filter({ hasText: 'taken back' }).first().waitFor();
  await save(ana, 'sent');
}

/** The second choice, on a phone, and its composer. */
async function ofReplacement(of: Browser): Promise<void> {
  const subject = 'Minutes of Thursday';
  await sendSalaries(subject, ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test']);
  const phone = await signedIn(of, ANA, PHONE);
  const client = await connectJmap(homing.ports.http, ANA, PASSWORD);
  const { ids } = await client.call('Email/query', { filter: { inMailbox: 'f3', subject } });
  client.close();
  await phone.goto(`/u/0/message/${ids[0]}`);
  await phone.getByRole('tab', { name: 'Message' }).waitFor();
  const choice = await dialogOf(phone);
  await choice.getByRole('radio', { name: 'Delete unread copies and replace with a new message' }).check();
  await save(phone, 'phone');
  await phone.context().close();

  const ana = await signedIn(of, ANA);
  await ana.goto(`/u/0/message/${ids[0]}`);
  await ana.getByRole('tab', { name: 'Message' }).waitFor();
  const dialog = await dialogOf(ana);
  await dialog.getByRole('radio', { name: 'Delete unread copies and replace with a new message' }).check();
  await dialog.getByRole('button', { name: 'OK' }).click();
  const box = ana.getByRole('dialog', { name: 'New message in place of the old' });
  await box.getByText('The copies are taken back.').waitFor();
  await box.getByLabel('Subject', { exact: true }).fill('Minutes of Thursday, without salaries');
  await save(ana, 'replace');
}

/** Cho is away: what the settings have, and what stands above the list. */
async function ofAway(of: Browser): Promise<void> {
  const cho = await signedIn(of, 'cho@pigeon.test');
  await cho.goto('/u/0/settings');
  const part = cho.getByRole('region', { name: 'Automatic replies' });
  await part.getByRole('switch').click();
  await part.getByRole('checkbox', { name: 'Only for a time' }).check();
  await part.getByLabel('Until').fill(`${new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)}T18:00`);
  await part.getByLabel('Answer', { exact: true }).fill('I am away until Monday. Dia can help with the accounts.');
  await part.getByRole('button', { name: 'Turn on' }).click();
  await part.getByRole('button', { name: 'Save' }).waitFor();
  await cho.goto('/u/0/mail/inbox');
  await cho.getByText('Automatic replies are on.').waitFor();
  await save(cho, 'away');

  await cho.goto('/u/0/settings');
  await cho.getByRole('button', { name: 'New app password' }).click();
  await cho.getByLabel('Name').fill('My telephone');
  await cho.keyboard.press('Enter');
  const shown = cho.getByRole('textbox', { name: 'App password' });
  await shown.waitFor();
  // What is shown is not one that anybody has.
  await shown.evaluate((one) => void Object.assign(one, { value: 'hp-1-3-123456-abcdefghijkmnpqrstuvwxyz23' }));
  await save(cho, 'app-password');
  await cho.context().close();
}

/** What two administrators agree on, and what they are told of. */
async function ofAdministration(of: Browser): Promise<void> {
  const homingCommand = (...args: string[]): void =>
    void execFileSync(process.execPath, [fileURLToPath(new URL('../src/cli/main.ts', import.meta.url)), ...args], {
      env: { ...process.env, HOMING_DATA: homing.dataDir },
    });
  homingCommand('account', 'set', 'dia@pigeon.test', '--add-role', 'recall-admin');
  homingCommand('account', 'set', 'eli@pigeon.test', '--add-role', 'owner');
  const tenant = ['--tenant', 'pigeon.test'];
  const subject = 'Bonuses 2026';
  await sendSalaries(subject, ['all@pigeon.test']);
  const ana = await connectJmap(homing.ports.http, ANA, PASSWORD);
  const { ids } = await ana.call('Email/query', { filter: { inMailbox: 'f3', subject } });
  homingCommand('policy', 'set', ...tenant, 'alertRecipients=400');
  await ana.call('Recall/set', { create: { r: { emailId: ids[0], mode: 'delete' } } });
  ana.close();
  homingCommand('policy', 'set', ...tenant, 'dualControl=true');
  const late = 'Office closed on Friday';
  await sendSalaries(late, ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test']);
  const id = `${late.replaceAll(/\W+/g, '-')}@pigeon.test`;
  const wanted = ['--message-id', id, '--read-copies', '--forwards', '--reason', 'The wrong Friday'];
  homingCommand('recall', '--by', 'dia@pigeon.test', ...wanted);

  const eli = await signedIn(of, 'eli@pigeon.test');
  await eli.goto('/u/0/admin/alerts');
  await eli.getByRole('row', { name: /Bonuses 2026/ }).waitFor();
  await save(eli, 'alerts');
  await eli.goto('/u/0/admin/recalls?status=waiting');
  await eli.getByRole('link', { name: late }).click();
  await eli.getByRole('button', { name: 'Approve…' }).click();
  await eli.getByRole('alertdialog').getByText('The wrong Friday').waitFor();
  await save(eli, 'approval');
  await eli.context().close();
}
