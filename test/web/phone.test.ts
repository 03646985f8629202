// On a phone, by touch: list → message → recall → tracking; room for fingers, and nothing to scroll sideways.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atRest, fits, PHONE } from './support/fits.ts';
import { webSuite } from './support/stage.ts';

webSuite('On a phone', { policy: { rateLimit: 0 } }, (stage) => {
  test('list, message, recall, tracking', async () => {
    await stage.send({ to: ['ben@pigeon.test', 'nora@outside.test'], subject: 'Salaries 2026', text: 'Ana 71,000' });
    const visit = await stage.newBrowser(PHONE);
    const page = await visit.open('/');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await fits(page, 'sign-in');
    await page.getByLabel('Email').fill('ana@pigeon.test');
    await page.getByLabel('Password').fill('homing');
    await page.getByRole('button', { name: 'Sign in' }).tap();
    await page.getByRole('row').first().waitFor();
    await fits(page, 'list');

    await page.getByRole('button', { name: 'Mailboxes' }).tap();
    const drawer = page.getByRole('dialog', { name: 'Mailboxes' });
    await drawer
      .getByRole('link', { name: /^Sent Items/ })
      .first()
      .waitFor();
    await fits(page, 'mailboxes');
    await drawer
      .getByRole('link', { name: /^Sent Items/ })
      .first()
      .tap();
    await page.waitForURL('**/u/0/mail/sent');
    await drawer.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Salaries 2026/ }).tap();
    await page.getByRole('main').getByText('Ana 71,000').waitFor();
    await fits(page, 'message');

    // The menu is there too, and the command first of all in the bar, in view without scrolling.
    await page.getByRole('button', { name: 'More actions' }).tap();
    await page.getByRole('menuitem', { name: 'Recall This Message…' }).waitFor();
    await fits(page, 'menu');
    await page.keyboard.press('Escape');
    const command = page.getByRole('main').getByRole('button', { name: 'Recall This Message…' });
    const box = await command.boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 390);
    await command.tap();

    const sheet = page.getByRole('dialog', { name: 'Recall This Message' });
    await sheet.getByText('1 copy inside can be taken back if unread. 1 has not left.').waitFor();
    await atRest(page);
    assert.deepEqual(await sheet.boundingBox(), { x: 0, y: 0, width: 390, height: 844 });
    await sheet.getByRole('button', { name: 'All 2 recipients' }).tap();
    await sheet.getByRole('checkbox', { name: /ben@/ }).waitFor();
    await sheet.getByRole('radio', { name: /replace with a new message$/ }).tap();
    await sheet.getByRole('checkbox', { name: /^Take the copies/ }).waitFor();
    await fits(page, 'recall');
    await sheet.getByRole('radio', { name: /of this message$/ }).tap();
    await sheet.getByRole('button', { name: 'OK' }).tap();

    await page.getByRole('heading', { name: 'Recall of "Salaries 2026"' }).waitFor();
    await page.getByText('Taken back from 2 of 2', { exact: true }).waitFor();
    await page.getByRole('table', { name: 'Recipients' }).getByText('ben@pigeon.test').waitFor();
    await fits(page, 'tracking');
    await page.getByRole('link', { name: 'Recalls' }).tap();
    await page.getByRole('link', { name: /Salaries 2026/ }).waitFor();
    await fits(page, 'recalls');
  });

  test('its own window, settings, search and /try', async () => {
    const { emailId } = await stage.send({ to: ['ben@pigeon.test'], subject: 'Small window' });
    const [, page] = await stage.people(['ana@pigeon.test'], PHONE);
    assert.ok(page);
    await page.goto(`/u/0/message/${emailId}`);
    await page.getByText('Text of Small window.').waitFor();
    await fits(page, 'own window');
    const box = await page.getByRole('button', { name: 'Actions' }).boundingBox();
    assert.ok(box && box.x + box.width <= 390);
    await page.getByRole('tab', { name: 'File' }).tap();
    await page.getByRole('button', { name: 'Resend or Recall' }).waitFor();
    await fits(page, 'File');
    await page.goto('/u/0/compose?to=ben@pigeon.test');
    const composer = page.getByRole('dialog', { name: 'New message' });
    await composer.getByRole('button', { name: /ben@pigeon\.test/ }).waitFor();
    await fits(page, 'composer');
    await page.goto('/u/0/settings');
    await page.getByRole('textbox', { name: 'Signature' }).waitFor();
    await fits(page, 'settings');
    await page.goto('/u/0/mail/inbox?q=zebra');
    await page.getByText('Nothing found.').waitFor();
    await fits(page, 'search');
    await page.goto('/try');
    await page.getByRole('button', { name: 'Begin' }).tap();
    await page
      .getByRole('region', { name: 'Mailboxes' })
      .getByText(/^It went to/)
      .waitFor();
    await fits(page, '/try');
  });

  test('several rows: a long press begins, taps go on, back ends it', async () => {
    for (const subject of ['First', 'Second', 'Third'])
      await stage.send({ from: 'cho@pigeon.test', to: ['dia@pigeon.test'], subject });
    const [visit, page] = await stage.people(['dia@pigeon.test'], PHONE);
    assert.ok(page);
    const dia = await stage.client('dia@pigeon.test');
    const row = (subject: string) => page.getByRole('row', { name: new RegExp(`, ${subject}, `) });
    const bar = page.getByRole('toolbar', { name: 'Selected messages' });
    const unread = async (): Promise<unknown> =>
      (await dia.call('Email/query', { filter: { inMailbox: 'f1', notKeyword: '$seen' }, calculateTotal: true }))[
        'total'
      ];
    const fingers = await visit.context.newCDPSession(page);
    /** A finger stays on it until rows are selected. */
    const press = async (subject: string): Promise<void> => {
      const box = await row(subject).boundingBox();
      assert.ok(box);
      const touchPoints = [{ x: box.x + 120, y: box.y + box.height / 2 }];
      await fingers.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
      await bar.waitFor();
      await fingers.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    await row('Third').waitFor();
    const before = await unread();

    await press('Third');
    await bar.getByText('1 selected').waitFor();
    await row('Second').tap();
    await bar.getByText('2 selected').waitFor();
    await fits(page, 'selecting');
    await row('Second').tap();
    await bar.getByText('1 selected').waitFor();
    assert.equal(await unread(), before);
    await page.goBack();
    await bar.waitFor({ state: 'detached' });
    assert.match(page.url(), /\/mail\/inbox$/);

    // The last tap away ends it too; back then leaves the page as ever.
    await press('Third');
    await row('Third').tap();
    await bar.waitFor({ state: 'detached' });
    await press('First');
    await row('Second').tap();
    await bar.getByRole('button', { name: 'More actions' }).tap();
    await page.getByRole('menuitem', { name: 'Select all' }).waitFor();
    await fits(page, 'commands for those selected');
    await page.getByRole('menuitem', { name: 'Flag' }).tap();
    await page.getByRole('menuitem', { name: 'Flag' }).waitFor({ state: 'detached' });
    await bar.getByRole('button', { name: 'Archive' }).tap();
    await bar.waitFor({ state: 'detached' });
    await row('First').waitFor({ state: 'detached' });
    await row('Second').waitFor({ state: 'detached' });
    // The rows go before the server has said yes.
    const archived = async (): Promise<unknown> =>
      (await dia.call('Email/query', { filter: { inMailbox: 'f4', hasKeyword: '$flagged' } }))['ids'];
    while (((await archived()) as string[]).length < 2) await page.evaluate(() => new Promise(requestAnimationFrame));

    // A tap opens, as before.
    await row('Third').tap();
    await page.getByRole('main').getByText('Text of Third.').waitFor();
    await page.goBack();
    await row('Third').waitFor();
    // One that is selected has its own commands, the recall among them.
    await page.goto('/u/0/mail/sent');
    await stage.send({ from: 'dia@pigeon.test', to: ['cho@pigeon.test'], subject: 'Regretted' });
    await row('Regretted').waitFor();
    await press('Regretted');
    await bar.getByRole('button', { name: 'More actions' }).tap();
    await page.getByRole('menuitem', { name: 'Recall This Message…' }).tap();
    await page.getByRole('dialog', { name: 'Recall This Message' }).waitFor();
  });
});
