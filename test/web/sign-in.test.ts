import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLine } from './support/line.ts';
import { webSuite } from './support/stage.ts';

webSuite('Signing in and staying signed in', {}, (stage) => {
  test('leads to the Inbox, under an address of its own for each person', async () => {
    const visit = await stage.newBrowser();
    const ana = await visit.open('/');
    await ana.getByLabel('Email').fill('ana@pigeon.test');
    await ana.getByLabel('Password').fill('homing');
    await ana.getByRole('button', { name: 'Sign in' }).click();
    await ana.waitForURL('**/u/0/mail/inbox');

    const ben = await visit.open('/');
    await ben.getByLabel('Email').fill('ben@pigeon.test');
    await ben.getByLabel('Password').fill('homing');
    await ben.keyboard.press('Enter');
    await ben.waitForURL('**/u/1/mail/inbox');
    await ben.getByRole('button', { name: 'Account of ben@pigeon.test' }).waitFor();

    await ana.reload();
    await ana.getByRole('button', { name: 'Account of ana@pigeon.test' }).waitFor();
  });

  test('says what is wrong with an address or a password, and lets try again', async () => {
    const visit = await stage.newBrowser();
    visit.watch.expect(/401/);
    const page = await visit.open('/');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('An email and a password are needed.').waitFor();
    await page.getByLabel('Email').fill('ana@pigeon.test');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Wrong address or password.').waitFor();
    await page.getByLabel('Password').fill('homing');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/u/0/mail/inbox');
  });

  test('a session that has ended leads to the sign-in page and back to where it was', async () => {
    const [visit, ana] = await stage.people(['ana@pigeon.test']);
    visit.watch.expect(/401/);
    assert.ok(ana);
    await visit.context.clearCookies();
    await ana.goto('/u/0/settings');
    await ana.getByRole('button', { name: 'Sign in' }).waitFor();
    assert.equal(await ana.getByLabel('Email').inputValue(), 'ana@pigeon.test');
    await ana.getByLabel('Password').fill('homing');
    await ana.getByRole('button', { name: 'Sign in' }).click();
    await ana.waitForURL('**/u/0/settings');
  });

  test('signing out ends this session and no other', async () => {
    const [visit, ana, ben] = await stage.people(['ana@pigeon.test', 'ben@pigeon.test']);
    visit.watch.expect(/401/);
    assert.ok(ana && ben);
    await ana.getByRole('button', { name: 'Account of ana@pigeon.test' }).click();
    await ana.getByRole('menuitem', { name: 'Sign out' }).click();
    await ana.getByRole('button', { name: 'Sign in' }).waitFor();
    await ana.goto('/u/0/mail/inbox');
    await ana.getByRole('button', { name: 'Sign in' }).waitFor();
    await ben.reload();
    await ben.getByRole('button', { name: 'Account of ben@pigeon.test' }).waitFor();
  });

  test('a lost connection is said, and mended without a reload, with what happened meanwhile', async (t) => {
    const line = await openLine(stage.homing.ports.http);
    t.after(() => line.close());
    const visit = await stage.newBrowser({ baseURL: `http://127.0.0.1:${line.port}` });
    visit.watch.expect(/ERR_|request to/);
    await visit.signIn(0, 'ben@pigeon.test');
    const ben = await visit.open('/u/0/mail/inbox');
    await ben.getByRole('button', { name: 'Account of ben@pigeon.test' }).waitFor();

    await line.cut();
    await ben.getByText('Connection lost. Trying again.').waitFor();
    await stage.send({ to: ['ben@pigeon.test'], subject: 'Sent while the line was down' });
    await line.mend();
    await ben.getByText('Sent while the line was down').first().waitFor();
    await ben.getByText('Connection lost. Trying again.').waitFor({ state: 'detached' });
  });

  test('a line that is lost while a page opens is mended too', async (t) => {
    const line = await openLine(stage.homing.ports.http);
    t.after(() => line.close());
    const visit = await stage.newBrowser({ baseURL: `http://127.0.0.1:${line.port}` });
    visit.watch.expect(/ERR_|request to/);
    await stage.send({ to: ['ben@pigeon.test'], subject: 'There all the time' });
    await visit.signIn(0, 'ben@pigeon.test');
    // Whatever lists are asked for while the line is bad gets no answer.
    let isBad = true;
    await visit.context.route('**/jmap/', (route) =>
      isBad && /Email.query/.test(route.request().postData() ?? '') ? route.abort() : route.continue(),
    );
    const ben = await visit.open('/u/0/mail/inbox');
    await ben.getByRole('button', { name: 'Account of ben@pigeon.test' }).waitFor();
    await line.cut();
    await ben.getByText('Connection lost. Trying again.').waitFor();
    isBad = false;
    await line.mend();
    await ben.getByText('There all the time').first().waitFor();
  });
});
