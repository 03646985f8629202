// Messages of an APPEND on their way in (RFC 9051 §6.3.12): taken or refused when they are announced, kept until the
// command is whole; large ones in the store.

import { isRecallBox, NOTHING_STORED } from '../recall/mailbox.ts';
import type { AccountKey } from '../store/exposure.ts';
import { createSpool, IN_MEMORY, type Spool, type Spooled } from '../store/spool.ts';
import { findBox } from './mailboxes.ts';
import { ConnectionGone } from './output.ts';
import { no } from './replies.ts';
import { checkRoom } from './room.ts';
import { isUtf8, userOf, type Session } from './session.ts';
import { CommandFault } from './wire/fault.ts';
import { LIMITS } from './wire/limits.ts';
import { appendedTo } from './wire/parse.ts';
import type { Piece } from './wire/reader.ts';

export class Incoming {
  #messages: (Buffer[] | Spool)[] = [];
  #size = 0;
  /** Commands that were over. */
  #cleared = 0;

  /**
   * Throws why it may not come, as far as that can be known before it does: who waits to be told to go on has then sent nothing
   * (RFC 9051 §4.3). Whether what is small has a place is looked at in the transaction that stores it.
   */
  async announced(session: Session, size: number, pieces: readonly Piece[]): Promise<'stream'> {
    if (!session.user) throw new CommandFault({ status: 'NO', text: 'Sign in first.' });
    const cleared = this.#cleared;
    await checkSize(session, size);
    if (this.#size + size > LIMITS.appended) throw no('TOOBIG', 'That is too much at once.');
    const large = size > IN_MEMORY;
    if (large) {
      const account = await checkBox(session, appendedTo(pieces, isUtf8(session)));
      await checkRoom(session, account, () => this.#size + size);
    }
    // What it began now, nobody would clear away.
    if (cleared !== this.#cleared) throw new ConnectionGone();
    this.#size += size;
    this.#messages.push(large ? createSpool(session.deps, session.user.tenant) : []);
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
    this.#cleared++;
    for (const message of messages) if (!Array.isArray(message)) await message.discard();
  }
}

/** RFC 7889 §4: throws for a message that is larger than this organisation takes. */
async function checkSize(session: Session, size: number): Promise<void> {
  const { maxMessageSize } = await session.deps.directory.policy(userOf(session).tenant);
  if (size > maxMessageSize) throw no('TOOBIG', `A message may have ${maxMessageSize} octets.`);
}

/** Throws if there is no such mailbox, or none that anything is stored in; answers whose it is. */
export async function checkBox(session: Session, name: string): Promise<AccountKey> {
  const { row, account } = await findBox(session, name, 'TRYCREATE');
  if (isRecallBox(row)) throw no('CANNOT', NOTHING_STORED);
  return { tenant: account.tenant, account: account.id };
}
