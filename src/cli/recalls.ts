import { parseArgs } from 'node:util';
import { recallsOfTenant } from '../store/recalls.ts';
import { print, table, tenantOf, withSession } from './session.ts';

export const help = `list recalls, newest first
  homing recalls [--tenant NAME] [--limit N]     --json for programs.`;

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { tenant: { type: 'string' }, limit: { type: 'string', default: '50' }, json: { type: 'boolean' } },
  });
  await withSession(async (session) => {
    const { id } = await tenantOf(session, values.tenant);
    const rows = await Promise.all(
      (await recallsOfTenant(session.services.store, id, Number(values.limit))).map(async (recall) => ({
        id: `r${recall.id}`,
        by: (await session.directory.account(id, recall.requested_by))?.address ?? `account ${recall.requested_by}`,
        subject: recall.subject,
        mode: recall.mode,
        status: recall.status,
        total: recall.total,
        counts: recall.counts,
        createdAt: recall.created_at,
        doneAt: recall.done_at,
      })),
    );
    print(values.json, rows, () =>
      table(rows, ['id', 'by', 'subject', 'mode', 'status', 'total', 'counts', 'createdAt', 'doneAt']),
    );
  });
  return 0;
}
