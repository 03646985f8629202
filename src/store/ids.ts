// Numbers for rows, taken from the database's sequences a block at a time.

import type { Store } from './postgres.ts';

export type Sequence = 'message_id' | 'blob_id' | 'recall_id';

/** As the sequences' INCREMENT BY in migrations/0001-heart.sql. */
const BLOCK = 100;

export interface Ids {
  /** `count` new numbers, ascending, unique for ever; gaps are nothing to worry about. */
  take(sequence: Sequence, count?: number): Promise<number[]>;
}

export function createIds(store: Store): Ids {
  const blocks: Record<Sequence, number[]> = { message_id: [], blob_id: [], recall_id: [] };
  return {
    async take(sequence, count = 1) {
      while (blocks[sequence].length < count) {
        const [row] = await store.single<{ first: number }>(`SELECT nextval('${sequence}') AS first`);
        if (row) blocks[sequence].push(...Array.from({ length: BLOCK }, (_, i) => row.first + i));
      }
      return blocks[sequence].splice(0, count);
    },
  };
}
