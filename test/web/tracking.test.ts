import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { askRecall, emailsOf, markRead } from '../support/recalling.ts';
import { webSuite } from './support/stage.ts';

const TO = ['ben@pigeon.test', 'cho@pigeon.test', 'dia@pigeon.test', 'eli@pigeon.test'];

webSuite('The tracking page', {}, (stage) => {
  test('says what became of each copy, live, and can be searched, filtered, exported and restored', async () => {
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: [...TO, 'nora@outside.test'], subject: 'Salaries 2026' });
    const ben = await stage.client('ben@pigeon.test');
    await markRead(ben, (await emailsOf(ben, 'Salaries 2026'))[0]);

    // The list of recalls hears of it by itself.
    await ana.goto('/u/0/recalls');
    await ana.getByText('None yet.').waitFor();
    await askRecall(await stage.client('ana@pigeon.test'), emailId);
    await ana.getByRole('link', { name: /Salaries 2026/ }).click();

    await ana.getByRole('heading', { name: 'Recall of "Salaries 2026"' }).waitFor();
    await ana.getByRole('main').getByRole('status').getByText('Taken back from 4 of 5', { exact: true }).waitFor();
    assert.match(await ana.getByRole('main').getByRole('status').innerText(), /in [\d.]+ m?s · 1 had read it$/);
    await ana.getByRole('img', { name: '5 recipients: 4 taken back, 1 still there.' }).waitFor();
    const table = ana.getByRole('table', { name: 'Recipients' });
    await table.getByRole('row', { name: /ben@pigeon\.test.*Still there: opened before you recalled it\./ }).waitFor();
    await table.getByRole('row', { name: /nora@outside\.test.*Never left: stopped before delivery\./ }).waitFor();

    await ana.getByRole('button', { name: 'Still there 1' }).click();
    await table.getByText('nora@outside.test').waitFor({ state: 'detached' });
    await table.getByText('ben@pigeon.test').waitFor();
    assert.equal(await table.getByRole('row').count(), 2);
    await ana.getByRole('button', { name: 'Still there 1' }).click();
    await ana.getByRole('searchbox', { name: 'Search recipients' }).fill('DIA');
    await table.getByText('cho@pigeon.test').waitFor({ state: 'detached' });
    await table.getByText('dia@pigeon.test').waitFor();
    await ana.getByRole('searchbox', { name: 'Search recipients' }).fill('');

    const saved = ana.waitForEvent('download');
    await ana.getByRole('button', { name: 'Export' }).click();
    await ana.getByRole('menuitem', { name: 'CSV' }).click();
    const file = await saved;
    assert.equal(file.suggestedFilename(), 'recall-salaries-2026.csv');
    assert.equal((await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n').length, 6);

    await ana.getByRole('button', { name: /^Restore until \d\d:\d\d$/ }).click();
    await ana.getByRole('button', { name: 'Restore', exact: true }).click();
    await ana.getByRole('main').getByRole('status').getByText('Taken back from 4 of 5, then restored').waitFor();
    await table
      .getByText(/^Restored at/)
      .first()
      .waitFor();
  });

  test("somebody else's recall is none", async () => {
    const [, ben] = await stage.people(['ben@pigeon.test']);
    assert.ok(ben);
    const { emailId } = await stage.send({ to: TO, subject: 'Not for Ben to track' });
    const { id } = await askRecall(await stage.client('ana@pigeon.test'), emailId);
    await ben.goto(`/u/0/recall/${String(id)}`);
    await ben.getByRole('heading', { name: 'There is no such recall here.' }).waitFor();
  });

  test('more than a wall can show: a bar, and every row within reach', async () => {
    const people = Array.from({ length: 2100 }, (_, n) => ({
      address: `p${n + 1}@pigeon.test`,
      name: `P ${n + 1}`,
      passwordHash: null,
    }));
    await stage.homing.admin.addAccounts(stage.homing.tenant, people);
    await stage.homing.admin.addGroup({ address: 'many@pigeon.test', members: people.map(({ address }) => address) });
    const [, ana] = await stage.people(['ana@pigeon.test']);
    assert.ok(ana);
    const { emailId } = await stage.send({ to: ['many@pigeon.test'], subject: 'To many' });
    const { id } = await askRecall(await stage.client('ana@pigeon.test'), emailId);
    await ana.goto(`/u/0/recall/${String(id)}`);
    await ana
      .getByRole('main')
      .getByRole('status')
      .getByText('Taken back from 2,100 of 2,100', { exact: true })
      .waitFor();
    assert.equal(await ana.locator('canvas').count(), 0);
    const table = ana.getByRole('table', { name: 'Recipients' });
    await table.and(ana.locator('[aria-rowcount="2101"]')).waitFor(); // its rows come after the headline
    await ana.getByRole('main').evaluate((page) => page.scrollTo(0, page.scrollHeight));
    await table.getByText('p2100@pigeon.test').waitFor();
    assert.ok((await table.getByRole('row').count()) < 60);
  });
});
