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

export function createIds(store: Store): Ids {
  const blocks: Record<Sequence, number[]> = { message_id: [], blob_id: [], recall_id: [] };
  return {
    async take(sequence, count = 1, tx) {
      while (blocks[sequence].length < count) {
        const sql = `SELECT nextval('${sequence}') AS first`;
        const [row] = await (tx ? tx.rows<{ first: number }>(sql) : store.single<{ first: number }>(sql));
        if (row) blocks[sequence].push(...Array.from({ length: BLOCK }, (_, i) => row.first + i));
      }
      return blocks[sequence].splice(0, count);
    },
  };
}
