// Files and pictures in letters, and the ways of sending that are not "now": each as its recipient has it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import type { Client, Json } from '../support/http.ts';
import { until } from '../support/server.ts';
import { webSuite } from './support/stage.ts';

const ANA = 'ana@pigeon.test';
const BEN = 'ben@pigeon.test';
/** One red pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==';

interface GivenFile {
  name: string;
  type: string;
  base64: string;
}

const PICTURE: GivenFile = { name: 'red.png', type: 'image/png', base64: PNG };
const NOTES: GivenFile = { name: 'notes.txt', type: 'text/plain', base64: Buffer.from('One, two.').toString('base64') };

/** Files as a browser gives them to a page: pasted, or dragged over it and let go. */
async function give(target: Locator, how: 'paste' | 'drop', files: GivenFile[]): Promise<void> {
  await target.evaluate(
    (element, { how, files }) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      const same = { bubbles: true, cancelable: true };
      if (how === 'paste') {
        element.dispatchEvent(new ClipboardEvent('paste', { ...same, clipboardData: data }));
        return;
      }
      const { left, top } = element.getBoundingClientRect();
      const at = { ...same, dataTransfer: data, clientX: left + 5, clientY: top + 5 };
      for (const type of ['dragenter', 'dragover', 'drop']) element.dispatchEvent(new DragEvent(type, at));
    },
    { how, files },
  );
}

const composer = (page: Page, name = 'New message'): Locator => page.getByRole('dialog', { name });

async function begin(page: Page, subject: string): Promise<Locator> {
  await page.getByRole('button', { name: 'New mail' }).first().click();
  const box = composer(page);
  await box.getByLabel('To', { exact: true }).fill(BEN);
  await page.keyboard.press('Enter');
  await box.getByLabel('Subject', { exact: true }).fill(subject);
  await box.getByRole('textbox', { name: 'Message' }).click();
  return box;
}

async function sendNow(page: Page, box: Locator): Promise<void> {
  await box.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByLabel('Subject', { exact: true }).waitFor({ state: 'detached' });
}

/** What a person got, whole. */
async function got(client: Client, subject: string): Promise<Json> {
  const { ids } = await client.call('Email/query', { filter: { inMailbox: 'f1', subject } });
  const { list } = await client.call('Email/get', { ids, fetchAllBodyValues: true });
  assert.equal((list as Json[]).length, 1, `${subject} came once`);
  return (list as Json[])[0] ?? {};
}

async function bytesOf(client: Client, part: Json): Promise<string> {
  const path = `/jmap/download/${client.accountId}/${String(part['blobId'])}/x?type=application/octet-stream`;
  return Buffer.from(await (await client.fetch(path)).arrayBuffer()).toString('base64');
}

webSuite('Files in letters, and sending otherwise', {}, (stage) => {
  test('a picture that is pasted into the text, and one let go over it, stand in it; other files go with the letter', async () => {
    const [, ana, ben] = await stage.people([ANA, BEN]);
    assert.ok(ana && ben);
    const box = await begin(ana, 'Pictures');
    const text = box.getByRole('textbox', { name: 'Message' });
    await ana.keyboard.type('Look: ');
    await give(text, 'paste', [PICTURE]);
    await text.locator('img[src]').first().waitFor();
    await give(text, 'drop', [{ ...PICTURE, name: 'again.png' }]);
    await text.locator('img[src]').nth(1).waitFor();
    await give(box.getByLabel('Subject', { exact: true }), 'drop', [NOTES]);
    await box.getByText('notes.txt').waitFor();
    await box.getByText(/^Saved in Drafts at/).waitFor();
    await sendNow(ana, box);

    const client = await stage.client(BEN);
    const email = await got(client, 'Pictures');
    const files = email['attachments'] as Json[];
    const pictures = files.filter(({ cid }) => cid !== null);
    assert.deepEqual(
      pictures.map(({ type, disposition }) => [type, disposition]),
      [
        ['image/png', 'inline'],
        ['image/png', 'inline'],
      ],
    );
    for (const part of pictures) assert.equal(await bytesOf(client, part), PNG);
    const [notes] = files.filter(({ name }) => name === 'notes.txt');
    assert.ok(notes);
    assert.equal(await bytesOf(client, notes), NOTES.base64);

    await ben.getByRole('row', { name: ', Pictures, ' }).click();
    const frame = ben.frameLocator('iframe[title="Message"]');
    await frame.locator('img[src^="blob:"]').nth(1).waitFor();
    assert.equal(
      await frame
        .locator('img')
        .first()
        .evaluate((img) => (img as HTMLImageElement).naturalWidth),
      1,
    );
    await ben.getByRole('article').getByText('notes.txt').waitFor();
    assert.equal(await ben.getByRole('article').getByText('red.png').count(), 0, 'what stands in the text is no file');
  });

  test('a message is forwarded with its files, byte for byte', async () => {
    const [, ana] = await stage.people([ANA, BEN]);
    assert.ok(ana);
    const box = await begin(ana, 'The plan');
    await give(box.getByRole('textbox', { name: 'Message' }), 'paste', [{ ...NOTES, name: 'plan.bin', type: '' }]);
    await box.getByText('plan.bin').waitFor();
    await box.getByText(/^Saved in Drafts at/).waitFor();
    await sendNow(ana, box);

    const [, ben] = await stage.people([BEN]);
    assert.ok(ben);
    await ben.getByRole('row', { name: ', The plan, ' }).click();
    await ben.getByRole('article').getByText('plan.bin').waitFor();
    await ben
      .getByRole('button', { name: /^Forward/ })
      .first()
      .click();
    const forward = composer(ben, 'Forward');
    await forward.getByText('plan.bin').waitFor();
    await forward.getByLabel('To', { exact: true }).fill('cho@pigeon.test');
    await ben.keyboard.press('Enter');
    await sendNow(ben, forward);
    const cho = await stage.client('cho@pigeon.test');
    const email = await got(cho, 'The plan');
    const [file] = email['attachments'] as Json[];
    assert.deepEqual([email['subject'], file?.['name']], ['Fw: The plan', 'plan.bin']);
    assert.equal(await bytesOf(cho, file ?? {}), NOTES.base64);
    const own = await stage.client(BEN);
    const mark = async (): Promise<unknown> => ((await got(own, 'The plan'))['keywords'] as Json)['$forwarded'];
    await until('the original bears the mark', async () => (await mark()) === true);
    // By that an administrator's recall of the original finds it.
    const header = 'header:X-Forwarded-Message-Id:asMessageIds';
    const forwarded = await cho.call('Email/get', { ids: [email['id']], properties: [header] });
    const original = await got(own, 'The plan');
    const named = await own.call('Email/get', { ids: [original['id']], properties: ['messageId'] });
    assert.deepEqual((forwarded['list'] as Json[])[0]?.[header], (named['list'] as Json[])[0]?.['messageId']);
  });

  test('whoever is in Bcc gets it, and nobody is told', async () => {
    const [, ana] = await stage.people([ANA]);
    assert.ok(ana);
    const box = await begin(ana, 'In confidence');
    await box.getByRole('button', { name: 'Bcc' }).click();
    await box.getByLabel('Bcc', { exact: true }).fill('cho@pigeon.test');
    await ana.keyboard.press('Enter');
    await sendNow(ana, box);
    for (const address of [BEN, 'cho@pigeon.test']) {
      const email = await got(await stage.client(address), 'In confidence');
      assert.deepEqual([email['bcc'], (email['to'] as Json[]).length], [null, 1]);
    }
  });

  test('sent later, it waits, and can be taken back until then', async () => {
    const [, ana] = await stage.people([ANA]);
    assert.ok(ana);
    const box = await begin(ana, 'For tomorrow');
    await box.getByRole('button', { name: 'More ways to send' }).click();
    await ana
      .getByRole('menuitem', { name: /^Send \w{3}.* 08:00/ })
      .first()
      .click();
    await ana.getByLabel('Subject', { exact: true }).waitFor({ state: 'detached' });
    const client = await stage.client(ANA);
    const { ids } = await client.call('EmailSubmission/query', { filter: { undoStatus: 'pending' } });
    assert.equal((ids as string[]).length, 1);
    const { list } = await client.call('EmailSubmission/get', { ids });
    const [{ sendAt, undoStatus } = {}] = list as Json[];
    assert.equal(undoStatus, 'pending');
    assert.ok(Date.parse(String(sendAt)) > Date.now());
    const waiting = await (await stage.client(BEN)).call('Email/query', { filter: { subject: 'For tomorrow' } });
    assert.deepEqual(waiting['ids'], []);
  });

  test('what was sent once can be sent again', async () => {
    const [, ana] = await stage.people([ANA]);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: [BEN], subject: 'The menu', text: 'Soup.' });
    await ana.goto(`/u/0/message/${emailId}`);
    await ana.getByRole('tab', { name: 'Message' }).click();
    await ana.getByRole('button', { name: 'Actions' }).click();
    await ana.getByRole('menuitem', { name: 'Resend This Message' }).click();
    const box = composer(ana, 'Resend');
    await box.getByRole('button', { name: /ben@pigeon\.test/ }).waitFor();
    await box.getByText('Soup.').waitFor();
    await box.getByLabel('Subject', { exact: true }).fill('The menu, again');
    await sendNow(ana, box);
    assert.equal((await got(await stage.client(BEN), 'The menu, again'))['subject'], 'The menu, again');
  });

  test('an upload that fails is said, and the letter stays', async () => {
    const [visit, ana] = await stage.people([ANA]);
    assert.ok(ana);
    visit.watch.expect(/Failed to load resource|ERR_/);
    await ana.route('**/jmap/upload/**', (route) => route.abort());
    const box = await begin(ana, 'With a file');
    await give(box.getByRole('textbox', { name: 'Message' }), 'paste', [NOTES]);
    await box.getByText('The server does not answer.').waitFor();
    assert.equal(await box.getByLabel('Subject', { exact: true }).inputValue(), 'With a file');
  });
});
