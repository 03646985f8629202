import { parseArgs } from 'node:util';
import { auditPage, verifyAudit } from '../store/audit.ts';
import { print, table, tenantOf, Usage, withSession } from './session.ts';

export const help = `show the audit log, or verify that nobody has changed it
  homing audit [--tenant NAME] [--after N] [--limit N]
  homing audit verify [--tenant NAME]
  --json for programs (JSON Lines).`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: {
      tenant: { type: 'string' },
      json: { type: 'boolean' },
      after: { type: 'string', default: '0' },
      limit: { type: 'string', default: '1000' },
    },
    allowPositionals: true,
  });
  const [verb = 'show'] = positionals;
  if (verb !== 'show' && verb !== 'verify') throw new Usage('homing audit [verify]; --help says more.');
  return withSession(async (session) => {
    const { store } = session.services;
    const tenant = await tenantOf(session, values.tenant);
    if (verb === 'verify') {
      const verdict = await verifyAudit(store, tenant.id);
      print(values.json, verdict, () =>
        verdict.intact
          ? `The audit log of ${tenant.name} is intact: ${verdict.entries} entries.`
          : `The audit log of ${tenant.name} is broken at entry ${verdict.brokenAt}: ${verdict.why}.`,
      );
      return verdict.intact ? 0 : 1;
    }
    const entries = await auditPage(store, tenant.id, Number(values.after), Number(values.limit));
    const shown = entries.map(({ seq, at, actor, action, subject, detail, hash }) => ({
      seq,
      at,
      actor,
      action,
      subject,
      detail,
      hash: hash.toString('hex'),
    }));
    if (values.json) for (const entry of shown) console.log(JSON.stringify(entry));
    else console.log(table(shown, ['seq', 'at', 'actor', 'action', 'subject', 'detail']));
    return 0;
  });
}
