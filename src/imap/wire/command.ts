// What a client may ask for (RFC 9051 §6 and the extensions named at each), typed. Names and texts are decoded: a mailbox is as
// the store has it, "INBOX" in capitals; flags are keywords (flags.ts).

import type { SequenceSet } from './sequence-set.ts';

/** `$`: what the last SEARCH with RETURN (SAVE) found (RFC 5182 §2.1). */
export type MessageSet = SequenceSet | '$';

/** A literal that went past the reader as a stream; the number says which of the command's it was, from 0. */
export interface Streamed {
  stream: number;
  /** Octets. */
  size: number;
}

export interface AppendMessage {
  flags: string[];
  /** ISO 8601 with its offset; `null`: now. */
  date: string | null;
  content: Streamed;
  /** RFC 6855 §4: it came as UTF8 (…). */
  utf8: boolean;
}

/** RFC 7162 §3.2.5. */
export interface QResync {
  uidValidity: number;
  modseq: number;
  known: SequenceSet | null;
  match: { sequences: SequenceSet; uids: SequenceSet } | null;
}

export interface ListSelection {
  subscribed: boolean;
  remote: boolean;
  recursiveMatch: boolean;
  specialUse: boolean;
}

export interface ListReturn {
  subscribed: boolean;
  children: boolean;
  specialUse: boolean;
  status: StatusItem[] | null;
}

export const STATUS_ITEMS = [
  'MESSAGES',
  'RECENT',
  'UIDNEXT',
  'UIDVALIDITY',
  'UNSEEN',
  'DELETED',
  'DELETED-STORAGE',
  'SIZE',
  'HIGHESTMODSEQ',
  'APPENDLIMIT',
  'MAILBOXID',
] as const;
export type StatusItem = (typeof STATUS_ITEMS)[number];

export interface Section {
  /** "1.2"; "" is the message itself. */
  part: string;
  what: 'ALL' | 'HEADER' | 'TEXT' | 'MIME' | 'FIELDS' | 'FIELDS.NOT';
  /** Names as the client wrote them. */
  fields: string[];
}

/** RFC 9051 §6.4.5: `<offset.count>`. */
export interface Partial {
  offset: number;
  count: number;
}

export const PLAIN_ITEMS = [
  'FLAGS',
  'UID',
  'ENVELOPE',
  'INTERNALDATE',
  'RFC822.SIZE',
  'BODYSTRUCTURE',
  'BODY',
  'MODSEQ',
  'EMAILID',
  'THREADID',
  'SAVEDATE',
] as const;

export type FetchItem =
  | { item: (typeof PLAIN_ITEMS)[number] }
  | { item: 'PREVIEW'; lazy: boolean }
  /** `as`: the name under which the answer goes, RFC822 and its kind being of RFC 3501. */
  | {
      item: 'SECTION';
      as: 'BODY' | 'RFC822' | 'RFC822.HEADER' | 'RFC822.TEXT';
      section: Section;
      peek: boolean;
      partial: Partial | null;
    }
  | { item: 'BINARY'; part: string; peek: boolean; partial: Partial | null }
  | { item: 'BINARY.SIZE'; part: string };

export type SearchKey =
  | { key: 'ALL' | 'RECENT' | 'NEW' | 'OLD' | 'SAVEDATESUPPORTED' }
  | { key: 'FLAG'; keyword: string; set: boolean }
  | { key: 'TEXT'; where: 'BCC' | 'BODY' | 'CC' | 'FROM' | 'SUBJECT' | 'TEXT' | 'TO'; value: string }
  | { key: 'HEADER'; field: string; value: string }
  /** `day`: "2026-11-27". */
  | { key: 'DATE'; of: 'received' | 'sent' | 'saved'; how: 'BEFORE' | 'ON' | 'SINCE'; day: string }
  | { key: 'SIZE'; how: 'LARGER' | 'SMALLER'; octets: number }
  | { key: 'AGE'; how: 'OLDER' | 'YOUNGER'; seconds: number }
  | { key: 'MODSEQ'; modseq: number }
  | { key: 'EMAILID' | 'THREADID'; id: string }
  | { key: 'SET'; uid: boolean; set: MessageSet }
  | { key: 'AND'; keys: SearchKey[] }
  | { key: 'OR'; keys: SearchKey[] }
  | { key: 'NOT'; negated: SearchKey };

/** RFC 9051 §6.4.4; RFC 5267 §4.2 CONTEXT, which is a hint, and §4.3 UPDATE. */
export const RETURN_OPTIONS = ['MIN', 'MAX', 'ALL', 'COUNT', 'SAVE', 'CONTEXT', 'UPDATE'] as const;
export type ReturnOption = (typeof RETURN_OPTIONS)[number];

/** RFC 9394 §3.1: from the first'th result to the last'th, [1, 3]; counted from the end [-1, -3]. */
export type PartialRange = readonly [from: number, to: number];

export interface Returning {
  give: readonly ReturnOption[];
  partial: PartialRange | null;
}

export const SORT_KEYS = [
  'ARRIVAL',
  'CC',
  'DATE',
  'FROM',
  'SIZE',
  'SUBJECT',
  'TO',
  'DISPLAYFROM',
  'DISPLAYTO',
] as const;
export interface SortKey {
  by: (typeof SORT_KEYS)[number];
  reverse: boolean;
}

export const BARE_VERBS = [
  'CAPABILITY',
  'NOOP',
  'LOGOUT',
  'STARTTLS',
  'NAMESPACE',
  'IDLE',
  'CHECK',
  'CLOSE',
  'UNSELECT',
] as const;

export type Command =
  | { verb: (typeof BARE_VERBS)[number] }
  /** `initial`: RFC 4959, `null` if none came; "=" is an empty one. */
  | { verb: 'AUTHENTICATE'; mechanism: string; initial: Buffer | null }
  | { verb: 'LOGIN'; user: string; password: string }
  | { verb: 'ID'; fields: ReadonlyMap<string, string | null> }
  | { verb: 'ENABLE'; capabilities: string[] }
  | { verb: 'COMPRESS'; mechanism: string }
  | { verb: 'SELECT' | 'EXAMINE'; mailbox: string; condstore: boolean; qresync: QResync | null }
  /** `use`: attributes like "\sent", in lower case (RFC 6154 §3). */
  | { verb: 'CREATE'; mailbox: string; use: string[] }
  | { verb: 'DELETE' | 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'GETQUOTAROOT'; mailbox: string }
  | { verb: 'GETQUOTA'; root: string }
  | { verb: 'RENAME'; from: string; to: string }
  /** `extended`: RFC 5258 syntax was used, so the answer may be extended too. */
  | {
      verb: 'LIST';
      reference: string;
      patterns: string[];
      select: ListSelection;
      give: ListReturn;
      extended: boolean;
    }
  | { verb: 'LSUB'; reference: string; pattern: string }
  | { verb: 'STATUS'; mailbox: string; items: StatusItem[] }
  | { verb: 'APPEND'; mailbox: string; messages: AppendMessage[] }
  /** `returning`: `null` where RETURN was not said, which is another answer than RETURN () (RFC 9051 §6.4.4). */
  | { verb: 'SEARCH'; uid: boolean; returning: Returning | null; criteria: SearchKey }
  | { verb: 'SORT'; uid: boolean; returning: Returning | null; keys: SortKey[]; criteria: SearchKey }
  | { verb: 'CANCELUPDATE'; tags: string[] }
  | { verb: 'THREAD'; uid: boolean; algorithm: string; criteria: SearchKey }
  | {
      verb: 'FETCH';
      uid: boolean;
      set: MessageSet;
      items: FetchItem[];
      changedSince: number | null;
      vanished: boolean;
      /** Of those that are named (RFC 9394 §3.3). */
      partial: PartialRange | null;
    }
  | {
      verb: 'STORE';
      uid: boolean;
      set: MessageSet;
      how: 'set' | 'add' | 'remove';
      silent: boolean;
      flags: string[];
      unchangedSince: number | null;
    }
  | { verb: 'COPY' | 'MOVE'; uid: boolean; set: MessageSet; mailbox: string }
  /** `uids`: UID EXPUNGE (RFC 4315 §2.1); `null` for EXPUNGE. */
  | { verb: 'EXPUNGE'; uids: MessageSet | null };
