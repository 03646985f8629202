// Hostile mail, opened in the client: no script runs, nothing is fetched, nothing leaves the frame, and the page around it
// stays what it was. What the console says of a refusal counts as a failure too: the policy is the second line, not the
// first.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { webSuite, type Stage, type Visit } from './support/stage.ts';
import { VECTORS } from './xss/vectors.ts';

const CORPUS = JSON.parse(readFileSync(new URL('./xss/dompurify.json', import.meta.url), 'utf8')) as {
  vectors: [title: string, html: string][];
};
const BEN = 'ben@pigeon.test';

interface Mail {
  name: string;
  html: string;
  emailId: string;
}

/** Sends each to Ben as a mail of its own. */
async function deliver(stage: Stage, vectors: readonly (readonly [string, string])[]): Promise<Mail[]> {
  const client = await stage.client(BEN);
  const newest = async (): Promise<string> => {
    const sort = [{ property: 'receivedAt', isAscending: false }];
    const { ids } = await client.call('Email/query', { filter: { inMailbox: 'f1' }, sort, limit: 1 });
    return (ids as string[])[0] ?? '';
  };
  const mails: Mail[] = [];
  for (const [name, html] of vectors) {
    await stage.send({ from: 'mallory@outside.test', to: [BEN], subject: name, html: `<p>Before.</p>${html}` });
    mails.push({ name, html, emailId: await newest() });
  }
  return mails;
}

/** What a frame's document holds that a mail must not have. Runs in the page. */
function faults(): string[] {
  const [frame, more] = document.querySelectorAll<HTMLIFrameElement>('iframe');
  const found: string[] = [];
  const inside = frame?.contentDocument;
  if (!frame || !inside || more) return ['there is not one frame'];
  if (frame.getAttribute('sandbox')?.includes('allow-scripts')) found.push('scripts are allowed');
  const frameAt = frame.getBoundingClientRect();
  const pane = frame.closest('[role="main"], main')?.getBoundingClientRect();
  if (!pane || frameAt.left < pane.left || frameAt.right > pane.right + 1) found.push('it lies over the page');
  const never =
    'script, style, link, meta:not(head > meta), base, iframe, frame, frameset, object, embed, form, input, button, textarea, select, video, audio, source, track, svg, math, template, dialog, portal, map';
  for (const element of inside.body.querySelectorAll(never)) found.push(`<${element.localName}>`);
  for (const element of inside.body.querySelectorAll('*')) {
    if (element.localName.includes('-')) found.push(`<${element.localName}>`);
    for (const { name, value } of element.attributes) {
      if (/^on|^(?:id|name|srcset|ping|background|action|formaction|is|data-style|contenteditable)$/.test(name))
        found.push(`${element.localName} ${name}=${value.slice(0, 60)}`);
      if (name === 'href' && !/^(?:https?|mailto|tel):/i.test(value)) found.push(`href=${value.slice(0, 60)}`);
      if (name === 'src' && !/^(?:data:image\/(?:png|gif|jpe?g|webp);base64,|blob:)/.test(value))
        found.push(`src=${value.slice(0, 60)}`);
      if (name === 'style' && /url\(\s*["']?(?!data:image)/i.test(value)) found.push(`style=${value.slice(0, 60)}`);
    }
  }
  const sheets = inside.adoptedStyleSheets.flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText));
  for (const rule of sheets) if (/https?:|@import|@font-face/i.test(rule)) found.push(rule.slice(0, 80));
  return found;
}

/** Opens one by its address, without loading the page anew, and says what it did. */
async function open(page: Page, mail: Mail): Promise<string[]> {
  await page.evaluate((path) => {
    history.pushState(null, '', path);
    dispatchEvent(new PopStateEvent('popstate'));
  }, `/u/0/mail/inbox/${mail.emailId}`);
  await page.getByRole('article', { name: mail.name, exact: true }).waitFor();
  await page.frameLocator('iframe[title="Message"]').getByText('Before.').waitFor();
  return page.evaluate(faults);
}

async function tryAll(stage: Stage, visit: Visit, page: Page, mails: Mail[]): Promise<void> {
  const wrong: string[] = [];
  const note = (line: string): void => void wrong.push(line);
  let current = '';
  await visit.context.exposeFunction('homingOwned', () => note(`${current}: a script ran`));
  visit.context.on('page', () => note(`${current}: a window opened`));
  page.on('dialog', (dialog) => {
    note(`${current}: ${dialog.type()} "${dialog.message()}"`);
    void dialog.dismiss();
  });
  page.on('framenavigated', (frame) => {
    if (frame !== page.mainFrame() && frame.url() !== 'about:srcdoc' && frame.url() !== 'about:blank')
      note(`${current}: a frame went to ${frame.url()}`);
    if (frame === page.mainFrame() && !frame.url().startsWith(`${stage.base}/u/0/mail/inbox`))
      note(`${current}: the page went to ${frame.url()}`);
  });
  for (const mail of mails) {
    current = mail.name;
    for (const fault of await open(page, mail)) note(`${mail.name}: ${fault}`);
  }
  assert.deepEqual(wrong, []);
  // The page around is what it was.
  await page.getByRole('button', { name: `Account of ${BEN}` }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
}

webSuite('Hostile mail', {}, (stage) => {
  test('does nothing: scripts, handlers, addresses, fetching, leaving the frame, misreadings', async () => {
    const mails = await deliver(stage, VECTORS);
    const [visit, ben] = await stage.people([BEN]);
    assert.ok(ben);
    await tryAll(stage, visit, ben, mails);
  });

  test('does nothing: the sanitizer’s own corpus', async () => {
    // Several to a mail: what one leaves open swallows the next, which is a test of its own.
    const batches = Array.from({ length: Math.ceil(CORPUS.vectors.length / 8) }, (_, i) =>
      CORPUS.vectors.slice(i * 8, i * 8 + 8),
    );
    const mails = await deliver(
      stage,
      batches.map((batch, i) => [`Corpus ${i}`, batch.map(([, html]) => html).join('\n')] as const),
    );
    const [visit, ben] = await stage.people([BEN]);
    assert.ok(ben);
    // A handler that hides from the reader of tags is seen by the sanitizer's parser, whose document is nobody's, and the
    // policy says so. That it comes no further is what is looked for in the frame.
    visit.watch.expect(/script-src-attr|Executing inline event handler/);
    await tryAll(stage, visit, ben, mails);
  });
});
