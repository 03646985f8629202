// What recall/ asks of the parts beside it, as narrow as can be: main.ts puts delivery's accept and the directory in.

import type { Policy } from '../mail/policy.ts';

/** Hands a message to delivery; resolves when it is durably accepted. See delivery/accept.ts. */
export type SubmitMail = (input: {
  tenant: number;
  origin: { kind: 'server' } | { kind: 'submission'; account: number; submittedBy: number; source: 'smtp' | 'jmap' };
  mailFrom: string;
  recipients: { address: string }[];
  bytes: Buffer;
  rest?: AsyncIterable<Buffer>;
  sender?: { name: string | null; email: string };
  sentCopy?: 'create' | 'none' | { emailId: number };
  replaces?: { recallId: number; by: string };
}) => Promise<{ messageId: number }>;

export interface AccountInfo {
  tenant: number;
  id: number;
  address: string;
  name: string;
}

/** The part of directory/directory.ts that recall needs. */
export interface People {
  account(tenant: number, id: number): Promise<AccountInfo | undefined>;
  policy(tenant: number, account?: number): Promise<Policy>;
  resolve(
    address: string,
  ): Promise<{ kind: string; tenant?: number; account?: number; group?: number; address?: string }>;
  may(tenant: number, actor: number, account: number, right: 'full' | 'recall'): Promise<boolean>;
}
