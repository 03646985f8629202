// Mailboxes and messages dragged with the mouse in the navigation pane, as a hand does it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import type { Client } from '../support/http.ts';
import { webSuite } from './support/stage.ts';

type Json = Record<string, unknown>;

const ANA = 'ana@pigeon.test';

/** Picks it up, carries it over the way in steps, and lets it go. `targets`: how many offer to take it while it hangs there. */
async function drag(page: Page, from: Locator, to: Locator, targets: 0 | 1 = 1): Promise<void> {
  const [a, b] = [await from.boundingBox(), await to.boundingBox()];
  assert.ok(a && b);
  await page.mouse.move(a.x + a.width / 4, a.y + a.height / 2);
  await page.mouse.down();
  await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 8 });
  // No hand is quite still, and what has just been come upon is told of the next move only.
  await page.mouse.move(b.x + b.width / 2 + 1, b.y + b.height / 2);
  if (targets === 1) await page.locator('[data-drop-target]').waitFor();
  assert.equal(await page.locator('[data-drop-target]').count(), targets);
  // Chromium's own driver does not come out of a drag that is let go where nothing takes it.
  if (targets === 0) await page.keyboard.press('Escape');
  await page.mouse.up();
}

webSuite('Dragging', {}, (stage) => {
  const made = async (client: Client, names: string[]): Promise<void> => {
    const create = Object.fromEntries(names.map((name) => [name, { name }]));
    const { notCreated } = await client.call('Mailbox/set', { create });
    assert.equal(notCreated, null);
  };
  const mailboxes = async (client: Client): Promise<Json[]> =>
    (await client.call('Mailbox/get', { ids: null }))['list'] as Json[];
  const parentOf = async (client: Client, name: string): Promise<unknown> => {
    const list = await mailboxes(client);
    const parentId = list.find((one) => one['name'] === name)?.['parentId'];
    return list.find(({ id }) => id === parentId)?.['name'] ?? null;
  };
  /** How far the mailbox's name is from the left edge: 12 pixels more with each that it lies in. */
  const depthOf = async (row: Locator): Promise<number> => (await row.boundingBox())?.x ?? Number.NaN;

  test('a mailbox goes into another, further in, and back to the top; never into itself', async () => {
    const client = await stage.client(ANA);
    await made(client, ['Roof', 'Slates', 'Nails']);
    const [, page] = await stage.people([ANA]);
    assert.ok(page);
    const row = (name: string): Locator => page.getByRole('link', { name: new RegExp(`^${name}`) });
    await row('Slates').waitFor();
    // Recall, and this in it, are for programs without a button that recalls.
    assert.equal(await row('Replace').count(), 0);
    const top = await depthOf(row('Slates'));
    const isAt = (name: string, depth: number): Promise<unknown> =>
      page.waitForFunction(
        ([wanted, x]) =>
          [...document.querySelectorAll('nav a')].some(
            (link) => link.textContent?.startsWith(wanted) && Math.round(link.getBoundingClientRect().x) === x,
          ),
        [name, Math.round(top + depth * 12)] as const,
      );

    await drag(page, row('Slates'), row('Roof'));
    await isAt('Slates', 1);
    assert.equal(await parentOf(client, 'Slates'), 'Roof');
    assert.equal(await page.locator('[data-drop-target]').count(), 0);
    await drag(page, row('Nails'), row('Slates'));
    await isAt('Nails', 2);
    assert.equal(await parentOf(client, 'Nails'), 'Slates');

    // Into what lies within it, or onto itself: nothing offers itself, and nothing is done.
    const before = await mailboxes(client);
    await drag(page, row('Roof'), row('Nails'), 0);
    await drag(page, row('Roof'), row('Roof'), 0);
    // Those that the server gave a role stay where they are.
    await drag(page, row('Inbox'), row('Roof'), 0);
    assert.deepEqual(await mailboxes(client), before);
    await page.waitForURL('**/mail/inbox');

    const heading = page.getByRole('navigation', { name: 'Mailboxes' }).getByRole('button', { name: ANA }).first();
    await drag(page, row('Slates'), heading);
    await isAt('Slates', 0);
    await isAt('Nails', 1);
    assert.equal(await parentOf(client, 'Slates'), null);
  });

  test('a name that is taken there is said, and the mailbox stays', async () => {
    const client = await stage.client(ANA);
    await made(client, ['Paint', 'Walls']);
    const parent = (await mailboxes(client)).find(({ name }) => name === 'Walls')?.['id'];
    await client.call('Mailbox/set', { create: { p: { name: 'Paint', parentId: parent } } });
    const [, page] = await stage.people([ANA]);
    assert.ok(page);
    const paint = page.getByRole('link', { name: /^Paint/ });
    await paint.nth(1).waitFor();
    await drag(page, paint.first(), page.getByRole('link', { name: /^Walls/ }));
    await page.getByText('Another mailbox has this name.').waitFor();
    assert.equal(await paint.count(), 2);
  });

  test('messages that are selected go together', async () => {
    const client = await stage.client(ANA);
    await made(client, ['Kept']);
    for (const subject of ['Gutter one', 'Gutter two', 'Chimney'])
      await stage.send({ from: 'cho@pigeon.test', to: [ANA], subject });
    const [, page] = await stage.people([ANA]);
    assert.ok(page);
    const row = (subject: string): Locator => page.getByRole('row', { name: new RegExp(`, ${subject}, `) });
    for (const subject of ['Gutter one', 'Gutter two']) await row(subject).click({ modifiers: ['Control'] });
    await page.getByText('2 selected').waitFor();
    await drag(page, row('Gutter one'), page.getByRole('link', { name: /^Kept/ }));
    await row('Gutter one').waitFor({ state: 'detached' });
    await row('Gutter two').waitFor({ state: 'detached' });
    await page.getByText('2 selected').waitFor({ state: 'detached' });
    await row('Chimney').waitFor();
    // As the server has it: rows go from the list before it has answered.
    const kept = async (): Promise<unknown> =>
      (await mailboxes(client)).find(({ name }) => name === 'Kept')?.['totalEmails'];
    while ((await kept()) !== 2) await page.evaluate(() => new Promise(requestAnimationFrame));
    await page.getByRole('link', { name: /^Kept/ }).click();
    await row('Gutter one').waitFor();
    await row('Gutter two').waitFor();
  });
});
