// Opening a message in the client: marked read first, fetched after that; and what can be done from within its text.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { webSuite } from './support/stage.ts';

const BEN = 'ben@pigeon.test';

interface Held {
  /** Lets the mark through to the server. */
  release(): Promise<void>;
  /** Bodies asked for so far. */
  bodies(): number;
}

/** Keeps back what marks a message read, and counts what asks for a body. */
async function hold(page: Page): Promise<Held> {
  const held: Route[] = [];
  let bodies = 0;
  let free = false;
  await page.route('**/jmap/', async (route) => {
    const text = route.request().postData() ?? '';
    if (text.includes('"bodyValues"')) bodies++;
    if (text.includes('"Email/set"') && !free) held.push(route);
    else await route.continue();
  });
  return {
    bodies: () => bodies,
    async release() {
      free = true;
      await Promise.all(held.map((route) => route.continue()));
    },
  };
}

webSuite('Opening a message', { policy: { rateLimit: 0 } }, (stage) => {
  const rowOf = (page: Page, subject: string) => page.getByRole('row').filter({ hasText: subject });

  test('no body is asked for before the server has marked it read', async () => {
    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    await stage.send({ to: [BEN], subject: 'Gutter', text: 'The gutter leaks.' });
    await rowOf(ben, 'Gutter').waitFor();
    const held = await hold(ben);
    await rowOf(ben, 'Gutter').click();
    await ben.waitForTimeout(500);
    assert.equal(held.bodies(), 0);
    assert.equal(await ben.getByRole('main').getByText('The gutter leaks.').count(), 0);
    await held.release();
    await ben.getByRole('main').getByText('The gutter leaks.').waitFor();
    assert.equal(held.bodies(), 1);
  });

  test('recalled between the click and the mark: the notice, and never a word of the text', async () => {
    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    const { emailId } = await stage.send({ to: [BEN], subject: 'Salaries', text: 'Ana 71,000' });
    await rowOf(ben, 'Salaries').waitFor();
    const held = await hold(ben);
    await rowOf(ben, 'Salaries').click();
    const ana = await stage.client('ana@pigeon.test');
    await ana.call('Recall/set', { create: { r: { emailId, mode: 'delete' } } });
    await rowOf(ben, 'Salaries').waitFor({ state: 'detached' });
    await held.release();
    await ben
      .getByRole('main')
      .getByText(/took this message back/)
      .waitFor();
    assert.equal(held.bodies() <= 1, true);
    assert.equal(await ben.getByRole('main').getByText('Ana 71,000').count(), 0);
  });

  test('keys work from within the text of an HTML mail', async () => {
    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    await stage.send({ to: [BEN], subject: 'Plans', html: '<p style="color: red">The plans.</p>' });
    await rowOf(ben, 'Plans').click();
    const text = ben.frameLocator('iframe[title="Message"]').getByText('The plans.');
    await text.click();
    assert.equal(await text.evaluate((element) => getComputedStyle(element).color), 'rgb(255, 0, 0)');
    await ben.keyboard.press('e');
    await rowOf(ben, 'Plans').waitFor({ state: 'detached' });
  });

  test('a link that shows another place is asked about, however it is clicked', async () => {
    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    await stage.send({ to: [BEN], subject: 'Account', html: '<a href="https://evil.test/">https://bank.test/</a>' });
    await rowOf(ben, 'Account').click();
    for (const button of ['left', 'middle'] as const) {
      await ben.frameLocator('iframe[title="Message"]').getByText('bank.test').click({ button });
      const dialog = ben.getByRole('dialog', { name: 'This link goes somewhere else' });
      await dialog.getByText('evil.test').waitFor();
      await dialog.getByRole('button', { name: 'Stay here' }).click();
      await dialog.waitFor({ state: 'detached' });
    }
  });
});
