// Where each recipient of a message is: in an account here, behind a group, or outside.

import { canonicalAddress, domainOf } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import type { Directory } from '../directory/directory.ts';
import type { GroupTarget } from '../store/deliveries.ts';
import type { AcceptRecipient } from './accept.ts';
import { GIVEN } from './notify.ts';

export interface DirectRecipient {
  account: number;
  /** The account's own address. */
  address: string;
  /** The alias that was named; null: its own address was. */
  via: string | null;
  notify: number;
  originalRecipient: string | null;
}

export interface OutsideRecipient {
  /** Canonical: named twice, it is one recipient. */
  key: string;
  /** The local part as the sender wrote it: its host may tell cases apart. The domain in ASCII. */
  address: string;
  notify: number;
  originalRecipient: string | null;
}

export interface Routed {
  /** By ascending account. */
  direct: DirectRecipient[];
  groups: GroupTarget[];
  /** Another tenant's addresses among them: they are outside like any other. */
  outside: OutsideRecipient[];
}

/** RFC 3461 §5.2.1: told of failure, where the sender said nothing. */
const NOTIFY_FAILURE = 2;

/** Addresses looked up at once. */
const SIDE_BY_SIDE = 50;

/**
 * Each account, group and outside address once, however often it was named. Throws Refusal `badAddress`, and
 * `unknownRecipient` for an address of the tenant's that leads nowhere (detail.address).
 */
export async function route(
  directory: Pick<Directory, 'resolve'>,
  tenant: number,
  recipients: AcceptRecipient[],
): Promise<Routed> {
  const direct = new Map<number, DirectRecipient>();
  const groups = new Map<number, GroupTarget>();
  const outside = new Map<string, OutsideRecipient>();
  for (let from = 0; from < recipients.length; from += SIDE_BY_SIDE) {
    const some = recipients
      .slice(from, from + SIDE_BY_SIDE)
      .map((recipient) => ({ recipient, address: checked(recipient.address) }));
    const targets = await Promise.all(some.map(({ address }) => directory.resolve(address)));
    for (const [i, { recipient, address }] of some.entries()) {
      const target = targets[i];
      const notify = recipient.notify === undefined ? NOTIFY_FAILURE : recipient.notify | GIVEN;
      const originalRecipient = recipient.originalRecipient ?? null;
      if (target === undefined || target.kind === 'outside' || target.tenant !== tenant) {
        if (!outside.has(address))
          outside.set(address, {
            key: address,
            address: asWritten(recipient.address, address),
            notify,
            originalRecipient,
          });
      } else if (target.kind === 'unknown') {
        throw new Refusal('unknownRecipient', `There is no ${address} here.`, { address });
      } else if (target.kind === 'group') {
        if (!groups.has(target.group))
          groups.set(target.group, { group: target.group, address: target.address, notify, originalRecipient });
      } else {
        const via = target.address === address ? null : address;
        const known = direct.get(target.account);
        if (!known || (known.via !== null && via === null)) {
          direct.set(target.account, {
            account: target.account,
            address: target.address,
            via,
            notify,
            originalRecipient,
          });
        }
      }
    }
  }
  return {
    direct: [...direct.values()].toSorted((a, b) => a.account - b.account),
    groups: [...groups.values()],
    outside: [...outside.values()],
  };
}

function checked(given: string): string {
  const address = canonicalAddress(given);
  if (address === null) throw new Refusal('badAddress', `"${given}" is not an address.`, { address: given });
  return address;
}

function asWritten(given: string, canonical: string): string {
  return `${given.slice(0, given.lastIndexOf('@'))}@${domainOf(canonical)}`;
}
