import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GIVEN } from '../../delivery/notify.ts';
import { httpWorld, type Json } from '../../../test/support/http.ts';
import { createSender } from '../../../test/support/submission.ts';

const world = await httpWorld();
after(() => world.close());
const { ben } = world;
const { draft, found, get, refusal, sent } = await createSender(world);

test('sent later: by sendAt, or as FUTURERELEASE has it', async () => {
  const mailFrom = (parameters: Json): Json => ({
    envelope: { mailFrom: { email: 'ana@pigeon.test', parameters }, rcptTo: [{ email: 'ben@pigeon.test' }] },
  });
  for (const [more, at] of [
    [{ sendAt: '2026-11-24T12:00:00Z' }, '2026-11-24T12:00:00Z'],
    [{ sendAt: '2026-11-24T12:00:00.5+01:00' }, '2026-11-24T11:00:00.500Z'],
    [mailFrom({ HOLDFOR: '3600' }), '2026-11-23T13:00:00Z'],
    [mailFrom({ HoldUntil: '2026-11-25T00:00:00Z' }), '2026-11-25T00:00:00Z'],
  ] as const) {
    const { id } = await sent({ emailId: await draft({ subject: 'Later' }), ...more });
    const { sendAt, undoStatus } = await get(id);
    assert.deepEqual([sendAt, undoStatus], [at, 'pending']);
  }
  assert.deepEqual(await found(ben, { subject: 'Later' }), []);
  const emailId = await draft();
  assert.equal((await sent({ emailId, sendAt: '2020-01-01T00:00:00Z' }))['undoStatus'], 'final');
  for (const more of [
    { sendAt: 'tomorrow' },
    { sendAt: 1 },
    { sendAt: '2027-11-24T12:00:00Z' },
    mailFrom({ HOLDFOR: 'long' }),
    mailFrom({ HOLDFOR: '99999999' }),
    mailFrom({ HOLDFOR: '1', HOLDUNTIL: '2026-11-25T00:00:00Z' }),
    mailFrom({ HOLDUNTIL: null }),
    mailFrom({ MTPRIORITY: '3' }),
    mailFrom({ RET: 'ALL' }),
    mailFrom({ ENVID: 'a\nb' }),
  ]) {
    const property = 'sendAt' in more ? 'sendAt' : 'envelope';
    assert.deepEqual(
      await refusal({ emailId, ...more }),
      { type: 'invalidProperties', properties: [property] },
      JSON.stringify(more),
    );
  }
});

test('what a sender wants to be told of (RFC 3461)', async () => {
  const address = (email: string, parameters: Json): Json => ({ email, parameters });
  const { id } = await sent({
    emailId: await draft(),
    envelope: {
      mailFrom: address('ana@pigeon.test', { RET: 'hdrs', ENVID: 'E1', BODY: '8BITMIME', SMTPUTF8: null }),
      rcptTo: [
        address('a@outside.test', { NOTIFY: 'success,DELAY', ORCPT: 'rfc822;b@outside.test' }),
        address('c@outside.test', { NOTIFY: 'NEVER' }),
        { email: 'd@outside.test' },
      ],
    },
  });
  const rows = await world.sql(
    `SELECT recipient, notify, original_recipient FROM delivery WHERE message_id = $1 ORDER BY n`,
    [id.slice(1)],
  );
  assert.deepEqual(rows, [
    { recipient: 'a@outside.test', notify: 5 | GIVEN, original_recipient: 'rfc822;b@outside.test' },
    { recipient: 'c@outside.test', notify: 8 | GIVEN, original_recipient: null },
    { recipient: 'd@outside.test', notify: 2, original_recipient: null },
  ]);
  assert.deepEqual(await world.sql(`SELECT ret, envid FROM envelope WHERE message_id = $1`, [id.slice(1)]), [
    { ret: 'HDRS', envid: 'E1' },
  ]);
  const emailId = await draft();
  for (const parameters of [
    { NOTIFY: 'NEVER,SUCCESS' },
    { NOTIFY: '' },
    { ORCPT: 'x' },
    { SIZE: '1' },
    { NOTIFY: 1 },
    [],
  ]) {
    const envelope = { mailFrom: { email: 'ana@pigeon.test' }, rcptTo: [{ email: 'ben@pigeon.test', parameters }] };
    assert.equal((await refusal({ emailId, envelope })).type, 'invalidProperties', JSON.stringify(parameters));
  }
});
