// Try mode's outside world: a mail server on the loopback that takes whatever leaves, and misbehaves on request.
//
//   anyone@…   takes it                     bounce@…   550 5.1.1, for good          defer@…   451 4.2.1, for now
//   slow@…     takes it after 20 seconds    lost@…     takes it and never answers

import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { asText, headerFields } from '../mail/mime/headers.ts';

/** The name it greets with. */
const OUTSIDE_NAME = 'mx.outside.test';

export interface ReceivedMail {
  at: Date;
  from: string;
  to: string[];
  size: number;
  subject: string | null;
  bytes: Buffer;
}

export interface OutsideWorld {
  port: number;
  /** For the outgoing worker. */
  nextHop: { host: string; port: number; name: string };
  /** What arrived, the latest last: at most 1,000 messages (or `keep`) and 32 MB. */
  received(): readonly ReceivedMail[];
  close(): Promise<void>;
}

export interface OutsideOptions {
  clock: () => Date;
  /** How long slow@ takes; after how long lost@ hangs up. Milliseconds. */
  slowMs?: number;
  lostMs?: number;
  keep?: number;
  /** Tests hold it up with something else than time. */
  wait?: (ms: number) => Promise<void>;
}

const KEPT_MESSAGES = 1000;
const KEPT_OCTETS = 32 << 20;
const MAX_OCTETS = 100 << 20;

type Manner = 'takes' | 'bounce' | 'defer' | 'slow' | 'lost';

/** Starts it on a port of its own choosing, 127.0.0.1 only. */
export async function startOutside(options: OutsideOptions): Promise<OutsideWorld> {
  const { clock, slowMs = 20_000, lostMs = 5_000, keep: most = KEPT_MESSAGES, wait = after } = options;
  const kept: ReceivedMail[] = [];
  const sockets = new Map<number, Socket>();
  let octets = 0;
  const keep = (mail: ReceivedMail): void => {
    kept.push(mail);
    octets += mail.size;
    while (kept.length > most || (octets > KEPT_OCTETS && kept.length > 1)) octets -= kept.shift()?.size ?? 0;
  };

  const server = new SMTPServer({
    name: OUTSIDE_NAME,
    banner: 'the outside world of a Homing that is being tried',
    disabledCommands: ['AUTH', 'STARTTLS'],
    hideENHANCEDSTATUSCODES: true, // it would put its own before ours
    hideDSN: false,
    disableReverseLookup: true,
    size: MAX_OCTETS,
    socketTimeout: 10 * 60_000,
    closeTimeout: 100,
    logger: false,
    onRcptTo: ({ address }, session, callback) =>
      callback(
        refusalOf(
          address,
          session.envelope.rcptTo.map((to) => to.address),
        ),
      ),
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const bytes = Buffer.concat(chunks);
        if (stream.sizeExceeded) return callback(smtpError(552, '5.3.4 that is too much'));
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const take = (): void =>
          keep({ at: clock(), from: senderOf(session), to, size: bytes.length, subject: subjectOf(bytes), bytes });
        const manners = to.map(mannerOf);
        if (manners.includes('lost')) {
          take();
          void wait(lostMs).then(() => sockets.get(session.remotePort)?.destroy());
        } else {
          void (manners.includes('slow') ? wait(slowMs) : Promise.resolve()).then(() => {
            take();
            callback(null, `2.0.0 ${OUTSIDE_NAME} has it`);
          });
        }
      });
    },
  });
  server.on('error', () => undefined); // a client that hung up
  server.server.on('connection', (socket) => {
    const { remotePort = 0 } = socket;
    sockets.set(remotePort, socket);
    socket.on('close', () => sockets.delete(remotePort));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.server.address() as { port: number };
  return {
    port,
    nextHop: { host: '127.0.0.1', port, name: OUTSIDE_NAME },
    received: () => kept,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.values()) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Plus-addressed too, so that there can be many: `slow+2@outside.test`. */
function mannerOf(address: string): Manner {
  const name = /^(bounce|defer|slow|lost)(?:\+[^@]*)?@/i.exec(address)?.[1]?.toLowerCase();
  return (name as Manner | undefined) ?? 'takes';
}

/**
 * bounce@ and defer@ are refused one by one. slow@ and lost@ answer for a whole transaction, so each has one of its own:
 * RFC 5321 §4.5.3.1.10 has a word for "not in this one".
 */
function refusalOf(address: string, accepted: string[]): Error | undefined {
  const manner = mannerOf(address);
  if (manner === 'bounce') return smtpError(550, `5.1.1 nobody is called ${address} here`);
  if (manner === 'defer') return smtpError(451, `4.2.1 ${address} takes no mail just now; come again`);
  const alone = manner !== 'takes' || accepted.some((other) => mannerOf(other) !== 'takes');
  if (alone && accepted.length > 0) return smtpError(452, '4.5.3 one at a time, please');
  return undefined;
}

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function senderOf(session: SMTPServerSession): string {
  return session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
}

function subjectOf(bytes: Buffer): string | null {
  const field = headerFields(bytes).find(({ name }) => name.toLowerCase() === 'subject');
  return field ? asText(field.value) : null;
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
