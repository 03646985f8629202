// The end of a command: news that may go with it, and its tagged answer.

import { tellNews } from './news.ts';
import { ConnectionGone } from './output.ts';
import { statusLine, toResult, type Result } from './replies.ts';
import type { Session } from './session.ts';
import type { Fault } from './wire/fault.ts';

export async function finish(
  session: Session,
  tag: string,
  result: Result,
  news: boolean,
  expunges: boolean,
): Promise<void> {
  if (news) await attempt(session, () => tellNews(session, expunges));
  // RFC 5530 §3: there is something that it may not be told yet, and a NOOP would.
  const more = news && !expunges && (session.selected?.view.gone.size ?? 0) > 0;
  const told = more && result.status === 'OK' ? { code: 'EXPUNGEISSUED', ...result } : result;
  session.out.line(statusLine(tag, told));
}

/** Errors become results here; a fault of ours is logged and told without its cause. */
export async function attempt<T>(session: Session, work: () => Promise<T>): Promise<T | Fault> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConnectionGone) throw error;
    const known = toResult(error);
    if (known) return known;
    session.log.error({ err: error }, 'an IMAP command failed');
    return { status: 'NO', code: 'SERVERBUG', text: 'A fault of ours; it is logged.' };
  }
}
