// AdminVault/get: what was taken back and is kept, recall by recall, and until when. AdminRecall/restore brings it back.

import { administrationStates } from '../../store/states.ts';
import { vaultPage } from '../../store/vault-listed.ts';
import { onlyArguments } from '../standard.ts';
import type { Method } from '../wire.ts';
import { pageArguments } from './admin.ts';

const DAY_MS = 86_400_000;

/** A page, newest first. */
export const adminVaultGet: Method = async (args, context) => {
  onlyArguments(args, ['accountId', 'position', 'limit']);
  const { store, directory, user } = context;
  const page = pageArguments(args);
  const { recalls: state } = await administrationStates(store, user.tenant);
  const rows = await vaultPage(store, user.tenant, page);
  const { vaultRetentionDays } = await directory.policy(user.tenant);
  return {
    accountId: args['accountId'],
    state,
    position: page.position,
    list: rows.map((row) => ({
      recall: `r${row.recall}`,
      subject: row.subject,
      sender: row.sender,
      copies: row.copies,
      held: row.held,
      removedAt: row.removed_at.toISOString(),
      expiresAt: new Date(row.removed_at.getTime() + vaultRetentionDays * DAY_MS).toISOString(),
      restoring: row.restoring,
    })),
  };
};
