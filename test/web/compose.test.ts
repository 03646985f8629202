import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
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
    await box.waitFor({ state: 'detached' });
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
});
