// Opening a message in the client: marked read, and fetched after that; and what can be done from within its text.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { emailsOf, INBOX, markRead } from '../support/recalling.ts';
import { webSuite } from './support/stage.ts';

const BEN = 'ben@pigeon.test';

interface Held {
  /** Lets the mark through to the server. */
  release(): Promise<void>;
  /** Methods of each request so far that asks for a body. */
  bodies(): string[][];
}

/** Keeps back what marks a message read, and notes what asks for a body. */
async function hold(page: Page): Promise<Held> {
  const held: Route[] = [];
  const bodies: string[][] = [];
  let free = false;
  await page.route('**/jmap/', async (route) => {
    const { methodCalls } = route.request().postDataJSON() as { methodCalls: [string, object][] };
    const names = methodCalls.map(([name, args]) => (JSON.stringify(args).includes('"bodyValues"') ? 'body' : name));
    if (names.includes('body')) bodies.push(names);
    if (names.includes('Email/set') && !free) held.push(route);
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

  test('the body is asked for after the mark, in one request, once; nothing is shown before the server has answered', async () => {
    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    await stage.send({ to: [BEN], subject: 'Gutter', text: 'The gutter leaks.' });
    await rowOf(ben, 'Gutter').waitFor();
    const held = await hold(ben);
    await rowOf(ben, 'Gutter').click();
    await ben.waitForTimeout(500);
    assert.deepEqual(held.bodies(), [['Email/set', 'body']]);
    assert.equal(await ben.getByRole('main').getByText('The gutter leaks.').count(), 0);
    await held.release();
    await ben.getByRole('main').getByText('The gutter leaks.').waitFor();
    assert.equal(held.bodies().length, 1);
  });

  test('a message that cannot be marked is not shown, though its body came along', async () => {
    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    await stage.send({ to: [BEN], subject: 'Chimney', text: 'The chimney smokes.' });
    await rowOf(ben, 'Chimney').waitFor();
    await ben.route('**/jmap/', async (route) => {
      const request = route.request().postDataJSON() as { methodCalls: [string, object, string][] };
      const set = request.methodCalls.find(([name]) => name === 'Email/set');
      if (set) set[1] = { ...set[1], ifInState: 'never' };
      await route.continue({ postData: JSON.stringify(request) });
    });
    await rowOf(ben, 'Chimney').click();
    await ben.getByRole('main').getByText('stateMismatch').waitFor();
    assert.equal(await ben.getByRole('main').getByText('The chimney smokes.').count(), 0);
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
    // The notice has a body too, which is asked for without a mark.
    assert.equal(held.bodies().filter((names) => names.includes('Email/set')).length, 1);
    assert.equal(await ben.getByRole('main').getByText('Ana 71,000').count(), 0);
  });

  test('an unread message inside a conversation makes its row bold, and is counted', async () => {
    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    const client = await stage.client(BEN);
    const { messageId } = await stage.send({ to: [BEN], subject: 'Fence' });
    const again = [`In-Reply-To: <${messageId}>`, `References: <${messageId}>`];
    await stage.send({ to: [BEN], subject: 'Re: Fence', text: 'By Friday.', headers: again });
    const row = rowOf(ben, 'Re: Fence');
    const named = (name: RegExp): Promise<void> => ben.getByRole('row', { name }).waitFor();
    await named(/^2 unread, Ana Silva, Re: Fence, /);
    await row.click();
    await ben.getByRole('main').getByText('By Friday.').waitFor();
    await named(/^1 unread, Ana Silva, Re: Fence, /);
    await row.getByText('1', { exact: true }).waitFor();
    const weight = await row.getByText('Re: Fence').evaluate((one) => getComputedStyle(one).fontWeight);
    assert.equal(weight, '600');
    const [first] = await emailsOf(client, 'Fence', INBOX).then((all) =>
      all.filter((one) => one['subject'] === 'Fence'),
    );
    await markRead(client, first);
    await named(/^Ana Silva, Re: Fence, /);
    await markRead(client, first, false);
    await named(/^1 unread, Ana Silva, Re: Fence, /);
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
