// LOGIN (RFC 9051 §6.2.3), AUTHENTICATE PLAIN (§6.2.2, RFC 4616), with an initial response (RFC 4959).

import { capabilities } from '../capabilities.ts';
import { attempt, finish } from '../finish.ts';
import { no, ok, type Result } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';
import { LIMITS } from '../wire/limits.ts';

export const login: Verb<'LOGIN'> = {
  state: 'anonymous',
  news: 'none',
  run: (session, { user, password }) => signIn(session, user, password),
};

export const authenticate: Verb<'AUTHENTICATE'> = {
  state: 'anonymous',
  news: 'none',
  async run(session, { mechanism, initial }, tag) {
    if (mechanism !== 'PLAIN') throw no('CANNOT', 'There is no such mechanism; AUTH=PLAIN is.');
    requireTls(session);
    if (initial) return plain(session, initial);
    session.awaiting = async (line) => {
      session.awaiting = null;
      await finish(session, tag, await attempt(session, () => respond(session, line)), false, false);
    };
    session.out.line('+ ');
    return null;
  },
};

async function respond(session: Session, line: string): Promise<Result> {
  if (line === '*') return { status: 'BAD', text: 'Broken off.' }; // RFC 9051 §6.2.2
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(line)) return { status: 'BAD', text: 'That is not base64.' };
  return plain(session, Buffer.from(line, 'base64'));
}

/** RFC 4616 §2: [authzid] NUL authcid NUL password. Acting for somebody else is done by NAMESPACE, not here. */
async function plain(session: Session, response: Buffer): Promise<Result> {
  const [authorize, user, password, ...more] = response.toString('utf8').split('\0');
  if (user === undefined || password === undefined || more.length > 0)
    return { status: 'BAD', text: 'That is no response of PLAIN.' };
  if (authorize !== '' && authorize !== user) throw no('AUTHORIZATIONFAILED', 'You may sign in as yourself only.');
  return signIn(session, user, password);
}

function requireTls(session: Session): void {
  if (!session.secure) throw no('PRIVACYREQUIRED', 'Begin TLS first.');
}

async function signIn(session: Session, user: string, password: string): Promise<Result> {
  requireTls(session);
  const { directory, connections } = session.deps;
  const signedIn = await directory.signIn(user, password, { face: 'imap', ip: session.ip });
  if (!signedIn) {
    session.failures++;
    if (session.failures >= LIMITS.signIns) {
      session.out.line('* BYE Too many wrong passwords.');
      session.after = 'end';
    }
    throw no('AUTHENTICATIONFAILED', 'Wrong address or password.');
  }
  const { account } = signedIn;
  const closed = connections.open({ account: `${account.tenant} ${account.id}` });
  if (!closed) throw no('LIMIT', 'Too many connections of this account.');
  session.signedOut = closed;
  session.user = account;
  session.signedIn = signedIn;
  return ok(`Welcome, ${account.name.replace(/[^\x20-\x7e]/g, '?')}.`, `CAPABILITY ${capabilities(session)}`);
}
