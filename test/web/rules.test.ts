// Inbox rules in the settings: made, put in order, switched off and removed, by keyboard where keys are all one has.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendMail } from '../support/recalling.ts';
import { webSuite } from './support/stage.ts';

type Json = Record<string, unknown>;

webSuite('Inbox rules', {}, (stage) => {
  test('a rule is made and works, comes first, is switched off and removed', async () => {
    const [, page] = await stage.people(['ben@pigeon.test']);
    assert.ok(page);
    const [ana, ben] = await Promise.all(['ana@pigeon.test', 'ben@pigeon.test'].map((one) => stage.client(one)));
    assert.ok(ana && ben);
    const rules = async (): Promise<Json[]> => (await ben.call('InboxRule/get'))['list'] as Json[];
    const seen = async (test: (list: Json[]) => boolean): Promise<void> => {
      while (!test(await rules())) await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    };
    await page.goto('/u/0/settings');
    const part = page.getByRole('region', { name: 'Rules for mail that comes' });
    await part.getByText('None yet.').waitFor();

    const dialog = page.getByRole('dialog', { name: 'New rule' });
    await part.getByRole('button', { name: 'New rule' }).press('Enter');
    await dialog.getByLabel('Name').fill('Minutes');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('A rule does something.').waitFor();
    await dialog
      .getByRole('group', { name: /^If all/ })
      .getByLabel('Subject has')
      .fill('minutes\nagenda');
    await dialog.getByLabel('Move to', { exact: true }).selectOption({ label: 'Archive' });
    await dialog.getByRole('checkbox', { name: 'Mark as read' }).press('Space');
    await dialog.getByRole('button', { name: 'Save' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await part.getByText('Subject has "minutes" or "agenda": move to Archive, mark as read.').waitFor();

    await part.getByRole('button', { name: 'New rule' }).click();
    await dialog.getByLabel('Name').fill('Everything');
    await dialog
      .getByRole('group', { name: /^But not/ })
      .getByLabel('From', { exact: true })
      .fill('cho');
    await dialog.getByLabel('Forward to').fill('nobody@pigeon.test');
    await dialog.getByRole('checkbox', { name: 'Flag' }).check();
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('There is no nobody@pigeon.test here.').waitFor();
    await dialog.getByLabel('Forward to').fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await part.getByText('Every message: flag. Not if from "cho".').waitFor();

    await part.getByRole('button', { name: 'Move Everything up' }).press('Enter');
    await seen(([first]) => first?.['name'] === 'Everything');
    await part.getByRole('listitem').first().getByText('Everything', { exact: true }).waitFor();
    await sendMail(ana, ['ben@pigeon.test'], 'Agenda of Monday');
    const { ids } = await ben.call('Email/query', { filter: { inMailbox: 'f4', subject: 'agenda' } });
    const { list } = await ben.call('Email/get', { ids, properties: ['keywords'] });
    assert.deepEqual((list as Json[])[0]?.['keywords'], { $seen: true, $flagged: true });

    await part.getByRole('switch', { name: 'Everything, on' }).press('Space');
    await seen(([first]) => first?.['isEnabled'] === false);
    await part.getByRole('button', { name: 'Edit Minutes' }).click();
    const change = page.getByRole('dialog', { name: 'Change "Minutes"' });
    assert.equal(
      await change
        .getByRole('group', { name: /^If all/ })
        .getByLabel('Subject has')
        .inputValue(),
      'minutes\nagenda',
    );
    await page.keyboard.press('Escape');
    await change.waitFor({ state: 'detached' });
    await part.getByRole('button', { name: 'Delete Minutes' }).press('Enter');
    await seen((all) => all.length === 1);
    await part.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'New rule');

    // One whose mailbox is gone says so, can be renamed and switched off, and not switched on again.
    const { created } = await ben.call('Mailbox/set', { create: { m: { name: 'Printers' } } });
    const moveTo = (created as Record<string, Json>)['m']?.['id'];
    await ben.call('InboxRule/set', { create: { r: { name: 'Print', sortOrder: 9, actions: { moveTo } } } });
    await ben.call('Mailbox/set', { destroy: [moveTo] });
    await page.reload();
    await part.getByText('Every message: move to a mailbox that is gone.').waitFor();
    await part.getByRole('button', { name: 'Edit Print' }).click();
    const gone = page.getByRole('dialog', { name: 'Change "Print"' });
    await gone.getByLabel('Name').fill('Prints');
    assert.equal(
      await gone
        .getByLabel('Move to', { exact: true })
        .evaluate((one) => (one as HTMLSelectElement).selectedOptions[0]?.text),
      'A mailbox that is gone',
    );
    await gone.getByRole('button', { name: 'Save' }).click();
    await gone.waitFor({ state: 'detached' });
    await part.getByRole('switch', { name: 'Prints, on' }).press('Space');
    await seen((all) => all.some((one) => one['name'] === 'Prints' && one['isEnabled'] === false));
    await part.getByRole('switch', { name: 'Prints, on', checked: false }).press('Space');
    await part.getByText('There is no such mailbox.').waitFor();
  });
});
