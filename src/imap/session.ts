// What a connection is by now: who is signed in, what is enabled, which mailbox is selected (RFC 9051 §3).

import type { Connections } from '../directory/connections.ts';
import type { Account, Directory, SignedIn } from '../directory/directory.ts';
import type { Logger } from '../mail/log.ts';
import type { Recalls } from '../recall/recalls.ts';
import type { Told } from '../recall/told.ts';
import type { Blobs } from '../store/blobs.ts';
import type { Given, Pause } from '../store/exposure.ts';
import type { Ids } from '../store/ids.ts';
import type { MailboxKey } from '../store/mailbox-view.ts';
import type { Store } from '../store/postgres.ts';
import type { SearchContext } from './context.ts';
import type { Append } from './append.ts';
import type { Incoming } from './incoming.ts';
import type { Output } from './output.ts';
import type { Recents } from './recent.ts';
import type { Watch, Watcher } from './watch.ts';
import type { View } from './view.ts';
import type { SequenceSet } from './wire/sequence-set.ts';

export interface ImapDeps {
  store: Store;
  append: Append;
  ids: Ids;
  blobs: Blobs;
  directory: Pick<Directory, 'signIn' | 'holds' | 'account' | 'accessible' | 'policy'>;
  connections: Connections;
  recalls: Pick<Recalls, 'request'>;
  clock: () => Date;
  log: Logger;
  /** Programs that had downloaded what was taken back are told that it is gone (recall.md, Report). */
  told: Told;
  recents: Recents;
  /** Barrier tests stop a command here. */
  pause?: Pause;
}

/** RFC 5161. */
export type Enabled = 'IMAP4REV2' | 'CONDSTORE' | 'QRESYNC' | 'UTF8=ACCEPT';

export const NOTHING_ENABLED: ReadonlySet<Enabled> = new Set();

export interface Selected {
  at: MailboxKey;
  /** As the client names it. */
  name: string;
  readOnly: boolean;
  view: View;
  uidValidity: number;
  /** The account modseq up to which the client has been told. */
  told: number;
  /** Something may have happened since. */
  stale: boolean;
  /** Keywords beyond the usual ones that the client has been told of. */
  keywords: readonly string[];
  /** UID → modseq of this session's own changes: their flags were told as the command asked for it. Null: there are none. */
  own: Map<number, number> | null;
  /** UIDs of which this session is the first to be told (RFC 3501 §2.3.2). */
  recent: SequenceSet;
  /** By the tags of their commands; null: there are none. */
  contexts: Map<string, SearchContext> | null;
  /** `$` (RFC 5182): UIDs. */
  saved: SequenceSet;
}

export interface Session {
  readonly deps: ImapDeps;
  readonly watch: Watch;
  /** Hears of the selected mailbox's account. */
  readonly watcher: Watcher;
  readonly out: Output;
  readonly incoming: Incoming;
  readonly log: Logger;
  /** The client's address. */
  readonly ip: string;
  secure: boolean;
  user: Account | null;
  /** With what they signed in. */
  signedIn: SignedIn | null;
  /** To be called once the connection is gone: it counts as one of the account's no more. */
  signedOut: (() => void) | null;
  /** As reports name it: from ID. */
  program: string;
  enabled: ReadonlySet<Enabled>;
  selected: Selected | null;
  compressed: boolean;
  /** Wrong passwords so far. */
  failures: number;
  /** The client waits for news (RFC 2177), under this tag. */
  idling: string | null;
  /** Asked for by a command, done by the connection once its answer is out. */
  after: 'tls' | 'compress' | 'end' | null;
  /** AUTHENTICATE waits for a line. */
  awaiting: ((line: string) => Promise<void>) | null;
}

/** Names and header text go as UTF-8 (RFC 6855 §3, RFC 9051 §5.1). */
export function isUtf8(session: Pick<Session, 'enabled'>): boolean {
  return session.enabled.has('UTF8=ACCEPT') || session.enabled.has('IMAP4REV2');
}

export function tellsModseq(session: Pick<Session, 'enabled'>): boolean {
  return session.enabled.has('CONDSTORE') || session.enabled.has('QRESYNC');
}

/** For a command that enables CONDSTORE: the first with a mailbox selected is told its newest modseq (RFC 7162 §3.1). */
export function enableCondstore(session: Session): void {
  const { enabled, selected, out } = session;
  if (enabled.has('CONDSTORE')) return;
  session.enabled = new Set([...enabled, 'CONDSTORE']);
  if (selected) out.line(`* OK [HIGHESTMODSEQ ${selected.told}] The newest change.`);
}

export function given(session: Session): Given {
  return { program: session.program, now: session.deps.clock() };
}

/** Of a command that may only come where somebody is signed in. */
export function userOf(session: Pick<Session, 'user'>): Account {
  if (!session.user) throw new Error('nobody is signed in');
  return session.user;
}

/** No mailbox is selected any more, and no news of one is heard. */
export function leave(session: Session): void {
  const { selected } = session;
  if (!selected) return;
  session.watch.remove(selected.at.tenant, selected.at.account, session.watcher);
  session.selected = null;
}
