// Random commands that are legal where they come, with what each is known to do.

import { mail } from '../../support/mailboxes.ts';
import type { Box, StressSession } from './client.ts';
import { numbersOf } from './response.ts';
import type { Exposure, Truth } from './truth.ts';

export interface Random {
  /** 0 … n-1. */
  below(n: number): number;
  pick<T>(list: readonly T[]): T;
  chance(of: number): boolean;
}

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    below,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    chance: (of) => next() < of,
  };
}

export interface Deps {
  random: Random;
  truth: Truth;
  /** A token that nobody has used. */
  token(): string;
  /** One that was sent lately. */
  recent(): string | undefined;
}

type Act = (session: StressSession, deps: Deps) => Promise<void>;

export const MAILBOXES = ['INBOX', 'Archive', 'Trash'];
/** Past so many messages a session would rather delete. */
const CROWDED = 40;

const FETCHES: readonly [items: string, exposure: Exposure | undefined][] = [
  ['(UID FLAGS)', undefined],
  ['(UID FLAGS MODSEQ)', undefined],
  ['(UID INTERNALDATE RFC822.SIZE)', undefined],
  ['(UID ENVELOPE)', 'listed'],
  ['(UID FLAGS ENVELOPE BODYSTRUCTURE)', 'listed'],
  ['(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])', 'listed'],
  ['(UID BODY.PEEK[HEADER])', 'listed'],
  ['(UID PREVIEW)', 'listed'],
  ['(UID BODY.PEEK[])', 'downloaded'],
  ['(UID BODY.PEEK[TEXT]<0.2000>)', 'downloaded'],
  ['(UID BINARY.PEEK[1])', 'downloaded'],
];
const OPENING = ['(UID BODY[])', '(UID RFC822.TEXT)', '(UID BINARY[1] FLAGS)', '(UID RFC822)'];

const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', 'later', '$Forwarded'];

/** Sequence numbers, or UIDs where all of them are known. */
function some(session: StressSession, { random }: Deps, most: number): { set: string; uid: boolean; uids: number[] } {
  const messages = session.box?.messages ?? [];
  const from = random.below(messages.length);
  const count = Math.min(messages.length - from, 1 + random.below(most));
  const uids = messages.slice(from, from + count).map((one) => one.uid);
  const uid = random.chance(0.5) && uids.every((one) => one > 0);
  if (uid) return { set: random.chance(0.5) ? uids.join(',') : `${uids[0]}:${uids.at(-1)}`, uid, uids };
  return { set: count === 1 ? String(from + 1) : `${from + 1}:${from + count}`, uid, uids };
}

async function fetch(session: StressSession, deps: Deps): Promise<void> {
  const { random } = deps;
  const opening = random.chance(0.06);
  const [items, exposure] = opening ? [random.pick(OPENING), 'opened' as const] : random.pick(FETCHES);
  const { set, uid } = some(session, deps, exposure === 'opened' ? 2 : exposure === 'downloaded' ? 6 : 30);
  const since =
    items === '(UID FLAGS MODSEQ)' && random.chance(0.3) ? ` (CHANGEDSINCE ${session.box?.highest || 1})` : '';
  const command = `${uid ? 'UID ' : ''}FETCH ${set} ${items}${since}`;
  await session.run(command, { verb: 'FETCH', expunges: uid, ...(exposure ? { exposure } : {}) });
}

/** All of the mailbox: every number once, but for those of which it is said that they are gone. */
async function fetchAll(session: StressSession, { truth }: Deps): Promise<void> {
  const count = session.box?.messages.length ?? 0;
  const { responses, code, status } = await session.run('FETCH 1:* (UID FLAGS)', { verb: 'FETCH', expunges: false });
  const told = new Set<number>();
  // News come after the answer, and may name a message again.
  for (const one of responses) if (one.kind === 'fetch') told.add(one.fetched.sequence);
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((one) => !told.has(one));
  if (missing.length > 0 && status === 'OK' && code !== 'EXPUNGEISSUED')
    truth.problem(`${session.account}: FETCH 1:* left out ${missing.join(',')} of ${count} in ${session.box?.name}`);
}

async function store(session: StressSession, deps: Deps): Promise<void> {
  const { random } = deps;
  const { set, uid } = some(session, deps, 4);
  const flag = random.pick(FLAGS);
  const how = random.pick(['+FLAGS', '-FLAGS', '+FLAGS', '-FLAGS', 'FLAGS']);
  const unchanged =
    session.enabled.has('CONDSTORE') && random.chance(0.3) ? ` (UNCHANGEDSINCE ${session.box?.highest || 1})` : '';
  // What is opened is to be heard of.
  const silent = flag !== '\\Seen' && random.chance(0.3) ? '.SILENT' : '';
  // Whoever opens a message knows which it is, so that the report can be held to it.
  if (flag === '\\Seen' && how !== '-FLAGS')
    await session.run(`${uid ? 'UID ' : ''}FETCH ${set} (UID ENVELOPE)`, {
      verb: 'FETCH',
      expunges: uid,
      exposure: 'listed',
    });
  const began = performance.now();
  const command = `${uid ? 'UID ' : ''}STORE ${set}${unchanged} ${how}${silent} (${flag})`;
  const { responses } = await session.run(command, { verb: 'STORE', expunges: uid });
  if (flag !== '\\Seen' || how === '-FLAGS') return;
  for (const one of responses) {
    if (one.kind === 'fetch' && one.fetched.flags?.includes('\\Seen') && one.fetched.uid !== null)
      session.opened(one.fetched.uid, began);
  }
}

async function remove(session: StressSession, deps: Deps): Promise<void> {
  const { random } = deps;
  const { set, uid, uids } = some(session, deps, (session.box?.messages.length ?? 0) > CROWDED ? 20 : 3);
  await session.run(`${uid ? 'UID ' : ''}STORE ${set} +FLAGS.SILENT (\\Deleted)`, { verb: 'STORE', expunges: uid });
  if (random.chance(0.3)) return;
  const command = uid && random.chance(0.5) ? `UID EXPUNGE ${uids.join(',')}` : 'EXPUNGE';
  await session.run(command, { verb: 'EXPUNGE', expunges: true });
}

async function search(session: StressSession, deps: Deps): Promise<void> {
  const { random, truth } = deps;
  const uid = random.chance(0.5);
  const token = random.chance(0.5) ? deps.recent() : undefined;
  const others = ['ALL', 'UNSEEN', 'NOT DELETED', 'KEYWORD later', 'SINCE 1-Jan-2020', 'LARGER 10', 'FROM ana', '1:*'];
  const criteria = token === undefined ? random.pick(others) : `${random.pick(['SUBJECT', 'TEXT'])} "${token}"`;
  const give = random.pick(['', '', 'RETURN (ALL COUNT) ', 'RETURN (SAVE) ', 'RETURN (MIN MAX) ']);
  const began = performance.now();
  const command = `${uid ? 'UID ' : ''}SEARCH ${give}${criteria}`;
  const { responses } = await session.run(command, { verb: 'SEARCH', expunges: uid, byUid: uid });
  const found = responses.some((one) => one.kind === 'search' && (one.numbers.length > 0 || (one.count ?? 0) > 0));
  if (token !== undefined && found) truth.shown(session.account, token, 'none', began, command);
  if (give === 'RETURN (SAVE) ') await session.run('FETCH $ (UID FLAGS)', { verb: 'FETCH', expunges: false });
}

async function copy(session: StressSession, deps: Deps): Promise<void> {
  const { random, truth } = deps;
  const to = random.pick(MAILBOXES);
  const moves = random.chance(0.5);
  if ((moves && session.box?.readOnly) || to === session.box?.name) return;
  const { set, uid } = some(session, deps, 4);
  const verb = moves ? 'MOVE' : 'COPY';
  // What the UIDs stand for is known before, for MOVE takes them away.
  const known = new Map((session.box?.messages ?? []).map((one) => [one.uid, truth.tokenAt(session.place(one.uid))]));
  const { code, responses } = await session.run(`${uid ? 'UID ' : ''}${verb} ${set} ${to}`, {
    verb,
    expunges: moves || uid,
  });
  const codes = [code, ...responses.flatMap((one) => (one.kind === 'state' ? [one.code] : []))];
  const [, validity, from, into] = codes.find((one) => one.startsWith('COPYUID '))?.split(' ') ?? [];
  if (validity === undefined || from === undefined || into === undefined) return;
  const [source, target] = [numbersOf(from), numbersOf(into)];
  if (source.length !== target.length) truth.problem(`${session.account}: ${verb} ${set}: ${codes.join(' ')}`);
  for (const [i, one] of source.entries()) {
    const token = known.get(one);
    if (token !== undefined)
      truth.isMessage(`${session.account}/${to}/${validity}/${target[i]}`, token, codes.join(' '));
  }
}

async function append(session: StressSession, deps: Deps): Promise<void> {
  const { random, truth } = deps;
  const to = random.pick(MAILBOXES);
  const token = deps.token();
  const message = mail(`Own ${token}`, { body: `Kept by itself, ${token}.` });
  const literal = `{${Buffer.byteLength(message)}+}\r\n${message}`;
  const { code } = await session.run(`APPEND ${to} (${random.pick(['', '\\Seen', 'later'])}) ${literal}`, {
    verb: 'APPEND',
    expunges: true,
  });
  const [name, validity, uid] = code.split(' ');
  if (name === 'APPENDUID') truth.isMessage(`${session.account}/${to}/${validity}/${uid}`, token, code);
}

async function status(session: StressSession, { random, truth }: Deps): Promise<void> {
  const items = '(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)';
  const { responses } = await session.run(`STATUS ${random.pick(MAILBOXES)} ${items}`, {
    verb: 'STATUS',
    expunges: true,
  });
  for (const one of responses) {
    if (one.kind !== 'status') continue;
    const [total = 0, unseen = 0] = [one.items.get('MESSAGES'), one.items.get('UNSEEN')];
    if (unseen > total || unseen < 0)
      truth.problem(`${session.account}: ${unseen} of ${total} are unread in ${one.name}`);
  }
}

async function manage(session: StressSession, deps: Deps): Promise<void> {
  const name = `Box-${deps.token()}`;
  const any = { expunges: true };
  await session.run(`CREATE ${name}/Below`, { verb: 'CREATE', ...any });
  await session.run(`RENAME ${name}/Below ${name}/Under`, { verb: 'RENAME', ...any });
  await session.run(`LIST "" ${name}/%`, { verb: 'LIST', ...any });
  await session.run(`DELETE ${name}/Under`, { verb: 'DELETE', ...any });
  await session.run(`DELETE ${name}`, { verb: 'DELETE', ...any });
}

const noop: Act = async (session) => void (await session.run('NOOP', { verb: 'NOOP', expunges: true }));
const idle: Act = (session, { random }) => session.idle(random.below(400));

const WITH_MESSAGES: readonly [weight: number, act: Act][] = [
  [30, fetch],
  [4, fetchAll],
  [8, store],
  [5, remove],
  [8, search],
  [6, copy],
];
const SELECTED: readonly [weight: number, act: Act][] = [
  [6, noop],
  [4, idle],
];
const ALWAYS: readonly [weight: number, act: Act][] = [
  [4, append],
  [4, status],
  [1, manage],
];

/** Mailboxes as a session left them, for QRESYNC. */
export type Left = Map<string, Box>;

export async function act(session: StressSession, left: Left, deps: Deps): Promise<void> {
  const { random } = deps;
  const { box } = session;
  if (!box || random.chance(0.04)) return change(session, left, deps);
  const acts = [...ALWAYS, ...SELECTED, ...(box.messages.length > 0 ? WITH_MESSAGES : [])];
  let at = random.below(acts.reduce((sum, [weight]) => sum + weight, 0));
  const chosen = acts.find(([weight]) => (at -= weight) < 0)?.[1] ?? noop;
  if (box.readOnly && (chosen === store || chosen === remove)) return fetch(session, deps);
  await chosen(session, deps);
}

/** To another mailbox, or out of this one. */
async function change(session: StressSession, left: Left, deps: Deps): Promise<void> {
  const { random } = deps;
  const before = session.box;
  if (before && random.chance(0.3)) {
    const verb = random.pick(['CLOSE', 'UNSELECT']);
    await session.run(verb, { verb, expunges: false });
  }
  if (before) left.set(before.name, before);
  session.leave();
  const name = random.chance(0.7) ? 'INBOX' : random.pick(MAILBOXES);
  const known = session.enabled.has('QRESYNC') ? (left.get(name) ?? null) : null;
  await session.select(random.chance(0.1) ? 'EXAMINE' : 'SELECT', name, known);
}
