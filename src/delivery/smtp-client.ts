// One SMTP transaction with the next hop: one message, many recipients, each told its fate as soon as it is known.

import { Readable } from 'node:stream';
import SMTPConnection, { type Options, type SMTPError } from 'nodemailer/lib/smtp-connection';
import { extensionsOf, isAscii, oneLine, parametersOf } from './smtp-text.ts';

export interface NextHop {
  host: string;
  port: number;
  /** The name it is recorded by; its host by default. */
  name?: string;
}

/** Milliseconds. */
export interface Timeouts {
  connect: number;
  greeting: number;
  /** Without a sign of life, at any later point; RFC 5321 §4.5.3.2.6 wants ten minutes after the final dot. */
  reply: number;
}

export interface OutgoingMail {
  /** '' is the null sender. */
  mailFrom: string;
  recipients: { address: string; notify: number; originalRecipient: string | null }[];
  /** Octets. */
  size: number;
  /** It was said to need 8BITMIME, SMTPUTF8: looked into where the next hop has none. */
  eightBit: boolean;
  smtputf8: boolean;
  ret: string | null;
  envid: string | null;
  /** As stored; asked for once. */
  content(): AsyncIterable<Buffer>;
  hasEightBit(): Promise<boolean>;
  hasEightBitHeader(): Promise<boolean>;
}

export type Fate =
  /** `passedOn`: the next hop has taken over telling the sender what they asked to be told (RFC 3461 §4.3). */
  | { kind: 'delivered'; reply: string; passedOn: boolean }
  /** For good. */
  | { kind: 'refused'; reply: string }
  /** For now. `maybeSent`: the final dot may have been written, and no answer to it was read. */
  | { kind: 'deferred'; reply: string; maybeSent: boolean }
  /** Not offered, or one too many for this transaction: to be tried in another, at once. */
  | { kind: 'untried' };

/** Told at most twice: of refused recipients before the message is sent, and of the rest after. By index of recipient. */
export type Report = (fates: ReadonlyMap<number, Fate>) => Promise<void>;

export interface SendOptions {
  nextHop: NextHop;
  /** Our name. */
  hostname: string;
  timeouts: Timeouts;
  /** Ends the attempt where it stands. */
  signal: AbortSignal;
}

interface Envelope {
  accepted: string[];
  rejectedErrors: SMTPError[];
  mailError?: SMTPError;
}

/** What nodemailer keeps to itself. Its version is pinned, and smtp-client.test.ts looks at the wire. */
interface Internals extends SMTPConnection {
  _sendCommand(command: string, logged?: string): void;
  _envelope: Envelope | false;
}

/** nodemailer knows one set of DSN parameters a message, not one a recipient, and SMTPUTF8 for addresses only. */
class Connection extends (SMTPConnection as unknown as new (options: Options) => Internals) {
  parameters: (command: string) => string = () => '';

  override _sendCommand(command: string, logged?: string): void {
    super._sendCommand(command + this.parameters(command), logged);
  }
}

/**
 * Sends the message once to all recipients. Never throws for what the next hop does, or for a connection that fails;
 * throws what `report` and `content` throw, having ended the connection.
 */
export async function sendMail(options: SendOptions, mail: OutgoingMail, report: Report): Promise<void> {
  const { nextHop, hostname, timeouts, signal } = options;
  const attempt: Attempt = { mail, waiting: new Set(mail.recipients.keys()), dotted: false, fault: undefined, report };
  const connection = new Connection({
    host: nextHop.host,
    port: nextHop.port,
    secure: false,
    name: hostname,
    // Of setting up as a whole, which the greeting is part of.
    connectionTimeout: timeouts.connect + timeouts.greeting,
    greetingTimeout: timeouts.greeting,
    socketTimeout: timeouts.reply,
    opportunisticTLS: true,
    // RFC 7435: encryption without knowing to whom is better than none.
    tls: { rejectUnauthorized: false },
    allowInternalNetworkInterfaces: true,
  });
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const abort = (): void => lost.reject(new Error('Homing was stopped'));
  connection.on('error', lost.reject);
  // An error that says more follows in the same breath.
  connection.on('end', () => setImmediate(() => lost.reject(new Error('the connection was closed'))));
  signal.addEventListener('abort', abort);
  try {
    if (signal.aborted) abort();
    const connected = new Promise<void>((resolve, reject) =>
      connection.connect((error) => (error ? reject(error) : resolve())),
    );
    await Promise.race([connected, lost.promise]);
    const extensions = extensionsOf(connection.lastServerResponse);
    await settle(attempt, await unsuitable(mail, extensions));
    if (attempt.waiting.size > 0)
      await settle(attempt, await Promise.race([transact(connection, attempt, extensions), lost.promise]));
    leave(connection);
  } catch (error) {
    connection.close();
    if (attempt.fault !== undefined) throw attempt.fault.error;
    await settle(attempt, afterFailure(attempt, connection, error as Error, signal.aborted));
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

interface Attempt {
  mail: OutgoingMail;
  /** Recipients, by index, whose fate was not told yet. */
  waiting: Set<number>;
  /** The final dot may have been written. */
  dotted: boolean;
  /** Ours: reading the message or recording a fate failed. */
  fault: { error: unknown } | undefined;
  report: Report;
}

async function settle(attempt: Attempt, fates: ReadonlyMap<number, Fate>): Promise<void> {
  for (const index of fates.keys()) attempt.waiting.delete(index);
  if (fates.size === 0) return;
  try {
    await attempt.report(fates);
  } catch (error) {
    attempt.fault = { error };
    throw error;
  }
}

/** MAIL, RCPT…, DATA. Throws if the connection is lost. */
async function transact(
  connection: Connection,
  attempt: Attempt,
  extensions: ReadonlyMap<string, string>,
): Promise<Map<number, Fate>> {
  const { mail, waiting } = attempt;
  const recipients = [...waiting].flatMap((index) => mail.recipients[index] ?? []);
  connection.parameters = parametersOf(mail, recipients, extensions);
  async function* body(): AsyncIterable<Buffer> {
    // Before the first octet: what is refused need not wait for the rest, nor does a recall of it.
    await settle(attempt, refused(attempt, connection));
    try {
      for await (const chunk of mail.content()) yield chunk;
    } catch (error) {
      attempt.fault = { error };
      throw error;
    }
    attempt.dotted = true;
  }
  const envelope = {
    from: mail.mailFrom,
    to: recipients.map((recipient) => recipient.address),
    size: mail.size,
    use8BitMime: mail.eightBit,
  };
  const sent = Promise.withResolvers<string>();
  connection.send(envelope, Readable.from(body(), { objectMode: false }), (error, info) => {
    if (error) sent.reject(error);
    else sent.resolve(info?.response ?? '');
  });
  const reply = oneLine(await sent.promise);
  return new Map([...waiting].map((index) => [index, { kind: 'delivered', reply, passedOn: extensions.has('DSN') }]));
}

/** What RCPT said of those it did not take. */
function refused({ mail, waiting }: Attempt, { _envelope: envelope }: Connection): Map<number, Fate> {
  const fates = new Map<number, Fate>();
  // After a refused MAIL, a pipelined RCPT is refused for that only.
  if (!envelope || envelope.mailError) return fates;
  const errors = new Map(
    (envelope.rejectedErrors ?? []).map((error) => [(error as { recipient?: string }).recipient, error]),
  );
  for (const index of waiting) {
    const error = errors.get(mail.recipients[index]?.address);
    if (error) fates.set(index, isOneTooMany(error, envelope.accepted.length) ? { kind: 'untried' } : fateOf(error));
  }
  return fates;
}

/** RFC 5321 §4.5.3.1.10: too many recipients for one transaction; 552 is an old word for it. */
function isOneTooMany({ responseCode, response = '' }: SMTPError, accepted: number): boolean {
  if (accepted === 0) return false;
  return (
    (responseCode === 452 && !/^\d{3}[ -]4\.2\./.test(response)) ||
    (responseCode === 552 && /^\d{3}[ -]5\.5\.3/.test(response))
  );
}

/** The fate that an SMTP reply means. */
function fateOf(error: SMTPError, dotted = false): Fate {
  const reply = oneLine(error.response ?? error.message);
  const code = error.responseCode ?? 0;
  if (code >= 500 && code <= 599) return { kind: 'refused', reply };
  return { kind: 'deferred', reply, maybeSent: dotted && !(code >= 400 && code <= 499) };
}

/** What is left when the transaction failed, in whatever way. */
function afterFailure(attempt: Attempt, connection: Connection, error: SMTPError, aborted: boolean): Map<number, Fate> {
  const fates = refused(attempt, connection);
  const { waiting, dotted } = attempt;
  const rest = (): Fate => {
    // An answer to MAIL, DATA or the final dot is final, whatever happened to the connection then.
    if (connection._envelope && connection._envelope.mailError) return fateOf(connection._envelope.mailError);
    if (error.command === 'MAIL FROM' || error.command === 'DATA') return fateOf(error, dotted);
    if (dotted)
      return { kind: 'deferred', reply: `no answer to the message: ${oneLine(error.message)}`, maybeSent: true };
    if (aborted) return { kind: 'untried' };
    return { kind: 'deferred', reply: oneLine(error.response ?? error.message), maybeSent: false };
  };
  for (const index of waiting) if (!fates.has(index)) fates.set(index, rest());
  return fates;
}

/** Recipients whom this next hop cannot serve with this message, whatever it would say itself. */
async function unsuitable(mail: OutgoingMail, extensions: ReadonlyMap<string, string>): Promise<Map<number, Fate>> {
  const all = (reply: string): Map<number, Fate> =>
    new Map(mail.recipients.map((_, index) => [index, { kind: 'refused', reply }]));
  const limit = Number(extensions.get('SIZE') ?? 0); // RFC 1870 §3: 0 is no limit
  if (limit > 0 && mail.size > limit)
    return all(`552 5.3.4 the next server takes ${limit} octets, and the message has ${mail.size}`);
  if (mail.eightBit && !extensions.has('8BITMIME') && (await mail.hasEightBit())) {
    return all('554 5.6.3 the message needs 8BITMIME (RFC 6152), which the next server does not offer');
  }
  const utf8 = extensions.has('SMTPUTF8');
  if (!utf8 && (!isAscii(mail.mailFrom) || (mail.smtputf8 && (await mail.hasEightBitHeader())))) {
    return all('550 5.6.7 the message needs SMTPUTF8 (RFC 6531), which the next server does not offer');
  }
  const fates = new Map<number, Fate>();
  for (const [index, { address }] of mail.recipients.entries()) {
    if (!utf8 && !isAscii(address)) {
      fates.set(index, {
        kind: 'refused',
        reply: '553 5.6.7 the address needs SMTPUTF8 (RFC 6531), which the next server does not offer',
      });
    } else if (/[\r\n<>]/.test(address))
      fates.set(index, { kind: 'refused', reply: '553 5.1.3 the address cannot be sent to' });
  }
  return fates;
}

/** Says QUIT and does not wait for the answer. */
function leave(connection: Connection): void {
  connection.quit();
  setTimeout(() => connection.close(), 2000).unref();
}
