// JMAP on the wire (RFC 8620 §3): requests, responses, and what a method is.

import type { Account } from '../directory/directory.ts';
import type { JmapServices } from './services.ts';

/** [name, arguments, method call id]. */
export type Invocation = [name: string, args: Record<string, unknown>, id: string];

export interface JmapRequest {
  using: string[];
  methodCalls: Invocation[];
  createdIds?: Record<string, string>;
}

export interface JmapResponse {
  methodResponses: Invocation[];
  createdIds?: Record<string, string>;
  sessionState: string;
}

/** What a method may know of the request it is part of. */
export interface MethodContext extends JmapServices {
  /** Who is signed in. */
  user: Account;
  /** Accounts they may use, by JMAP id; their own first. */
  accounts: ReadonlyMap<string, Account>;
  /** Capabilities that the request names (RFC 8620 §3.3). */
  using: readonly string[];
  /** Creation ids of this request, so far (RFC 8620 §5.3). */
  createdIds: Map<string, string>;
  /** This request has taken a message back by moving it into Recall: it takes back no other. */
  tookBack?: boolean;
  /** What they signed in with: '' their password, else an application password ("p3"). */
  credential: string;
  /** The program that asks, for exposure: its User-Agent, at most 100 printable characters. */
  program: string;
}

/**
 * One method. Answers its result, or several responses (onSuccess… calls). Throws MethodError, or one of the three kinds
 * of error that dispatch.ts maps.
 */
export type Method = (
  args: Record<string, unknown>,
  context: MethodContext,
) => Promise<Record<string, unknown> | Reply[]>;

/** A response under a name of its own: `undefined` name is the method's. */
export type Reply = [name: string, result: Record<string, unknown>];

export const CAPABILITY = {
  core: 'urn:ietf:params:jmap:core',
  mail: 'urn:ietf:params:jmap:mail',
  submission: 'urn:ietf:params:jmap:submission',
  /** RFC 8621 §8. */
  vacation: 'urn:ietf:params:jmap:vacationresponse',
  /** RFC 9404. */
  blob: 'urn:ietf:params:jmap:blob',
  /** RFC 9425. */
  quota: 'urn:ietf:params:jmap:quota',
  /** RFC 8887. */
  webSocket: 'urn:ietf:params:jmap:websocket',
  /** RFC 9670 §1.5.1. */
  principals: 'urn:ietf:params:jmap:principals',
  /** docs/jmap-directory.md. */
  directory: 'urn:x-homing:directory',
  recall: 'urn:x-homing:recall',
  /** docs/jmap.md. */
  appPasswords: 'urn:x-homing:app-passwords',
  /** docs/jmap-rules.md. */
  rules: 'urn:x-homing:rules',
  /** docs/jmap-admin.md. */
  admin: 'urn:x-homing:admin',
} as const;

export type Capability = (typeof CAPABILITY)[keyof typeof CAPABILITY];
