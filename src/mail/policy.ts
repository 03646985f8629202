// A tenant's policy: what may be recalled, by whom, how long mail waits. The tenant row keeps only what differs.

export interface Policy {
  /** May anyone here recall at all? */
  enabled: boolean;
  /** Days after acceptance within which a sender may recall. */
  maxAgeDays: number;
  /** May a sender ask for read copies too? */
  readCopies: 'keep' | 'sender-chooses';
  recipientConsent: 'not-needed' | 'recipient-decides';
  /** Copies that a rule or their owner moved out of the Inbox. */
  processedCopies: 'recall' | 'keep';
  /** Where a notice stands in a recalled copy's place: everywhere, only if the copy was listed or more, nowhere. */
  notices: 'all' | 'noticed-only' | 'none';
  /** Does a notice quote the sender's reason? */
  reasonInNotices: boolean;
  /** Addresses whose copies are never taken back. */
  protectedRecipients: string[];
  /** Seconds that mail waits before it leaves the organisation; before it is put into mailboxes inside. */
  holdOutsideSeconds: number;
  holdInsideSeconds: number;
  vaultRetentionDays: number;
  trackingRetentionDays: number;
  /** Recalls an hour and account; a cancel or restore counts double; 0: no limit. */
  rateLimit: number;
  /** Does an administrator's recall need a second administrator? */
  dualControl: boolean;
  /** Administrators are mailed of a recall of a message this many days old, of this many recipients, the person's this manieth
   * within an hour; 0: not for that. */
  alertAgeDays: number;
  alertRecipients: number;
  alertPerHour: number;
  /** And of one that takes read copies. */
  alertReadCopies: boolean;
  /** Seconds after a recall within which its sender may restore. */
  restoreWindowSeconds: number;
  senderSees: 'outcome+exposure' | 'outcome' | 'counts';
  recallMailbox: boolean;
  /** Recipients of one submission, a group counting as one. */
  maxRecipients: number;
  /** Largest message, octets. */
  maxMessageSize: number;
}

export const DEFAULT_POLICY: Readonly<Policy> = {
  enabled: true,
  maxAgeDays: 30,
  readCopies: 'keep',
  recipientConsent: 'not-needed',
  processedCopies: 'recall',
  notices: 'all',
  reasonInNotices: false,
  protectedRecipients: [],
  holdOutsideSeconds: 30,
  holdInsideSeconds: 0,
  vaultRetentionDays: 90,
  trackingRetentionDays: 400,
  rateLimit: 20,
  dualControl: false,
  alertAgeDays: 7,
  alertRecipients: 500,
  alertPerHour: 10,
  alertReadCopies: true,
  restoreWindowSeconds: 3600,
  senderSees: 'outcome+exposure',
  recallMailbox: true,
  maxRecipients: 1000,
  maxMessageSize: 50 * 1024 * 1024,
};

/** A whole policy, from a row that keeps what differs, or that was written before a setting was there. */
export function policyOf(stored: Partial<Policy> | undefined): Policy {
  return { ...DEFAULT_POLICY, ...stored };
}
