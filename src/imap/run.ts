// One command, from its parsing to its tagged answer.

import { attempt, finish } from './finish.ts';
import { VERBS } from './registry.ts';
import { statusLine, type Result } from './replies.ts';
import { isUtf8, type Session } from './session.ts';
import type { State, Verb, VerbName } from './verb.ts';
import { parseCommand } from './wire/parse.ts';
import type { Piece } from './wire/reader.ts';

export async function runCommand(session: Session, pieces: readonly Piece[]): Promise<void> {
  const parsed = parseCommand(pieces, { utf8: isUtf8(session) });
  if ('fault' in parsed) {
    if (parsed.fault.unsaves && session.selected) session.selected.saved = [];
    return session.out.line(statusLine(parsed.tag, parsed.fault));
  }
  const { tag, command } = parsed;
  const verb = VERBS[command.verb] as Verb<VerbName>;
  const refused = mayCome(session, verb.state);
  const result = refused ?? (await attempt(session, () => verb.run(session, command as never, tag)));
  if (result === null) return;
  const byUid = 'uid' in command && command.uid;
  await finish(session, tag, result, verb.news !== 'none', verb.news === 'all' || byUid);
}

function mayCome(session: Session, state: State): Result | undefined {
  if (state === 'any') return undefined;
  if (state === 'anonymous') return session.user ? { status: 'BAD', text: 'You are signed in.' } : undefined;
  if (!session.user) return { status: 'NO', text: 'Sign in first.' };
  if (state === 'selected' && !session.selected) return { status: 'BAD', text: 'Select a mailbox first.' };
  return undefined;
}
