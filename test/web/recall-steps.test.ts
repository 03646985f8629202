// "Recall, step by step as people know it" (docs/guide.md), with two people signed in at once: every way to the command,
// where it cannot be had and why, the new message in place of the old, tracking, and what the other sees go.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { DEFAULT_POLICY } from '../../src/mail/policy.ts';
import { emailsOf, INBOX, markRead } from '../support/recalling.ts';
import { until } from '../support/server.ts';
import { webSuite } from './support/stage.ts';

const [ANA, BEN, CHO, DIA, ELI] = ['ana', 'ben', 'cho', 'dia', 'eli'].map((local) => `${local}@pigeon.test`) as [
  string,
  string,
  string,
  string,
  string,
];
const NORA = 'nora@outside.test';
const RECALL = 'Recall This Message…';

const rowOf = (page: Page, subject: string): Locator => page.getByRole('row').filter({ hasText: subject });
const dialogOf = (page: Page): Locator => page.getByRole('dialog', { name: 'Recall This Message' });

/** It is the dialog, and it goes without having done anything. */
async function isAsked(page: Page): Promise<void> {
  await dialogOf(page).getByRole('radio', { name: 'Delete unread copies of this message', exact: true }).waitFor();
  await dialogOf(page).getByRole('button', { name: 'Cancel', exact: true }).click();
  await dialogOf(page).waitFor({ state: 'detached' });
}

async function popup(page: Page, open: () => Promise<void>): Promise<Page> {
  const opening = page.context().waitForEvent('page');
  await open();
  const opened = await opening;
  await opened.bringToFront();
  return opened;
}

const POLICY = { ...DEFAULT_POLICY, rateLimit: 0, holdOutsideSeconds: 0 };

webSuite('Recall, step by step', { policy: POLICY }, (stage) => {
  test('1. Sent Items, double-click, and every way to the command', async () => {
    const [, ana] = await stage.people([ANA]);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: [BEN, CHO], subject: 'Salaries 2026' });
    await ana
      .getByRole('link', { name: /^Sent Items/ })
      .first()
      .click();

    // Right-click in the list: nothing is opened for it.
    await rowOf(ana, 'Salaries 2026').click({ button: 'right' });
    await ana.getByRole('menuitem', { name: RECALL, exact: true }).click();
    await isAsked(ana);
    assert.equal(new URL(ana.url()).pathname, '/u/0/mail/sent');

    // Its own window: the ribbon, File → Info, the keys.
    const own = await popup(ana, () => rowOf(ana, 'Salaries 2026').dblclick());
    assert.equal(new URL(own.url()).pathname, `/u/0/message/${emailId}`);
    await own.getByRole('tab', { name: 'Message', exact: true }).click();
    await own.getByRole('button', { name: 'Actions', exact: true }).click();
    await own.getByRole('menuitem', { name: 'Resend This Message…', exact: true }).waitFor();
    await own.getByRole('menuitem', { name: RECALL, exact: true }).click();
    await isAsked(own);
    await own.getByRole('tab', { name: 'File', exact: true }).click();
    await own.getByRole('heading', { name: 'Info' }).waitFor();
    await own.getByRole('button', { name: 'Resend or Recall', exact: true }).click();
    await own.getByRole('menuitem', { name: RECALL, exact: true }).click();
    await isAsked(own);
    await own.keyboard.press('Control+Shift+Z');
    await isAsked(own);
    await own.close();

    // The reading pane: its toolbar, its menu, the keys.
    await ana.bringToFront();
    await rowOf(ana, 'Salaries 2026').click();
    const reading = ana.getByRole('main');
    await reading.getByRole('button', { name: RECALL, exact: true }).click();
    await isAsked(ana);
    await reading.getByRole('button', { name: 'More actions' }).click();
    await ana.getByRole('menuitem', { name: RECALL, exact: true }).click();
    await isAsked(ana);
    await ana.keyboard.press('Control+Shift+Z');
    await isAsked(ana);

    const { ids } = await (await stage.client(ANA)).call('Recall/query', { filter: { emailId } });
    assert.deepEqual(ids, []);
  });

  test('1. the undo bar’s way, and Resend This Message', async () => {
    const [, ana, ben] = await stage.people([ANA, BEN]);
    assert.ok(ana && ben);
    await stage.send({ to: [BEN], subject: 'Once', text: 'The same words.' });
    await ana.bringToFront();
    await ana.goto('/u/0/mail/sent');
    await rowOf(ana, 'Once').click({ button: 'right' });
    await ana.getByRole('menuitem', { name: 'Resend This Message…', exact: true }).click();
    const composer = ana.getByRole('dialog', { name: 'Resend' });
    await composer.getByRole('button', { name: /ben@pigeon\.test/ }).waitFor();
    await composer.getByText('The same words.').waitFor();
    await composer.getByLabel('Subject', { exact: true }).fill('Once more');
    await composer.getByRole('button', { name: 'Send', exact: true }).click();
    await rowOf(ben, 'Once more').waitFor();
    await ana.getByRole('region', { name: 'Sent' }).getByRole('button', { name: 'Take it back' }).click();
    await dialogOf(ana)
      .getByText(/^Once more · sent /)
      .waitFor();
    await dialogOf(ana).getByRole('button', { name: 'OK', exact: true }).click();
    await rowOf(ben, 'Once more').waitFor({ state: 'detached' });
    await rowOf(ben, 'Message recalled').waitFor();
  });

  test('1. where it is not possible the command is there, and says why', async (t) => {
    const [, ana] = await stage.people([ANA]);
    assert.ok(ana);
    const { emailId, messageId } = await stage.send({ to: [BEN], subject: 'Long ago' });
    await stage.homing.sql(
      `UPDATE submission SET accepted_at = accepted_at - interval '41 days' WHERE message_id_header IN ($1, '<' || $1 || '>')`,
      [messageId],
    );
    t.after(() => stage.homing.admin.setPolicy(stage.homing.tenant, POLICY));

    const saysWhy = async (why: string): Promise<void> => {
      await ana.goto(`/u/0/mail/sent/${emailId}`);
      // In the reading pane's toolbar, with the reason as its description.
      const button = ana.getByRole('main').getByRole('button', { name: RECALL, exact: true });
      await ana.getByRole('main').locator(`[aria-label="${RECALL}"][aria-disabled=true]`).waitFor();
      await button.focus();
      await ana.getByRole('tooltip').getByText(why).waitFor();
      // It does nothing there, and neither do its keys.
      await button.press('Enter');
      await ana.keyboard.press('Control+Shift+Z');
      // In the list's menu, in words.
      await rowOf(ana, 'Long ago').click({ button: 'right' });
      const item = ana.getByRole('menuitem', { name: `${RECALL} ${why}`, disabled: true });
      await item.getByText(why).waitFor();
      await ana.keyboard.press('Escape');
      // In its own window, both ways.
      await ana.goto(`/u/0/message/${emailId}`);
      await ana.getByRole('button', { name: 'Actions', exact: true }).click();
      await ana
        .getByRole('menuitem', { name: `${RECALL} ${why}` })
        .getByText(why)
        .waitFor();
      await ana.keyboard.press('Escape');
      await ana.getByRole('tab', { name: 'File', exact: true }).click();
      await ana.getByRole('button', { name: 'Resend or Recall', exact: true }).click();
      await ana
        .getByRole('menuitem', { name: `${RECALL} ${why}` })
        .getByText(why)
        .waitFor();
      assert.equal(await dialogOf(ana).count(), 0);
    };
    await saysWhy('Sent 41 days ago; your organisation allows 30.');
    await stage.homing.admin.setPolicy(stage.homing.tenant, { ...POLICY, enabled: false });
    await saysWhy('Your organisation has turned recall off.');
  });

  test('2. the dialog says the same whether anybody has read or not', async () => {
    const [, ana] = await stage.people([ANA]);
    assert.ok(ana);
    const words = async (subject: string, isRead: boolean): Promise<string> => {
      const { emailId } = await stage.send({ to: [BEN, CHO], subject });
      const ben = await stage.client(BEN);
      if (isRead) await markRead(ben, (await emailsOf(ben, subject))[0]);
      await ana.goto(`/u/0/message/${emailId}`);
      await ana.getByRole('button', { name: 'Actions', exact: true }).click();
      await ana.getByRole('menuitem', { name: RECALL, exact: true }).click();
      await dialogOf(ana).getByText('2 copies inside can be taken back if unread.').waitFor();
      await dialogOf(ana).getByRole('button', { name: 'All 2 recipients' }).click();
      await dialogOf(ana)
        .getByRole('checkbox', { name: /ben@pigeon\.test/ })
        .waitFor();
      return (await dialogOf(ana).innerText()).replace(/.* · sent .*/, '');
    };
    assert.equal(await words('Read by Ben', true), await words('Read by nobody', false));
  });

  test('3. replaced, taken back at once: notice while Ana writes, then the new message in its place', async () => {
    const [, ana, cho] = await stage.people([ANA, CHO]);
    assert.ok(ana && cho);
    await stage.send({ to: [CHO], subject: 'Figures', text: 'Wrong figures.' });
    await stage.send({ to: [CHO], subject: 'Later mail' });
    await rowOf(cho, 'Figures').waitFor();
    const order = async (): Promise<string[]> =>
      (await cho.getByRole('row').allInnerTexts())
        .map((text) => text.split('\n').find((line) => /Later|Figures|recalled/.test(line)) ?? '')
        .filter(Boolean)
        .slice(0, 2);

    await ana.bringToFront();
    await ana.goto('/u/0/mail/sent');
    await rowOf(ana, 'Figures').click();
    await ana.getByRole('main').getByRole('button', { name: RECALL, exact: true }).click();
    await dialogOf(ana)
      .getByRole('radio', { name: 'Delete unread copies and replace with a new message', exact: true })
      .check();
    assert.ok(
      await dialogOf(ana)
        .getByRole('checkbox', { name: 'Take the copies back now, while I write', exact: true })
        .isChecked(),
    );
    await dialogOf(ana).getByRole('button', { name: 'OK', exact: true }).click();
    const composer = ana.getByRole('dialog', { name: 'New message in place of the old' });
    await composer.getByText('Wrong figures.').waitFor();

    // While she writes, it is gone already.
    await rowOf(cho, 'Figures').waitFor({ state: 'detached' });
    await rowOf(cho, 'Message recalled').waitFor();
    assert.deepEqual(await order(), ['Later mail', 'Message recalled']);

    await composer.getByRole('textbox', { name: 'Message' }).fill('Right figures.');
    await composer.getByLabel('Subject', { exact: true }).fill('Figures, corrected');
    await composer.getByRole('button', { name: 'Send', exact: true }).click();
    await rowOf(cho, 'Figures, corrected').waitFor();
    await rowOf(cho, 'Message recalled').waitFor({ state: 'detached' });
    assert.deepEqual(await order(), ['Later mail', 'Figures, corrected']);
    // Unread, and mail like any other.
    await cho.bringToFront();
    await cho.getByRole('row', { name: /^Unread, Ana Silva, Figures, corrected/ }).click();
    await cho.frameLocator('iframe[title="Message"]').getByText('Right figures.').waitFor();
  });

  test('3. replaced at Send: nothing happens before; closed unsent, what was taken can be left so', async () => {
    const [, ana, dia] = await stage.people([ANA, DIA]);
    assert.ok(ana && dia);
    const ask = async (subject: string, now: boolean): Promise<Locator> => {
      await stage.send({ to: [DIA], subject, text: 'As it was.' });
      await rowOf(dia, subject).waitFor();
      await ana.bringToFront();
      await ana.goto('/u/0/mail/sent');
      await rowOf(ana, subject).first().click({ button: 'right' });
      await ana.getByRole('menuitem', { name: RECALL, exact: true }).click();
      await dialogOf(ana)
        .getByRole('radio', { name: /replace with a new message$/ })
        .check();
      if (!now)
        await dialogOf(ana)
          .getByRole('checkbox', { name: /^Take the copies back now/ })
          .uncheck();
      await dialogOf(ana).getByRole('button', { name: 'OK', exact: true }).click();
      const composer = ana.getByRole('dialog', { name: 'New message in place of the old' });
      await composer.getByText('As it was.').waitFor();
      return composer;
    };
    const later = await ask('Agenda', false);
    await later.getByLabel('Subject', { exact: true }).fill('Programme');
    const { list } = await (await stage.client(ANA)).call('Recall/get', { ids: null });
    assert.ok(!(list as { subject: string }[]).some(({ subject }) => subject === 'Agenda'));
    assert.equal(await rowOf(dia, 'Agenda').count(), 1);
    await later.getByRole('button', { name: 'Send', exact: true }).click();
    await rowOf(dia, 'Programme').waitFor();
    await rowOf(dia, 'Agenda').waitFor({ state: 'detached' });

    const now = await ask('Minutes', true);
    await rowOf(dia, 'Minutes').waitFor({ state: 'detached' });
    await now.getByRole('button', { name: 'Close' }).click();
    await ana.getByRole('button', { name: 'Restore', exact: true }).waitFor();
    await ana.getByRole('button', { name: 'Leave taken back', exact: true }).click();
    await ana.getByLabel('Subject', { exact: true }).waitFor({ state: 'detached' });
    await rowOf(dia, 'Message recalled').first().waitFor();
    assert.equal(await rowOf(dia, 'Minutes').count(), 0);
  });

  test('4. tracking at its own address, the mark in Sent Items, and a letter to those not reached', async () => {
    const [visit, ana] = await stage.people([ANA]);
    assert.ok(ana);
    await stage.send({ to: [BEN, CHO, NORA], subject: 'Offer' });
    await until('it is outside', async () =>
      stage.homing.outside.received().some(({ subject }) => subject === 'Offer'),
    );
    await ana.goto('/u/0/mail/sent');
    await rowOf(ana, 'Offer').click();
    await ana.getByRole('main').getByRole('button', { name: RECALL, exact: true }).click();
    await dialogOf(ana).getByText('2 copies inside can be taken back if unread. 1 is outside and cannot be.').waitFor();
    await dialogOf(ana).getByRole('button', { name: 'OK', exact: true }).click();
    await ana.getByRole('heading', { name: 'Recall of "Offer"', exact: true }).waitFor();
    await ana.waitForURL(/\/u\/0\/recall\/r\d+$/);

    const tracking = await visit.open(new URL(ana.url()).pathname);
    await tracking.getByRole('heading', { name: 'Recall of "Offer"', exact: true }).waitFor();
    await tracking.getByRole('main').getByRole('status').getByText('Taken back from 2 of 3', { exact: true }).waitFor();
    assert.equal(await tracking.title(), 'Recall of "Offer" · Homing');
    const table = tracking.getByRole('table', { name: 'Recipients', exact: true });
    await table.getByText(/^Outside: mx\.outside\.test took it at \d\d:\d\d\.$/).waitFor();
    await tracking.getByRole('button', { name: 'Write to the 1 outside', exact: true }).click();
    const composer = tracking.getByRole('dialog', { name: 'New message' });
    await composer.getByRole('button', { name: /nora@outside\.test/ }).waitFor();
    assert.equal(await composer.getByRole('button', { name: /Delete removes it/ }).count(), 1);
    assert.equal(await composer.getByLabel('Subject', { exact: true }).inputValue(), 'Offer');
    await tracking.close();

    await ana.bringToFront();
    await ana.getByRole('link', { name: 'Sent Items' }).click();
    await rowOf(ana, 'Offer').getByRole('link', { name: '2 of 3 taken back' }).click();
    await ana.getByRole('heading', { name: 'Recall of "Offer"', exact: true }).waitFor();
  });

  test('5. gone from list, reading pane, own window, search and notification; the notice in its place', async (t) => {
    await stage.homing.admin.setPolicy(stage.homing.tenant, { ...POLICY, readCopies: 'sender-chooses' });
    t.after(() => stage.homing.admin.setPolicy(stage.homing.tenant, POLICY));
    const [visit, ana, list] = await stage.people([ANA, ELI], { permissions: ['notifications'] });
    assert.ok(ana && list);
    // What the system would show, kept where the test can look at it.
    await visit.context.addInitScript(() => {
      const shown = new Set<string>();
      class Shown extends EventTarget {
        static permission = 'granted';
        static requestPermission = async (): Promise<string> => 'granted';
        body: string;
        constructor(_title: string, { body }: { body: string }) {
          super();
          this.body = body;
          shown.add(body);
        }
        close(): void {
          shown.delete(this.body);
        }
      }
      Object.assign(globalThis, { Notification: Shown, shown: () => [...shown] });
    });
    await list.goto('/u/1/settings');
    await list.getByRole('switch', { name: 'Tell me of new mail while a window is open' }).check();
    await list.goto('/u/1/mail/inbox');
    const told = async (): Promise<string[]> =>
      list.evaluate(() => (globalThis as unknown as { shown(): string[] }).shown());
    await list.getByRole('row').first().waitFor();

    const { emailId } = await stage.send({ to: [ELI, CHO], subject: 'Redundancies', text: 'Secret words.' });
    await rowOf(list, 'Redundancies').waitFor();
    await list.waitForFunction(() => (globalThis as unknown as { shown(): string[] }).shown().includes('Redundancies'));
    const eli = await stage.client(ELI);
    const id = String((await emailsOf(eli, 'Redundancies', INBOX))[0]?.['id']);
    const reading = await visit.open(`/u/1/mail/inbox/${id}`);
    await reading.getByRole('main').getByText('Secret words.').waitFor();
    const own = await visit.open(`/u/1/message/${id}`);
    await own.getByText('Secret words.').waitFor();
    const search = await visit.open('/u/1/mail/inbox?q=Redundancies');
    await rowOf(search, 'Redundancies').waitFor();

    await ana.bringToFront();
    await ana.goto(`/u/0/message/${emailId}`);
    await ana.getByText('Secret words.').waitFor();
    await ana.keyboard.press('Control+Shift+Z');
    await dialogOf(ana).getByRole('checkbox', { name: 'Also take back copies that were already read' }).check();
    await dialogOf(ana).getByText('2 copies inside can be taken back, read or not.').waitFor();
    await dialogOf(ana).getByRole('button', { name: 'OK', exact: true }).click();

    await rowOf(list, 'Message recalled').waitFor();
    await rowOf(list, 'Redundancies').waitFor({ state: 'detached' });
    await list.waitForFunction(() => (globalThis as unknown as { shown(): string[] }).shown().length === 0);
    assert.deepEqual(await told(), []);
    const notice = /^Ana Silva took this message back at \d\d:\d\d\. You need do nothing\.$/;
    for (const page of [reading, own]) {
      await page.getByText(notice).waitFor();
      assert.equal(await page.getByText('Secret words.').count(), 0);
      assert.equal((await page.content()).includes('Secret words.'), false);
    }
    await rowOf(search, 'Redundancies').waitFor({ state: 'detached' });
    await search.getByText('Nothing found.').waitFor();
  });
});
