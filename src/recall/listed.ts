// A ticked list: which deliveries the addresses in it name.

import { canonicalAddress } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { gotThrough, notForAll } from '../store/outcomes.ts';
import type { Reader } from '../store/postgres.ts';
import { accountsAt, deliveriesNamed, type RecallableSubmission } from '../store/recalls.ts';
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
    // An address that leads elsewhere by now, or nowhere, names who got it there.
    const former = await accountsAt(
      reader,
      of,
      elsewhere.map(({ address }) => address),
    );
    if (former.length > 0)
      named = await deliveriesNamed(reader, of, { accounts: [...accounts, ...former], addresses, groups });
  }
  const ways = [...new Set(named.flatMap(({ via }) => (via === null ? [] : [via])))];
  const hidden = seesAll ? [] : await hiddenAmong(reader, actor, submission.id, ways);
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

/** Of these groups, those whose members are not shown to `viewer`: to tick one of them must not tell that it is one. */
async function hiddenAmong(reader: Reader, viewer: AccountInfo, message: number, groups: string[]): Promise<string[]> {
  if (groups.length === 0) return [];
  const hidden: string[] = [];
  for (const group of await notForAll(reader, viewer.tenant, groups)) {
    const isMember =
      group.members_visible_to === 'members' &&
      (await gotThrough(reader, viewer.tenant, message, viewer.id, group.address));
    if (!isMember) hidden.push(group.address);
  }
  return hidden;
}
