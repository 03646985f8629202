// The SMTP faces: submission (587-like with STARTTLS, 465-like with TLS), mail from outside, LMTP.
// The protocol engine is smtp-server; what is here says who may do what, and hands messages to accept.

import type { SMTPServerSession } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import type { Config } from '../config/config.ts';
import type { Accept } from '../delivery/accept.ts';
import type { Account, Directory } from '../directory/directory.ts';
import type { Logger } from '../mail/log.ts';
import { receiveLocal } from './local.ts';
import { reply, toReply } from './replies.ts';
import { checkSubmissionRecipient, submit } from './submission.ts';
import { checkLocalRecipient } from './local.ts';
import { parameterFault } from './parameters.ts';
import { readMessage } from './stream.ts';

export interface SmtpDeps {
  accept: Accept;
  directory: Directory;
  config: Pick<Config, 'host' | 'hostname' | 'ports'>;
  tls: { key: string; cert: string };
  clock: () => Date;
  log: Logger;
}

export interface SmtpFaces {
  ports: { smtp: number; submission: number; submissions: number; lmtp: number };
  /** Lets messages in flight end; new ones get 421. */
  close(): Promise<void>;
}

/** RFC 1870 SIZE, as advertised; a tenant's policy may be narrower. */
const MAX_SIZE = 50 * 1024 * 1024;

export type Face = 'smtp' | 'lmtp' | 'submission';

/** What a session has beside what smtp-server keeps. */
export interface FaceSession extends SMTPServerSession {
  user?: Account & string;
}

export async function startSmtpFaces(deps: SmtpDeps): Promise<SmtpFaces> {
  const { ports, host } = deps.config;
  const smtp = createFace(deps, 'smtp', false);
  const lmtp = createFace(deps, 'lmtp', false);
  const submission = createFace(deps, 'submission', false);
  const submissions = createFace(deps, 'submission', true);
  const servers = [smtp, submission, submissions, lmtp];
  const [a = 0, b = 0, c = 0, d = 0] = await Promise.all([
    listen(smtp, host, ports.smtp, 'smtp'),
    listen(submission, host, ports.submission, 'submission'),
    listen(submissions, host, ports.submissions, 'submissions'),
    listen(lmtp, host, ports.lmtp, 'lmtp'),
  ]);
  return {
    ports: { smtp: a, submission: b, submissions: c, lmtp: d },
    close: async () => void (await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))),
  };
}

function listen(server: SMTPServer, host: string, port: number, name: keyof Config['ports']): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error) => reject(Object.assign(error, { face: name, port })));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve((server.server.address() as { port: number }).port);
    });
  });
}

function createFace(deps: SmtpDeps, face: Face, secure: boolean): SMTPServer {
  const { directory, log } = deps;
  const submission = face === 'submission';
  const server = new SMTPServer({
    ...deps.tls,
    secure,
    lmtp: face === 'lmtp',
    name: deps.config.hostname,
    banner: 'Homing',
    size: MAX_SIZE,
    authMethods: ['PLAIN', 'LOGIN'],
    authOptional: !submission,
    disabledCommands: submission ? [] : ['AUTH'],
    hideSMTPUTF8: false,
    hideDSN: !submission,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    closeTimeout: 10_000,
    socketTimeout: 5 * 60_000, // RFC 5321 §4.5.3.2
    maxClients: 20_000,
    logger: false,
    minVersion: 'TLSv1.2',
    onAuth(auth, _session, callback) {
      directory
        .authenticate(auth.username ?? '', auth.password ?? '')
        .then((account) => {
          if (account) callback(null, { user: account as unknown as string });
          else callback(reply(535, '5.7.8', 'Wrong address or password.'));
        })
        .catch((error: unknown) => callback(toReply(error)));
    },
    onMailFrom(address, session, callback) {
      const fault = parameterFault(address.args);
      if (fault) return callback(fault);
      if (!submission) return callback();
      checkSender(deps, session as FaceSession, address.address).then(
        () => callback(),
        (error: unknown) => callback(toReply(error)),
      );
    },
    onRcptTo(address, session, callback) {
      const check = submission
        ? checkSubmissionRecipient(deps, session as FaceSession, address.address)
        : checkLocalRecipient(deps, face, session as FaceSession, address.address);
      check.then(
        () => callback(),
        (error: unknown) => callback(toReply(error)),
      );
    },
    onData(stream, session, callback) {
      const answer = callback as (error: Error | null, message?: string | (string | Error)[]) => void;
      readMessage(stream)
        .then(async (bytes) => {
          if (stream.sizeExceeded) throw reply(552, '5.3.4', `A message may have ${MAX_SIZE} octets.`);
          if (submission) return submit(deps, session as FaceSession, bytes);
          return receiveLocal(deps, face, session as FaceSession, bytes);
        })
        .then((message) => answer(null, message))
        .catch((error: unknown) => {
          const told = toReply(error);
          if (told.responseCode === 451) log.warn({ err: error, session: session.id }, 'a message was put off');
          answer(told);
        });
    },
  });
  server.on('error', (error) => log.debug({ err: error }, 'smtp connection'));
  return server;
}

/** A sender uses only addresses that are theirs. */
async function checkSender(deps: SmtpDeps, session: FaceSession, address: string): Promise<void> {
  const { user } = session;
  if (!user) throw reply(530, '5.7.0', 'Sign in first.');
  const own = await deps.directory.addressesOf(user.tenant, user.id);
  if (!own.includes(address.toLowerCase())) throw reply(550, '5.7.1', `You may not send as ${address || '<>'}.`);
}
