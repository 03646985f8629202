// GETQUOTA and GETQUOTAROOT (RFC 9208 §4.2, §4.3). An account's mailboxes have one quota root, named as the account's
// address is, where there is a limit; else none.

import { usageOf } from '../../store/quota.ts';
import { findBox } from '../mailboxes.ts';
import { no, ok } from '../replies.ts';
import { isUtf8, userOf, type Session } from '../session.ts';
import type { Verb } from '../verb.ts';
import { astring, mailbox } from '../wire/response.ts';

export const getQuotaRoot: Verb<'GETQUOTAROOT'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox: name }) {
    const { account, name: shown } = await findBox(session, name);
    const quota = await quotaLine(session, account);
    const root = quota === undefined ? '' : ` ${astring(account.address)}`;
    session.out.line(`* QUOTAROOT ${mailbox(shown, isUtf8(session))}${root}`);
    if (quota === undefined) return ok('Nothing is limited.');
    session.out.line(quota);
    return ok('That is the limit.');
  },
};

export const getQuota: Verb<'GETQUOTA'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { root }) {
    const user = userOf(session);
    const others = await session.deps.directory.accessible(user.tenant, user.id);
    const account = [user, ...others].find(({ address }) => address === root);
    const quota = account && (await quotaLine(session, account));
    if (quota === undefined) throw no('NONEXISTENT', 'There is no such quota root.');
    session.out.line(quota);
    return ok('That is the limit.');
  },
};

/** RFC 9208 §5.1: STORAGE is told in units of 1024 octets. Undefined: there is no limit. */
async function quotaLine(
  { deps }: Session,
  { tenant, id, address }: { tenant: number; id: number; address: string },
): Promise<string | undefined> {
  const usage = await usageOf(deps.store, { tenant, account: id });
  if (!usage || usage.quota === null) return undefined;
  return `* QUOTA ${astring(address)} (STORAGE ${Math.ceil(usage.octets / 1024)} ${Math.floor(usage.quota / 1024)})`;
}
