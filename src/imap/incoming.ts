// Messages of an APPEND on their way in (RFC 9051 §6.3.12): taken or refused when they are announced, kept until the
// command is whole; large ones in the store.

import { DEFAULT_POLICY } from '../mail/policy.ts';
import { createSpool, IN_MEMORY, type Spool, type Spooled } from '../store/spool.ts';
import type { Session } from './session.ts';
import type { Fault } from './wire/fault.ts';
import { LIMITS } from './wire/limits.ts';

export class Incoming {
  #messages: (Buffer[] | Spool)[] = [];
  #size = 0;

  /** May it come? */
  announced({ user, deps }: Pick<Session, 'user' | 'deps'>, size: number): 'stream' | Fault {
    if (!user) return { status: 'NO', text: 'Sign in first.' };
    if (size > DEFAULT_POLICY.maxMessageSize)
      return { status: 'NO', code: 'TOOBIG', text: `A message may have ${DEFAULT_POLICY.maxMessageSize} octets.` };
    if (this.#size + size > LIMITS.appended) return { status: 'NO', code: 'TOOBIG', text: 'That is too much at once.' };
    this.#size += size;
    const large = size > IN_MEMORY;
    this.#messages.push(large ? createSpool(deps, user.tenant) : []);
    return 'stream';
  }

  /** To be awaited before more comes. */
  data(stream: number, bytes: Buffer): Promise<void> | undefined {
    const message = this.#messages[stream];
    if (!Array.isArray(message)) return message?.write(bytes);
    message.push(Buffer.from(bytes));
    return undefined;
  }

  async end(stream: number): Promise<void> {
    const message = this.#messages[stream];
    if (!Array.isArray(message)) await message?.end();
  }

  /** Throws what has failed on its way. */
  take(stream: number): Buffer | Spooled {
    const message = this.#messages[stream] ?? [];
    if (!Array.isArray(message)) return message.result();
    this.#messages[stream] = [];
    return message.length === 1 && message[0] ? message[0] : Buffer.concat(message);
  }

  /** The command is over: what of it is no message goes. */
  async clear(): Promise<void> {
    const messages = this.#messages.splice(0);
    this.#size = 0;
    for (const message of messages) if (!Array.isArray(message)) await message.discard();
  }
}
