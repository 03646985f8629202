// One IMAP session that remembers everything it is told, and finds fault with what cannot be.

import { rawImap, type RawImap } from '../../support/imap.ts';
import { parseResponse, type Fetched, type Response, type Value } from './response.ts';
import type { Exposure, Truth } from './truth.ts';

/** A message as this session knows it; uid 0: not told yet. */
interface Known {
  uid: number;
  modseq: number;
}

export interface Box {
  name: string;
  validity: number;
  messages: Known[];
  /** As told last. */
  next: number;
  highest: number;
  readOnly: boolean;
}

/** What a command may do to sequence numbers and show of messages. */
export interface Asked {
  verb: string;
  /** Expunges may come with its answer (RFC 9051 §7.5.1). */
  expunges: boolean;
  /** Numbers that are found are UIDs. */
  byUid?: boolean;
  /** What a FETCH of this kind shows. */
  exposure?: Exposure;
}

export interface Done {
  /** Of the tagged answer. */
  status: string;
  code: string;
  text: string;
  responses: Response[];
}

export interface SessionOptions {
  port: number;
  account: string;
  password?: string;
  truth: Truth;
  /** Milliseconds that a command took. */
  took(verb: string, ms: number): void;
}

/** NO with one of these is an answer that others' doings explain. */
const EXPECTED = /^(?:EXPUNGEISSUED|TRYCREATE|NONEXISTENT|ALREADYEXISTS|READ-ONLY|INUSE|HASCHILDREN)/;

export class StressSession {
  readonly account: string;
  readonly enabled = new Set<string>();
  box: Box | null = null;
  readonly #wire: RawImap;
  readonly #options: SessionOptions;
  readonly #truth: Truth;

  static async open(options: SessionOptions): Promise<StressSession> {
    const { port, account: user, password } = options;
    const wire = await rawImap(port, { user, ...(password === undefined ? {} : { password }) });
    return new StressSession(wire, options);
  }

  private constructor(wire: RawImap, options: SessionOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#truth = options.truth;
    this.account = options.account;
  }

  place(uid: number): string {
    const { box } = this;
    return `${this.account}/${box?.name}/${box?.validity}/${uid}`;
  }

  /** Which message that is, if it was told. */
  tokenAt(uid: number): string | undefined {
    return this.#truth.tokenAt(this.place(uid));
  }

  async run(command: string, asked: Asked): Promise<Done> {
    const began = performance.now();
    const lines = await this.#wire.run(command);
    this.#options.took(asked.verb, performance.now() - began);
    const said = (line: string): string => `${this.account}: ${command.slice(0, 200)} → ${line.slice(0, 300)}`;
    const responses = lines.slice(0, -1).map((line) => this.#take(line, asked, began, said(line)));
    const last = lines.at(-1) ?? '';
    if (last === '') this.#truth.problem(`the connection was ended: ${said(lines.at(-2) ?? '')}`);
    const tagged = last === '' ? { status: 'BYE', code: '', text: '' } : parseTagged(last);
    // Too much at once for the machine: an answer, and nothing is said of what there is.
    if (tagged.code === 'UNAVAILABLE') this.#options.took('(unavailable)', performance.now() - began);
    else if (tagged.status === 'BAD' || (tagged.status === 'NO' && !EXPECTED.test(tagged.code)))
      this.#truth.problem(`refused: ${said(last)}`);
    return { ...tagged, responses };
  }

  /** IDLE until something comes or the time is over. */
  async idle(ms: number): Promise<void> {
    const began = performance.now();
    this.#wire.write('idle IDLE\r\n');
    const asked: Asked = { verb: 'IDLE', expunges: true };
    const take = (line: string): void => void this.#take(line, asked, began, `${this.account}: IDLE → ${line}`);
    let line = await this.#wire.line();
    const ended = (): boolean => line === '' || line.startsWith('idle ');
    for (; !ended() && !line.startsWith('+'); line = await this.#wire.line()) take(line);
    if (!ended()) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      this.#wire.write('DONE\r\n');
      for (line = await this.#wire.line(); !ended(); line = await this.#wire.line()) take(line);
    }
    // Too much at once for the machine, or its database was away: an answer, and nothing is said of what there is.
    if (!/^idle (OK|NO \[UNAVAILABLE\])/.test(line)) this.#truth.problem(`${this.account}: IDLE → ${line}`);
    this.#options.took('IDLE', performance.now() - began - ms);
  }

  /** SELECT or EXAMINE; `known`: by QRESYNC from what was known when it was left. */
  async select(verb: 'SELECT' | 'EXAMINE', name: string, known: Box | null): Promise<void> {
    const box: Box = { name, validity: 0, messages: [], next: 0, highest: 0, readOnly: verb === 'EXAMINE' };
    this.box = box;
    const resync = known && known.highest > 0 ? ` (QRESYNC (${known.validity} ${known.highest}))` : '';
    const { status, responses } = await this.run(`${verb} ${name}${resync}`, { verb, expunges: false });
    if (status !== 'OK') {
      this.box = null;
      return;
    }
    if (resync !== '' && known && known.validity === box.validity) await this.#checkResync(known, box, responses);
  }

  /** What was known, with what it was told of, is what there is (RFC 7162 §3.2.5). */
  async #checkResync(known: Box, box: Box, responses: Response[]): Promise<void> {
    const told = new Map(known.messages.filter(({ uid }) => uid > 0).map(({ uid, modseq }) => [uid, modseq]));
    const all = known.messages.every(({ uid, modseq }) => uid > 0 && modseq > 0);
    for (const response of responses) {
      if (response.kind === 'vanished') for (const uid of response.uids) told.delete(uid);
      if (response.kind === 'fetch') told.set(response.fetched.uid ?? 0, response.fetched.modseq ?? 0);
    }
    if (!all) return;
    const { highest } = box;
    const { responses: now } = await this.run('UID FETCH 1:* (UID FLAGS MODSEQ)', { verb: 'FETCH', expunges: true });
    const there = new Map<number, number>();
    for (const one of now) if (one.kind === 'fetch') there.set(one.fetched.uid ?? 0, one.fetched.modseq ?? 0);
    for (const [uid, modseq] of there) {
      if (modseq <= highest && told.get(uid) !== modseq)
        this.#truth.problem(
          `${this.place(uid)}: modseq ${modseq} is there, QRESYNC up to ${highest} had ${told.get(uid)}`,
        );
      if ((told.get(uid) ?? 0) > modseq) this.#truth.problem(`${this.place(uid)}: modseq went back to ${modseq}`);
    }
  }

  leave(): Box | null {
    const { box } = this;
    this.box = null;
    return box;
  }

  close(): void {
    this.#wire.close();
  }

  #take(line: string, asked: Asked, began: number, said: string): Response {
    let response: Response;
    try {
      response = parseResponse(line);
    } catch (error) {
      this.#truth.problem(`not understood (${String(error)}): ${said}`);
      return { kind: 'other', name: '' };
    }
    const { box } = this;
    if (response.kind === 'state') this.#state(response, said);
    if (!box) return response;
    if (response.kind === 'exists') this.#exists(box, response.number, said);
    if (response.kind === 'expunge') this.#expunge(box, response.number, asked, said);
    if (response.kind === 'vanished' && !response.earlier) this.#vanished(box, response.uids, asked, said);
    if (response.kind === 'fetch') this.#fetch(box, response.fetched, asked, began, said);
    if (response.kind === 'search') this.#search(box, response.numbers, asked.byUid === true || response.uid, said);
    return response;
  }

  #state({ code }: Extract<Response, { kind: 'state' }>, said: string): void {
    const { box } = this;
    const [name = '', value = ''] = code.split(' ');
    if (!box) return;
    if (name === 'UIDVALIDITY') box.validity = Number(value);
    if (name === 'UIDNEXT') box.next = Number(value);
    if (name !== 'HIGHESTMODSEQ') return;
    if (Number(value) < box.highest) this.#truth.problem(`HIGHESTMODSEQ was ${box.highest}: ${said}`);
    box.highest = Number(value);
  }

  #exists(box: Box, count: number, said: string): void {
    if (count < box.messages.length) this.#truth.problem(`EXISTS was ${box.messages.length}: ${said}`);
    while (box.messages.length < count) box.messages.push({ uid: 0, modseq: 0 });
  }

  #expunge(box: Box, sequence: number, asked: Asked, said: string): void {
    if (!asked.expunges) this.#truth.problem(`EXPUNGE where none may be: ${said}`);
    if (this.enabled.has('QRESYNC')) this.#truth.problem(`EXPUNGE with QRESYNC: ${said}`);
    if (sequence < 1 || sequence > box.messages.length)
      this.#truth.problem(`there are ${box.messages.length}: ${said}`);
    box.messages.splice(sequence - 1, 1);
  }

  #vanished(box: Box, uids: number[], asked: Asked, said: string): void {
    if (!asked.expunges) this.#truth.problem(`VANISHED where none may be: ${said}`);
    const gone = new Set(uids);
    const { messages } = box;
    const known = new Set(messages.map(({ uid }) => uid));
    for (const uid of gone) {
      if (known.has(uid)) continue;
      // One whose UID was not told yet: any of those that stand where it must have stood.
      const next = messages.findIndex((one) => one.uid > uid);
      const at = (next < 0 ? messages.length : next) - 1;
      if (messages[at]?.uid === 0) messages.splice(at, 1);
      else this.#truth.problem(`VANISHED ${uid}, which is not there: ${said}`);
    }
    box.messages = messages.filter(({ uid }) => !gone.has(uid));
  }

  #fetch(box: Box, fetched: Fetched, asked: Asked, began: number, said: string): void {
    const known = box.messages[fetched.sequence - 1];
    if (!known) return this.#truth.problem(`there are ${box.messages.length}: ${said}`);
    if (fetched.uid !== null) {
      if (known.uid > 0 && known.uid !== fetched.uid) this.#truth.problem(`its UID was ${known.uid}: ${said}`);
      known.uid = fetched.uid;
      const before = box.messages.slice(0, fetched.sequence - 1).findLast((one) => one.uid > 0);
      const after = box.messages.slice(fetched.sequence).find((one) => one.uid > 0);
      if ((before && before.uid >= known.uid) || (after && after.uid <= known.uid))
        this.#truth.problem(`UIDs do not ascend (${before?.uid}, ${after?.uid}): ${said}`);
    }
    if (known.uid === 0) return;
    const place = this.place(known.uid);
    if (fetched.modseq !== null) {
      if (fetched.modseq < known.modseq) this.#truth.problem(`its modseq was ${known.modseq}: ${said}`);
      known.modseq = fetched.modseq;
      if (fetched.flags) this.#truth.hasFlags(place, fetched.modseq, fetched.flags, said);
    }
    this.#content(place, fetched, asked, began, said);
  }

  /** Which message it is, and how far it was shown. */
  #content(place: string, fetched: Fetched, asked: Asked, began: number, said: string): void {
    for (const [name, value] of fetched.others) {
      const token = tokenIn(name, value);
      if (token !== undefined) this.#truth.isMessage(place, token, said);
    }
    const token = this.#truth.tokenAt(place);
    if (token === undefined) return;
    if (asked.exposure && fetched.others.size > 0) this.#truth.shown(this.account, token, asked.exposure, began, said);
  }

  /** \Seen was set by us. */
  opened(uid: number, began: number): void {
    const token = this.#truth.tokenAt(this.place(uid));
    if (token !== undefined) this.#truth.shown(this.account, token, 'opened', began, `STORE ${uid} \\Seen`);
  }

  #search(box: Box, numbers: number[], uid: boolean, said: string): void {
    if (numbers.some((one, i) => i > 0 && one <= (numbers[i - 1] ?? 0))) this.#truth.problem(`not in order: ${said}`);
    if (!uid && (numbers.at(-1) ?? 0) > box.messages.length)
      this.#truth.problem(`there are ${box.messages.length}: ${said}`);
  }
}

function parseTagged(line: string): { status: string; code: string; text: string } {
  const response = parseResponse(line);
  return response.kind === 'state' ? response : { status: '', code: '', text: line };
}

/** A message's token is in its subject and its text; of a notice it is "notice". */
export function tokenIn(name: string, value: Value): string | undefined {
  const text = name === 'ENVELOPE' && Array.isArray(value) ? value[1] : value;
  if (typeof text !== 'string') return undefined;
  if (/Message recalled|took this message back/.test(text)) return 'notice';
  return /token-[a-z0-9]+-x|(?:tok|app)\d+z/.exec(text)?.[0];
}
