// From locked rows to decisions to changes: pure, so that a batch can be tested without a database.

import { INBOX } from '../../mail/mailbox.ts';
import { maxExposure, type Exposure, type Outcome } from '../../mail/recall.ts';
import type { SweptCopy, SweptDelivery } from '../../store/sweep.ts';
import type { Decided, OutcomeRow, PlainOutcomes } from '../../store/sweep-apply.ts';
import { decide, type Terms } from '../decide.ts';

export interface BatchFacts {
  deliveries: SweptDelivery[];
  copies: SweptCopy[];
  /** Accounts that exist (were locked). */
  existing: { has(account: number): boolean };
  declining: ReadonlySet<number>;
  /** Exposure of copies that earlier recalls hold, by delivery. */
  vaulted: ReadonlyMap<number, Exposure>;
}

export type Counts = Partial<Record<Outcome, number>>;

export interface BatchPlan extends Decided {
  /** Those that have no more to say, by what they say; and the others. */
  plain: PlainOutcomes[];
  outcomes: OutcomeRow[];
  counts: Counts;
  /** Deliveries that never go out now (recall/apply: intercept). */
  stop: number[];
  /** In flight to another server: to be asked again. */
  undecided: number[];
  /** Local deliveries that this recall lets go and that no copy exists of yet: to be fanned out after the gate. */
  release: number[];
  /** Not before they were to be: all inside are held alike. Null: at once. */
  releaseAt: Date | null;
}

const NONE: readonly SweptCopy[] = [];

/**
 * A single delivery whose batch still fails after a day is given up: `failed`, whatever stands is left standing. Those
 * that nothing hinders are decided as ever.
 */
export function failBatch(facts: BatchFacts, terms: Terms): BatchPlan {
  const plan = planBatch(facts, terms, 'none');
  if (plan.gone.length === 0) return plan;
  const plain = plan.plain.flatMap(({ exposure, n: numbers }) =>
    numbers.map((n) => ({ n, exposure, downloadedAt: null, downloadedBy: null })),
  );
  const outcomes = [...plain, ...plan.outcomes].map((row): OutcomeRow => ({
    ...row,
    outcome: 'failed',
    reason: 'the server could not remove it within a day',
  }));
  return { ...plan, plain: [], outcomes, counts: { failed: outcomes.length }, gone: [], passed: plan.gone };
}

/** Decides every delivery of a batch and lists what is to be changed for it. */
export function planBatch(facts: BatchFacts, terms: Terms, notices: 'all' | 'noticed-only' | 'none'): BatchPlan {
  const plan: BatchPlan = {
    plain: [],
    outcomes: [],
    counts: {},
    noticed: [],
    gone: [],
    passed: [],
    stop: [],
    undecided: [],
    release: [],
    releaseAt: null,
  };
  const copiesOf = Map.groupBy(facts.copies, (copy) => copy.delivery_n);
  for (const delivery of facts.deliveries) {
    const copies = copiesOf.get(delivery.n) ?? NONE;
    const vaulted = copies.length === 0 ? facts.vaulted.get(delivery.n) : undefined;
    const exposure = exposureOf(delivery, copies, vaulted);
    const outcome = decide(
      {
        state: delivery.state,
        maybeSent: delivery.maybe_sent,
        local:
          delivery.account_id === null
            ? null
            : {
                protected: delivery.protected,
                exists: facts.existing.has(delivery.account_id),
                acceptsRecalls: !facts.declining.has(delivery.account_id),
                copies: copies.length,
                filed: filedOf(copies),
                exposure,
                inVault: vaulted !== undefined,
              },
      },
      terms,
    );
    if (outcome === null) {
      plan.undecided.push(delivery.n);
      continue;
    }
    const download = firstDownload(delivery, copies);
    const reason =
      outcome === 'failed'
        ? 'the other server had not answered within a day'
        : vaulted !== undefined && outcome === 'recalled'
          ? 'an earlier recall had taken it'
          : null;
    if (download === undefined && reason === null) note(plan.plain, outcome, exposure, delivery.n);
    else
      plan.outcomes.push({
        n: delivery.n,
        outcome,
        exposure,
        downloadedAt: download?.at ?? null,
        downloadedBy: download?.by ?? null,
        reason,
      });
    plan.counts[outcome] = (plan.counts[outcome] ?? 0) + 1;
    const waiting = delivery.state === 'held' || delivery.state === 'queued';
    if (outcome === 'recalled') withdraw(plan, copies, exposure, notices);
    else if (waiting && (outcome === 'intercepted' || outcome === 'outside-unknown')) plan.stop.push(delivery.n);
    else if (waiting && delivery.account_id !== null) {
      plan.release.push(delivery.n);
      plan.releaseAt = delivery.due_at;
    }
    if (outcome !== 'recalled')
      for (const copy of copies) if (copy.exposure !== 'opened' || terms.includeRead) plan.passed.push(copy);
  }
  return plan;
}

/** All copies leave; one notice stands where the first was, in the Inbox if one was there. */
function withdraw(
  plan: BatchPlan,
  copies: readonly SweptCopy[],
  exposure: Exposure,
  notices: 'all' | 'noticed-only' | 'none',
): void {
  const noticed = notices === 'all' || (notices === 'noticed-only' && exposure !== 'none');
  const place = copies.find((copy) => copy.mailbox_id === INBOX) ?? copies[0];
  for (const copy of copies) (noticed && copy === place ? plan.noticed : plan.gone).push(copy);
}

/** There are few kinds in a batch. */
function note(plain: PlainOutcomes[], outcome: Outcome, exposure: Exposure, n: number): void {
  for (const kind of plain) {
    if (kind.outcome === outcome && kind.exposure === exposure) return void kind.n.push(n);
  }
  plain.push({ outcome, exposure, n: [n] });
}

function filedOf(copies: readonly SweptCopy[]): number {
  let filed = 0;
  for (const copy of copies) if (copy.mailbox_id !== INBOX) filed++;
  return filed;
}

function exposureOf(delivery: SweptDelivery, copies: readonly SweptCopy[], vaulted: Exposure | undefined): Exposure {
  let exposure = delivery.past_exposure;
  if (vaulted !== undefined) exposure = maxExposure(exposure, vaulted);
  for (const copy of copies) exposure = maxExposure(exposure, copy.exposure);
  return exposure;
}

/** The program that downloaded a copy first, and when. */
function firstDownload(
  delivery: SweptDelivery,
  copies: readonly SweptCopy[],
): { at: Date; by: string | null } | undefined {
  const { past_downloaded_at: past, past_downloaded_by: by } = delivery;
  let first: { at: Date; by: string | null } | undefined;
  for (const { downloaded_at: at, downloaded_by: program } of copies)
    if (at !== null && (!first || at < first.at)) first = { at, by: program };
  return past !== null && (!first || past < first.at) ? { at: past, by } : first;
}
