import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_POLICY, type Policy } from '../mail/policy.ts';
import { EXPOSURES, OUTCOMES, type DeliveryState, type Outcome } from '../mail/recall.ts';
import { decide, type Facts, type Terms } from './decide.ts';

type Local = NonNullable<Facts['local']>;

const local = (change: Partial<Local> = {}): Facts => ({
  state: 'delivered',
  maybeSent: false,
  local: {
    protected: false,
    exists: true,
    acceptsRecalls: true,
    copies: 1,
    filed: 0,
    exposure: 'none',
    inVault: false,
    ...change,
  },
});
const outside = (state: DeliveryState, maybeSent = false): Facts => ({ state, maybeSent, local: null });
const terms = (change: Partial<Omit<Terms, 'policy'>> = {}, policy: Partial<Policy> = {}): Terms => ({
  includeRead: false,
  byAdministrator: false,
  cancelled: false,
  deadlinePassed: false,
  ...change,
  policy: { ...DEFAULT_POLICY, ...policy },
});

const CONSENT = { recipientConsent: 'recipient-decides' } as const;
const KEEP = { processedCopies: 'keep' } as const;

const table: [row: string, facts: Facts, terms: Terms, outcome: Outcome | null][] = [
  ['1 held', outside('held'), terms(), 'intercepted'],
  ['1 queued', outside('queued'), terms(), 'intercepted'],
  ['1 stopped by an earlier recall', outside('stopped'), terms(), 'intercepted'],
  ['1 queued inside', { ...local({ copies: 0 }), state: 'queued' }, terms(), 'intercepted'],
  [
    '1 queued inside, protected: it never was delivered',
    { ...local({ copies: 0, protected: true }), state: 'queued' },
    terms(),
    'intercepted',
  ],
  ['2 in flight', outside('sending'), terms(), null],
  ['3 refused', outside('failed'), terms(), 'not-delivered'],
  ['10 refused after an attempt that may have arrived', outside('failed', true), terms(), 'outside-unknown'],
  ['4 no account', local({ exists: false, copies: 0 }), terms(), 'no-mailbox'],
  ['5 protected', local({ protected: true }), terms(), 'kept-protected'],
  [
    '5 protected from administrators too',
    local({ protected: true }),
    terms({ byAdministrator: true, includeRead: true }),
    'kept-protected',
  ],
  ['6 declined', local({ acceptsRecalls: false }), terms({}, CONSENT), 'kept-declined'],
  ['6 not asked by policy', local({ acceptsRecalls: false }), terms(), 'recalled'],
  ['6 not for administrators', local({ acceptsRecalls: false }), terms({ byAdministrator: true }, CONSENT), 'recalled'],
  ['7 destroyed', local({ copies: 0 }), terms(), 'already-deleted'],
  ['7 destroyed after reading', local({ copies: 0, exposure: 'opened' }), terms(), 'already-deleted'],
  ['7 taken by an earlier recall', local({ copies: 0, inVault: true }), terms(), 'recalled'],
  [
    '7 taken, read, and read copies out of scope',
    local({ copies: 0, inVault: true, exposure: 'opened' }),
    terms(),
    'already-deleted',
  ],
  ['8 opened', local({ exposure: 'opened' }), terms(), 'kept-read'],
  ['8 opened, read copies in scope', local({ exposure: 'opened' }), terms({ includeRead: true }), 'recalled'],
  ['9 filed', local({ filed: 1 }), terms({}, KEEP), 'kept-processed'],
  ['9 filed, default policy', local({ filed: 1 }), terms(), 'recalled'],
  ['9 not for administrators', local({ filed: 1 }), terms({ byAdministrator: true }, KEEP), 'recalled'],
  ['10 maybe sent, to be retried', outside('queued', true), terms(), 'outside-unknown'],
  ['10 maybe sent, stopped', outside('stopped', true), terms(), 'outside-unknown'],
  ['11 handed over', outside('delivered'), terms(), 'outside'],
  ['11 handed over at a second attempt', outside('delivered', true), terms(), 'outside'],
  ['12 before everything', local({ exposure: 'opened' }), terms({ cancelled: true }), 'cancelled'],
  ['12 in flight', outside('sending'), terms({ cancelled: true }), 'cancelled'],
  ['13 listed', local({ exposure: 'listed' }), terms(), 'recalled'],
  ['13 downloaded', local({ exposure: 'downloaded' }), terms(), 'recalled'],
  ['14 undecided at the deadline', outside('sending'), terms({ deadlinePassed: true }), 'failed'],
];

for (const [row, facts, given, outcome] of table) {
  test(`row ${row}: ${outcome ?? 'not yet'}`, () => assert.equal(decide(facts, given), outcome));
}

test('every outcome has a row', () => {
  const seen = new Set(table.map(([, , , outcome]) => outcome));
  assert.deepEqual(
    OUTCOMES.filter((outcome) => !seen.has(outcome)),
    [],
  );
});

const anyFacts: fc.Arbitrary<Facts> = fc.record({
  state: fc.constantFrom<DeliveryState>('held', 'queued', 'sending', 'delivered', 'failed', 'stopped'),
  maybeSent: fc.boolean(),
  local: fc.option(
    fc.record({
      protected: fc.boolean(),
      exists: fc.boolean(),
      acceptsRecalls: fc.boolean(),
      copies: fc.nat(3),
      filed: fc.nat(3),
      exposure: fc.constantFrom(...EXPOSURES),
      inVault: fc.boolean(),
    }),
  ),
});
const anyTerms: fc.Arbitrary<Terms> = fc.record({
  includeRead: fc.boolean(),
  byAdministrator: fc.boolean(),
  cancelled: fc.boolean(),
  deadlinePassed: fc.boolean(),
  policy: fc.constantFrom(terms({}, CONSENT).policy, terms({}, KEEP).policy, DEFAULT_POLICY),
});

test('P3 and P4 hold for whatever facts', () => {
  fc.assert(
    fc.property(anyFacts, anyTerms, (facts, given) => {
      const outcome = decide(facts, given);
      if (outcome === 'recalled') assert.ok(given.includeRead || facts.local?.exposure !== 'opened');
      if (outcome === 'kept-read') assert.equal(facts.local?.exposure, 'opened');
      if (outcome === 'not-delivered') assert.ok(!facts.maybeSent);
      if (outcome === 'intercepted') assert.ok(!facts.maybeSent && ['held', 'queued', 'stopped'].includes(facts.state));
    }),
  );
});
