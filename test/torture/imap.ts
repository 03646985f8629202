// IMAP programs while it is tortured: they idle, read, mark, move, expunge, append and search, come back after a break with
// QRESYNC, and find fault with whatever cannot be.

import { setTimeout as sleep } from 'node:timers/promises';
import { StressSession, tokenIn, type Asked, type Box, type Done } from '../stress/imap/client.ts';
import { createTruth, type Truth } from '../stress/imap/truth.ts';
import { forEver, NoAnswer, within, type Scene } from './actors.ts';
import { PASSWORD, person } from './place.ts';
import type { Told } from './told.ts';

/** What a broken line explains. */
const BROKEN = /^the connection was ended|: IDLE → $/;

/** For all sessions of a run: two answers that cannot both be true are wrong, whoever had them. */
export function imapTruth(told: Told): Truth {
  const truth = createTruth((line) => void told.wrong.push(`IMAP: ${line}`));
  return {
    ...truth,
    problem: (what) => void (BROKEN.test(what) ? 0 : told.wrong.push(`IMAP: ${what.slice(0, 1000)}`)),
  };
}

interface Program {
  scene: Scene;
  who: string;
  session: StressSession;
}

/** Lives in one account's mailbox after the other; `truth` is shared. */
export const imapProgram =
  (truth: Truth) =>
  async (scene: Scene): Promise<void> => {
    const { place, told, random, people } = scene;
    const left = new Map<string, Box>();
    let program: Program | undefined;
    const leave = (): void => {
      const box = program?.session.leave();
      if (program && box) left.set(program.who, box);
      program?.session.close();
      program = undefined;
    };
    await forEver(scene, async () => {
      try {
        if (!program || random.chance(60)) {
          leave();
          const who = person(1 + random.below(people));
          const { port } = random.pick(place.servers).imaps;
          const took = (verb: string): void => void told.commands.set(verb, (told.commands.get(verb) ?? 0) + 1);
          const session = await within(StressSession.open({ port, account: who, password: PASSWORD, truth, took }));
          program = { scene, who, session };
          await run(program, 'ENABLE QRESYNC', { verb: 'ENABLE', expunges: true });
          session.enabled.add('QRESYNC').add('CONDSTORE');
          await within(session.select('SELECT', 'INBOX', left.get(who) ?? null));
          if (!session.box) throw new NoAnswer('not selected');
          await all(program);
        }
        await random.pick(ACTS)(program);
      } catch (error) {
        leave();
        throw error;
      }
    });
    leave();
  };

async function run({ session }: Program, command: string, asked: Asked): Promise<Done> {
  const done = await within(session.run(command, asked));
  if (done.status === 'BYE' || done.code === 'UNAVAILABLE') throw new NoAnswer(command);
  return done;
}

type Act = (program: Program) => Promise<void>;

const all: Act = async (program) =>
  void (await run(program, 'UID FETCH 1:* (UID FLAGS MODSEQ)', { verb: 'FETCH', expunges: true }));

/** UIDs of some of the newest, as far as they are known. */
function newest({ session, scene: { random } }: Program, most: number): number[] {
  const uids = (session.box?.messages ?? []).slice(-12).flatMap(({ uid }) => (uid > 0 ? [uid] : []));
  return uids.filter(() => random.chance(3)).slice(0, most);
}

/** Reads bodies, with PEEK or without: then they are opened. */
const read: Act = async (program) => {
  const { scene, who } = program;
  const { told, random } = scene;
  const uids = newest(program, 4);
  if (uids.length === 0) return;
  const item = random.pick(['ENVELOPE', 'BODY.PEEK[]', 'BODY.PEEK[]', 'BINARY.PEEK[1]', 'BODY[]', 'RFC822.TEXT']);
  const began = told.tick();
  const opens = !item.includes('PEEK') && item !== 'ENVELOPE';
  const perhaps = { who, token: '*', began, ended: Infinity };
  if (opens) told.opened.push(perhaps);
  const { responses } = await run(program, `UID FETCH ${uids.join(',')} (UID FLAGS MODSEQ ${item})`, {
    verb: 'FETCH',
    expunges: true,
  });
  const ended = told.tick();
  for (const one of responses) {
    if (one.kind !== 'fetch') continue;
    for (const [name, value] of one.fetched.others) {
      const token = tokenIn(name, value);
      if (!token?.startsWith('tok')) continue;
      const asked = { who, token, began, ended };
      (item === 'ENVELOPE' ? told.listed : told.content).push(asked);
      if (opens) told.opened.push(asked);
    }
  }
};

const mark: Act = async (program) => {
  const { scene, who, session } = program;
  const { told, random } = scene;
  const uids = newest(program, 2);
  if (uids.length === 0) return;
  const flag = random.pick(['\\Seen', '\\Flagged', '$Forwarded']);
  const asked = uids.map((uid) => ({
    who,
    token: session.tokenAt(uid) ?? '*',
    uid,
    began: told.tick(),
    ended: Infinity,
  }));
  if (flag === '\\Seen') told.opened.push(...asked);
  const { responses } = await run(program, `UID STORE ${uids.join(',')} +FLAGS (${flag})`, {
    verb: 'STORE',
    expunges: true,
  });
  for (const one of responses) {
    if (one.kind !== 'fetch' || !one.fetched.flags?.includes(flag)) continue;
    for (const opened of asked) if (opened.uid === one.fetched.uid) opened.ended = told.tick();
  }
};

const move: Act = async (program) => {
  const uids = newest(program, 2);
  if (uids.length > 0)
    await run(program, `UID MOVE ${uids.join(',')} ${program.scene.random.pick(['Archive', 'Trash'])}`, {
      verb: 'MOVE',
      expunges: true,
    });
};

const expunge: Act = async (program) => {
  const { scene, who, session } = program;
  const uids = newest(program, 1);
  if (uids.length === 0) return;
  const began = scene.told.tick();
  for (const uid of uids)
    scene.told.destroyed.push({ who, token: session.tokenAt(uid) ?? '*', began, ended: Infinity });
  await run(program, `UID STORE ${uids.join(',')} +FLAGS.SILENT (\\Deleted)`, { verb: 'STORE', expunges: true });
  await run(program, `UID EXPUNGE ${uids.join(',')}`, { verb: 'EXPUNGE', expunges: true });
};

let stored = 0;

const append: Act = async (program) => {
  const { who, scene } = program;
  const token = `app${++stored}z`;
  const appended = { who, token, uid: null as number | null };
  scene.told.appended.push(appended);
  const text = `From: ${who}\r\nSubject: ${token}\r\nMessage-ID: <${token}@${who}>\r\n\r\nThe word is ${token}.\r\n`;
  const command = `APPEND Archive (\\Seen \\Flagged) {${text.length}+}\r\n${text}`;
  const { status, code } = await run(program, command, { verb: 'APPEND', expunges: true });
  if (status === 'OK') appended.uid = Number(/^APPENDUID \d+ (\d+)$/.exec(code)?.[1]);
};

/** Found is listed: a covered copy is not. */
const search: Act = async (program) => {
  const { told, random } = program.scene;
  const recent = told.sent.slice(-15);
  if (recent.length === 0) return;
  const { token } = random.pick(recent);
  const began = told.tick();
  const command = `UID SEARCH ${random.pick(['SUBJECT', 'TEXT'])} ${token}`;
  const { responses } = await run(program, command, { verb: 'SEARCH', expunges: true, byUid: true });
  const ended = told.tick();
  if (responses.some((one) => one.kind === 'search' && one.numbers.length > 0))
    told.listed.push({ who: program.who, token, began, ended });
};

const idle: Act = async ({ session, scene }) => {
  const ms = 100 + scene.random.below(1500);
  await within(session.idle(ms));
};

const noop: Act = async (program) => void (await run(program, 'NOOP', { verb: 'NOOP', expunges: true }));

/** Rounds of NOOP after which a program must know: each has had an answer, and so had the database. */
const ROUNDS = 40;
const ROUND_MS = 400;

/**
 * What is in the mailbox is known to the program before long, and what is not, is not: else somebody has not told it. A UID
 * that is missing at once has its VANISHED before it is done with.
 */
const hears: Act = async (program) => {
  const { scene, who, session } = program;
  const { place, told } = scene;
  const account = place.accounts.get(who);
  let unheard: Set<number> | undefined;
  for (let round = 0; round < ROUNDS && !scene.over(); round++) {
    const rows = await place
      .sql<{ uid: string }>(
        `SELECT uid FROM copy WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = 1 ORDER BY uid`,
        [place.tenant, account],
      )
      .catch(() => null);
    if (rows === null) {
      await sleep(ROUND_MS);
      continue;
    }
    await all(program); // and NOOP's work with it: news of what there is, by UID
    await noop(program);
    await all(program);
    const there = new Set(rows.map((row) => Number(row.uid)));
    const known = new Set(session.box?.messages.map(({ uid }) => uid));
    const differs = new Set([...there].filter((uid) => !known.has(uid)));
    for (const uid of known) if (!there.has(uid)) differs.add(uid);
    // Only what was so in every round: others go on meanwhile.
    unheard = unheard ? unheard.intersection(differs) : differs;
    if (unheard.size === 0) return;
    await sleep(ROUND_MS);
  }
  if (scene.over() || unheard === undefined) return;
  const rows = await place.sql(
    `SELECT uid, modseq, message_id, notice_of, flags FROM copy WHERE account_id = $1 AND uid = ANY ($2) AND mailbox_id = 1`,
    [account, [...unheard]],
  );
  told.wrong.push(
    `IMAP: ${who} was not told of ${[...unheard].join(',')}: ${JSON.stringify({ rows, box: { ...session.box, messages: session.box?.messages.slice(-20) } })}`,
  );
};

const ACTS: Act[] = [read, read, read, mark, move, expunge, append, search, search, idle, idle, noop, all, hears];
