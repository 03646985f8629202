import { MAX_MAILBOX_DEPTH, MAX_MAILBOX_NAME } from '../mail/mailbox.ts';

/** What the session object says and dispatch enforces (RFC 8620 §2). */
export const LIMITS = {
  maxSizeUpload: 50 * 1024 * 1024,
  maxConcurrentUpload: 4,
  maxSizeRequest: 10 * 1024 * 1024,
  maxConcurrentRequests: 8,
  /** Event sources that one person has open. */
  maxEventSources: 32,
  maxCallsInRequest: 32,
  maxObjectsInGet: 1000,
  maxObjectsInSet: 1000,
  /** Emails of one query. */
  maxQuery: 10_000,
  maxMailboxDepth: MAX_MAILBOX_DEPTH,
  /** Octets. */
  maxMailboxName: MAX_MAILBOX_NAME,
  /** Seconds. */
  maxDelayedSend: 30 * 86_400,
} as const;

/** RFC 9404 §3.1: what every account says, and methods/blob.ts enforces. */
export const BLOB_CAPABILITY = {
  maxSizeBlobSet: LIMITS.maxSizeUpload,
  maxDataSources: 64,
  supportedTypeNames: ['Mailbox', 'Thread', 'Email'],
  supportedDigestAlgorithms: ['sha', 'sha-256', 'sha-512'],
};
