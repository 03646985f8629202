// The checker finds nothing where all is as it was told, and notices each thing that is not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createWorld, type Firm } from '../support/world.ts';
import { checkTold, type Checked } from './check.ts';
import { createTold, type Told } from './told.ts';

const world = await createWorld();
after(() => world.close());
let firm: Firm;
let place: Checked;
let recallId = 0;

before(async () => {
  firm = await world.firm(2);
  const { tenant, domain, ana } = firm;
  await world.services.accept({
    tenant,
    origin: { kind: 'submission', account: ana.id, submittedBy: ana.id, source: 'smtp' },
    mailFrom: ana.address,
    recipients: [{ address: `everyone@${domain}` }, { address: 'tok1z@outside.test' }],
    bytes: Buffer.from(`From: ${ana.address}\r\nSubject: tok1z\r\nMessage-ID: <tok1z@${domain}>\r\n\r\ntok1z\r\n`),
  });
  await world.fanOut();
  const header = `tok1z@${domain}`;
  recallId = await world.recall(firm, { message: 0, header, subject: 'tok1z', outside: '' });
  await world.drain();
  place = { sql: world.sql, store: world.store, tenant, domain, outside: world.outside };
});

/** The recall lasted from 10 to 20. */
function truth(): Told {
  const told = createTold();
  told.sent.push({ token: 'tok1z', recipients: [], told: true }, { token: 'tok2z', recipients: [], told: false });
  told.recalls.push({ token: 'tok1z', began: 10, ended: 20, recallId, includeRead: false });
  return told;
}

const asked = (began: number, ended: number): Told['opened'][number] => ({
  who: `p1@${firm.domain}`,
  token: 'tok1z',
  began,
  ended,
});

test('all is as it was told', async () => {
  const told = truth();
  told.content.push(asked(12, 25)); // it overlapped the gate
  assert.deepEqual(await checkTold(place, told), []);
});

const LIES: [what: RegExp, lie: (told: Told) => void][] = [
  [/^P6: accepted, and not there.*tok2z/, (told) => told.sent.forEach((sent) => (sent.told = true))],
  [/^a message that nobody sent.*tok1z/, (told) => void told.sent.splice(0)],
  [
    /^P2: a recall that was answered is not there/,
    (told) => void told.recalls.push({ ...truth().recalls[0]!, recallId: 999_999 }),
  ],
  [/^a cancel that was answered/, (told) => void told.cancelled.push(recallId)],
  [/^a restore that was answered/, (told) => void told.restored.push(recallId)],
  [/^P1: handed out after the gate/, (told) => void told.content.push(asked(21, 22))],
  [/^P1: was handed out before, and is not counted/, (told) => void told.content.push(asked(1, 2))],
  [/^P3: recalled, and was opened before/, (told) => void told.opened.push(asked(1, 2))],
];

test('each thing that was told otherwise is noticed', async () => {
  for (const [what, lie] of LIES) {
    const told = truth();
    lie(told);
    assert.match((await checkTold(place, told)).join('\n'), new RegExp(what.source, 'm'));
  }
});

test('mail that is called intercepted and arrived is noticed, and a store that is not as it must be', async () => {
  const arrived = { received: () => [{ to: ['tok1z@outside.test'] }] };
  assert.match(
    (await checkTold({ ...place, outside: arrived }, truth())).join(),
    /P4: went out, and is called intercepted/,
  );
  await world.sql(`DELETE FROM outcome WHERE ctid = (SELECT ctid FROM outcome LIMIT 1)`);
  const wrong = (await checkTold(place, truth())).join();
  assert.match(wrong, /P2: a recall without its outcomes/);
  assert.match(wrong, /homing verify: outcomes-complete/);
});
