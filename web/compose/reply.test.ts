import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmailAddress, Identity } from '../jmap/types.ts';
import {
  answerSubject,
  answerThread,
  attribution,
  forwardLines,
  identityFor,
  replyRecipients,
  type Kind,
} from './reply.ts';

type Original = Parameters<typeof replyRecipients>[1];

const at = (...names: string[]): EmailAddress[] =>
  names.map((name) => ({ name: null, email: name.includes('@') ? name : `${name}@pigeon.test` }));
const OWN = ['ana@pigeon.test', 'a.silva@pigeon.test'];
const EMPTY: Original = {
  from: null,
  to: null,
  cc: null,
  bcc: null,
  replyTo: null,
  subject: null,
  messageId: null,
  references: null,
  inReplyTo: null,
};

function answer(kind: Kind, original: Partial<Original>): string {
  const { to, cc } = replyRecipients(kind, { ...EMPTY, ...original }, OWN);
  const names = (list: EmailAddress[]): string => list.map(({ email }) => email.replace('@pigeon.test', '')).join(' ');
  return `${names(to)} | ${names(cc)}`;
}

test('a reply goes to its sender, or where they ask for it', () => {
  assert.equal(answer('reply', { from: at('ben'), to: at('ana', 'cho') }), 'ben | ');
  assert.equal(answer('reply', { from: at('ben'), replyTo: at('office', 'ben') }), 'office ben | ');
  // A Reply-To that names oneself alone leads nowhere.
  assert.equal(answer('reply', { from: at('ben'), replyTo: at('ana') }), 'ben | ');
});

test('a reply to all never goes to oneself, under any address and in any case, nor twice to anybody', () => {
  const original = {
    from: at('ben'),
    to: at('ANA@pigeon.test', 'cho', 'ben'),
    cc: at('a.silva', 'dia', 'CHO@pigeon.test', 'eli@outside.test'),
  };
  assert.equal(answer('replyAll', original), 'ben cho | dia eli@outside.test');
  assert.equal(answer('replyAll', { ...original, replyTo: at('list') }), 'list cho ben | dia eli@outside.test');
});

test('who answers their own message writes to the same people again', () => {
  assert.equal(answer('reply', { from: at('ana'), to: at('ben', 'ana'), cc: at('cho') }), 'ben | ');
  assert.equal(answer('replyAll', { from: at('ana'), to: at('ben'), cc: at('cho', 'ana') }), 'ben | cho');
  assert.equal(answer('reply', { from: at('ana'), to: at('ana') }), 'ana | ');
});

test('a forwarded message goes to nobody yet', () => {
  assert.equal(answer('forward', { from: at('ben'), to: at('ana') }), ' | ');
});

test('subjects gather no prefixes', () => {
  assert.equal(answerSubject('reply', 'Salaries'), 'Re: Salaries');
  assert.equal(answerSubject('reply', 'RE: Fwd: AW[2]: Salaries'), 'Re: Salaries');
  assert.equal(answerSubject('forward', 'Re: Salaries'), 'Fw: Salaries');
  assert.equal(answerSubject('reply', 'Regarding: it'), 'Re: Regarding: it');
  assert.equal(answerSubject('reply', null), 'Re:');
});

test('the conversation', () => {
  const thread = (kind: Kind, more: object): unknown => answerThread(kind, { ...EMPTY, ...more });
  assert.deepEqual(thread('reply', { messageId: ['b'], references: ['a'] }), {
    inReplyTo: ['b'],
    references: ['a', 'b'],
  });
  assert.deepEqual(thread('reply', { messageId: ['b'], inReplyTo: ['a'] }), {
    inReplyTo: ['b'],
    references: ['a', 'b'],
  });
  assert.deepEqual(thread('reply', {}), { inReplyTo: null, references: null });
  assert.deepEqual(thread('forward', { messageId: ['b'], references: ['a'] }), {
    inReplyTo: null,
    references: null,
    'header:X-Forwarded-Message-Id:asMessageIds': ['b'],
  });
  assert.deepEqual(thread('forward', {}), { inReplyTo: null, references: null });
});

test('as whom one answers', () => {
  const identity = (id: string, email: string): Identity => ({
    id,
    email,
    name: '',
    replyTo: null,
    bcc: null,
    textSignature: '',
    htmlSignature: '',
    mayDelete: false,
  });
  const all = [
    identity('i1', 'a.silva@pigeon.test'),
    identity('i2', 'ana@pigeon.test'),
    identity('i3', 'office@pigeon.test'),
  ];
  assert.equal(identityFor(all, 'ana@pigeon.test')?.id, 'i2');
  assert.equal(identityFor(all, 'ana@pigeon.test', { ...EMPTY, to: at('office') })?.id, 'i3');
  assert.equal(identityFor(all, 'ana@pigeon.test', { ...EMPTY, to: at('everyone') })?.id, 'i2');
  assert.equal(identityFor([], 'ana@pigeon.test'), undefined);
});

test('what stands above the original', () => {
  const original = {
    from: [{ name: 'Ben Okafor', email: 'ben@pigeon.test' }],
    to: at('ana'),
    cc: null,
    subject: 'Roof',
    sentAt: '2026-11-23T12:00:00',
    receivedAt: '2026-11-23T12:00:01Z',
  };
  assert.equal(attribution(original), 'On Monday, 23 November 2026 at 12:00, Ben Okafor wrote:');
  assert.deepEqual(
    forwardLines(original).map(([name]) => name),
    ['From', 'Sent', 'To', 'Subject'],
  );
  assert.equal(forwardLines(original)[0]?.[1], 'Ben Okafor <ben@pigeon.test>');
});
