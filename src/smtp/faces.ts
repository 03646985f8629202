// The SMTP faces: submission (587-like with STARTTLS, 465-like with TLS), mail from outside, LMTP.
// The protocol engine is smtp-server; what is here says who may do what, and hands messages to accept.

import type { SMTPServerSession } from 'smtp-server';
import type { Config } from '../config/config.ts';
import type { Accept } from '../delivery/accept.ts';
import type { Recalls } from '../recall/recalls.ts';
import type { Reader } from '../store/postgres.ts';
import type { Connections } from '../directory/connections.ts';
import type { Account, Directory, SignedIn } from '../directory/directory.ts';
import type { Logger } from '../mail/log.ts';
import { DEFAULT_POLICY } from '../mail/policy.ts';
import { checkLocalRecipient, checkOutsideSender, receiveLocal } from './local.ts';
import { parameterFault } from './parameters.ts';
import { isPutOff, reply, toAuthReply, toReply } from './replies.ts';
import { FaceServer } from './server.ts';
import { letGo, readMessage } from './stream.ts';
import { checkSender, checkSubmissionRecipient, submit } from './submission.ts';

export interface SmtpDeps {
  store: Reader;
  accept: Accept;
  directory: Pick<Directory, 'signIn' | 'holds' | 'account' | 'resolve' | 'policy' | 'addressesOf' | 'sendingRight'>;
  connections: Connections;
  recalls: Pick<Recalls, 'request' | 'replace' | 'completedBy'>;
  config: Pick<Config, 'host' | 'hostname' | 'ports'>;
  tls: { key: string; cert: string };
  clock: () => Date;
  log: Logger;
}

export interface SmtpFaces {
  /** Where they listen. */
  ports: { smtp: number; submission: number; submissions: number; lmtp: number };
  /** How many are open, by the port they came to. */
  connections(): Record<'smtp' | 'submission' | 'submissions' | 'lmtp', number>;
  /** Messages under way are ended, within ten seconds; everybody else gets 421. */
  close(): Promise<void>;
}

/** RFC 1870 SIZE, as offered; a tenant's policy may be narrower. */
const MAX_SIZE = DEFAULT_POLICY.maxMessageSize;

const CLOSE_MS = 10_000;

/** RFC 5321 §4.5.3.2.7. */
const IDLE_MS = 5 * 60_000;

const MAX_CLIENTS = 20_000;

export type Face = 'smtp' | 'lmtp' | 'submission';

export type SmtpUser = Pick<Account, 'tenant' | 'id'>;

/** A session with who is signed in. */
export type FaceSession = Omit<SMTPServerSession, 'user'> & { user?: SmtpUser & { signedIn: SignedIn } };

/** Opens the four ports, or none: throws the first error, with `face` and `port` in it. */
export async function startSmtpFaces(deps: SmtpDeps): Promise<SmtpFaces> {
  const { ports, host } = deps.config;
  const faces = [
    { name: 'smtp', server: createFace(deps, 'smtp', false) },
    { name: 'submission', server: createFace(deps, 'submission', false) },
    { name: 'submissions', server: createFace(deps, 'submission', true) },
    { name: 'lmtp', server: createFace(deps, 'lmtp', false) },
  ] as const;
  const close = async (): Promise<void> => void (await Promise.all(faces.map(({ server }) => server.end())));
  const listening = await Promise.allSettled(faces.map(({ name, server }) => listen(server, host, ports[name], name)));
  const failed = listening.find((one) => one.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  const [smtp = 0, submission = 0, submissions = 0, lmtp = 0] = listening.map((one) =>
    one.status === 'fulfilled' ? one.value : 0,
  );
  const connections = (): ReturnType<SmtpFaces['connections']> => {
    const [one, two, three, four] = faces.map(({ server }) => server.connections.size);
    return { smtp: one ?? 0, submission: two ?? 0, submissions: three ?? 0, lmtp: four ?? 0 };
  };
  return { ports: { smtp, submission, submissions, lmtp }, connections, close };
}

function listen(server: FaceServer, host: string, port: number, face: keyof Config['ports']): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(Object.assign(error, { face, port }));
    server.server.once('error', failed);
    server.listen(port, host, () => {
      server.server.off('error', failed);
      resolve((server.server.address() as { port: number }).port);
    });
  });
}

function createFace(deps: SmtpDeps, face: Face, secure: boolean): FaceServer {
  const { directory, connections, log } = deps;
  /** What is to be called when a session ends. */
  const open = new Map<string, (() => void)[]>();
  const submission = face === 'submission';
  const server = new FaceServer({
    ...deps.tls,
    minVersion: 'TLSv1.2',
    secure,
    lmtp: face === 'lmtp',
    name: deps.config.hostname,
    banner: 'Homing',
    size: MAX_SIZE,
    authMethods: ['PLAIN', 'LOGIN'],
    authOptional: !submission,
    authRequiredMessage: '5.7.0 Sign in first.',
    disabledCommands: ['WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD', ...(submission ? [] : ['AUTH'])],
    hideSMTPUTF8: false,
    hideDSN: !submission,
    hideENHANCEDSTATUSCODES: false,
    hideREQUIRETLS: true,
    disableReverseLookup: true,
    closeTimeout: CLOSE_MS,
    socketTimeout: IDLE_MS,
    maxClients: MAX_CLIENTS,
    logger: false,
    onConnect(session, callback) {
      const closed = connections.open({ ip: session.remoteAddress });
      if (!closed) return callback(reply(421, '4.7.0', 'Too many connections from where you are.'));
      open.set(session.id, [closed]);
      callback();
    },
    onClose(session) {
      for (const closed of open.get(session.id) ?? []) closed();
      open.delete(session.id);
    },
    onAuth(auth, session, callback) {
      const from = { face: 'smtp', ip: session.remoteAddress } as const;
      directory.signIn(auth.username ?? '', auth.password ?? '', from).then(
        (signedIn) => {
          if (!signedIn) return callback(reply(535, '5.7.8', 'Wrong address or password.'));
          const { account } = signedIn;
          const closed = connections.open({ account: `${account.tenant} ${account.id}` });
          if (!closed) return callback(reply(454, '4.7.0', 'Too many connections of this account.'));
          open.get(session.id)?.push(closed);
          callback(null, { user: { tenant: account.tenant, id: account.id, signedIn } });
        },
        (error: unknown) => callback(toAuthReply(error)),
      );
    },
    onMailFrom(sender, session, callback) {
      answered(callback, async () => {
        const fault = parameterFault('MAIL', sender.args, submission);
        if (fault) throw fault;
        if (submission) await checkSender(deps, session, sender);
        else checkOutsideSender(session, sender);
      });
    },
    onRcptTo(recipient, session, callback) {
      answered(callback, async () => {
        const fault = parameterFault('RCPT', recipient.args, submission);
        if (fault) throw fault;
        if (submission) await checkSubmissionRecipient(deps, session, recipient);
        else await checkLocalRecipient(deps, face, session, recipient);
      });
    },
    onData(stream, session, callback) {
      const take = async (): Promise<string | (string | Error)[]> => {
        try {
          const message = await readMessage(stream, MAX_SIZE);
          return await (submission ? submit(deps, session, message) : receiveLocal(deps, face, session, message));
        } finally {
          await letGo(stream);
        }
      };
      take()
        .then(
          (message) => callback(null, message),
          (error: unknown) => {
            const told = toReply(error);
            const detail = { err: error, session: session.id };
            // smtp-server's words: whoever sent it has hung up, which is no fault of ours.
            if ((error as Error).message.startsWith('Connection closed before'))
              log.debug(detail, 'a message broke off');
            else if (isPutOff(told)) log.warn(detail, 'a message was put off');
            callback(told);
          },
        )
        .finally(() => server.replied(session.id));
    },
  });
  server.on('error', (error) => log.debug({ err: error }, 'smtp connection'));
  return server;
}

function answered(callback: (error?: Error | null) => void, check: () => Promise<void>): void {
  check().then(
    () => callback(),
    (error: unknown) => callback(toReply(error)),
  );
}
