// All of it by keys alone: the focus is always somewhere, and seen.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { focusComesTo, focusIsSeen, focusOf, tabTo } from './support/focus.ts';
import { webSuite } from './support/stage.ts';

const [ANA, BEN, CHO] = ['ana@pigeon.test', 'ben@pigeon.test', 'cho@pigeon.test'] as const;

const dialogOf = (page: Page) => page.getByRole('dialog', { name: 'Recall This Message' });

webSuite('By keyboard alone', { policy: { rateLimit: 0 } }, (stage) => {
  const isGone = async (page: Page, name: string): Promise<void> =>
    page.getByRole('dialog', { name }).waitFor({ state: 'detached' });

  test('signing in, the list, opening, recalling, tracking', async () => {
    await stage.send({ to: [BEN, CHO], subject: 'Salaries 2026', text: 'Ana 71,000' });
    const visit = await stage.newBrowser();
    const page = await visit.open('/');
    await focusComesTo(page, /^input/);
    await page.keyboard.type(ANA);
    await page.keyboard.press('Tab');
    await page.keyboard.type('homing');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/u/0/mail/inbox');
    await page.getByRole('row').first().waitFor();

    await tabTo(page, /^a Sent Items/);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/u/0/mail/sent');
    await page.getByRole('row', { name: /Salaries 2026/ }).waitFor();
    await tabTo(page, /^row/);
    for (const [key, wanted] of [
      ['End', /Lunch/],
      ['Home', /Salaries 2026/],
      ['ArrowDown', /Lunch/],
      ['ArrowUp', /Salaries 2026/],
    ] as const) {
      await page.keyboard.press(key);
      await focusComesTo(page, wanted);
      await focusIsSeen(page);
    }
    // Selected and let go; nothing is opened by that.
    await page.keyboard.press('Space');
    await page.getByRole('toolbar', { name: 'Selected messages' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('toolbar', { name: 'Selected messages' }).waitFor({ state: 'detached' });
    assert.match(page.url(), /\/mail\/sent$/);

    await page.keyboard.press('Enter');
    await page.getByRole('main').getByText('Ana 71,000').waitFor();
    await focusComesTo(page, /^row .*Salaries 2026/);

    // The row's menu, as from the menu key; Escape leads back to the row.
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Recall This Message…' }).waitFor();
    await focusComesTo(page, /^menuitem/);
    await page.keyboard.press('Escape');
    await focusComesTo(page, /^row .*Salaries 2026/);

    // The dialog: the first radio, arrows between the two, Escape leads back.
    await page.keyboard.press('Control+Shift+Z');
    await dialogOf(page).waitFor();
    const chosen = async (): Promise<string> => page.evaluate(() => (document.activeElement as HTMLInputElement).value);
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.value === 'delete');
    await page.keyboard.press('ArrowDown');
    assert.equal(await chosen(), 'replace');
    await tabTo(page, /Take the copies back now, while I write/);
    await page.keyboard.press('Space');
    await dialogOf(page).getByText('Everyone can still read it until you send.').waitFor();
    const stops = await tabTo(page, /^button OK/);
    assert.ok(
      stops.some((stop) => /All 2 recipients/.test(stop)) && stops.some((stop) => /Tell me if/.test(stop)),
      stops.join(),
    );
    // The dialog keeps the focus: after its last control comes its first.
    await tabTo(page, /replace with a new message/);
    await page.keyboard.press('Escape');
    await isGone(page, 'Recall This Message');
    await focusComesTo(page, /^row .*Salaries 2026/);

    // Enter is OK.
    await page.keyboard.press('Control+Shift+Z');
    await dialogOf(page).getByText('2 copies inside can be taken back if unread.').waitFor();
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.value === 'delete');
    await page.keyboard.press('Enter');
    await focusComesTo(page, /^h1 Recall of "Salaries 2026"/);
    await page.getByText('Taken back from 2 of 2', { exact: true }).waitFor();
    await tabTo(page, /Taken back2/);
    await page.keyboard.press('Space');
    await tabTo(page, /Restore until/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Restore', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await focusComesTo(page, /Restore until/);
    await tabTo(page, /^a Recalls/, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Recalls' }).waitFor();
    await tabTo(page, /Salaries 2026/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Recall of "Salaries 2026"' }).waitFor();
  });

  test('keys are for the rows that are selected, not for the message that is open', async () => {
    const DIA = 'dia@pigeon.test';
    for (const subject of ['Oak', 'Elm', 'Ash', 'Yew']) await stage.send({ from: CHO, to: [DIA], subject });
    const [, page] = await stage.people([DIA]);
    assert.ok(page);
    const row = (subject: string) => page.getByRole('row', { name: new RegExp(`, ${subject}, `) });
    await row('Oak').click();
    await page.getByRole('main').getByText('Text of Oak.').waitFor();
    await row('Elm').click({ modifiers: ['Control'] });
    await row('Ash').hover();
    await row('Ash').getByRole('checkbox').check();
    await page.keyboard.press('e');
    await row('Ash').waitFor({ state: 'detached' });
    await row('Elm').waitFor({ state: 'detached' });
    await page.getByRole('toolbar', { name: 'Selected messages' }).waitFor({ state: 'detached' });
    await row('Yew').click({ modifiers: ['Control'] });
    await page.keyboard.press('Escape');
    await page.getByRole('toolbar', { name: 'Selected messages' }).waitFor({ state: 'detached' });
    // It was the selection's, so what is open stays.
    await page.getByRole('main').getByText('Text of Oak.').waitFor();
    await row('Yew').waitFor();
  });

  test('writing, sending and settings', async () => {
    const [, page] = await stage.people([ANA]);
    assert.ok(page);
    await page.getByRole('row').first().waitFor();
    await tabTo(page, /^row/);
    await page.keyboard.press('n');
    const box = page.getByRole('dialog', { name: 'New message' });
    await box.waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'combobox');
    await page.keyboard.type('ben@pigeon.test');
    await page.keyboard.press('Enter');
    await box.getByRole('button', { name: /ben@pigeon\.test/ }).waitFor();
    // Escape asks, and Escape goes on writing.
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keep this as a draft?' }).waitFor();
    await page.keyboard.press('Escape');
    await isGone(page, 'Keep this as a draft?');
    await box.getByRole('button', { name: /ben@pigeon\.test/ }).waitFor();
    await focusComesTo(page, /./);
    await box.getByLabel('Subject', { exact: true }).waitFor();
    await tabTo(page, /^input Subject/);
    await page.keyboard.type('By keys');
    await tabTo(page, /^textbox Message/);
    await page.keyboard.type('Typed.');
    await page.keyboard.press('Control+Enter');
    await isGone(page, 'New message');
    await page.getByRole('region', { name: 'Sent' }).waitFor();
    await focusComesTo(page, /./);
    await focusIsSeen(page);

    await tabTo(page, /^button Settings/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await tabTo(page, /^textarea|^textbox/);
    await page.keyboard.type('Ana, by keys');
    await tabTo(page, /^button Save/);
    await page.keyboard.press('Enter');
    await page.getByText('Saved.').waitFor();
    await focusComesTo(page, /./);
    await tabTo(page, /On the right/);
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(
      () => JSON.parse(localStorage.getItem('homing.settings') ?? '{}').readingPane === 'bottom',
    );
    await tabTo(page, /^a Homing/, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('separator', { name: 'Height of the list' }).waitFor();
  });

  test('the focus is not lost with the row, the pane or the button that had it', async () => {
    const [, page] = await stage.people(['dia@pigeon.test']);
    assert.ok(page);
    const sent = [];
    for (const subject of ['First', 'Second', 'Third'])
      sent.push(await stage.send({ to: ['dia@pigeon.test'], subject }));
    await page.getByRole('row', { name: /Third/ }).waitFor();
    await tabTo(page, /^row .*Third/);
    // Recalled while the focus is on it, on a slow line: the notice stands there and has it.
    await page.route('**/jmap/', async (route) => {
      if (route.request().postData()?.includes('"Email/query"')) await delay(400);
      await route.continue();
    });
    const ana = await stage.client(ANA);
    await ana.call('Recall/set', { create: { r: { emailId: sent[2]?.emailId, mode: 'delete' } } });
    await page.getByRole('row', { name: /Third/ }).waitFor({ state: 'detached' });
    await focusComesTo(page, /^row .*Message recalled/);
    await page.unroute('**/jmap/');
    await page.keyboard.press('ArrowDown');
    await focusComesTo(page, /^row .*Second/);
    // What comes in above it moves the row, and keys go on from that row.
    await stage.send({ to: ['dia@pigeon.test'], subject: 'Fourth' });
    await page.getByRole('row', { name: /Fourth/ }).waitFor();
    await focusComesTo(page, /^row .*Second/);
    await page.keyboard.press('ArrowUp');
    await focusComesTo(page, /^row .*Message recalled/);
    await page.keyboard.press('ArrowDown');
    await focusComesTo(page, /^row .*Second/);
    await page.keyboard.press('Enter');
    await page.getByRole('main').getByText('Text of Second.').waitFor();
    // Deleted: the row that came in its place.
    await page.keyboard.press('Delete');
    await page.getByRole('row', { name: /Second/ }).waitFor({ state: 'detached' });
    await focusComesTo(page, /^row .*First/);
    // Closed by Escape from its toolbar.
    await page.keyboard.press('Enter');
    await page.getByRole('main').getByText('Text of First.').waitFor();
    await tabTo(page, /^button Reply$/);
    // Where a tooltip is shown, the first Escape is its.
    const tooltip = page.getByRole('tooltip').filter({ hasText: 'Reply (R)' });
    await tooltip.waitFor();
    await page.keyboard.press('Escape');
    await tooltip.waitFor({ state: 'hidden' });
    await page.keyboard.press('Escape');
    await page.getByText('Choose a message to read it.').waitFor();
    await focusComesTo(page, /^row .*First/);
    await focusIsSeen(page);
    // Where list and message take turns: in the message, and back in the row.
    await page.evaluate(() => localStorage.setItem('homing.settings', JSON.stringify({ readingPane: 'off' })));
    await page.reload();
    await page.getByRole('row', { name: /First/ }).waitFor();
    await tabTo(page, /^row/);
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    await focusComesTo(page, /^row .*Fourth/);
    // Quicker than the page draws: every press counts.
    await page.evaluate(() => {
      for (let i = 0; i < 2; i++)
        document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    });
    await focusComesTo(page, /^row .*First/);
    // With Shift each takes one more along.
    await page.keyboard.press('Shift+ArrowUp');
    await page.keyboard.press('Shift+ArrowUp');
    await page.getByText('3 selected').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('3 selected').waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await focusComesTo(page, /^row .*First/);
    await page.keyboard.press('Enter');
    await page.getByRole('main').getByText('Text of First.').waitFor();
    await focusComesTo(page, /^button Inbox/);
    await page.keyboard.press('Enter');
    await focusComesTo(page, /^row .*First/);
  });

  test('a message’s window over the page, where the browser opens none: the focus stays in it, and comes back', async () => {
    const [, page] = await stage.people([ANA]);
    assert.ok(page);
    await stage.send({ to: [BEN], subject: 'Blocked', text: 'In no window of its own.' });
    await page.goto('/u/0/mail/sent');
    await page.evaluate(() => Object.assign(globalThis, { open: () => null }));
    await page.getByRole('row', { name: /Blocked/ }).waitFor();
    await tabTo(page, /^row .*Blocked/);
    await page.keyboard.press('Shift+Enter');
    const overlay = page.getByRole('dialog', { name: 'Message', exact: true });
    await overlay.getByText('In no window of its own.').waitFor();
    await focusComesTo(page, /^tab Message/);
    assert.equal(await page.title(), 'Blocked · Homing');

    // Round and round, both ways, and never out of it.
    for (const key of ['Tab', 'Shift+Tab']) {
      const stops = await tabTo(page, /^tab Message/, key);
      assert.ok(stops.length > 5 && stops.every((stop) => stop !== ''), stops.join(' · '));
      assert.ok((await focusOf(page)).inDialog);
    }
    // What lies beneath hears no keys and cannot be reached.
    assert.equal(await page.locator('[inert] [role=grid]').count(), 1);
    await page.keyboard.press('/');
    assert.ok((await focusOf(page)).inDialog);

    // Its commands by keys; what they open lies over it, and the focus comes back into it.
    await tabTo(page, /^button Actions/);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Recall This Message…' }).waitFor();
    await page.keyboard.press('Enter');
    await dialogOf(page).waitFor();
    await page.keyboard.press('Escape');
    await isGone(page, 'Recall This Message');
    await focusComesTo(page, /^button Actions/);
    await page.keyboard.press('r');
    const reply = page.getByRole('dialog', { name: 'Reply' });
    await reply.waitFor();
    await focusComesTo(page, /^textbox Message/);
    await page.keyboard.press('Escape');
    await reply.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.closest('[aria-modal=true]') !== null);

    await page.keyboard.press('Escape');
    await overlay.waitFor({ state: 'detached' });
    await focusComesTo(page, /^row .*Blocked/);
    assert.equal(await page.title(), 'Sent Items · Homing');
  });
});
