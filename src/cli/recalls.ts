import { recallsOfTenant } from '../store/tenant-recalls.ts';
import { readArguments } from './arguments.ts';
import { accountNamed, print, table, tenantOf, Usage, withSession, type Session } from './session.ts';

export const help = `list recalls, newest first, or undo all of an account's
  homing recalls [--tenant NAME] [--limit N]
  homing recalls undo --account ADDRESS --since DATE --by ADMIN [--dry-run]
                stops what is under way and brings back all that the account's recalls took since: where somebody else used it
  --json for programs.`;

const OPTIONS = {
  tenant: { type: 'string' },
  limit: { type: 'string', default: '50' },
  account: { type: 'string' },
  since: { type: 'string' },
  by: { type: 'string' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [verb, ...more] = positionals;
  if ((verb !== undefined && verb !== 'undo') || more.length > 0)
    throw new Usage('homing recalls [undo]; --help says more.');
  await withSession((session) => (verb === 'undo' ? undo(session, values) : list(session, values)));
  return 0;
}

async function list(session: Session, values: Values): Promise<void> {
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
}

async function undo(session: Session, { account, since, by, 'dry-run': dryRun = false, json }: Values): Promise<void> {
  if (account === undefined || since === undefined || by === undefined)
    throw new Usage('homing recalls undo --account ADDRESS --since DATE --by ADMIN; --help says more.');
  const from = new Date(since);
  if (Number.isNaN(from.getTime()))
    throw new Usage(`--since takes a date, as in 2026-11-23T12:00:00Z, not "${since}".`);
  const actor = await accountNamed(session, by);
  const whose = await accountNamed(session, account);
  if (whose.tenant !== actor.tenant)
    throw new Usage(`${whose.address} is of another organisation than ${actor.address}.`);
  const { administrators } = session.services.recalls;
  const undone = await administrators.undo({ actor, account: whose.id, since: from, dryRun });
  const rows = undone.recalls.map(({ id, ...rest }) => ({ id: `r${id}`, ...rest }));
  const requests = undone.requests.map((id) => `r${id}`);
  print(json, { recalls: rows, requests, dryRun }, () =>
    [
      ...(rows.length > 0 ? [table(rows, ['id', 'subject', 'createdAt', 'underWay'])] : []),
      `${rows.length} ${rows.length === 1 ? 'recall' : 'recalls'} of ${whose.address}${dryRun ? ': nothing was done.' : ': what was taken back returns.'}`,
      ...(requests.length > 0 ? [`Requests ${dryRun ? 'that wait' : 'denied'}: ${requests.join(', ')}`] : []),
    ].join('\n'),
  );
}
