// The small ones: CAPABILITY, NOOP, CHECK, LOGOUT, STARTTLS, ID, ENABLE, NAMESPACE (RFC 9051 §6.1, §6.2.1, §6.3.1, §6.3.10;
// RFC 3501 §6.4.1; RFC 2971).

import { capabilities } from '../capabilities.ts';
import { OTHERS } from '../mailboxes.ts';
import { bad, ok } from '../replies.ts';
import { enableCondstore, type Enabled } from '../session.ts';
import type { Verb } from '../verb.ts';
import { mailbox, string } from '../wire/response.ts';

export const capability: Verb<'CAPABILITY'> = {
  state: 'any',
  news: 'all',
  async run(session) {
    session.out.line(`* CAPABILITY ${capabilities(session)}`);
    return ok('That is all.');
  },
};

/** Asks the store whatever this process has heard: a client that polls is told the newest. */
export const noop: Verb<'NOOP' | 'CHECK'> = {
  state: 'any',
  news: 'all',
  async run({ selected }) {
    if (selected) selected.stale = true;
    return ok('Done.');
  },
};

export const check: Verb<'CHECK'> = { ...noop, state: 'selected' };

export const logout: Verb<'LOGOUT'> = {
  state: 'any',
  news: 'none',
  async run(session) {
    session.out.line('* BYE Until next time.');
    session.after = 'end';
    return ok('Signed out.');
  },
};

export const startTls: Verb<'STARTTLS'> = {
  state: 'anonymous',
  news: 'none',
  async run(session) {
    if (session.secure) throw bad('TLS is up.');
    session.after = 'tls';
    return ok('Begin TLS now.');
  },
};

/** The program's name, as reports show it. */
export const id: Verb<'ID'> = {
  state: 'any',
  news: 'all',
  async run(session, { fields }) {
    const named = [fields.get('name'), fields.get('version')].filter((one) => typeof one === 'string').join(' ');
    const program = named
      .replace(/[^\x20-\x7e]/g, '')
      .trim()
      .slice(0, 100);
    if (program !== '') session.program = program;
    session.out.line(`* ID (${string('name')} ${string('Homing')})`);
    return ok('Good to know.');
  },
};

const ENABLED: readonly Enabled[] = ['IMAP4REV2', 'CONDSTORE', 'QRESYNC', 'UTF8=ACCEPT'];

/** RFC 5161 §3.1: what is not known is passed over. */
export const enable: Verb<'ENABLE'> = {
  state: 'authenticated',
  news: 'all',
  async run(session, { capabilities: asked }) {
    const now = ENABLED.filter((one) => asked.includes(one) && !session.enabled.has(one));
    // RFC 7162 §3.2.3: QRESYNC brings CONDSTORE with it.
    if (now.includes('CONDSTORE') || now.includes('QRESYNC')) enableCondstore(session);
    session.enabled = new Set([...session.enabled, ...now]);
    if (now.includes('IMAP4REV2') && session.selected) session.selected.recent = [];
    session.out.line(`* ENABLED${now.map((one) => ` ${one === 'IMAP4REV2' ? 'IMAP4rev2' : one}`).join('')}`);
    return ok('Enabled.');
  },
};

/** RFC 9051 §6.3.10, RFC 2342. */
export const namespace: Verb<'NAMESPACE'> = {
  state: 'authenticated',
  news: 'all',
  async run(session) {
    session.out.line(`* NAMESPACE (("" "/")) ((${mailbox(`${OTHERS}/`, false)} "/")) NIL`);
    return ok('Those are all.');
  },
};
