// A ticked list: which deliveries the addresses in it name.

import { canonicalAddress } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import type { Reader } from '../store/postgres.ts';
import { accountsAt, deliveriesNamed, type RecallableSubmission } from '../store/recalls.ts';
import { hiddenGroups } from './hidden.ts';
import type { AccountInfo, People } from './ports.ts';

/** Deliveries that the ticked addresses name, ascending. `seesAll`: an administrator sees every group's members. Throws Refusal `unknownRecipient` naming those that got nothing. */
export async function listedDeliveries(
  reader: Reader,
  people: People,
  actor: AccountInfo,
  submission: RecallableSubmission,
  recipients: string[],
  seesAll = false,
): Promise<number[]> {
  const { tenant } = actor;
  const accounts: number[] = [];
  const groups: string[] = [];
  const addresses: string[] = [];
  const asked = new Map<string, { account?: number; address: string }>();
  for (const given of recipients) {
    const address = canonicalAddress(given) ?? given.toLowerCase();
    const target = await people.resolve(address);
    if (target.kind === 'account' && target.tenant === tenant && target.account !== undefined)
      accounts.push(target.account);
    else if (target.kind === 'group' && target.tenant === tenant) groups.push(address);
    else addresses.push(address);
    asked.set(given, {
      address,
      ...(target.tenant === tenant && target.account !== undefined ? { account: target.account } : {}),
    });
  }
  const of = {
    tenant,
    message: submission.id,
    total: submission.total,
    outside: submission.outside,
    redirected: submission.redirected,
  };
  let named = await deliveriesNamed(reader, of, { accounts, addresses, groups });
  const found = new Set(named.flatMap(({ account_id, recipient, via }) => [account_id, recipient, via]));
  const elsewhere = [...asked.values()].filter(
    ({ address, account }) => !found.has(address) && !found.has(account ?? -1),
  );
  if (elsewhere.length > 0) {
    // An address that leads elsewhere by now, or nowhere, names whom it led to.
    const former = elsewhere.map(({ address }) => address);
    named = await deliveriesNamed(reader, of, {
      accounts: [...accounts, ...(await accountsAt(reader, of, former))],
      addresses,
      groups: [...groups, ...former],
    });
  }
  const ways = [...new Set(named.flatMap(({ via }) => (via === null ? [] : [via])))];
  const hidden = seesAll ? [] : await hiddenGroups(reader, actor, submission.id, ways);
  const isShown = (via: string | null): boolean => via === null || !hidden.includes(via);
  const shown = named.filter(({ via }) => isShown(via));
  const reached = new Set([...shown.map((d) => d.recipient), ...ways]);
  const reachedAccounts = new Set(shown.map((d) => d.account_id));
  const unknown = [...asked]
    .filter(([, to]) => !reached.has(to.address) && !reachedAccounts.has(to.account ?? -1))
    .map(([given]) => given);
  if (unknown.length > 0) {
    throw new Refusal('unknownRecipient', `This message did not go to ${unknown.slice(0, 5).join(', ')}.`, {
      recipients: unknown,
    });
  }
  const groupsAsked = new Set<string | null>(groups);
  return named.filter(({ via }) => groupsAsked.has(via) || isShown(via)).map((delivery) => delivery.n);
}
