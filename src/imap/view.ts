// Sequence numbers of a selected mailbox (RFC 9051 §2.3.1.2): the UIDs that the client has been told of, in order. One
// that is gone keeps its number until the client may be told so.

import { resolve, type SequenceSet } from './wire/sequence-set.ts';

const NONE: ReadonlySet<number> = new Set();
/** Of all that are empty: an array costs what a hundred UIDs do. Nothing is written to it. */
const NO_UIDS = new Uint32Array(0);

export class View {
  /** Ascending; the first `#length` count. */
  #uids: Uint32Array;
  #length: number;
  #gone: Set<number> | null = null;

  constructor(uids: number[]) {
    this.#uids = uids.length === 0 ? NO_UIDS : Uint32Array.from(uids);
    this.#length = uids.length;
  }

  /** Gone, and not told yet. */
  get gone(): ReadonlySet<number> {
    return this.#gone ?? NONE;
  }

  get length(): number {
    return this.#length;
  }

  /** The UID of a sequence number; both from 1 on. */
  uidAt(sequence: number): number {
    return this.#uids[sequence - 1] ?? 0;
  }

  get lastUid(): number {
    return this.#length === 0 ? 0 : (this.#uids[this.#length - 1] ?? 0);
  }

  /** 0: there is none of this UID. */
  sequenceOf(uid: number): number {
    const at = this.#before(uid);
    return at < this.#length && this.#uids[at] === uid ? at + 1 : 0;
  }

  /** How many UIDs are below this one. */
  #before(uid: number): number {
    let [from, to] = [0, this.#length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#uids[middle] ?? 0) < uid) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** UIDs beyond the last, ascending. */
  append(uids: number[]): void {
    if (this.#length + uids.length > this.#uids.length) {
      const grown = new Uint32Array((this.#length + uids.length) * 1.25 + 16);
      grown.set(this.#uids.subarray(0, this.#length));
      this.#uids = grown;
    }
    this.#uids.set(uids, this.#length);
    this.#length += uids.length;
  }

  lose(uid: number): void {
    (this.#gone ??= new Set()).add(uid);
  }

  /** Takes away those that are gone; their sequence numbers, each as it is once those before it in the list are away. */
  remove(): { sequences: number[]; uids: number[] } {
    const sequences: number[] = [];
    const removed: number[] = [];
    let kept = 0;
    for (let i = 0; i < this.#length; i++) {
      const uid = this.#uids[i] ?? 0;
      if (this.#gone?.has(uid)) {
        sequences.push(kept + 1);
        removed.push(uid);
      } else this.#uids[kept++] = uid;
    }
    this.#length = kept;
    this.#gone = null;
    return { sequences, uids: removed };
  }

  /** UIDs of a set of sequence numbers; `undefined` if it names one that there is not (RFC 9051 §6.4: BAD). */
  ofSequences(set: SequenceSet): number[] | undefined {
    const resolved = resolve(set, this.#length);
    const last = resolved.at(-1);
    if (resolved.length === 0 || (last && last[1] > this.#length)) return undefined;
    const uids: number[] = [];
    for (const [low, high] of resolved) for (let at = low; at <= high; at++) uids.push(this.#uids[at - 1] ?? 0);
    return uids;
  }

  /** Those of a set of UIDs that there are. */
  ofUids(set: SequenceSet): number[] {
    const uids: number[] = [];
    for (const [low, high] of resolve(set, this.lastUid)) {
      for (let at = this.#before(low); at < this.#length; at++) {
        const uid = this.#uids[at] ?? 0;
        if (uid > high) break;
        uids.push(uid);
      }
    }
    return uids;
  }

  all(): number[] {
    return [...this.#uids.subarray(0, this.#length)];
  }
}
