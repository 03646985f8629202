// Recalling from any program: by moving into Recall, into Recall/Replace, by mail to recall@. And how others hear of it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startTestHoming } from '../support/homing.ts';
import type { Json } from '../support/http.ts';
import { rawImap, type RawImap } from '../support/imap.ts';
import { mail } from '../support/mailboxes.ts';
import { submitter } from '../support/smtp.ts';

const homing = await startTestHoming({ policy: { rateLimit: 0 } });
after(() => homing.close());

const as = (user: string): Promise<RawImap> => rawImap(homing.ports.imaps, { user: `${user}@pigeon.test` });
const last = (lines: string[]): string => lines.at(-1) ?? '';

async function send(from: string, to: string[], message: string): Promise<string> {
  const client = await submitter(homing.ports, from);
  const told = await client.send(from, to, message);
  client.close();
  return told;
}

/** UIDs in the mailbox, selected, of messages with this subject. */
async function find(client: RawImap, mailbox: string, subject: string): Promise<number[]> {
  await client.run(`SELECT "${mailbox}"`);
  const [line = ''] = await client.run(`UID SEARCH SUBJECT "${subject}"`);
  return (line.match(/\d+/g) ?? []).map(Number);
}

const outcomes = (subject: string): Promise<{ outcome: string }[]> =>
  homing.sql(
    `SELECT o.outcome FROM outcome o JOIN recall r ON r.tenant_id = o.tenant_id AND r.id = o.recall_id WHERE r.subject = $1 ORDER BY o.n`,
    [subject],
  );

test('moved into Recall, it is taken back, and is in Sent again; a program that waits hears of the removal', async () => {
  await send('ana@pigeon.test', ['ben@pigeon.test', 'cho@pigeon.test'], mail('Salaries', { to: 'ben@pigeon.test' }));
  const [ana, ben] = [await as('ana'), await as('ben')];
  const [, received = 0] = [0, ...(await find(ben, 'INBOX', 'Salaries'))];
  await ben.run('ID ("name" "Pocket Mail")');
  await ben.run(`UID FETCH ${received} BODY.PEEK[]`);
  ben.write('i IDLE\r\n');
  await ben.line();
  const [uid = 0] = await find(ana, 'Sent Items', 'Salaries');
  const told = await ana.run(`UID MOVE ${uid} Recall`);
  assert.match(told[0] ?? '', /^\* \d+ EXPUNGE$/);
  assert.match(told[1] ?? '', /^\* \d+ EXISTS$/);
  assert.match(last(told), /^OK It is being taken back/);
  // The gate: content is gone at once.
  const cho = await as('cho');
  assert.deepEqual(await find(cho, 'INBOX', 'Salaries'), []);
  await homing.settle();
  assert.match(await ben.line(), /^\* \d+ EXPUNGE$/);
  assert.match(await ben.line(), /^\* \d+ EXISTS$/); // the notice
  assert.equal((await find(ana, 'Sent Items', 'Salaries')).length, 1);
  assert.equal((await find(ana, 'INBOX', 'Recall report: Salaries')).length, 1);
  assert.deepEqual(
    (await outcomes('Salaries')).map((row) => row.outcome),
    ['recalled', 'recalled'],
  );
  const [report] = await homing.sql<Record<string, unknown>>(
    `SELECT downloaded_by, exposure, told_at IS NOT NULL AS told FROM outcome WHERE downloaded_by IS NOT NULL`,
  );
  assert.deepEqual(report, { downloaded_by: 'Pocket Mail', exposure: 'downloaded', told: true });
  for (const client of [ana, ben, cho]) client.close();
});

test('one at a time; nothing is copied or stored there; only what one has sent', async () => {
  for (const subject of ['First', 'Second']) await send('ana@pigeon.test', ['dia@pigeon.test'], mail(subject));
  const ana = await as('ana');
  const listed = await ana.run('LIST "" "Recall*" RETURN (STATUS (MESSAGES UIDNEXT))');
  assert.deepEqual(listed.slice(0, 2), [
    '* LIST (\\HasChildren) "/" Recall',
    '* LIST (\\HasNoChildren) "/" Recall/Replace',
  ]);
  assert.ok(listed.includes('* STATUS Recall (MESSAGES 0 UIDNEXT 1)'));
  assert.ok((await ana.run('SELECT Recall')).includes('* 0 EXISTS'));
  const uids = [...(await find(ana, 'Sent Items', 'First')), ...(await find(ana, 'Sent Items', 'Second'))];
  assert.match(last(await ana.run(`UID MOVE ${uids.join(',')} Recall`)), /^NO \[LIMIT\]/);
  assert.match(last(await ana.run(`UID COPY ${uids[0]} Recall`)), /^NO \[CANNOT\]/);
  assert.match(last(await ana.run(`APPEND Recall {3+}\r\nabc`)), /^NO \[CANNOT\]/);
  assert.match(last(await ana.run('CREATE Recall')), /^NO \[ALREADYEXISTS\]/);
  assert.match(last(await ana.run('DELETE Recall/Replace')), /^NO \[CANNOT\]/);
  await ana.run('SELECT INBOX');
  assert.match(last(await ana.run('MOVE 1 Recall')), /^NO \[NOPERM\] Only its sender/);
  assert.deepEqual(await outcomes('First'), []);
  ana.close();
});

test('what a program marked as deleted before it moved it stays in Sent; what came to its own sender stays where it came', async () => {
  await send('ana@pigeon.test', ['ana@pigeon.test', 'dia@pigeon.test'], mail('To me too', { to: 'dia@pigeon.test' }));
  const ana = await as('ana');
  const [sent = 0] = await find(ana, 'Sent Items', 'To me too');
  await ana.run(`UID STORE ${sent} +FLAGS.SILENT (\\Deleted keep)`);
  assert.match(last(await ana.run(`UID MOVE ${sent} Recall`)), /^OK It is being taken back/);
  const [again = 0] = await find(ana, 'Sent Items', 'To me too');
  assert.match((await ana.run(`UID FETCH ${again} FLAGS`))[0] ?? '', /FLAGS \((?:\\Seen |\\Recent )*keep\)/);
  await ana.run('EXPUNGE');
  await homing.settle();
  assert.equal((await find(ana, 'Sent Items', 'To me too')).length, 1);

  await send('ana@pigeon.test', ['ana@pigeon.test', 'dia@pigeon.test'], mail('Read by me', { to: 'dia@pigeon.test' }));
  const [got = 0] = await find(ana, 'INBOX', 'Read by me');
  await ana.run(`UID STORE ${got} +FLAGS.SILENT (\\Seen)`);
  const told = await ana.run(`UID MOVE ${got} Recall`);
  assert.match(told[0] ?? '', /^\* \d+ EXPUNGE$/);
  assert.match(told[1] ?? '', /^\* \d+ EXISTS$/);
  await homing.settle();
  assert.equal((await find(ana, 'INBOX', 'Read by me')).length, 2, 'the message, and the report');
  assert.equal((await find(ana, 'Sent Items', 'Read by me')).length, 1);
  const became = (await outcomes('Read by me')).map((row) => row.outcome);
  assert.deepEqual(became.toSorted(), ['kept-read', 'recalled']);
  ana.close();
});

test('moved into Recall/Replace, a draft is ready; sent from any program, it stands in the place of what was taken', async () => {
  await send(
    'ana@pigeon.test',
    ['ben@pigeon.test', 'eli@pigeon.test'],
    mail('Plan', { to: 'ben@pigeon.test, eli@pigeon.test' }),
  );
  const ana = await as('ana');
  const [uid = 0] = await find(ana, 'Sent Items', 'Plan');
  assert.match(last(await ana.run(`UID MOVE ${uid} Recall/Replace`)), /^OK/);
  await homing.settle();
  const [draft = 0] = await find(ana, 'Drafts', 'Plan');
  const [line = ''] = await ana.run(`UID FETCH ${draft} BODY.PEEK[]`);
  const text = line.slice(line.indexOf('\r\n') + 2, -1);
  assert.match(text, /^In-Reply-To: <replaces\.r\d+\.[0-9a-f]{20}@pigeon\.test>\r$/m);
  // As a program sends it: another Message-ID, another text, what it answers to kept.
  const edited = text
    .replace(/^Message-ID: .*\r\n/m, 'Message-ID: <another@pigeon.test>\r\n')
    .replace('Text of Plan.', 'The right plan.');
  assert.match(
    await send('ana@pigeon.test', ['ben@pigeon.test', 'eli@pigeon.test'], edited),
    /^250 2\.0\.0 Accepted in the place/,
  );
  await homing.settle();
  const ben = await as('ben');
  const found = await find(ben, 'INBOX', 'Plan');
  assert.equal(found.length, 1);
  const [got = ''] = await ben.run(`UID FETCH ${found[0]} (FLAGS BODY.PEEK[])`);
  assert.match(got, /The right plan\./);
  assert.doesNotMatch(got, /replaces\.r|Seen/);
  assert.match(await send('ana@pigeon.test', ['ben@pigeon.test'], edited), /^554 .*sent before/);
  // The program stores its own copy: with the original's there are two, not three.
  assert.match(last(await ana.run(`APPEND "Sent Items" {${Buffer.byteLength(edited)}+}\r\n${edited}`)), /^OK/);
  assert.equal((await find(ana, 'Sent Items', 'Plan')).length, 2);
  ana.close();
  ben.close();
});

test('what somebody else makes up is no replacement', async () => {
  await send('ana@pigeon.test', ['ben@pigeon.test'], mail('Mine'));
  const ana = await as('ana');
  const [uid = 0] = await find(ana, 'Sent Items', 'Mine');
  await ana.run(`UID MOVE ${uid} Recall/Replace`);
  const [recall] = await homing.sql<{ id: string }>(`SELECT id FROM recall WHERE subject = 'Mine'`);
  const forged = mail('An answer', {
    headers: [`In-Reply-To: <replaces.r${recall?.id}.0123456789abcdef0123@pigeon.test>`],
  });
  assert.match(await send('ana@pigeon.test', ['ben@pigeon.test'], forged), /^250 2\.0\.0 Accepted for 1/);
  ana.close();
});

test('by mail to recall@, with the message attached or its Message-ID in the subject', async () => {
  const letter = mail('Rumour', { to: 'dia@pigeon.test' });
  const id = /^Message-ID: (.*)\r$/m.exec(letter)?.[1] ?? '';
  await send('ana@pigeon.test', ['dia@pigeon.test'], letter);
  const recall = 'recall@pigeon.test';
  assert.match(await send('ben@pigeon.test', [recall], mail(id, { from: 'ben@pigeon.test' })), /^554/);
  assert.match(await send('ana@pigeon.test', [recall], mail('Please')), /^554 5\.6\.0/);
  assert.match(await send('ana@pigeon.test', [recall, 'ben@pigeon.test'], mail(id)), /^554/);
  assert.match(await send('ana@pigeon.test', [recall], mail(id)), /^250 2\.0\.0 It is being taken back/);
  await homing.settle();
  assert.deepEqual(
    (await outcomes('Rumour')).map((row) => row.outcome),
    ['recalled'],
  );
  const second = mail('Gossip', { to: 'dia@pigeon.test' });
  await send('ana@pigeon.test', ['dia@pigeon.test'], second);
  const attached = [
    'From: ana@pigeon.test',
    `To: ${recall}`,
    'Subject: take this back',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    second,
    '--b--',
    '',
  ].join('\r\n');
  assert.match(await send('ana@pigeon.test', [recall], attached), /^250 2\.0\.0 It is being taken back/);
  await homing.settle();
  assert.deepEqual(
    (await outcomes('Gossip')).map((row) => row.outcome),
    ['recalled'],
  );
});

/** Writes and sends as Ana, as any JMAP client does. Answers the EmailSubmission or why there is none. */
async function submitJmap(email: Json, more: Json = {}): Promise<Json> {
  const ana = await homing.client('ana@pigeon.test');
  const { list } = await ana.call('Identity/get', {});
  const [[, made], [, submitted]] = (await ana.responses([
    [
      'Email/set',
      {
        accountId: ana.accountId,
        create: { d: { mailboxIds: { f2: true }, from: [{ email: ana.address }], bodyValues: TEXT, ...email } },
      },
    ],
    [
      'EmailSubmission/set',
      {
        accountId: ana.accountId,
        create: { s: { identityId: (list as Json[])[0]?.['id'], emailId: '#d', ...more } },
        onSuccessUpdateEmail: { '#s': { mailboxIds: { f3: true } } },
      },
    ],
  ])) as [[string, Json], [string, Json]];
  assert.equal(made['notCreated'], null);
  return { ...(submitted['created'] as Json | null), ...(submitted['notCreated'] as Json | null) }['s'] as Json;
}
const TEXT = { t: { value: 'The right one.' } };

test('the same over JMAP', async () => {
  const letter = mail('Hearsay', { to: 'dia@pigeon.test' });
  const id = /^Message-ID: (.*)\r$/m.exec(letter)?.[1] ?? '';
  await send('ana@pigeon.test', ['dia@pigeon.test'], letter);
  const to = [{ email: 'recall@pigeon.test' }];
  assert.equal((await submitJmap({ to, subject: 'Please' }))['type'], 'invalidEmail');
  assert.equal((await submitJmap({ to, subject: '<nobody@pigeon.test>' }))['type'], 'notSender');
  const both = [...to, { email: 'ben@pigeon.test' }];
  assert.equal((await submitJmap({ to: both, subject: id }))['type'], 'forbiddenToSend');
  const { id: submission, deliveryStatus } = await submitJmap({ to, subject: id });
  const said = (deliveryStatus as Record<string, Json>)['recall@pigeon.test']?.['smtpReply'];
  assert.match(String(said), /^250 2\.0\.0 It is being taken back as r\d+/);
  await homing.settle();
  assert.deepEqual(
    (await outcomes('Hearsay')).map((row) => row.outcome),
    ['recalled'],
  );
  const ana = await homing.client('ana@pigeon.test');
  assert.deepEqual((await ana.call('EmailSubmission/get', { ids: [submission] }))['notFound'], [submission]);
});

test('a draft from Recall/Replace, sent over JMAP, stands in the place of what was taken', async () => {
  await send('ana@pigeon.test', ['ben@pigeon.test'], mail('Scheme', { to: 'ben@pigeon.test' }));
  const imap = await as('ana');
  const [uid = 0] = await find(imap, 'Sent Items', 'Scheme');
  await imap.run(`UID MOVE ${uid} Recall/Replace`);
  imap.close();
  await homing.settle();
  const [ana, ben] = [await homing.client('ana@pigeon.test'), await homing.client('ben@pigeon.test')];
  const { ids } = await ana.call('Email/query', { filter: { inMailbox: 'f2', subject: 'Scheme' } });
  const { list } = await ana.call('Email/get', { ids, properties: ['to', 'subject', 'inReplyTo', 'references'] });
  const { id: _, ...draft } = (list as Json[])[0] ?? {};
  const textBody = [{ partId: 't' }];
  const later = await submitJmap({ ...draft, textBody }, { sendAt: new Date(homing.clock().getTime() + 60_000) });
  assert.deepEqual([later['type'], later['properties']], ['invalidProperties', ['sendAt']]);
  assert.match(String((await submitJmap({ ...draft, textBody }))['id']), /^s\d+$/);
  await homing.settle();
  const found = await ben.call('Email/query', { filter: { subject: 'Scheme' } });
  const got = await ben.call('Email/get', { ids: found['ids'], properties: ['preview', 'inReplyTo', 'keywords'] });
  assert.deepEqual(
    (got['list'] as Json[]).map(({ preview, inReplyTo, keywords }) => [preview, inReplyTo, keywords]),
    [['The right one.', null, {}]],
  );
  assert.equal((await submitJmap({ ...draft, textBody }))['type'], 'alreadyReplaced');
});

test('Recall is one mailbox, always subscribed to, and no other of its name is made by mistake', async () => {
  const client = await as('dia');
  for (const name of ['Recall', 'Recall/Replace']) {
    const [status] = await client.run(`STATUS ${name} (MAILBOXID)`);
    const id = /MAILBOXID (\([^)]+\))/.exec(status ?? '')?.[1];
    assert.equal(id, name === 'Recall' ? '(f-1)' : '(f-2)', 'as over JMAP');
    assert.ok(
      (await client.run(`EXAMINE ${name}`)).some((line) => line.includes(`[MAILBOXID ${id}]`)),
      status,
    );
    assert.match((await client.run(`SUBSCRIBE ${name}`)).at(-1) ?? '', /^OK/);
    assert.match((await client.run(`UNSUBSCRIBE ${name}`)).at(-1) ?? '', /^NO \[CANNOT\]/);
  }
  for (const name of ['recall', 'RECALL/x', 'Recall/x'])
    assert.match((await client.run(`CREATE ${name}`)).at(-1) ?? '', /^NO \[ALREADYEXISTS\]/);
  // What somebody moves there would be taken for taken back, and it would take the other's own away.
  const office = 'Other Users/office@pigeon.test';
  const helper = await as('ana');
  assert.match(last(await helper.run(`CREATE "${office}/Recall"`)), /^NO \[CANNOT\] Move a message into your own/);
  assert.match(last(await helper.run(`RENAME "${office}/Archive" "${office}/Recall/x"`)), /^NO \[CANNOT\] Move a/);
  assert.match(last(await helper.run(`SUBSCRIBE "${office}/Recall"`)), /^NO \[NONEXISTENT\]/);
  helper.close();
  client.close();
});

test("a person's own mailbox of that name stays theirs; where policy has none there is none", async () => {
  const cho = await homing.client('cho@pigeon.test');
  const policy = (recallMailbox: boolean): Promise<void> => homing.admin.setPolicy(homing.tenant, { recallMailbox });
  await policy(false);
  assert.equal((await cho.call('Mailbox/set', { create: { k: { name: 'Recall' } } }))['notCreated'], null);
  await policy(true);
  await send('cho@pigeon.test', ['ben@pigeon.test'], mail('Kept', { from: 'cho@pigeon.test' }));
  const client = await as('cho');
  assert.equal((await client.run('LIST "" Recall/*')).length, 1);
  const [uid = 0] = await find(client, 'Sent Items', 'Kept');
  assert.match((await client.run(`UID MOVE ${uid} Recall`))[0] ?? '', /COPYUID/);
  assert.deepEqual(await outcomes('Kept'), []);
  await policy(false);
  const ana = await as('ana');
  assert.equal((await ana.run('LIST "" Recall*')).length, 1);
  assert.match(await send('ana@pigeon.test', ['recall@pigeon.test'], mail('<x@y>')), /^550 5\.1\.1/);
  client.close();
  ana.close();
});
