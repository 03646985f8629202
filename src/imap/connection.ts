// One client: bytes in, commands one after the other, answers out; TLS, IDLE, and its end.

import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import type { SecureContext } from 'node:tls';
import { capabilities } from './capabilities.ts';
import { attempt, finish } from './finish.ts';
import { Incoming } from './incoming.ts';
import { tellNews } from './news.ts';
import { ConnectionGone, Output } from './output.ts';
import { ok, statusLine } from './replies.ts';
import { runCommand } from './run.ts';
import { secureSocket, unhear } from './secure.ts';
import { leave, NOTHING_ENABLED, type ImapDeps, type Session } from './session.ts';
import type { Watch, Watcher } from './watch.ts';
import { LIMITS } from './wire/limits.ts';
import { CommandReader, type ReaderEvent } from './wire/reader.ts';

/** The same for all connections. */
export interface ConnectionOptions {
  deps: ImapDeps;
  watch: Watch;
  secureContext: SecureContext;
  /** It is over. */
  gone(connection: Connection): void;
}

/** Ten thousand of them wait: what is empty, or the same for all, is made for none. */
export class Connection implements Watcher {
  readonly session: Session;
  readonly #options: ConnectionOptions;
  #socket: Socket;
  /** What commands are read from: the socket, or what undoes its compression. */
  #source: Readable;
  readonly #reader = new CommandReader({ literalPlus: true });
  /** Octets read since the last time that nothing was left to do. */
  #waiting = 0;
  #running = false;
  #ending = false;
  /** STARTTLS was answered, and nothing has come since. */
  #startsTls = false;
  /** What it is told at its end, if a command runs until then. */
  #goodbye = '';
  /** News that is being told to one who idles. */
  #telling: Promise<void> | null = null;

  constructor(socket: Socket, { secure, ip }: { secure: boolean; ip: string }, options: ConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#source = socket;
    const { deps, watch } = options;
    const session: Session = {
      deps,
      watch,
      watcher: this,
      out: new Output(socket),
      incoming: new Incoming(),
      ip,
      log: deps.log,
      secure,
      user: null,
      signedIn: null,
      signedOut: null,
      program: 'unknown',
      enabled: NOTHING_ENABLED,
      selected: null,
      compressed: false,
      failures: 0,
      idling: null,
      after: null,
      awaiting: null,
    };
    this.session = session;
    this.#attach(socket);
    session.out.line(`* OK [CAPABILITY ${capabilities(session)}] Homing`);
    session.out.flush();
  }

  /** It is told, and goes once a command that runs has ended. */
  end(text: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#goodbye = text;
    if (!this.#running) this.#bye(text);
  }

  /** The directory has changed: whoever may no longer be here, or in the mailbox that is selected, has to come again. */
  async recheck(): Promise<void> {
    const { signedIn, selected, deps } = this.session;
    if (!signedIn) return;
    const { tenant, id } = signedIn.account;
    const others = selected && selected.at.account !== id ? await deps.directory.accessible(tenant, id) : null;
    const may = others === null || others.some((other) => other.id === selected?.at.account);
    if (!may || !(await deps.directory.holds(signedIn))) this.end('What you may do here has changed; sign in again.');
  }

  #bye(text: string): void {
    // In the clear it would be no answer to who expects TLS.
    if (!this.#startsTls) this.session.out.line(`* BYE ${text}`);
    this.session.out.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #attach(socket: Socket): void {
    this.#socket = socket;
    this.#source = socket;
    socket.setNoDelay(true);
    socket.setTimeout((this.session.user ? LIMITS.idleAfter : LIMITS.idleBefore) * 1000);
    socket
      .on('data', (bytes: Buffer) => this.#take(bytes))
      .on('timeout', () => {
        // Who does not read, or does not go, is not waited for.
        if (this.#ending || socket.writableLength > 0) return void socket.destroy();
        this.#ending = true;
        socket.once('finish', () => socket.destroy());
        this.#bye('Nothing was said for too long.');
      })
      .on('error', () => socket.destroy())
      .on('close', this.#closed);
  }

  readonly #closed = (): void => {
    leave(this.session);
    void this.session.incoming.clear();
    this.session.signedOut?.();
    this.#options.gone(this);
  };

  #take(bytes: Buffer): void {
    // What comes after LOGOUT is nobody's.
    if (this.#ending) return;
    if (this.#startsTls) return this.#secure(bytes);
    this.#reader.push(bytes);
    this.#waiting += bytes.length;
    if (this.#running && this.#waiting > LIMITS.waiting) this.#source.pause();
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let event = this.#reader.next(); event && !this.#ending; event = this.#reader.next()) {
        await this.#handle(event);
        this.session.out.flush();
        const drained = this.#ending ? undefined : this.session.out.drained();
        if (drained) await drained;
      }
    } catch (error) {
      if (!(error instanceof ConnectionGone)) this.session.log.error({ err: error }, 'an IMAP connection failed');
      this.#socket.destroy();
    } finally {
      this.#running = false;
      this.#waiting = 0;
      this.#source.resume();
    }
    if (this.#goodbye !== '') this.#bye(this.#goodbye);
  }

  async #handle(event: ReaderEvent): Promise<void> {
    const { session } = this;
    switch (event.kind) {
      case 'continue':
        session.out.line('+ Go on.');
        return;
      case 'announced':
        this.#reader.take(await attempt(session, () => session.incoming.announced(session, event.size, event.pieces)));
        return;
      case 'data':
        return session.incoming.data(event.stream, event.bytes);
      case 'data-end':
        return session.incoming.end(event.stream);
      case 'refused':
        await session.incoming.clear();
        session.out.line(statusLine(event.tag, event.fault));
        return;
      case 'line':
        return this.#line(event.text);
      case 'command':
        await runCommand(session, event.pieces);
        await session.incoming.clear();
        return this.#afterwards();
    }
  }

  /** DONE, or what AUTHENTICATE asked for. */
  async #line(text: string): Promise<void> {
    const { session } = this;
    if (session.awaiting) {
      await session.awaiting(text);
      return this.#afterwards();
    }
    const tag = session.idling;
    if (tag === null) return;
    session.idling = null;
    await this.#telling;
    if (!/^done$/i.test(text)) return session.out.line(statusLine(tag, { status: 'BAD', text: 'DONE ends IDLE.' }));
    await finish(session, tag, ok('Done.'), true, true);
  }

  #afterwards(): void {
    const { session } = this;
    const { after } = session;
    session.after = null;
    if (session.idling !== null || session.awaiting) this.#reader.expectLine();
    if (session.idling !== null) this.#telling ??= this.#tell();
    if (session.user) this.#socket.setTimeout(LIMITS.idleAfter * 1000);
    if (after === 'tls') this.#startTls();
    if (after === 'compress') this.#compress();
    if (after === 'end') {
      session.out.end();
      this.#ending = true;
    }
  }

  /** RFC 9051 §11.1: what was sent in the clear along with STARTTLS is thrown away; what comes next is TLS. */
  #startTls(): void {
    this.session.out.flush();
    this.#reader.rest();
    this.#startsTls = true;
  }

  #secure(hello: Buffer): void {
    const { session } = this;
    this.#startsTls = false;
    const plain = this.#socket;
    plain.setTimeout(0);
    // Its end is the faces' business still.
    for (const event of ['data', 'timeout', 'error']) unhear(plain, event);
    plain.off('close', this.#closed);
    const secure = secureSocket(plain, hello, this.#options.secureContext);
    session.secure = true;
    session.program = 'unknown';
    session.out.to(secure);
    this.#attach(secure);
  }

  /**
   * RFC 4978: from the answer on, all octets both ways. A few of them may become a thousand times as many: what undoes that
   * goes on as these are read, a piece of 16 kB at a time, and the socket with it.
   */
  #compress(): void {
    const { session } = this;
    session.out.flush();
    const rest = this.#reader.rest();
    const socket = this.#socket;
    const inflate = createInflateRaw();
    const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
    socket.removeAllListeners('data').on('data', (bytes: Buffer) => {
      if (!inflate.write(bytes)) socket.pause();
    });
    inflate
      .on('drain', () => socket.resume())
      .on('data', (bytes: Buffer) => this.#take(bytes))
      .on('error', () => socket.destroy());
    deflate.on('error', () => socket.destroy()).pipe(socket);
    // Whoever waits for it to be read hears that it never will be.
    socket.once('close', () => deflate.destroy());
    this.#source = inflate;
    session.compressed = true;
    session.out.to(deflate);
    if (rest.length > 0) inflate.write(rest);
  }

  get told(): number {
    return this.session.selected?.told ?? Number.MAX_SAFE_INTEGER;
  }

  hear(): void {
    const { session } = this;
    if (session.selected) session.selected.stale = true;
    if (session.idling !== null) this.#telling ??= this.#tell();
  }

  async #tell(): Promise<void> {
    const { session } = this;
    try {
      do {
        await tellNews(session, true);
        session.out.flush();
        await session.out.drained();
      } while (session.idling !== null && session.selected?.stale);
    } catch (error) {
      if (!(error instanceof ConnectionGone)) session.log.warn({ err: error }, 'news was not told');
      this.#socket.destroy();
    } finally {
      this.#telling = null;
    }
  }
}
