// What a command is to the registry: when it may come, and what it does.

import type { Result } from './replies.ts';
import type { Selected, Session } from './session.ts';
import { no } from './replies.ts';
import type { Command } from './wire/command.ts';

type VerbOf<C> = C extends { verb: infer V } ? V : never;
export type VerbName = VerbOf<Command>;
type Narrow<C, V> = C extends { verb: infer W } ? (V extends W ? C : never) : never;
/** The command of a verb. */
export type CommandOf<V extends VerbName> = Narrow<Command, V>;

/** RFC 9051 §3. 'anonymous': before sign-in only. */
export type State = 'any' | 'anonymous' | 'authenticated' | 'selected';

export interface Verb<V extends VerbName> {
  state: State;
  /**
   * News of the selected mailbox that may go with its answer: 'all', or not 'expunges', as sequence numbers must not change
   * (RFC 9051 §7.5.1; a command that names UIDs may change them).
   */
  news: 'all' | 'unless by sequence' | 'none';
  /** Null: the answer follows later (IDLE, AUTHENTICATE). Throws what replies.ts knows. */
  run(session: Session, command: CommandOf<V>, tag: string): Promise<Result | null>;
}

/** Of a command that may only come where a mailbox is selected. */
export function selectedOf({ selected }: Session): Selected {
  if (!selected) throw new Error('no mailbox is selected');
  return selected;
}

/** As selectedOf, for what changes it. */
export function writableOf(session: Session): Selected {
  const selected = selectedOf(session);
  if (selected.readOnly) throw no('READ-ONLY', 'The mailbox was opened with EXAMINE.');
  return selected;
}
