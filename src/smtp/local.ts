// Mail from outside (RFC 5321) and LMTP (RFC 2033): for addresses of ours only, whoever sends.

import { countHeader } from '../mail/mime/trace.ts';
import type { AcceptRecipient } from '../delivery/accept.ts';
import type { Target } from '../directory/directory.ts';
import type { Face, FaceSession, SmtpDeps } from './faces.ts';
import { mailParameters, recipientOf } from './parameters.ts';
import { reply, toReply, type SmtpError } from './replies.ts';
import { receivedField } from './trace.ts';

/** RFC 5321 §6.3: at least 100. */
const MAX_HOPS = 100;

const MAX_RECIPIENTS = 10_000;

export async function checkLocalRecipient(deps: SmtpDeps, face: Face, session: FaceSession, address: string): Promise<void> {
  const target = await deps.directory.resolve(address);
  if (session.envelope.rcptTo.length >= MAX_RECIPIENTS) throw reply(452, '4.5.3', `At most ${MAX_RECIPIENTS} recipients at a time.`);
  if (target.kind === 'outside') throw reply(550, '5.7.1', `${address} is not of this server, and it relays for nobody.`);
  if (target.kind === 'unknown') throw reply(550, '5.1.1', `There is no ${address} here.`);
  if (target.kind === 'group' && face === 'smtp') throw reply(550, '5.7.1', `${address} takes mail from inside only.`);
}

type LocalTarget = Exclude<Target, { kind: 'outside' }>;

/** Accepts once per tenant. SMTP: one reply for all. LMTP: one for each recipient, in order. */
export async function receiveLocal(deps: SmtpDeps, face: Face, session: FaceSession, bytes: Buffer): Promise<string | (string | SmtpError)[]> {
  const { mailFrom, rcptTo } = session.envelope;
  if (countHeader(bytes, 'received') >= MAX_HOPS) throw reply(554, '5.4.6', 'The message is going round in circles.');
  const from = mailFrom ? mailFrom.address : '';
  const trace = `Return-Path: <${from}>\r\n${receivedField(session, deps.config.hostname, deps.clock(), false)}`;
  const parameters = mailParameters(mailFrom ? mailFrom.args : undefined, undefined);
  const answers: (string | SmtpError)[] = rcptTo.map(() => reply(451, '4.3.0', 'Not delivered.'));

  const byTenant = new Map<number, { index: number; recipient: AcceptRecipient }[]>();
  for (const [index, rcpt] of rcptTo.entries()) {
    const target = (await deps.directory.resolve(rcpt.address)) as LocalTarget;
    const list = byTenant.get(target.tenant) ?? [];
    byTenant.set(target.tenant, list);
    list.push({ index, recipient: recipientOf(rcpt) });
  }
  for (const [tenant, list] of byTenant) {
    try {
      const accepted = await deps.accept({
        tenant,
        origin: { kind: 'outside' },
        mailFrom: from,
        recipients: list.map((entry) => entry.recipient),
        bytes,
        received: trace,
        ...parameters,
      });
      for (const { index } of list) answers[index] = `Accepted as ${accepted.messageId}`;
    } catch (error) {
      if (byTenant.size === 1 && face === 'smtp') throw error;
      for (const { index } of list) answers[index] = toReply(error);
    }
  }
  if (face === 'lmtp') return answers;
  // One reply for two tenants: a failure of either is told, and what the other has accepted stays accepted.
  const failure = answers.find((answer) => typeof answer !== 'string');
  if (failure !== undefined) throw failure;
  return answers[0] as string;
}
