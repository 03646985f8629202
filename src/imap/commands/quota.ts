// GETQUOTA and GETQUOTAROOT (RFC 9208 §4.2, §4.3). Nothing is limited here, so no mailbox has a quota root.

import { findBox } from '../mailboxes.ts';
import { no, ok } from '../replies.ts';
import { isUtf8 } from '../session.ts';
import type { Verb } from '../verb.ts';
import { mailbox } from '../wire/response.ts';

export const getQuotaRoot: Verb<'GETQUOTAROOT'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { mailbox: name }) {
    const box = await findBox(session, name);
    session.out.line(`* QUOTAROOT ${mailbox(box.name, isUtf8(session))}`);
    return ok('Nothing is limited.');
  },
};

export const getQuota: Verb<'GETQUOTA'> = {
  state: 'authenticated',
  news: 'all',
  async run() {
    throw no('NONEXISTENT', 'There is no such quota root: nothing is limited.');
  },
};
