// Settings that reach beyond the browser: recalls of mail to me, automatic replies, app passwords.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emailsOf, INBOX, sendMail } from '../support/recalling.ts';
import { check, LOOKS } from './support/axe.ts';
import { fits, PHONE } from './support/fits.ts';
import { webSuite } from './support/stage.ts';

const TWO = LOOKS.slice(0, 2);
const BEN = 'ben@pigeon.test';
const NAME = 'Senders here may take back what I have not opened';

webSuite('Settings', {}, (stage) => {
  test('can be chosen where the recipient decides; who declines keeps the message, and its sender is told why', async () => {
    const [, ana, ben] = await stage.people(['ana@pigeon.test', BEN]);
    assert.ok(ana && ben);
    await ben.goto('/u/1/settings');
    await ben.getByRole('heading', { name: 'Look' }).waitFor();
    assert.equal(await ben.getByRole('switch', { name: NAME }).count(), 0);

    const { admin, tenant } = stage.homing;
    await admin.setPolicy(tenant, { recipientConsent: 'recipient-decides' });
    await ben.reload();
    const choice = ben.getByRole('switch', { name: NAME });
    await choice.waitFor();
    assert.ok(await choice.isChecked());
    await choice.click();
    await ben.getByRole('switch', { name: NAME, checked: false }).waitFor();

    const { emailId } = await stage.send({ to: [BEN, 'cho@pigeon.test'], subject: 'Salaries' });
    await ana.goto(`/u/0/message/${emailId}`);
    await ana.getByRole('tab', { name: 'Message' }).click();
    await ana.getByRole('button', { name: 'Actions' }).click();
    await ana.getByRole('menuitem', { name: 'Recall This Message…' }).click();
    await ana.getByRole('dialog').getByRole('button', { name: 'OK' }).click();
    await ana.getByText('Taken back from 1 of 2').waitFor();
    await ana.getByRole('table', { name: 'Recipients' }).getByText('this person does not allow recalls').waitFor();

    await ben.goto('/u/1/mail/inbox');
    await ben.getByRole('row', { name: ', Salaries, ' }).waitFor();
  });

  test('mail is answered while one is away; the list says so, and there it is turned off', async () => {
    const [visit, page] = await stage.people([BEN]);
    assert.ok(page);
    const [ana, ben] = await Promise.all(['ana@pigeon.test', BEN].map((one) => stage.client(one)));
    assert.ok(ana && ben);
    const inbox = await visit.open('/u/0/mail/inbox');
    await page.bringToFront();
    await page.goto('/u/0/settings');
    const part = page.getByRole('region', { name: 'Automatic replies' });
    const onOff = part.getByRole('switch', { name: 'Answer mail for me while I am away' });
    await onOff.press('Space');
    await part.getByRole('checkbox', { name: 'Only for a time' }).check();
    await part.getByLabel('From').fill('2026-01-02T08:00');
    await part.getByLabel('Until').fill('2026-01-01T08:00');
    await part.getByText('It ends before it begins.').waitFor();
    assert.ok(await part.getByRole('button', { name: 'Turn on' }).isDisabled());
    await part.getByLabel('Until').fill('');
    await part.getByLabel('Answer', { exact: true }).fill('Away until Monday.\nCho can help.');
    await part.getByLabel('Answer', { exact: true }).press('Tab');
    await page.keyboard.press('Enter');
    await part.getByRole('button', { name: 'Save' }).waitFor();
    await check(page, 'automatic replies', TWO);

    await inbox.bringToFront();
    const bar = inbox.getByRole('status').filter({ hasText: 'Automatic replies are on.' });
    await bar.waitFor();
    await check(inbox, 'automatic replies are on', TWO);
    await sendMail(ana, [BEN], 'Are you there?');
    while ((await emailsOf(ana, 'Auto: Are you there?', INBOX)).length === 0)
      await inbox.evaluate(() => new Promise(requestAnimationFrame));
    await bar.getByRole('button', { name: 'Turn off' }).click();
    await bar.waitFor({ state: 'detached' });
    const { list } = (await ben.call('VacationResponse/get')) as { list: Record<string, unknown>[] };
    assert.deepEqual([list[0]?.['isEnabled'], list[0]?.['textBody']], [false, 'Away until Monday.\nCho can help.']);
    await page.bringToFront();
    await part.getByRole('switch', { checked: false }).waitFor();
  });

  test('a program gets a password of its own, shown once; removed, it is void', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const [, page] = await stage.people([BEN], { permissions });
    assert.ok(page);
    const status = async (password: string): Promise<number> => {
      const authorization = `Basic ${Buffer.from(`${BEN}:${password}`).toString('base64')}`;
      return (await fetch(`${stage.base}/.well-known/jmap`, { headers: { authorization } })).status;
    };
    await page.goto('/u/0/settings');
    const part = page.getByRole('region', { name: 'App passwords' });
    await part.getByText('None yet.').waitFor();
    await part.getByRole('button', { name: 'New app password' }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'New app password' });
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText(/^A name is one line/).waitFor();
    await dialog.getByLabel('Name').fill('My telephone');
    await page.keyboard.press('Enter');
    const shown = page.getByRole('alertdialog', { name: 'Password for "My telephone"' });
    await shown.waitFor();
    await check(page, 'a new app password', TWO);
    await shown.getByRole('button', { name: 'Copy' }).press('Enter');
    await shown.getByText('Copied.').waitFor();
    const password = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(await shown.getByRole('textbox', { name: 'App password' }).inputValue(), password);
    assert.equal(await status(password), 200);
    await shown.getByRole('button', { name: 'Done' }).click();
    await page.reload();
    await part.getByText(/Last used \d\d:\d\d: JMAP from 127\.0\.0\.1\./).waitFor();
    assert.equal(await page.getByText(password).count(), 0);
    await check(page, 'app passwords', TWO);

    await part.getByRole('button', { name: 'Remove My telephone' }).press('Enter');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await part.getByText('None yet.').waitFor();
    assert.equal(await status(password), 401);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'New app password');
  });

  test('on a phone', async () => {
    const [, page] = await stage.people([BEN], PHONE);
    assert.ok(page);
    await page.goto('/u/0/settings');
    await page.getByRole('switch', { name: 'Answer mail for me while I am away' }).tap();
    await page.getByRole('checkbox', { name: 'Only for a time' }).check();
    await fits(page, 'settings');
    await page.getByRole('button', { name: 'New app password' }).tap();
    await page.getByLabel('Name').fill('Telephone');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copy' }).waitFor();
    await fits(page, 'a new app password');
  });
});
