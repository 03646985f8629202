import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyText } from '../mail/mime/body.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { composeNotification, type Notification, type Told } from './bounce.ts';
import { wantsToKnow } from './notify.ts';

const at = new Date('2026-11-23T12:05:00Z');

const FAILED: Told = {
  action: 'failed',
  recipient: 'ben@outside.test',
  via: null,
  originalRecipient: null,
  remoteHost: 'mx.outside.test',
  reply: '550 5.1.1 nobody of that name',
  at,
  maybeSent: false,
};

function notification(told: Told[], more: Partial<Notification> = {}): Notification {
  return {
    from: { name: 'Homing', email: 'postmaster@pigeon.test' },
    to: { name: 'Ana Silva', email: 'ana@pigeon.test' },
    hostname: 'mail.pigeon.test',
    message: {
      message_id_header: 'one@pigeon.test',
      subject: 'Grüße',
      received_at: new Date('2026-11-23T12:00:00Z'),
      envid: null,
    },
    told,
    returned: { whole: false, bytes: Buffer.from('Subject: x\r\n\r\n') },
    date: at,
    messageId: 'bounce@pigeon.test',
    ...more,
  };
}

/** The three parts, read back. */
function readBack(one: Notification): {
  subject: string | null;
  text: string;
  status: string[];
  types: string[];
  bytes: Buffer;
} {
  const bytes = composeNotification(one);
  const { envelope, root } = parseMessage(bytes);
  const [readable, machine] = root.parts ?? [];
  assert.ok(readable && machine);
  assert.deepEqual([root.type, root.params['report-type']], ['multipart/report', 'delivery-status']);
  return {
    subject: envelope.subject,
    text: bodyText(bytes, readable).value,
    status: bytes
      .subarray(...machine.body)
      .toString()
      .split('\r\n'),
    types: (root.parts ?? []).map((part) => part.type),
    bytes,
  };
}

test('RFC 3464: a block for the message, one for each recipient', () => {
  const delayed: Told = {
    ...FAILED,
    action: 'delayed',
    recipient: 'cho@outside.test',
    reply: '451 4.2.1 later',
    until: new Date('2026-11-28T12:00:00Z'),
  };
  const { subject, status, types, bytes } = readBack(
    notification([delayed, FAILED], { message: { ...notification([]).message, envid: 'E 1' } }),
  );
  assert.equal(subject, 'Not delivered: Grüße');
  assert.deepEqual(types, ['text/plain', 'message/delivery-status', 'text/rfc822-headers']);
  assert.deepEqual(status, [
    'Original-Envelope-Id: E 1',
    'Reporting-MTA: dns; mail.pigeon.test',
    'Arrival-Date: Mon, 23 Nov 2026 12:00:00 +0000',
    '',
    'Final-Recipient: rfc822; cho@outside.test',
    'Action: delayed',
    'Status: 4.2.1',
    'Remote-MTA: dns; mx.outside.test',
    'Diagnostic-Code: smtp; 451 4.2.1 later',
    'Last-Attempt-Date: Mon, 23 Nov 2026 12:05:00 +0000',
    'Will-Retry-Until: Sat, 28 Nov 2026 12:00:00 +0000',
    '',
    'Final-Recipient: rfc822; ben@outside.test',
    'Action: failed',
    'Status: 5.1.1',
    'Remote-MTA: dns; mx.outside.test',
    'Diagnostic-Code: smtp; 550 5.1.1 nobody of that name',
    'Last-Attempt-Date: Mon, 23 Nov 2026 12:05:00 +0000',
    '',
  ]);
  const head = bytes.toString().split('\r\n\r\n')[0] ?? '';
  assert.match(head, /^Auto-Submitted: auto-replied$/m);
  assert.match(head, /^References: <one@pigeon\.test>$/m);
});

test('the status is the reply’s own where it fits, else the class', () => {
  const statusOf = (told: Told): string | undefined =>
    readBack(notification([told])).status.find((line) => line.startsWith('Status: '));
  assert.equal(statusOf({ ...FAILED, reply: '550 no' }), 'Status: 5.0.0');
  assert.equal(statusOf({ ...FAILED, reply: '550 2.1.1 odd' }), 'Status: 5.0.0');
  assert.equal(statusOf({ ...FAILED, reply: '451 4.2.1 later (tried for 5 days)' }), 'Status: 5.4.7');
  assert.equal(statusOf({ ...FAILED, remoteHost: null, reply: 'dropped by an administrator' }), 'Status: 5.0.0');
  assert.equal(statusOf({ ...FAILED, action: 'relayed', reply: '250 ok' }), 'Status: 2.0.0');
});

test('nothing that a server or a sender wrote begins a field of its own', () => {
  const { status } = readBack(
    notification([
      { ...FAILED, originalRecipient: 'rfc822;a\r\nAction: delivered', reply: '550 no\r\nAction: delivered\u0007 ü' },
    ]),
  );
  assert.equal(status.filter((line) => line.startsWith('Action:')).length, 1);
  assert.ok(status.every((line) => /^[\x20-\x7e]*$/.test(line)));
});

test('an address that is not ASCII is written in ASCII', () => {
  const { status, text } = readBack(notification([{ ...FAILED, recipient: 'jürgen+x@outside.test' }]));
  assert.ok(status.includes('Final-Recipient: utf-8; j\\x{FC}rgen\\x{2B}x@outside.test'));
  assert.match(text, /did not reach jürgen\+x@outside\.test/);
});

test('what may have arrived is not said to have failed outright', () => {
  const { text } = readBack(notification([{ ...FAILED, maybeSent: true }]));
  assert.match(
    text,
    /may not have reached ben@outside\.test\.\n\s+mx\.outside\.test said: 550 5\.1\.1 nobody of that name\nIt will not be tried again\.\nAn attempt was never answered/,
  );
});

test('a whole message comes back as it was', () => {
  const original = Buffer.from('From: Jürgen <j@pigeon.test>\r\nSubject: Ä\r\n\r\ntext\r\n');
  const { bytes, types } = readBack(notification([FAILED], { returned: { whole: true, bytes: original } }));
  assert.equal(types[2], 'message/rfc822');
  const part = parseMessage(bytes).root.parts?.[2];
  assert.ok(part);
  assert.ok(bytes.subarray(...part.body).includes(original));
  assert.equal(part.encoding, '8bit');
});

test('who wants to know', () => {
  const ana = 'ana@pigeon.test';
  assert.deepEqual(
    [
      wantsToKnow(ana, 2, 2),
      wantsToKnow(ana, 6, 4),
      wantsToKnow(ana, 1, 2),
      wantsToKnow(ana, 8, 2),
      wantsToKnow(ana, 10, 2),
      wantsToKnow('', 2, 2),
    ],
    [true, true, false, false, false, false],
  );
});
