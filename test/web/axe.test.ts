// axe (https://github.com/dequelabs/axe-core) finds nothing on any page or dialog, in light, dark and high contrast.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { askRecall, emailsOf, INBOX, markRead } from '../support/recalling.ts';
import { check, LOOKS } from './support/axe.ts';
import { webSuite, type Visit } from './support/stage.ts';

webSuite('axe', { policy: { rateLimit: 0, readCopies: 'sender-chooses', holdOutsideSeconds: 600 } }, (stage) => {
  const ana = async (settings: object = {}): Promise<[Visit, Page]> => {
    const [visit, page] = await stage.people(['ana@pigeon.test']);
    assert.ok(page);
    await page.evaluate((text) => localStorage.setItem('homing.settings', text), JSON.stringify(settings));
    return [visit, page];
  };
  const received = async (subject: string): Promise<string> =>
    String((await emailsOf(await stage.client('ana@pigeon.test'), subject, INBOX))[0]?.['id']);

  test('signing in, and what is said when it fails', async () => {
    const visit = await stage.newBrowser();
    const page = await visit.open('/');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await check(page, 'sign-in');
  });

  test('mail, with the reading pane on the right, below and off', async () => {
    const text = 'A line of the letter. '.repeat(400);
    await stage.send({ from: 'cho@pigeon.test', to: ['ana@pigeon.test'], subject: 'A long letter', text });
    await stage.send({
      from: 'nora@outside.test',
      to: ['ana@pigeon.test'],
      subject: 'Offer',
      html: '<p>Our <a href="https://outside.test/">offer</a>.</p><img src="https://outside.test/x.png">',
    });
    const [long, html] = [await received('A long letter'), await received('Offer')];
    const [, page] = await ana();
    for (const readingPane of ['right', 'bottom', 'off'] as const) {
      await page.evaluate(
        (pane) => localStorage.setItem('homing.settings', JSON.stringify({ readingPane: pane })),
        readingPane,
      );
      await page.goto('/u/0/mail/inbox');
      await page.getByRole('row').first().waitFor();
      if (readingPane === 'right') await check(page, 'inbox');
      await page.goto(`/u/0/mail/inbox/${long}`);
      await page
        .getByRole('main')
        .getByText(/A line of the letter/)
        .first()
        .waitFor();
      await check(page, `reading pane ${readingPane}`, LOOKS.slice(0, readingPane === 'right' ? 4 : 1));
    }
    await page.evaluate(() => localStorage.setItem('homing.settings', JSON.stringify({ density: 'compact' })));
    await page.goto(`/u/0/mail/inbox/${html}`);
    await page.frameLocator('iframe[title="Message"]').getByText('offer').waitFor();
    await page.getByRole('row').first().press('Space');
    await page.getByRole('toolbar', { name: 'Selected messages' }).waitFor();
    await check(page, 'HTML mail, rows selected');
    await page.goto('/u/0/mail/inbox?q=zebra');
    await page.getByText('Nothing found.').waitFor();
    await page.getByRole('combobox', { name: 'Search' }).fill('fr');
    await page.getByRole('option').first().waitFor();
    await check(page, 'search');
  });

  test('a message’s own window with its ribbon, a menu and the pages of its tabs', async () => {
    const { emailId } = await stage.send({ to: ['ben@pigeon.test'], subject: 'In a window' });
    const [, page] = await ana();
    await page.goto(`/u/0/message/${emailId}`);
    await page.getByText('Text of In a window.').waitFor();
    await check(page, 'own window', LOOKS);
    await page.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Recall This Message…' }).waitFor();
    await check(page, 'ribbon open');
    await page.keyboard.press('Escape');
    for (const name of ['File', 'Help']) {
      await page.getByRole('tab', { name }).click();
      await check(page, `tab ${name}`);
    }
    // The same over the mail page.
    await page.goto('/u/0/mail/sent');
    await page.evaluate(() => Object.assign(globalThis, { open: () => null }));
    await page.getByRole('row').first().dblclick();
    await page.getByRole('dialog', { name: 'Message' }).getByRole('tab', { name: 'Message' }).waitFor();
    await check(page, 'overlay', LOOKS);
  });

  test('the recall dialog, its refusals, tracking and the list of recalls', async () => {
    const to = ['ben@pigeon.test', 'cho@pigeon.test', 'nora@outside.test'];
    const { emailId } = await stage.send({ to, subject: 'Salaries' });
    const ben = await stage.client('ben@pigeon.test');
    await markRead(ben, (await emailsOf(ben, 'Salaries', INBOX))[0]);
    const [, page] = await ana();
    await page.goto(`/u/0/mail/sent/${emailId}`);
    await page.getByRole('main').getByRole('button', { name: 'Recall This Message…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Recall This Message' });
    await dialog.getByRole('button', { name: 'All 3 recipients' }).click();
    await dialog.getByRole('checkbox', { name: /cho@/ }).waitFor();
    await dialog.getByRole('radio', { name: /replace/ }).check();
    await dialog.getByRole('checkbox', { name: /^Take the copies/ }).uncheck();
    await check(page, 'recall dialog', LOOKS);
    await dialog.getByRole('radio', { name: /of this message$/ }).check();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('https://a.test/');
    await dialog.getByRole('button', { name: 'OK' }).click();
    await dialog.getByText('A reason holds no links.').waitFor();
    await check(page, 'refused');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    const { id } = await askRecall(await stage.client('ana@pigeon.test'), emailId);
    await page.goto(`/u/0/recall/${String(id)}`);
    await page.getByRole('main').getByRole('status').getByText('Taken back from 2 of 3', { exact: true }).waitFor();
    await page.getByRole('table', { name: 'Recipients' }).getByText('ben@pigeon.test').waitFor();
    await page.locator('canvas').waitFor();
    await check(page, 'tracking', LOOKS);
    await page.getByRole('button', { name: /^Restore until/ }).click();
    await page.getByRole('button', { name: 'Restore', exact: true }).waitFor();
    await check(page, 'restore');
    await page.goto('/u/0/recalls');
    await page.getByRole('link', { name: /Salaries/ }).waitFor();
    await check(page, 'recalls');
    await page.goto('/u/0/mail/sent');
    await page.getByText('2 of 3 taken back').waitFor();
    await check(page, 'Sent Items');
  });

  test('the notice where a copy stood, and a menu that says why a recall cannot be', async () => {
    const sent = await stage.send({ to: ['ben@pigeon.test', 'cho@pigeon.test'], subject: 'Taken' });
    const [, , page] = await stage.people(['ana@pigeon.test', 'ben@pigeon.test']);
    assert.ok(page);
    await askRecall(await stage.client('ana@pigeon.test'), sent.emailId);
    await page.getByRole('row', { name: /Message recalled/ }).click();
    await page
      .getByRole('main')
      .getByText(/took this message back/)
      .waitFor();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page
      .getByRole('menuitem', { name: /^Recall/ })
      .getByText('.')
      .waitFor();
    await check(page, 'notice, and its menu', LOOKS);
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await check(page, 'notice');
  });

  test('the composer, the undo bar and settings', async () => {
    const [, page] = await ana();
    const client = await stage.client('ana@pigeon.test');
    await page.getByRole('button', { name: 'New mail' }).first().click();
    const box = page.getByRole('dialog', { name: 'New message' });
    await box.getByLabel('To', { exact: true }).fill('nora@outside.test');
    await page.keyboard.press('Enter');
    await box.getByLabel('To', { exact: true }).fill('nobody@pigeon.test');
    await page.keyboard.press('Enter');
    await box.getByRole('button', { name: /nobody has this address/ }).waitFor();
    await box.getByText('1 is outside your organisation.').waitFor();
    await check(page, 'composer', LOOKS);
    await box.getByRole('button', { name: /nobody has this address/ }).press('Delete');
    await box.getByLabel('Subject', { exact: true }).fill('Held');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('region', { name: 'Sent' }).waitFor();
    await check(page, 'undo bar');
    await page.goto('/u/0/settings');
    await page.getByRole('textbox', { name: 'Signature' }).waitFor();
    await client.call('InboxRule/set', { create: { r: { name: 'Bills', actions: { flag: true } } } });
    await page.reload();
    await page.getByRole('list', { name: 'Rules' }).waitFor();
    await check(page, 'settings');
    await page.getByRole('button', { name: 'Edit Bills' }).click();
    await page.getByRole('dialog', { name: 'Change "Bills"' }).waitFor();
    await check(page, 'a rule');
  });

  test('/try, before and after', async () => {
    const visit = await stage.newBrowser();
    const page = await visit.open('/try');
    await page.getByRole('button', { name: 'Begin' }).waitFor();
    await check(page, '/try');
    await page.getByRole('button', { name: 'Begin' }).click();
    const sent = page.frameLocator('iframe').first();
    await sent.getByRole('row').first().waitFor();
    await page.frameLocator('iframe').last().getByRole('row').first().waitFor();
    await page.getByRole('img', { name: /to be decided/ }).waitFor();
    await check(page, '/try, begun', LOOKS);
  });
});
