// Messages of an APPEND on their way in (RFC 9051 §6.3.12): taken or refused when they are announced, kept until the
// command is whole.

import { DEFAULT_POLICY } from '../mail/policy.ts';
import type { Session } from './session.ts';
import type { Fault } from './wire/fault.ts';
import { LIMITS } from './wire/limits.ts';

export class Incoming {
  #messages: Buffer[][] = [];
  #size = 0;

  /** May it come? */
  announced({ user }: Pick<Session, 'user'>, size: number): 'stream' | Fault {
    if (!user) return { status: 'NO', text: 'Sign in first.' };
    if (size > DEFAULT_POLICY.maxMessageSize)
      return { status: 'NO', code: 'TOOBIG', text: `A message may have ${DEFAULT_POLICY.maxMessageSize} octets.` };
    if (this.#size + size > LIMITS.appended) return { status: 'NO', code: 'TOOBIG', text: 'That is too much at once.' };
    this.#size += size;
    return 'stream';
  }

  data(stream: number, bytes: Buffer): void {
    (this.#messages[stream] ??= []).push(Buffer.from(bytes));
  }

  take(stream: number): Buffer {
    const pieces = this.#messages[stream] ?? [];
    this.#messages[stream] = [];
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  }

  /** The command is over. */
  clear(): void {
    this.#messages = [];
    this.#size = 0;
  }
}
