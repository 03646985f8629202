import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../support/server.ts';
import { webSuite } from './support/stage.ts';

type Json = Record<string, unknown>;

/** The newest Email of a mailbox, with its body. */
async function newest(client: { call(name: string, args?: Json): Promise<Json> }, mailbox: string): Promise<Json> {
  const { ids } = await client.call('Email/query', {
    filter: { inMailbox: mailbox },
    sort: [{ property: 'receivedAt', isAscending: false }],
    limit: 1,
  });
  const { list } = await client.call('Email/get', { ids, fetchAllBodyValues: true });
  return (list as Json[])[0] ?? {};
}

async function count(client: { call(name: string, args?: Json): Promise<Json> }, mailbox: string): Promise<number> {
  return ((await client.call('Email/query', { filter: { inMailbox: mailbox } }))['ids'] as string[]).length;
}

const composer = (page: Page) => page.getByRole('dialog', { name: 'New message' });

async function write(page: Page, to: string, subject: string, text: string): Promise<void> {
  await page.getByRole('button', { name: 'New mail' }).first().click();
  const box = composer(page);
  await box.getByLabel('To', { exact: true }).fill(to);
  await page.keyboard.press('Enter');
  await box.getByLabel('Subject', { exact: true }).fill(subject);
  await box.getByRole('textbox', { name: 'Message' }).click();
  await page.keyboard.type(text);
}

webSuite('The composer', {}, (stage) => {
  test('a letter with both forms, a suggestion, the marks of those outside, and the undo bar', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    await ana.getByRole('button', { name: 'New mail' }).first().click();
    const box = composer(ana);
    const to = box.getByLabel('To', { exact: true });
    await to.fill('every');
    await box.getByRole('option', { name: /Everybody.*people/ }).click();
    await to.fill('nora@outside.test');
    await ana.keyboard.press('Enter');
    await box.getByText('1 is outside your organisation.').waitFor();
    await box.getByRole('button', { name: /nora@outside\.test, outside your organisation/ }).waitFor();
    await box.getByRole('button', { name: /Everybody.*\d people/ }).waitFor();
    await box.getByLabel('Subject', { exact: true }).fill('Terrace');
    await box.getByRole('textbox', { name: 'Message' }).click();
    await box.getByRole('button', { name: 'Bold' }).click();
    await ana.keyboard.type('Loud');
    await box.getByText(/^Saved in Drafts at/).waitFor();
    if (process.env['HOMING_TEST_PICTURES'])
      await ana.screenshot({ path: `${process.env['HOMING_TEST_PICTURES']}/compose.png` });
    const client = await stage.client('ana@pigeon.test');
    assert.equal(await count(client, 'f2'), 1);
    await ana.keyboard.press('Control+Enter');
    await box.waitFor({ state: 'detached' });
    await ana.getByText(/^Sent\. 1 outside leaves in \d+ s\.$/).waitFor();
    if (process.env['HOMING_TEST_PICTURES'])
      await ana.screenshot({ path: `${process.env['HOMING_TEST_PICTURES']}/undo.png` });
    assert.equal(await count(client, 'f2'), 0);
    const sent = await newest(client, 'f3');
    assert.equal(sent['subject'], 'Terrace');
    const values = Object.values(sent['bodyValues'] as Record<string, { value: string }>).map(({ value }) => value);
    assert.ok(
      values.some((value) => value.trim() === 'Loud'),
      JSON.stringify(values),
    );
    assert.ok(
      values.some((value) => value.includes('<strong>Loud</strong>')),
      JSON.stringify(values),
    );
    await ana.getByRole('button', { name: 'Take it back' }).click();
    await ana.getByRole('dialog', { name: 'Recall This Message' }).waitFor();
  });

  test('closing asks; what is kept opens again, with its attachment, and stays one draft', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    await write(ana, 'ben@pigeon.test', 'Plans', 'Here they are.');
    const box = composer(ana);
    await box
      .getByLabel('Files', { exact: true })
      .setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('One, two.') });
    await box.getByText('plan.txt').waitFor();
    await box.getByText(/^Saved in Drafts at/).waitFor();
    await box.getByLabel('Subject', { exact: true }).fill('Plans, again');
    await box.getByRole('button', { name: 'Close' }).click();
    await ana.getByRole('button', { name: 'Keep draft' }).click();
    // Not `box`: while the question is open, everything behind it has no role.
    await ana.getByLabel('Subject', { exact: true }).waitFor({ state: 'detached' });
    const client = await stage.client('ana@pigeon.test');
    assert.equal(await count(client, 'f2'), 1);
    const draft = await newest(client, 'f2');
    assert.equal(draft['subject'], 'Plans, again');
    assert.deepEqual(
      (draft['attachments'] as Json[]).map(({ name }) => name),
      ['plan.txt'],
    );
  });

  test('errors are said and nothing is lost', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    await write(ana, 'nobody-here@pigeon.test', 'Lost?', 'No.');
    const box = composer(ana);
    await box.getByRole('button', { name: /nobody has this address/ }).waitFor();
    await box.getByRole('button', { name: 'Send', exact: true }).click();
    await box.getByText('Nobody has this address: nobody-here@pigeon.test.').waitFor();
    assert.equal(await box.getByLabel('Subject', { exact: true }).inputValue(), 'Lost?');
    await box.getByRole('button', { name: /nobody has this address/ }).press('Delete');
    await box.getByRole('button', { name: 'Send', exact: true }).click();
    await box.getByText('To whom? Name at least one recipient.').waitFor();
    await box.getByRole('button', { name: 'Discard' }).click();
    await box.waitFor({ state: 'detached' });
  });

  test('a reply to all goes to the others, quotes, and stays in the conversation', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    await stage.send({
      from: 'ben@pigeon.test',
      to: ['ana@pigeon.test', 'cho@pigeon.test'],
      subject: 'Where to?',
      html: '<p style="font-weight: bold">North</p><img src="https://evil.test/x.png"><p>or <a href="https://a.test/">south</a>?</p>',
    });
    await ana.getByText('Where to?').first().click();
    await ana
      .getByRole('button', { name: /^Reply all/i })
      .first()
      .click();
    const box = ana.getByRole('dialog', { name: 'Reply all' });
    await box.getByRole('button', { name: /ben@pigeon\.test/ }).waitFor();
    await box.getByRole('button', { name: /cho@pigeon\.test/ }).waitFor();
    assert.equal(await box.getByRole('button', { name: /ana@pigeon\.test.*Delete removes/ }).count(), 0);
    await box.getByText('Ben Okafor wrote:').waitFor();
    await ana.keyboard.type('South.');
    await box.getByText(/^Saved in Drafts at/).waitFor();
    if (process.env['HOMING_TEST_PICTURES'])
      await ana.screenshot({ path: `${process.env['HOMING_TEST_PICTURES']}/reply.png` });
    await box.getByRole('button', { name: 'Send', exact: true }).click();
    await box.waitFor({ state: 'detached' });
    const sent = await newest(await stage.client('ana@pigeon.test'), 'f3');
    assert.equal(sent['subject'], 'Re: Where to?');
    assert.equal((sent['inReplyTo'] as string[]).length, 1);
    const [text = ''] = Object.values(sent['bodyValues'] as Record<string, { value: string }>).map(
      ({ value }) => value,
    );
    assert.match(text, /^South\.\n\nOn .* Ben Okafor wrote:\n> North\n> or south <https:\/\/a\.test\/>\?\n$/);
  });

  for (const at of ['at once', 'at Send'] as const) {
    test(`a new message in place of the old, taken back ${at}`, async () => {
      const [, ana] = await stage.people(['ana@pigeon.test']);
      assert.ok(ana);
      const subject = `Salaries ${at}`;
      const { emailId } = await stage.send({ to: ['ben@pigeon.test', 'cho@pigeon.test'], subject, text: 'Wrong.' });
      await ana.goto(`/u/0/mail/sent/${emailId}`);
      await ana
        .getByRole('button', { name: /Recall This Message/ })
        .first()
        .click();
      const dialog = ana.getByRole('dialog', { name: 'Recall This Message' });
      await dialog.getByRole('radio', { name: 'Delete unread copies and replace with a new message' }).click();
      const now = dialog.getByRole('checkbox', { name: 'Take the copies back now, while I write' });
      if (at === 'at Send') await now.uncheck();
      await dialog.getByRole('button', { name: 'OK' }).click();
      const box = ana.getByRole('dialog', { name: 'New message in place of the old' });
      await box.getByLabel('Subject', { exact: true }).fill(`${subject}, corrected`);
      await box
        .getByText(at === 'at Send' ? 'Everyone can still read it until you send.' : /The copies are taken back/)
        .waitFor();
      await box.getByRole('button', { name: 'Close' }).click();
      if (process.env['HOMING_TEST_PICTURES'])
        await ana.screenshot({ path: `${process.env['HOMING_TEST_PICTURES']}/replace-${at.replace(' ', '-')}.png` });
      await ana.getByRole('button', { name: 'Go on writing' }).click();
      await box.getByRole('button', { name: /cho@pigeon\.test/ }).press('Delete');
      await box.getByRole('button', { name: 'Send', exact: true }).click();
      await ana.waitForURL(/\/u\/0\/recall\/r\d+$/);
      await ana.getByRole('heading', { name: `Recall of "${subject}"` }).waitFor();
      const inbox = async (who: string): Promise<unknown> => (await newest(await stage.client(who), 'f1'))['subject'];
      for (const [who, wanted] of [
        ['ben@pigeon.test', `${subject}, corrected`],
        ['cho@pigeon.test', 'Message recalled'],
      ] as const) {
        await until(`${who} has ${wanted}`, async () => (await inbox(who)) === wanted);
      }
    });
  }

  test('closed unsent, what was taken back is restored', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: ['ben@pigeon.test'], subject: 'Back again', text: 'As it was.' });
    await ana.goto(`/u/0/mail/sent/${emailId}`);
    await ana
      .getByRole('button', { name: /Recall This Message/ })
      .first()
      .click();
    const dialog = ana.getByRole('dialog', { name: 'Recall This Message' });
    await dialog.getByRole('radio', { name: 'Delete unread copies and replace with a new message' }).click();
    await dialog.getByRole('button', { name: 'OK' }).click();
    const box = ana.getByRole('dialog', { name: 'New message in place of the old' });
    await box.getByRole('button', { name: 'Close' }).click();
    await ana.getByRole('button', { name: 'Restore', exact: true }).click();
    await box.waitFor({ state: 'detached' });
    const ben = await stage.client('ben@pigeon.test');
    const subjects = async (): Promise<unknown[]> => {
      const { ids } = await ben.call('Email/query', { filter: { inMailbox: 'f1' } });
      return ((await ben.call('Email/get', { ids, properties: ['subject'] }))['list'] as Json[]).map(
        ({ subject }) => subject,
      );
    };
    await until('it is restored', async () => (await subjects()).includes('Back again'));
    assert.equal(await count(await stage.client('ana@pigeon.test'), 'f2'), 1);
  });

  test('on a phone, in the dark', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test'], {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    });
    assert.ok(ana);
    await ana.goto('/u/0/compose?to=nora@outside.test&to=all@pigeon.test&subject=Hello');
    const box = composer(ana);
    await box.getByText('1 is outside your organisation.').waitFor();
    await box.getByRole('textbox', { name: 'Message' }).click();
    await ana.keyboard.type('Hello from a phone.');
    await box.getByText(/^Saved in Drafts at/).waitFor();
    if (process.env['HOMING_TEST_PICTURES'])
      await ana.screenshot({ path: `${process.env['HOMING_TEST_PICTURES']}/phone.png` });
    await box.getByRole('button', { name: 'Discard' }).click();
  });
});
