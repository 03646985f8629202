// What the names of mailboxes may be, whichever face they come through.

/** Every account has these, 1 to 6 (store: mailbox); they keep their names, places and roles. */
export const SYSTEM_MAILBOXES = 6;
export const INBOX = 1;
export const DRAFTS = 2;
export const SENT = 3;
export const TRASH = 6;

/** Levels. */
export const MAX_MAILBOX_DEPTH = 20;

/** Octets of one name. */
export const MAX_MAILBOX_NAME = 255;

/** One level's name, in NFC (RFC 5198, which RFC 8621 §2 asks for); null: it is none. "/" is for the paths of IMAP. */
export function mailboxName(given: string): string | null {
  const name = given.normalize('NFC');
  const isName = name.trim() !== '' && !/[/\p{Cc}\u2028\u2029]/u.test(name) && name.isWellFormed();
  return isName && Buffer.byteLength(name) <= MAX_MAILBOX_NAME ? name : null;
}
