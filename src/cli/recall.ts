// Recalling from a shell, and restoring.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Refusal } from '../mail/errors.ts';
import { parseMessage } from '../mail/mime/parse.ts';
import { ADMIN_OPTIONS, decide, recallFound, type AdminVerb } from './recall-admin.ts';
import { PACK_OPTIONS, pack, printKey, verifyPack } from './recall-pack.ts';
import { showOutcomes, watch } from './recall-outcomes.ts';
import { accountNamed, print, Usage, withSession, type Session } from './session.ts';

export const help = `take a sent message back, or bring back what was taken
  homing recall MESSAGE-ID --from ADDRESS [--replace FILE.eml] [--to ADDRESS,…] [--include-read] [--reason TEXT] [--notify] [--wait]
  homing recall cancel RECALL --from ADDRESS
  homing recall restore RECALL --from ADDRESS

  as an administrator (--by: the address of one whose role is recall-admin or owner), any message of the organisation:
  homing recall --by ADMIN --reason TEXT  MESSAGE-ID, or --message-id ID, --from TEXT, --subject TEXT, --after DATE, --before DATE,
                --attachment-name TEXT, --attachment-sha256 HEX, --attachment FILE
                [--to ADDRESS,…] [--read-copies] [--forwards] [--all] [--notify] [--wait]
                --forwards takes what people inside forwarded of it along; --all: every message that is found
  homing recall --by ADMIN --dry-run …    what it would meet; nothing is done
  homing recall approve | deny RECALL --by ADMIN      where policy wants two (dualControl)
  homing recall cancel | restore RECALL --by ADMIN

  homing recall pack RECALL --out FILE.html [--tenant NAME] [--by ADMIN]     an incident pack: what, who, exposure, timeline; signed
  homing recall verify FILE.html [--key KEY.pem]      is the pack as it was signed?  homing recall key prints the key
  --wait shows the progress and then every outcome.  --json for programs.`;

const OPTIONS = {
  from: { type: 'string' },
  replace: { type: 'string' },
  to: { type: 'string' },
  reason: { type: 'string' },
  'include-read': { type: 'boolean', default: false },
  notify: { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  ...ADMIN_OPTIONS,
  ...PACK_OPTIONS,
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [first = '', second = ''] = positionals;
  if (first === 'key' && second === '') return printKey();
  if (first === 'verify' && second !== '') return verifyPack(second, values);
  if (first === 'pack') {
    const id = numberOf(second);
    if (id === null) throw new Usage('homing recall pack RECALL --out FILE.html');
    return pack(id, values);
  }
  if (values.by !== undefined) return administer(first, second, values);
  if (first === '' || values.from === undefined)
    throw new Usage('homing recall MESSAGE-ID --from ADDRESS …; --help says more.');
  const from = values.from;
  await withSession(async (session) => {
    if (first === 'cancel' || first === 'restore') return await undo(session, first, second, from, values);
    await recall(session, first, from, values);
  });
  return 0;
}

const VERBS: readonly AdminVerb[] = ['approve', 'deny', 'cancel', 'restore'];

async function administer(first: string, second: string, values: Values): Promise<number> {
  const verb = VERBS.find((one) => one === first);
  if (verb === undefined && second !== '') throw new Usage('One Message-ID at a time; --help says more.');
  const id = numberOf(second);
  if (verb !== undefined && id === null) throw new Usage(`homing recall ${verb} RECALL --by ADMIN`);
  await withSession((session) =>
    verb !== undefined && id !== null
      ? decide(session, verb, id, values)
      : recallFound(session, first === '' ? undefined : first, values),
  );
  return 0;
}

/** "r12" or "12". */
function numberOf(recall: string): number | null {
  const digits = /^r?(\d{1,15})$/.exec(recall)?.[1];
  return digits === undefined ? null : Number(digits);
}

async function recall(session: Session, messageId: string, from: string, values: Values): Promise<void> {
  const actor = await accountNamed(session, from);
  const { recalls, store } = session.services;
  const replacement = values.replace === undefined ? null : await readReplacement(values.replace, from);
  if (replacement) await recalls.checkReplacement(actor.tenant, replacement);
  const made = await recalls.request({
    actor,
    account: actor.id,
    message: { messageId },
    mode: replacement ? 'replace' : 'delete',
    recipients: values.to === undefined ? null : values.to.split(',').map((one) => one.trim()),
    includeRead: values['include-read'],
    notifyMe: values.notify,
    reason: values.reason ?? null,
  });
  await store.notifier.flushed();
  if (replacement) await recalls.replace(actor, actor.id, made.id, replacement);
  if (!values.wait) {
    print(
      values.json,
      { id: `r${made.id}`, total: made.total, gatedAt: made.gated_at },
      () => `r${made.id}: taking back from ${made.total}; no unread copy can be opened any more.`,
    );
    return;
  }
  const done = await watch(session, actor.tenant, made.id, !values.json && process.stderr.isTTY);
  await showOutcomes(session, actor.tenant, done, values.json);
}

async function readReplacement(
  file: string,
  from: string,
): Promise<{ mailFrom: string; recipients: string[]; bytes: Buffer; emailId: null }> {
  const bytes = await readFile(file).catch(() => {
    throw new Refusal('notFound', `${file} cannot be read.`);
  });
  const { to, cc, bcc } = parseMessage(bytes).envelope;
  const recipients = [...(to ?? []), ...(cc ?? []), ...(bcc ?? [])].map((one) => one.email);
  if (recipients.length === 0) throw new Refusal('noRecipients', `${file} names no recipient.`);
  return { mailFrom: from, recipients, bytes, emailId: null };
}

async function undo(
  session: Session,
  verb: 'cancel' | 'restore',
  recall: string,
  from: string,
  values: Values,
): Promise<void> {
  const actor = await accountNamed(session, from);
  const id = numberOf(recall);
  if (id === null) throw new Usage(`homing recall ${verb} RECALL --from ADDRESS`);
  await session.services.recalls[verb](actor, actor.id, id);
  print(
    values.json,
    { id: `r${id}`, asked: verb },
    () => `r${id}: ${verb === 'cancel' ? 'what is not decided yet stays' : 'what was taken back returns'}.`,
  );
}
