// What is offered when (RFC 9051 §7.2.2). Nothing stands here that is not complete.

import type { Session } from './session.ts';

const ALWAYS = ['IMAP4rev2', 'IMAP4rev1', 'ID', 'ENABLE', 'SASL-IR', 'LITERAL+'];

const SIGNED_IN = [
  'IDLE',
  'NAMESPACE',
  'UIDPLUS',
  'MOVE',
  'SPECIAL-USE',
  'CREATE-SPECIAL-USE',
  'CHILDREN',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'STATUS=SIZE',
  'UNSELECT',
  'CONDSTORE',
  'QRESYNC',
  'ESEARCH',
  'SEARCHRES',
  'WITHIN',
  'SORT',
  'SORT=DISPLAY',
  'ESORT',
  'CONTEXT=SEARCH',
  'CONTEXT=SORT',
  'PARTIAL',
  'THREAD=REFERENCES',
  'THREAD=ORDEREDSUBJECT',
  'QUOTA',
  'QUOTA=RES-STORAGE',
  'COMPRESS=DEFLATE',
  'MULTIAPPEND',
  'APPENDLIMIT',
  'OBJECTID',
  'PREVIEW',
  'SAVEDATE',
  'UTF8=ACCEPT',
  'BINARY',
];

export function capabilities(session: Pick<Session, 'user' | 'secure' | 'compressed'>): string {
  // RFC 9051 §6.2.3, §11.1: no password goes in the clear.
  const signIn = session.user ? [] : session.secure ? ['AUTH=PLAIN'] : ['STARTTLS', 'LOGINDISABLED'];
  return [...ALWAYS, ...signIn, ...(session.user ? SIGNED_IN : [])].join(' ');
}
