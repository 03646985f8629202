import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Refusal } from '../mail/errors.ts';
import { auditPage, followsFrom, GENESIS, verifyAudit, type AuditRecord, type AuditVerdict } from '../store/audit.ts';
import type { Store } from '../store/postgres.ts';
import { readArguments } from './arguments.ts';
import { print, table, tenantOf, Usage, withSession } from './session.ts';

export const help = `show the audit log, export it, or verify that nobody has changed it
  homing audit [--tenant NAME] [--after N] [--limit N]
  homing audit export [--tenant NAME] [--after N] [--out FILE]     all of it in JSON Lines, on standard output without --out
  homing audit verify [--tenant NAME]
  homing audit verify --file FILE     a log that was exported from its first entry on
  --json for programs (JSON Lines).`;

const OPTIONS = {
  tenant: { type: 'string' },
  json: { type: 'boolean' },
  after: { type: 'string', default: '0' },
  limit: { type: 'string', default: '1000' },
  out: { type: 'string' },
  file: { type: 'string' },
} as const;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [verb = 'show', ...more] = positionals;
  if (!['show', 'verify', 'export'].includes(verb) || more.length > 0)
    throw new Usage('homing audit [export | verify]; --help says more.');
  const [after, limit] = [numberOf('--after', values.after), numberOf('--limit', values.limit)];
  if (verb === 'verify' && values.file !== undefined) {
    const verdict = await verifyFile(values.file);
    return tell(values.json, values.file, verdict);
  }
  return withSession(async (session) => {
    const { store } = session.services;
    const tenant = await tenantOf(session, values.tenant);
    if (verb === 'verify')
      return tell(values.json, `The audit log of ${tenant.name}`, await verifyAudit(store, tenant.id));
    if (verb === 'export') {
      await exportAll(store, tenant.id, after, values.out);
      return 0;
    }
    const shown = (await auditPage(store, tenant.id, after, limit)).map((entry) => lineOf(tenant.id, entry));
    if (values.json) for (const entry of shown) console.log(JSON.stringify(entry));
    else console.log(table(shown, ['seq', 'at', 'actor', 'action', 'subject', 'detail']));
    return 0;
  });
}

function numberOf(option: string, given: string): number {
  if (!/^\d{1,15}$/.test(given)) throw new Usage(`${option} takes a number, not "${given}".`);
  return Number(given);
}

function tell(json: boolean | undefined, what: string, verdict: AuditVerdict): number {
  print(json, verdict, () =>
    verdict.intact
      ? `${what} is intact: ${verdict.entries} entries.`
      : `${what} is broken at entry ${verdict.brokenAt}: ${verdict.why}.`,
  );
  return verdict.intact ? 0 : 1;
}

/** An entry as it is exported: all that its hash is made of, but the hash before it. */
function lineOf(
  tenant: number,
  { seq, at, actor, action, subject, detail, hash }: AuditRecord,
): Record<string, unknown> {
  return { tenant, seq, at, actor, action, subject, detail, hash: hash.toString('hex') };
}

const PAGE = 1000;

/** The file is whole, or not there: it is not overwritten either. */
async function exportAll(store: Store, tenant: number, after: number, out: string | undefined): Promise<void> {
  const file =
    out === undefined
      ? undefined
      : await open(out, 'wx').catch((error: NodeJS.ErrnoException) => {
          throw new Refusal(
            'notWritten',
            error.code === 'EEXIST' ? `${out} is there already.` : `${out} cannot be written.`,
          );
        });
  try {
    let last = after;
    for (let entries: AuditRecord[]; (entries = await auditPage(store, tenant, last, PAGE)).length > 0;) {
      const lines = entries.map((entry) => JSON.stringify(lineOf(tenant, entry))).join('\n');
      if (file) await file.write(`${lines}\n`);
      else console.log(lines);
      last = entries.at(-1)?.seq ?? last;
    }
    await file?.sync();
  } finally {
    await file?.close();
  }
}

/** Walks the chain of an exported log. Its end can be missing without a trace: only the database knows that. */
async function verifyFile(file: string): Promise<AuditVerdict> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  let previous: Buffer = GENESIS;
  let entries = 0;
  const broken = (why: string): AuditVerdict => ({ intact: false, entries, brokenAt: entries + 1, why });
  try {
    for await (const line of lines) {
      const found = readLine(line);
      if (!found) return broken('it is no entry');
      if (found.record.seq !== entries + 1) return broken(`entry ${entries + 1} is missing`);
      if (!followsFrom(previous, found.tenant, found.record))
        return broken('its content was changed, or it does not follow from the entry before it');
      previous = found.record.hash;
      entries++;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new Refusal('notFound', `${file} cannot be read.`);
  }
  return { intact: true, entries };
}

function readLine(line: string): { tenant: number; record: AuditRecord } | undefined {
  try {
    const { tenant, hash, at, ...rest } = JSON.parse(line) as {
      tenant: number;
      hash: string;
      at: string;
    } & AuditRecord;
    return { tenant, record: { ...rest, at: new Date(at), hash: Buffer.from(hash, 'hex') } };
  } catch {
    return undefined;
  }
}
