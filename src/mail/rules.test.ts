import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAGGED, SEEN } from './keywords.ts';
import { parseMessage } from './mime/parse.ts';
import { factsOf, runRules, type Actions, type Conditions, type Rule } from './rules.ts';

const letter = Buffer.from(
  [
    'Received: by mx',
    'Delivered-To: dan@b.test',
    'From: =?utf-8?q?J=C3=BCrgen?= Kunz <JK@Shop.test>',
    'To: Ana <ana@a.test>, team@a.test',
    'Cc: leo@a.test',
    'Subject: =?utf-8?q?RECHNUNG_=C3=84_17?=',
    'Content-Type: text/html',
    '',
    '<p>Please pay <b>soon</b>.</p><!-- never -->',
  ].join('\r\n'),
);
const facts = factsOf(parseMessage(letter), letter);
const rule = (conditions: Conditions, actions: Actions = { flag: true }, exceptions: Conditions = {}): Rule => ({
  conditions,
  exceptions,
  actions,
});
const applies = (conditions: Conditions, exceptions: Conditions = {}): boolean =>
  runRules([rule(conditions, { flag: true }, exceptions)], facts).flags === FLAGGED;

const HOLDS: [string, Conditions, boolean][] = [
  ['no condition: every message', {}, true],
  ['a name in From, in any case, decoded', { from: ['JÜRGEN'] }, true],
  ['an address in From', { from: ['jk@shop.test'] }, true],
  ['part of a domain', { from: ['@shop'] }, true],
  ['From is not To', { from: ['ana@a.test'] }, false],
  ['one of several words', { from: ['nobody', 'kunz'] }, true],
  ['Cc counts as To', { to: ['leo@a.test'] }, true],
  ['subject, an umlaut in another case', { subject: ['rechnung ä'] }, true],
  ['the same umlaut, decomposed', { subject: ['rechnung a\u0308'] }, true],
  ['text of HTML', { body: ['pay soon'] }, true],
  ['what is not shown is not found', { body: ['never'] }, false],
  ['the subject is not in the body', { body: ['rechnung'] }, false],
  ['no attachment', { hasAttachment: false }, true],
  ['an attachment', { hasAttachment: true }, false],
  ['at least its size', { minSize: letter.length }, true],
  ['at least more', { minSize: letter.length + 1 }, false],
  ['less than its size', { maxSize: letter.length }, false],
  ['less than more', { maxSize: letter.length + 1 }, true],
  ['all must hold', { from: ['kunz'], hasAttachment: true }, false],
  ['all hold', { from: ['kunz'], subject: ['17'], maxSize: 10_000 }, true],
];
for (const [name, conditions, expected] of HOLDS) {
  test(name, () => assert.equal(applies(conditions), expected));
}

test('an exception that holds undoes a rule; of several, any', () => {
  assert.equal(applies({ from: ['kunz'] }, { subject: ['17'] }), false);
  assert.equal(applies({ from: ['kunz'] }, { subject: ['18'] }), true);
  assert.equal(applies({}, { subject: ['18'], body: ['soon'] }), false);
});

test('rules run in their order until one says stop; the first that moves decides where to', () => {
  const rules = [
    rule({ subject: ['nothing'] }, { moveTo: 9, stop: true }),
    rule({}, { markRead: true }),
    rule({}, { moveTo: 4, redirectTo: ['x@c.test', 'y@c.test'] }),
    rule({}, { delete: true, redirectTo: ['x@c.test'] }),
    rule({}, { flag: true, stop: true }),
    rule({}, { redirectTo: ['z@c.test'] }),
  ];
  assert.deepEqual(runRules(rules, facts), {
    mailbox: 4,
    flags: SEEN | FLAGGED,
    redirectTo: ['x@c.test', 'y@c.test'],
  });
  assert.equal(runRules([rule({}, { delete: true }), rule({}, { moveTo: 4 })], facts).mailbox, 6);
});

test('one account sends one message on to ten addresses at most', () => {
  const many = Array.from({ length: 12 }, (_, i) => `x${i}@c.test`);
  const rules = many.map((address) => rule({}, { redirectTo: [address] }));
  assert.deepEqual(runRules(rules, facts).redirectTo, many.slice(0, 10));
});

test('whose rules sent it on before is known; a message that goes round is', () => {
  assert.deepEqual([...facts.deliveredTo], ['dan@b.test']);
  assert.equal(facts.goingRound, false);
  const round = Buffer.from(`${'Received: by mx\r\n'.repeat(101)}From: a@b.test\r\n\r\n`);
  assert.equal(factsOf(parseMessage(round), round).goingRound, true);
});
