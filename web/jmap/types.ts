// JMAP's objects as the client sees them (RFC 8620, RFC 8621, docs/jmap-recall.md).

export type Json = Record<string, unknown>;

export interface JmapAccount {
  name: string;
  isPersonal: boolean;
  isReadOnly: boolean;
  accountCapabilities: Record<string, Json>;
}

export interface JmapSession {
  username: string;
  accounts: Record<string, JmapAccount>;
  primaryAccounts: Record<string, string>;
  capabilities: Record<string, Json>;
  apiUrl: string;
  downloadUrl: string;
  uploadUrl: string;
  eventSourceUrl: string;
  state: string;
}

export const CAPABILITIES = {
  core: 'urn:ietf:params:jmap:core',
  mail: 'urn:ietf:params:jmap:mail',
  submission: 'urn:ietf:params:jmap:submission',
  principals: 'urn:ietf:params:jmap:principals',
  directory: 'urn:x-homing:directory',
  recall: 'urn:x-homing:recall',
  rules: 'urn:x-homing:rules',
  vacation: 'urn:ietf:params:jmap:vacationresponse',
  appPasswords: 'urn:x-homing:app-passwords',
  admin: 'urn:x-homing:admin',
} as const;

export interface MailboxRights {
  mayReadItems: boolean;
  mayAddItems: boolean;
  mayRemoveItems: boolean;
  maySetSeen: boolean;
  maySetKeywords: boolean;
  mayCreateChild: boolean;
  mayRename: boolean;
  mayDelete: boolean;
  maySubmit: boolean;
}

export type Role = 'inbox' | 'drafts' | 'sent' | 'archive' | 'junk' | 'trash';

export interface Mailbox {
  id: string;
  name: string;
  parentId: string | null;
  role: string | null;
  sortOrder: number;
  totalEmails: number;
  unreadEmails: number;
  totalThreads: number;
  unreadThreads: number;
  myRights: MailboxRights;
  isSubscribed: boolean;
}

export interface EmailAddress {
  name: string | null;
  email: string;
}

/** What a row of a list shows, and nothing more. */
export interface EmailRow {
  id: string;
  threadId: string;
  mailboxIds: Record<string, true>;
  keywords: Record<string, true>;
  size: number;
  receivedAt: string;
  from: EmailAddress[] | null;
  to: EmailAddress[] | null;
  subject: string | null;
  preview: string;
  hasAttachment: boolean;
  /** The recall whose notice this is. */
  recallNotice: string | null;
  messageId: string[] | null;
}

export interface EmailBodyPart {
  partId: string | null;
  blobId: string | null;
  size: number;
  name: string | null;
  type: string;
  charset: string | null;
  disposition: string | null;
  cid: string | null;
  location: string | null;
  subParts?: EmailBodyPart[];
}

export interface EmailBodyValue {
  value: string;
  isEncodingProblem: boolean;
  isTruncated: boolean;
}

/** What an open message shows. */
export interface EmailFull extends EmailRow {
  blobId: string;
  cc: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  replyTo: EmailAddress[] | null;
  sender: EmailAddress[] | null;
  sentAt: string | null;
  inReplyTo: string[] | null;
  references: string[] | null;
  htmlBody: EmailBodyPart[];
  textBody: EmailBodyPart[];
  attachments: EmailBodyPart[];
  bodyValues: Record<string, EmailBodyValue>;
}

export interface Identity {
  id: string;
  name: string;
  email: string;
  replyTo: EmailAddress[] | null;
  bcc: EmailAddress[] | null;
  textSignature: string;
  htmlSignature: string;
  mayDelete: boolean;
}

export interface Thread {
  id: string;
  emailIds: string[];
}

export type RecallStatus = 'sweeping' | 'done' | 'cancelled';

export interface Recall {
  id: string;
  emailId: string | null;
  messageId: string;
  subject: string | null;
  mode: 'delete' | 'replace';
  status: RecallStatus;
  includeRead: boolean;
  reason: string | null;
  createdAt: string;
  gatedAt: string;
  doneAt: string | null;
  total: number;
  counts: Record<string, number>;
  replacementSubmissionId: string | null;
  cancelRequested: boolean;
  restorableUntil: string;
}

/** A change that push tells of: account → type → state. */
export interface StateChange {
  changed: Record<string, Record<string, string>>;
}
