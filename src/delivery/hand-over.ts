// Another tenant on this server is outside like any other; only that no wire lies between.

import { canonicalAddress } from '../mail/address.ts';
import { Refusal } from '../mail/errors.ts';
import { isGoingRound, mailDate } from '../mail/mime/trace.ts';
import type { Directory } from '../directory/directory.ts';
import type { Blobs } from '../store/blobs.ts';
import type { Claimed, OutgoingMessage } from '../store/outgoing.ts';
import type { Accept } from './accept.ts';
import { asGiven } from '../store/large.ts';
import { GIVEN } from './notify.ts';
import type { Fate } from './smtp-client.ts';

/** As recorded for what never left. */
const THIS_SERVER = 'this server';

export interface HandOverDeps {
  accept: Accept;
  directory: Pick<Directory, 'resolve' | 'account' | 'domains'>;
  blobs: Pick<Blobs, 'read' | 'stream'>;
  hostname: string;
  clock: () => Date;
}

type Local = Fate & { host: string };

export interface Routes {
  outside: Claimed[];
  /** By tenant of this server. */
  here: Map<number, Claimed[]>;
  refused: Map<number, Local>;
}

/** Where deliveries of `tenant` to outside go now: a domain may have moved to this server since, or away. */
export async function routeOf(
  directory: Pick<Directory, 'resolve'>,
  tenant: number,
  deliveries: Claimed[],
): Promise<Routes> {
  const routes: Routes = { outside: [], here: new Map(), refused: new Map() };
  for (const delivery of deliveries) {
    const { n, recipient } = delivery;
    const target = await directory.resolve(recipient);
    if (target.kind === 'outside') routes.outside.push(delivery);
    else if (target.kind === 'unknown') routes.refused.set(n, refuse(`550 5.1.1 There is no ${recipient} here.`));
    else if (target.kind === 'group' && target.tenant !== tenant) {
      routes.refused.set(n, refuse(`550 5.7.1 ${recipient} takes mail from inside only.`));
    } else routes.here.set(target.tenant, [...(routes.here.get(target.tenant) ?? []), delivery]);
  }
  return routes;
}

/** Hands the message to a tenant of this server, as though it came from outside. By delivery number. */
export async function handOver(
  deps: HandOverDeps,
  at: { tenant: number; from: number; messageId: number; message: OutgoingMessage; trace?: string },
  deliveries: Claimed[],
): Promise<Map<number, Local>> {
  const { accept, blobs, clock, hostname } = deps;
  const { message } = at;
  const { bytes, rest } = await asGiven({
    size: message.size,
    read: (range) => blobs.read(at.from, message.blob_id, range),
    stream: (range) => blobs.stream(at.from, message.blob_id, range),
  });
  const fates = new Map<number, Local>();
  const all = (fate: Local): void => {
    for (const { n } of deliveries) if (!fates.has(n)) fates.set(n, fate);
  };
  if (isGoingRound(bytes)) all(refuse('554 5.4.6 The message is going round in circles.'));
  while (fates.size < deliveries.length) {
    const left = deliveries.filter(({ n }) => !fates.has(n));
    try {
      const accepted = await accept({
        tenant: at.tenant,
        origin: { kind: 'outside' },
        mailFrom: message.mail_from,
        recipients: left.map(({ recipient, notify, original_recipient: original }) => ({
          address: recipient,
          ...((notify & GIVEN) === 0 ? {} : { notify }),
          ...(original === null ? {} : { originalRecipient: original }),
        })),
        bytes,
        ...(rest ? { rest } : {}),
        received: `Return-Path: <${message.mail_from}>\r\nReceived: by ${hostname} (Homing) id ${at.messageId};\r\n\t${mailDate(clock())}\r\n${at.trace ?? ''}`,
        body: message.body === '7bit' ? '7bit' : '8bitmime',
        smtputf8: message.smtputf8,
        ...(message.ret === null ? {} : { ret: message.ret }),
        ...(message.envid === null ? {} : { envid: message.envid }),
      });
      all({
        kind: 'delivered',
        reply: `250 2.0.0 Accepted as ${accepted.messageId}`,
        // RFC 3461 §5.2.1: that tenant's side of this server tells it.
        passedOn: true,
        host: THIS_SERVER,
      });
    } catch (error) {
      const gone =
        error instanceof Refusal && error.reason === 'unknownRecipient'
          ? left.find((one) => canonicalAddress(one.recipient) === error.detail['address'])
          : undefined;
      if (gone) fates.set(gone.n, refuse(`550 5.1.1 There is no ${gone.recipient} here.`));
      else if (error instanceof Refusal)
        all(refuse(`${error.reason === 'tooLarge' ? '552 5.3.4' : '554 5.0.0'} ${error.message}`));
      // Its commit may have been done, and only the word of it lost.
      else
        all({ kind: 'deferred', reply: 'this server could not take it just now', maybeSent: true, host: THIS_SERVER });
    }
  }
  return fates;
}

function refuse(reply: string): Local {
  return { kind: 'refused', reply, host: THIS_SERVER };
}
