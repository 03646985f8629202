// The administrators' pages: shown to whom the server lets, worked by mouse, keys and fingers, and clean to axe.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { groupPolicy } from '../../src/store/directory-groups.ts';
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
  /** Of windows that lie behind another, Chromium paints some once a second. */
  const toFront = (page: Page): Promise<void> => page.bringToFront();
  const administration = (page: Page) => page.getByRole('navigation', { name: 'Administration' });

  test('is shown to whoever has a role, each page to whom it is for', async () => {
    const [, ben, cho, dia] = await stage.people(['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test']);
    assert.ok(ben && cho && dia);
    assert.equal(await ben.getByRole('link', { name: 'Administration' }).count(), 0);
    await toFront(ben);
    await ben.goto('/u/0/admin/recalls');
    await ben.getByText(/^These pages are for administrators/).waitFor();

    await toFront(cho);
    await cho.getByRole('link', { name: 'Administration' }).click();
    await cho.getByRole('heading', { name: 'Recalls', level: 1 }).waitFor();
    await cho.getByText('Nobody has recalled a message yet.').waitFor();
    assert.equal(await administration(cho).getByRole('link', { name: 'Recall a message' }).count(), 0);
    await cho.goto('/u/1/admin/messages');
    await cho.getByText(/your role does not include it/).waitFor();
    await check(cho, 'no such page', TWO);

    await toFront(dia);
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

    const [pack] = await Promise.all([
      dia.waitForEvent('download'),
      dia.getByRole('button', { name: 'Incident pack' }).click(),
    ]);
    assert.match(readFileSync(await pack.path(), 'utf8'), /Your invoice is overdue/);
    await dia.getByRole('button', { name: 'Restore' }).click();
    await dia.getByRole('alertdialog').getByRole('button', { name: 'Restore' }).press('Enter');
    await dia
      .getByRole('status')
      .getByText(/Restored at/)
      .waitFor();
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
    await toFront(eli);
    await eli.goto('/u/1/admin');
    await eli.getByRole('button', { name: /^Administration/ }).tap();
    await eli.getByRole('menuitem', { name: 'Recalls' }).tap();
    await eli.getByRole('table', { name: 'Recalls', exact: true }).waitFor();

    await toFront(dia);
    await dia.getByRole('button', { name: 'Mailboxes' }).tap();
    await dia.getByRole('link', { name: 'Administration' }).tap();
    await dia.getByRole('textbox', { name: 'Subject' }).fill('wrong week');
    await fits(dia, 'search');
    await dia.keyboard.press('Enter');
    await fits(dia, 'found');
    await dia.getByRole('link', { name: 'Wrong week' }).tap();
    await dia.getByText(/^Your organisation wants two/).waitFor();
    await dia.getByRole('checkbox', { name: /forwarded/ }).check();
    await dia.getByRole('textbox', { name: 'Reason' }).fill('Wrong dates');
    await fits(dia, 'message');
    await dia.getByRole('button', { name: 'Ask for approval' }).tap();
    await dia.getByText(/^Nothing has happened yet/).waitFor();
    await dia.getByRole('button', { name: 'Withdraw' }).waitFor();

    // It is there without a reload.
    await toFront(eli);
    await eli.getByText('1 request waits for another administrator’s approval.').waitFor();
    await eli.getByText('Waits for approval', { exact: true }).last().waitFor();
    await fits(eli, 'recalls');
    await eli.getByRole('link', { name: 'Wrong week' }).tap();
    await eli.getByText('Wrong dates').waitFor();
    await fits(eli, 'a request');
    await eli.getByRole('button', { name: 'Approve…' }).tap();
    const approval = eli.getByRole('alertdialog', { name: 'Approve and take back?' });
    await approval.getByText('What people inside forwarded goes along').waitFor();
    await approval.getByText('Wrong dates').waitFor();
    await fits(eli, 'approval');
    await approval.getByRole('button', { name: 'Take back' }).tap();
    await eli.getByRole('status').getByText('Taken back from 2 of 2').waitFor();
    await eli.getByText(/^eli@pigeon\.test, /).waitFor();
    await fits(eli, 'tracking');
    await toFront(dia);
    await dia.getByRole('status').getByText('Taken back from 2 of 2').waitFor();
    await stage.homing.admin.setPolicy(stage.homing.tenant, { dualControl: false });
  });

  test('recalls and alerts come by themselves; who has seen to an alert is said', async () => {
    await stage.homing.admin.setPolicy(stage.homing.tenant, { alertRecipients: 3 });
    const owner = await stage.client('eli@pigeon.test');
    const { ids } = (await owner.call('AdminAlert/query')) as { ids: string[] };
    await owner.call('AdminAlert/set', { update: Object.fromEntries(ids.map((id) => [id, { acknowledged: true }])) });
    const ana = await stage.client('ana@pigeon.test');
    const [, cho, eli] = await stage.people(['cho@pigeon.test', 'eli@pigeon.test']);
    assert.ok(cho && eli);
    await toFront(cho);
    await cho.goto('/u/0/admin/alerts');
    await cho.getByText('Nothing unusual that nobody has seen.').waitFor();
    await toFront(eli);
    await eli.goto('/u/1/admin/recalls');
    const recalls = eli.getByRole('table', { name: 'Recalls', exact: true });
    await recalls.waitFor();
    const to = ['ben', 'cho', 'dia'].map((name) => `${name}@pigeon.test`);
    const { emailId } = await stage.send({ to, subject: 'Salaries of all' });
    await askRecall(ana, emailId);
    await recalls.getByRole('row', { name: /Salaries of all.*3 of 3 taken back/ }).waitFor();

    await administration(eli).getByRole('link', { name: 'Alerts 1 waiting' }).click();
    const alerts = eli.getByRole('table', { name: 'Alerts' });
    await alerts.getByRole('row', { name: /Salaries of all.*Many recipients.*ana@pigeon\.test/ }).waitFor();
    await check(eli, 'alerts', TWO);
    await toFront(cho);
    await cho.getByRole('row', { name: /Salaries of all.*Not yet/ }).waitFor();
    await toFront(eli);
    await alerts.getByRole('button', { name: 'Acknowledge Salaries of all' }).press('Enter');
    await eli.getByText('Nothing unusual that nobody has seen.').waitFor();
    await administration(eli).getByRole('link', { name: 'Alerts', exact: true }).waitFor();
    await toFront(cho);
    await cho.getByText('Nothing unusual that nobody has seen.').waitFor();
    await cho.getByRole('tab', { name: 'All' }).click();
    await cho.getByRole('row', { name: /Salaries of all.*eli@pigeon\.test, \d\d:\d\d/ }).waitFor();
    await cho.getByRole('link', { name: 'Salaries of all' }).click();
    await cho.getByText(/Acknowledged by eli@pigeon\.test, \d\d:\d\d\./).waitFor();
    await check(cho, 'an unusual recall', TWO);
    await stage.homing.admin.setPolicy(stage.homing.tenant, { alertRecipients: 500 });
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
    // What is held waits for its sender, and nothing that an administrator does makes it due.
    await eli.getByRole('button', { name: 'Give up for all that wait' }).waitFor();
    assert.equal(await eli.getByRole('button', { name: 'Try now' }).count(), 0);
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

  test('people with roles, groups, holds and policy', async () => {
    const { directory } = stage.homing.services;
    const [, eli, dia] = await stage.people(['eli@pigeon.test', 'dia@pigeon.test']);
    assert.ok(eli && dia);
    await toFront(eli);
    await eli.goto('/u/0/admin/people');
    await eli
      .getByRole('table', { name: 'People' })
      .getByRole('row', { name: /ana@pigeon.test/ })
      .waitFor();
    await check(eli, 'people', TWO);
    await eli.getByRole('button', { name: 'Add' }).press('Enter');
    await eli.getByRole('textbox', { name: 'Address' }).fill('ana@pigeon.test');
    await eli.getByRole('textbox', { name: 'Name' }).fill('Fay Wu');
    await eli.getByLabel('Password').fill('a good word');
    await eli.keyboard.press('Enter');
    await eli.getByText('ana@pigeon.test is taken.').waitFor();
    await check(eli, 'refused', TWO);
    await eli.getByRole('textbox', { name: 'Address' }).fill('fay@pigeon.test');
    await eli.keyboard.press('Enter');
    await eli.getByRole('heading', { name: 'Fay Wu', level: 1 }).waitFor();
    assert.equal((await directory.authenticate('fay@pigeon.test', 'a good word'))?.name, 'Fay Wu');
    await check(eli, 'a person', TWO);
    const roles = eli.getByRole('form', { name: 'Roles' });
    await roles.getByRole('checkbox', { name: 'Auditor' }).press('Space');
    await roles.getByRole('button', { name: 'Save' }).click();
    await roles.getByText('Saved.').waitFor();
    const delegates = eli.getByRole('form', { name: 'Who may act for it' });
    await delegates.getByLabel('Add somebody').fill('ben@pigeon.test');
    await delegates.getByRole('button', { name: 'Add' }).click();
    await delegates
      .getByRole('group', { name: 'ben@pigeon.test' })
      .getByRole('checkbox', { name: /^Recalls/ })
      .check();
    await delegates.getByRole('button', { name: 'Save' }).click();
    await delegates.getByText('Saved.').waitFor();
    const fay = await directory.resolve('fay@pigeon.test');
    assert.ok(fay.kind === 'account');
    assert.deepEqual((await directory.account(stage.homing.tenant, fay.account))?.roles, ['auditor']);
    const ben = await directory.resolve('ben@pigeon.test');
    assert.ok(ben.kind === 'account');
    assert.ok(await directory.may(stage.homing.tenant, ben.account, fay.account, 'recall'));

    // Who may not change anybody sees as much; holds are theirs.
    await toFront(dia);
    await dia.goto(`/u/1/admin/people/a${fay.account}`);
    await dia.getByText(/^Auditor: /).waitFor();
    assert.equal(await dia.getByRole('heading', { name: 'Password' }).count(), 0);
    await dia.getByRole('switch', { name: 'Under legal hold' }).press('Space');
    await dia.getByRole('switch', { name: 'Under legal hold', checked: true }).waitFor();
    await administration(dia).getByRole('link', { name: 'Holds' }).click();
    await dia.getByRole('table', { name: 'Under legal hold' }).getByText('Fay Wu').waitFor();
    await check(dia, 'holds', TWO);
    await toFront(eli);
    await eli.getByRole('button', { name: 'Remove fay@pigeon.test' }).click();
    await eli.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await eli
      .getByRole('alertdialog')
      .getByText(/is under legal hold/)
      .waitFor();
    await eli.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await toFront(dia);
    await dia.getByRole('button', { name: 'End hold of fay@pigeon.test' }).click();
    await dia.getByRole('alertdialog').getByRole('button', { name: 'End hold' }).click();
    await dia.getByText('Nobody is under legal hold.').waitFor();
    await toFront(eli);
    await eli.getByRole('button', { name: 'Remove fay@pigeon.test' }).click();
    await eli.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await eli.getByRole('heading', { name: 'People', level: 1 }).waitFor();
    assert.equal((await directory.resolve('fay@pigeon.test')).kind, 'unknown');

    await administration(eli).getByRole('link', { name: 'Groups' }).click();
    await eli.getByRole('table', { name: 'Groups' }).getByText('all@pigeon.test').waitFor();
    await check(eli, 'groups', TWO);
    await eli.getByRole('button', { name: 'Add' }).click();
    await eli.getByRole('textbox', { name: 'Address' }).fill('roof@pigeon.test');
    await eli.getByRole('textbox', { name: 'Members' }).fill('ana@pigeon.test\ngardener@outside.test');
    await eli.getByRole('combobox', { name: 'Members are shown to' }).selectOption('Administrators only');
    await eli.getByRole('button', { name: 'Add' }).click();
    const members = eli.getByRole('table', { name: 'Members' });
    await members.getByRole('row', { name: /gardener@outside.test Outside/ }).waitFor();
    await check(eli, 'a group', TWO);
    await eli.getByRole('textbox', { name: 'Add members' }).fill('nobody@pigeon.test');
    await eli.keyboard.press('Enter');
    await eli.getByText('There is no nobody@pigeon.test here.').waitFor();
    await eli.getByRole('button', { name: 'Remove gardener@outside.test' }).press('Enter');
    await members.getByText('gardener@outside.test').waitFor({ state: 'detached' });

    await eli.getByRole('spinbutton', { name: 'Age of a message' }).fill('3');
    await eli.getByRole('form', { name: 'Policy' }).getByRole('button', { name: 'Save' }).click();
    await eli.getByRole('form', { name: 'Policy' }).getByText('Saved.').waitFor();
    const roof = await directory.resolve('roof@pigeon.test');
    assert.ok(roof.kind === 'group');
    assert.deepEqual(await groupPolicy(stage.homing.services.store, stage.homing.tenant, roof.group), {
      maxAgeDays: 3,
    });

    await administration(eli).getByRole('link', { name: 'Policy' }).click();
    const age = eli.getByRole('spinbutton', { name: 'Age of a message' });
    await age.fill('0040000');
    await eli.getByRole('button', { name: 'Save' }).click();
    await eli.getByText(/maxAgeDays takes a number of days from 0 to 36500/).waitFor();
    await age.fill('7');
    await eli.getByRole('textbox', { name: 'Protected mailboxes' }).fill('cho@pigeon.test');
    await eli.getByText('2 settings are changed').waitFor();
    await check(eli, 'policy', TWO);
    await eli.getByRole('button', { name: 'Save' }).click();
    await eli.getByText('Saved.').waitFor();
    const { maxAgeDays, protectedRecipients } = await directory.policy(stage.homing.tenant);
    assert.deepEqual([maxAgeDays, protectedRecipients], [7, ['cho@pigeon.test']]);
    await eli.getByRole('button', { name: 'Back to default: Age of a message' }).click();
    await eli.getByRole('button', { name: 'Save' }).click();
    await eli.getByText('Saved.').waitFor();
    assert.equal((await directory.policy(stage.homing.tenant)).maxAgeDays, 30);
    await toFront(dia);
    await dia.goto('/u/1/admin/policy');
    await dia.getByText('cho@pigeon.test').waitFor();
    assert.equal(await dia.getByRole('button', { name: 'Save' }).count(), 0);
  });

  test('what a compromised account recalled is undone', async () => {
    const { emailId } = await stage.send({ from: 'ben@pigeon.test', to: ['cho@pigeon.test'], subject: 'Not by Ben' });
    await askRecall(await stage.client('ben@pigeon.test'), emailId);
    const ben = await stage.homing.services.directory.resolve('ben@pigeon.test');
    assert.ok(ben.kind === 'account');
    const [, dia] = await stage.people(['dia@pigeon.test'], PHONE);
    assert.ok(dia);
    await dia.goto(`/u/0/admin/people/a${ben.account}`);
    await dia.getByLabel('Since').fill('2026-01-01T00:00');
    await dia.getByRole('button', { name: 'Look what there is' }).tap();
    await dia.getByRole('link', { name: 'Not by Ben' }).waitFor();
    await fits(dia, 'a person');
    await dia.getByRole('button', { name: /^Undo/ }).tap();
    await dia.getByRole('alertdialog').getByRole('button', { name: 'Undo' }).tap();
    await dia.getByText('Stopped and being brought back:').waitFor();
    const cho = await stage.client('cho@pigeon.test');
    while ((await emailsOf(cho, 'Not by Ben', INBOX)).length === 0)
      await dia.evaluate(() => new Promise(requestAnimationFrame));
    for (const [page, name] of [
      ['people', 'People'],
      ['groups', 'Groups'],
      ['policy', 'Policy'],
      ['holds', 'Holds'],
      ['vault', 'Vault'],
      ['queue', 'Queue'],
      ['alerts', 'Alerts'],
    ] as const) {
      await dia.goto(`/u/0/admin/${page}`);
      await dia.getByRole('heading', { name, level: 1 }).waitFor();
      await dia.getByRole('progressbar').waitFor({ state: 'detached' });
      await fits(dia, page);
    }
  });
});
