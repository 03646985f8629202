// One event source for all windows of a session: a browser has few connections to spare for one server (six, over
// HTTP/1.1), and each source keeps one. The window that holds the lock listens and tells the others; when it closes, the
// next one has the lock.

import type { Jmap } from './client.ts';
import type { StateChange } from './types.ts';

export type PushState = 'live' | 'lost';

export interface Hearing {
  onChange(change: StateChange): void;
  /** What was said before this was perhaps not heard. */
  onAgain(): void;
  onState(state: PushState): void;
}

type Told = { change: StateChange } | { again: true } | { state: PushState };

/** Listens until the function that it answers is called. */
export function listenTogether(jmap: Pick<Jmap, 'base' | 'call'>, hearing: Hearing): () => void {
  // Without TLS a browser has locks for loopback addresses only: each window listens for itself then.
  if (!('locks' in navigator)) return listen(jmap, hearing);
  const name = `homing.push${jmap.base}`;
  const channel = new BroadcastChannel(name);
  const stopped = new AbortController();
  const tell = (told: Told): void => channel.postMessage(told);
  channel.addEventListener('message', ({ data }: MessageEvent<Told>) => {
    if ('change' in data) hearing.onChange(data.change);
    else if ('state' in data) hearing.onState(data.state);
    else hearing.onAgain();
  });
  const lead = (): Promise<void> =>
    new Promise((resolve) => {
      const stop = listen(jmap, {
        onChange(change) {
          hearing.onChange(change);
          tell({ change });
        },
        onAgain() {
          hearing.onAgain();
          tell({ again: true });
        },
        onState(state) {
          hearing.onState(state);
          tell({ state });
        },
      });
      stopped.signal.addEventListener('abort', () => {
        stop();
        resolve();
      });
    });
  navigator.locks.request(name, { signal: stopped.signal }, lead).catch(() => undefined);
  return () => {
    stopped.abort();
    channel.close();
  };
}

/** Seconds between the server's pings. */
const PING = 20;
/** A connection that said nothing for so long is dead. */
const SILENCE_MS = 50_000;
const RETRY_MS = [250, 1000, 2000, 5000, 10_000];
/** What is fetched while a page opens may be a moment older than the connection. */
const SETTLE_MS = 1000;

function listen({ base, call }: Pick<Jmap, 'base' | 'call'>, hearing: Hearing): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let wasOpen = false;

  const alive = (): void => {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
  };
  const open = (): void => {
    source = new EventSource(`${base}/jmap/eventsource/?types=*&closeafter=no&ping=${PING}`);
    source.addEventListener('open', () => {
      if (wasOpen) hearing.onAgain();
      else timer = setTimeout(hearing.onAgain, SETTLE_MS);
      failures = 0;
      wasOpen = true;
      hearing.onState('live');
      alive();
    });
    source.addEventListener('ping', alive);
    source.addEventListener('state', ({ data }: MessageEvent<string>) => {
      alive();
      hearing.onChange(JSON.parse(data) as StateChange);
    });
    source.addEventListener('error', lost);
  };
  const lost = (): void => {
    close();
    // The first time it is tried again before anybody is told: a server that ends a stream is not one that is gone.
    if (failures > 0) hearing.onState('lost');
    timer = setTimeout(open, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures++;
    // An event source does not say why it was refused; an ordinary call does, and leads to sign-in where that is due.
    void call('Core/echo', {}).catch(() => undefined);
  };
  const close = (): void => {
    source?.close();
    clearTimeout(timer);
    clearTimeout(silence);
  };
  const online = (): void => {
    if (failures === 0) return;
    close();
    open();
  };
  addEventListener('online', online);
  open();
  return () => {
    removeEventListener('online', online);
    close();
  };
}
