// Numbers for rows, taken from the database's sequences a block at a time.

import type { Store, Transaction } from './postgres.ts';

export type Sequence = 'message_id' | 'blob_id' | 'recall_id';

/** As the sequences' INCREMENT BY in migrations/0001-heart.sql. */
const BLOCK = 100;

export interface Ids {
  /**
   * `count` new numbers, ascending, unique for ever; gaps are nothing to worry about. `tx`: whoever is in a transaction
   * takes them in it. Another connection may be long in coming, to one who holds a lock that all the others wait for.
   */
  take(sequence: Sequence, count?: number, tx?: Transaction): Promise<number[]>;
}

/**
 * A number counts as taken only once the sequence's advance is on disk: nextval by itself makes sure of nothing. After a
 * crash of the database an advance that no commit had flushed is lost, and another process would be given the same numbers
 * again. So a transaction's block is everybody's only after its commit, and one that is fetched alone writes a record of
 * its own (which nobody reads): a transaction that has written nothing does not wait for the disk.
 */
export function createIds(store: Store): Ids {
  const blocks: Record<Sequence, number[]> = { message_id: [], blob_id: [], recall_id: [] };
  return {
    async take(sequence, count = 1, tx) {
      const taken = blocks[sequence].splice(0, count);
      while (taken.length < count) {
        const sql = `SELECT nextval('${sequence}') AS first${tx ? '' : ", pg_logical_emit_message(true, 'homing', '')"}`;
        const [row] = await (tx ? tx.rows<{ first: number }>(sql) : store.single<{ first: number }>(sql));
        if (row) taken.push(...Array.from({ length: BLOCK }, (_, i) => row.first + i));
      }
      const rest = taken.splice(count);
      const keep = (): void => void blocks[sequence].push(...rest);
      if (tx) tx.onCommit(keep);
      else keep();
      return taken.toSorted((a, b) => a - b);
    },
  };
}
