// The first minute, as somebody from outside has it: /try, from Begin to the last square.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameLocator, Page } from 'playwright-core';
import { webSuite } from './support/stage.ts';

webSuite('The page /try', { people: 40, policy: { rateLimit: 0, maxRecipients: 10_000 } }, (stage) => {
  const begin = async (): Promise<{ page: Page; ana: FrameLocator; ben: FrameLocator }> => {
    const visit = await stage.newBrowser();
    const page = await visit.open('/try');
    await page.getByText('Ana has just sent everyone the salaries. Take it back.').waitFor();
    await page.getByRole('button', { name: 'Begin', exact: true }).click();
    return {
      page,
      ana: page.frameLocator('iframe[title="Ana\'s Sent Items"]'),
      ben: page.frameLocator('iframe[title="Ben\'s Inbox"]'),
    };
  };
  const seconds = (text: string): number => Number(/ (\d+) s/.exec(text)?.[1]);
  const rowOf = (frame: FrameLocator, subject: string) => frame.getByRole('row').filter({ hasText: subject });

  test('Begin, the hold, the recall in Ana’s client, and the wall to its last square', async () => {
    const { page, ana, ben } = await begin();
    const mailboxes = page.getByRole('region', { name: 'Mailboxes' });

    // Both are there, live, side by side.
    await rowOf(ben, 'Salaries 2026').waitFor();
    await rowOf(ana, 'Salaries 2026').waitFor();
    const [sent, inbox] = await Promise.all(
      [page.locator('iframe').first(), page.locator('iframe').last()].map((one) => one.boundingBox()),
    );
    assert.ok(sent && inbox && sent.x < inbox.x && Math.abs(sent.y - inbox.y) < 1);
    await mailboxes.getByText('It went to 47 people').waitFor();
    await mailboxes.getByRole('img', { name: '47 recipients: 47 to be decided.' }).waitFor();
    await mailboxes.getByText('45 copies inside can be taken back if unread. 2 have not left.').waitFor();
    // The hold counts down, and is the same that the server keeps.
    const left = mailboxes.getByText(/^2 outside leave in \d+ s\.$/);
    const first = await left.innerText();
    await page.waitForFunction((text) => !document.body.innerText.includes(text), first);
    assert.ok(seconds(await left.innerText()) < seconds(first));

    // Ana's client, by hand: her message, the reading pane, the command.
    await rowOf(ana, 'Salaries 2026').click();
    const command = ana.getByRole('button', { name: 'Recall This Message…' });
    await command.waitFor();
    // In view, however narrow the pane: nothing that lies over it takes the click.
    await command.evaluate((button) => {
      const { left, top, width, height } = button.getBoundingClientRect();
      const there = document.elementFromPoint(left + width / 2, top + height / 2);
      if (!there || !button.contains(there)) throw new Error('The command is not in view.');
    });
    await command.click();
    const dialog = ana.getByRole('dialog', { name: 'Recall This Message' });
    assert.ok(await dialog.getByRole('radio', { name: 'Delete unread copies of this message' }).isChecked());
    await dialog.getByRole('button', { name: 'OK' }).click();

    // In Ben's list, and nowhere else in it, the notice.
    await rowOf(ben, 'Message recalled').waitFor();
    await rowOf(ben, 'Salaries 2026').waitFor({ state: 'detached' });
    await mailboxes.getByText('Taken back from 47 of 47', { exact: true }).waitFor();
    await mailboxes.getByRole('img', { name: '47 recipients: 47 taken back.' }).waitFor();
    await mailboxes.getByRole('button', { name: 'Taken back 47' }).waitFor();
    await ana.getByRole('heading', { name: 'Recall of "Salaries 2026"' }).waitFor();
    await ana.getByText('Taken back from 47 of 47', { exact: true }).waitFor();

    // What the wall says, the tracking page says, in a window of its own.
    const opening = page.context().waitForEvent('page');
    await mailboxes.getByRole('link', { name: 'Open tracking' }).click();
    const tracking = await opening;
    await tracking.getByRole('heading', { name: 'Recall of "Salaries 2026"' }).waitFor();

    // And again, as often as one likes.
    await page.getByRole('button', { name: 'Begin again' }).click();
    await mailboxes.getByText('It went to 47 people').waitFor();
    await rowOf(ben, 'Salaries 2026').waitFor();
  });

  test('what Ben has read stays with him, and the wall says so', async () => {
    const { page, ana, ben } = await begin();
    const mailboxes = page.getByRole('region', { name: 'Mailboxes' });
    await rowOf(ben, 'Salaries 2026').first().click();
    await ben
      .getByRole('main')
      .getByText(/Cho Min-jun\s+64,000/)
      .waitFor();
    await rowOf(ana, 'Salaries 2026').first().click();
    await ana.getByRole('button', { name: 'Recall This Message…' }).click();
    const dialog = ana.getByRole('dialog', { name: 'Recall This Message' });
    await dialog.getByRole('button', { name: 'OK' }).click();
    await mailboxes.getByText('Taken back from 46 of 47', { exact: true }).waitFor();
    await mailboxes.getByRole('img', { name: '47 recipients: 46 taken back, 1 still there.' }).waitFor();
    await mailboxes.getByText(/1 had read it$/).waitFor();
    await ben
      .getByRole('main')
      .getByText(/Cho Min-jun\s+64,000/)
      .waitFor();
  });
});
