import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { outcomesOf } from '../support/recalling.ts';
import { webSuite } from './support/stage.ts';

const TO = ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test', 'nora@outside.test'];

async function askFor(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Message' }).click();
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('menuitem', { name: 'Recall This Message…' }).click();
  await page.getByRole('dialog', { name: 'Recall This Message' }).waitFor();
}

webSuite('The dialog Recall This Message', {}, (stage) => {
  test('is as people know it, recalls from those ticked, and leads to the tracking page', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: TO, subject: 'Salaries 2026' });
    await ana.goto(`/u/0/message/${emailId}`);
    await askFor(ana);
    const dialog = ana.getByRole('dialog', { name: 'Recall This Message' });
    const first = dialog.getByRole('radio', { name: 'Delete unread copies of this message', exact: true });
    assert.ok(await first.isChecked());
    assert.ok(await first.evaluate((radio) => radio === document.activeElement));
    await dialog.getByText('3 copies inside can be taken back if unread. 1 has not left.').waitFor();
    const second = dialog.getByRole('radio', {
      name: 'Delete unread copies and replace with a new message',
      exact: true,
    });
    await second.check();
    const now = dialog.getByRole('checkbox', { name: 'Take the copies back now, while I write', exact: true });
    assert.ok(await now.isChecked());
    await now.uncheck();
    await dialog.getByText('Everyone can still read it until you send.').waitFor();
    await first.check();
    const tell = dialog.getByRole('checkbox', { name: 'Tell me if recall succeeds or fails for each recipient' });
    assert.ok(await tell.isChecked());

    await dialog.getByRole('button', { name: 'All 4 recipients' }).click();
    await dialog.getByRole('searchbox', { name: 'Search recipients' }).fill('cho@');
    await dialog.getByRole('searchbox', { name: 'Search recipients' }).press('Enter');
    await dialog.getByRole('checkbox', { name: /ben@pigeon\.test/ }).waitFor({ state: 'detached' });
    await dialog.getByRole('checkbox', { name: /cho@pigeon\.test/ }).uncheck();
    await dialog.getByRole('button', { name: '3 of 4 recipients' }).waitFor();

    // Refused, and mended.
    const reason = dialog.getByRole('textbox', { name: 'Reason' });
    await reason.fill('see http://intranet.test');
    await reason.press('Enter');
    await dialog.getByText('A reason holds no links.').waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'OK' }).isDisabled());
    await reason.fill('Sent too early');
    await reason.press('Enter');

    // By its role: what lies behind a dialog that is gone must be there for screen readers again.
    await ana.getByRole('heading', { name: 'Recall of "Salaries 2026"' }).waitFor();
    await ana.getByText('Taken back from 3 of 3').waitFor();
    const rows = await outcomesOf(await stage.client('ana@pigeon.test'), ana.url().split('/').at(-1) ?? '');
    assert.deepEqual(Object.keys(rows).toSorted(), ['ben@pigeon.test', 'dia@pigeon.test', 'nora@outside.test']);
  });

  test('Escape leaves everything as it was, and gives the focus back', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: TO, subject: 'Stays' });
    await ana.goto(`/u/0/message/${emailId}`);
    await askFor(ana);
    await ana.keyboard.press('Escape');
    await ana.getByRole('dialog').waitFor({ state: 'detached' });
    const button = ana.getByRole('button', { name: 'Actions' });
    await button.waitFor();
    await ana.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Actions');
    const { ids } = await (await stage.client('ana@pigeon.test')).call('Recall/query', { filter: { emailId } });
    assert.deepEqual(ids, []);
  });

  test('asked for before the message is there, the menu opens with it', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: TO, subject: 'On a slow line' });
    const line = Promise.withResolvers<void>();
    await ana.route('**/jmap/', async (route) => {
      if (route.request().postData()?.includes('Email/get')) await line.promise;
      await route.fallback();
    });
    await ana.goto(`/u/0/message/${emailId}`);
    await ana.getByRole('button', { name: 'Actions' }).click();
    line.resolve();
    await ana.getByRole('menuitem', { name: 'Recall This Message…' }).click();
    await ana.getByRole('dialog', { name: 'Recall This Message' }).waitFor();
  });

  test("says why somebody else's message cannot be recalled", async () => {
    const [, ben] = await stage.people(['ben@pigeon.test']);
    assert.ok(ben);
    await stage.send({ to: ['ben@pigeon.test'], subject: 'Received' });
    const { ids } = await (
      await stage.client('ben@pigeon.test')
    ).call('Email/query', { filter: { subject: 'Received' } });
    await ben.goto(`/u/0/message/${(ids as string[])[0]}`);
    await ben.getByRole('tab', { name: 'Message' }).click();
    await ben.getByRole('button', { name: 'Actions' }).click();
    await ben.getByRole('menuitem', { name: /^Recall This Message…/, disabled: true }).waitFor();
    await ben.getByText('Only Ana Silva can recall this.').first().waitFor();
  });
});
