// Which recipients are ticked: everyone but some, or some. Pure.

import type { Recipient } from './data.ts';

export interface Choice {
  all: boolean;
  /** Unticked where all are ticked at first, ticked where none are; each with how many people it stands for. */
  except: ReadonlyMap<string, number>;
}

export const EVERYONE: Choice = { all: true, except: new Map() };
export const NOBODY: Choice = { all: false, except: new Map() };

/** The server takes no more in one list. */
export const MOST_TICKED = 10_000;

export const isTicked = (choice: Choice, address: string): boolean => choice.all !== choice.except.has(address);

export function toggled(choice: Choice, { recipient, count }: Pick<Recipient, 'recipient' | 'count'>): Choice {
  const except = new Map(choice.except);
  if (!except.delete(recipient)) except.set(recipient, count ?? 1);
  return { ...choice, except };
}

/** How many people are ticked, of `total`. */
export function tickedOf(choice: Choice, total: number): number {
  const sum = [...choice.except.values()].reduce((all, one) => all + one, 0);
  return choice.all ? Math.max(0, total - sum) : sum;
}

/** The ticked addresses, of all there are; null: everyone. */
export function addressesOf(choice: Choice, everyone: readonly Pick<Recipient, 'recipient'>[]): string[] | null {
  if (choice.all && choice.except.size === 0) return null;
  if (!choice.all) return [...choice.except.keys()];
  return everyone.map((one) => one.recipient).filter((address) => !choice.except.has(address));
}
