// The administrators' pages: shown to whom the server lets, worked by mouse, keys and fingers, and clean to axe.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { fromOutside } from '../support/administering.ts';
import { askRecall, emailsOf, INBOX, markRead } from '../support/recalling.ts';
import { check, LOOKS } from './support/axe.ts';
import { fits, PHONE } from './support/fits.ts';
import { tabTo } from './support/focus.ts';
import { webSuite } from './support/stage.ts';

const TWO = LOOKS.slice(0, 2);

webSuite('Administration', { policy: { rateLimit: 0 } }, (stage) => {
  before(async () => {
    await stage.homing.admin.setAccount('dia@pigeon.test', { addRoles: ['recall-admin'] });
    await stage.homing.admin.setAccount('eli@pigeon.test', { addRoles: ['owner'] });
    await stage.homing.admin.setAccount('cho@pigeon.test', { addRoles: ['auditor'] });
  });
  const administration = (page: Page) => page.getByRole('navigation', { name: 'Administration' });

  test('is shown to whoever has a role, each page to whom it is for', async () => {
    const [, ben, cho, dia] = await stage.people(['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test']);
    assert.ok(ben && cho && dia);
    assert.equal(await ben.getByRole('link', { name: 'Administration' }).count(), 0);
    await ben.goto('/u/0/admin/recalls');
    await ben.getByText(/^These pages are for administrators/).waitFor();

    await cho.getByRole('link', { name: 'Administration' }).click();
    await cho.getByRole('heading', { name: 'Recalls', level: 1 }).waitFor();
    await cho.getByText('Nobody has recalled a message yet.').waitFor();
    assert.equal(await administration(cho).getByRole('link', { name: 'Recall a message' }).count(), 0);
    await cho.goto('/u/1/admin/messages');
    await cho.getByText(/your role does not include it/).waitFor();
    await check(cho, 'no such page', TWO);

    await dia.goto('/u/2/admin');
    await dia.getByRole('heading', { name: 'Recall a message', level: 1 }).waitFor();
    await administration(dia).getByRole('link', { name: 'Mail' }).click();
    await dia.getByRole('button', { name: 'New mail' }).waitFor();
  });

  test('a message is found, tried and taken back, by keyboard; its outcomes are followed', async () => {
    const to = ['ana', 'ben', 'cho', 'dia', 'eli'].map((name) => `${name}@pigeon.test`);
    await fromOutside(stage.homing, to, 'Your invoice is overdue');
    const ben = await stage.client('ben@pigeon.test');
    await markRead(ben, (await emailsOf(ben, 'Your invoice is overdue', INBOX))[0]);
    const [, dia] = await stage.people(['dia@pigeon.test']);
    assert.ok(dia);
    await dia.goto('/u/0/admin/messages');
    await dia.getByRole('textbox', { name: 'Subject' }).waitFor();
    await dia.getByRole('button', { name: 'Search' }).last().press('Enter');
    await dia.getByText('Say something of the message to look for.').waitFor();
    await dia.getByRole('textbox', { name: 'Subject' }).fill('zebra');
    await dia.keyboard.press('Enter');
    await dia.getByText(/^No message fits/).waitFor();
    await dia.getByRole('textbox', { name: 'Subject' }).fill('invoice is OVER');
    await dia.getByRole('textbox', { name: 'Sender' }).fill('eve@');
    await dia.keyboard.press('Enter');
    const found = dia.getByRole('table', { name: 'Messages found' });
    await found.getByRole('cell', { name: 'Your invoice is overdue' }).waitFor();
    await check(dia, 'messages found', TWO);
    await tabTo(dia, /^a Your invoice/);
    await dia.keyboard.press('Enter');

    await dia.getByRole('heading', { name: 'Your invoice is overdue', level: 1 }).waitFor();
    await dia.getByText('1 was read and would stay.').waitFor();
    await dia.getByRole('checkbox', { name: /were read$/ }).press('Space');
    await dia.getByText('5 copies are inside and would be taken back, read or not.').waitFor();
    await dia.getByRole('checkbox', { name: /forwarded/ }).press('Space');
    await dia.getByText('Nobody inside has forwarded it.').waitFor();
    await dia.getByRole('button', { name: 'Take back' }).click();
    await dia.getByText(/^Say why/).waitFor();
    await dia.getByRole('radio', { name: /named below/ }).check();
    const named = dia.getByRole('textbox', { name: 'Recipients' });
    await named.fill('zoe@other.test');
    await named.blur();
    await dia
      .getByText(/zoe@other\.test/)
      .first()
      .waitFor();
    await check(dia, 'a message', TWO);
    await named.fill('ana@pigeon.test\nben@pigeon.test');
    await named.blur();
    await dia.getByText('2 copies are inside and would be taken back, read or not.').waitFor();
    assert.equal((await emailsOf(ben, 'Your invoice is overdue', INBOX)).length, 1, 'nothing was done');
    await dia.getByRole('textbox', { name: 'Reason' }).fill('Phishing');
    await dia.keyboard.press('Enter');

    await dia.getByRole('heading', { name: 'Recall of "Your invoice is overdue"' }).waitFor();
    await dia.getByRole('status').getByText('Taken back from 2 of 2').waitFor();
    const outcomes = dia.getByRole('table', { name: 'Recipients' });
    await outcomes.getByText(/it had been read/).waitFor();
    await check(dia, 'tracking', TWO);
    assert.equal((await emailsOf(ben, 'Your invoice is overdue', INBOX)).length, 0);

    await dia.getByRole('button', { name: 'Restore' }).click();
    await dia.getByRole('alertdialog').getByRole('button', { name: 'Restore' }).press('Enter');
    await dia.getByText(/Restored at/).waitFor();
    await dia.getByRole('link', { name: 'All recalls' }).click();
    const recalls = dia.getByRole('table', { name: 'Recalls' });
    await recalls.getByText('2 of 2 taken back, then restored').waitFor();
    await check(dia, 'recalls', TWO);
    await dia.getByRole('combobox', { name: 'Asked for by' }).selectOption('Senders');
    await dia.getByText('No recall fits.').waitFor();
  });

  test('two have to agree where policy says so; on a phone', async () => {
    await stage.homing.admin.setPolicy(stage.homing.tenant, { dualControl: true });
    await stage.send({ to: ['ben@pigeon.test', 'cho@pigeon.test'], subject: 'Wrong week' });
    const [, dia, eli] = await stage.people(['dia@pigeon.test', 'eli@pigeon.test'], PHONE);
    assert.ok(dia && eli);
    await dia.getByRole('button', { name: 'Mailboxes' }).tap();
    await dia.getByRole('link', { name: 'Administration' }).tap();
    await dia.getByRole('textbox', { name: 'Subject' }).fill('wrong week');
    await fits(dia, 'search');
    await dia.keyboard.press('Enter');
    await fits(dia, 'found');
    await dia.getByRole('link', { name: 'Wrong week' }).tap();
    await dia.getByText(/^Your organisation wants two/).waitFor();
    await dia.getByRole('textbox', { name: 'Reason' }).fill('Wrong dates');
    await fits(dia, 'message');
    await dia.getByRole('button', { name: 'Ask for approval' }).tap();
    await dia.getByText(/^Nothing has happened yet/).waitFor();
    await dia.getByRole('button', { name: 'Withdraw' }).waitFor();

    await eli.goto('/u/1/admin');
    await eli.getByRole('button', { name: /^Administration/ }).tap();
    await eli.getByRole('menuitem', { name: 'Recalls' }).tap();
    await eli.getByText('Waits for approval', { exact: true }).last().waitFor();
    await fits(eli, 'recalls');
    await eli.getByRole('link', { name: 'Wrong week' }).tap();
    await eli.getByText('Wrong dates').waitFor();
    await fits(eli, 'a request');
    await eli.getByRole('button', { name: 'Approve and take back' }).tap();
    await eli.getByRole('status').getByText('Taken back from 2 of 2').waitFor();
    await eli.getByText(/^eli@pigeon\.test, /).waitFor();
    await fits(eli, 'tracking');
    await stage.homing.admin.setPolicy(stage.homing.tenant, { dualControl: false });
  });

  test('figures with their tables, the vault, the queue and the audit log', async () => {
    await stage.homing.admin.setPolicy(stage.homing.tenant, { holdOutsideSeconds: 600 });
    const ana = await stage.client('ana@pigeon.test');
    const { emailId } = await stage.send({ to: ['ben@pigeon.test', 'cho@pigeon.test'], subject: 'Kept' });
    await askRecall(ana, emailId);
    await stage.send({ to: ['nora@outside.test', 'press@outside.test'], subject: 'Held' });
    const [, eli] = await stage.people(['eli@pigeon.test']);
    assert.ok(eli);
    await eli.goto('/u/0/admin/recalls');
    await eli.getByText('Recalls a day, as a table').press('Enter');
    const today = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(new Date());
    await eli.getByRole('table', { name: 'Recalls a day' }).getByRole('row', { name: today }).waitFor();
    await check(eli, 'figures', TWO);

    await administration(eli).getByRole('link', { name: 'Vault' }).click();
    await eli.getByRole('button', { name: 'Restore Kept' }).waitFor();
    await check(eli, 'vault', TWO);
    await eli.getByRole('button', { name: 'Restore Kept' }).press('Enter');
    await eli.getByRole('alertdialog').getByRole('button', { name: 'Restore' }).click();
    const ben = await stage.client('ben@pigeon.test');
    while ((await emailsOf(ben, 'Kept', INBOX)).length === 0)
      await eli.evaluate(() => new Promise(requestAnimationFrame));

    await administration(eli).getByRole('link', { name: 'Queue' }).click();
    await eli.getByText('1 message: 2 held for the sender.').waitFor();
    await check(eli, 'queue', TWO);
    await eli.getByRole('link', { name: 'Held' }).click();
    await eli.getByRole('button', { name: 'Give up for press@outside.test' }).click();
    await eli.getByRole('alertdialog').getByRole('button', { name: 'Give up' }).click();
    const outside = eli.getByRole('table', { name: 'Recipients' });
    await outside.getByRole('row', { name: /press@outside.test Failed dropped by an administrator/ }).waitFor();
    await check(eli, 'a queued message', TWO);
    await eli.getByRole('button', { name: 'Give up for all that wait' }).click();
    await eli.getByRole('alertdialog').getByRole('button', { name: 'Give up' }).click();
    await eli.getByText('Nothing waits.').waitFor();

    await administration(eli).getByRole('link', { name: 'Audit' }).click();
    const entries = eli.getByRole('table', { name: 'Entries' });
    await entries
      .getByRole('row', { name: /queue.dropped/ })
      .first()
      .waitFor();
    await eli.getByRole('button', { name: 'Verify' }).click();
    await eli.getByText('Intact.').waitFor();
    await check(eli, 'audit', TWO);
    await eli.getByRole('textbox', { name: 'What', exact: true }).fill('queue.');
    await eli.keyboard.press('Enter');
    await entries
      .getByRole('row', { name: /recall/ })
      .first()
      .waitFor({ state: 'detached' });
    const [file] = await Promise.all([
      eli.waitForEvent('download'),
      eli.getByRole('button', { name: 'Export as JSON Lines' }).click(),
    ]);
    const lines = readFileSync(await file.path(), 'utf8')
      .trimEnd()
      .split('\n');
    const exported = lines.map((line) => JSON.parse(line) as { action: string; actor: string; hash: string });
    assert.deepEqual(
      exported.map(({ action, actor }) => [action, actor]),
      Array.from({ length: 2 }, () => ['queue.dropped', 'eli@pigeon.test']),
    );
    await stage.homing.sql('ALTER TABLE audit DISABLE TRIGGER USER');
    await stage.homing.sql(`UPDATE audit SET actor = 'nobody' WHERE action = 'queue.dropped'`);
    await eli.getByRole('button', { name: 'Verify' }).click();
    await eli.getByText(/^Broken at entry/).waitFor();
    await check(eli, 'a broken log', TWO);
    await stage.homing.sql(`UPDATE audit SET actor = 'eli@pigeon.test' WHERE action = 'queue.dropped'`);
    await stage.homing.sql('ALTER TABLE audit ENABLE TRIGGER USER');
    await stage.homing.admin.setPolicy(stage.homing.tenant, { holdOutsideSeconds: 0 });
  });
});
