import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webSuite } from './support/stage.ts';

const BEN = 'ben@pigeon.test';
const NAME = 'Senders here may take back what I have not opened';

webSuite('Recalls of mail to me', {}, (stage) => {
  test('can be chosen where the recipient decides; who declines keeps the message, and its sender is told why', async () => {
    const [, ana, ben] = await stage.people(['ana@pigeon.test', BEN]);
    assert.ok(ana && ben);
    await ben.goto('/u/1/settings');
    await ben.getByRole('heading', { name: 'Look' }).waitFor();
    assert.equal(await ben.getByRole('switch', { name: NAME }).count(), 0);

    const { admin, tenant } = stage.homing;
    await admin.setPolicy(tenant, { recipientConsent: 'recipient-decides' });
    await ben.reload();
    const choice = ben.getByRole('switch', { name: NAME });
    await choice.waitFor();
    assert.ok(await choice.isChecked());
    await choice.click();
    await ben.getByRole('switch', { name: NAME, checked: false }).waitFor();

    const { emailId } = await stage.send({ to: [BEN, 'cho@pigeon.test'], subject: 'Salaries' });
    await ana.goto(`/u/0/message/${emailId}`);
    await ana.getByRole('tab', { name: 'Message' }).click();
    await ana.getByRole('button', { name: 'Actions' }).click();
    await ana.getByRole('menuitem', { name: 'Recall This Message…' }).click();
    await ana.getByRole('dialog').getByRole('button', { name: 'OK' }).click();
    await ana.getByText('Taken back from 1 of 2').waitFor();
    await ana.getByRole('table', { name: 'Recipients' }).getByText('this person does not allow recalls').waitFor();

    await ben.goto('/u/1/mail/inbox');
    await ben.getByRole('row', { name: ', Salaries, ' }).waitFor();
  });
});
