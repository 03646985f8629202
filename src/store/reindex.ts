// Messages that an older version of mail/words.ts cut into words, cut anew.

import { WORDS_VERSION } from '../mail/words.ts';
import { vectorArray } from './binary.ts';
import type { Reader, Transaction } from './postgres.ts';

export interface StaleMessage {
  id: number;
  blob_id: number;
}

const AT_ONCE = 20;

/** The next ones after `after`, by number. */
export async function staleMessages(reader: Reader, tenant: number, after: number): Promise<StaleMessage[]> {
  return reader.rows(
    `SELECT id, blob_id FROM message WHERE tenant_id = $1 AND id > $2 AND search_version < ${WORDS_VERSION} ORDER BY id LIMIT ${AT_ONCE}`,
    [tenant, after],
  );
}

/** `vectors[i]` of `ids[i]`, as search-index.ts makes them. */
export async function setVectors(tx: Transaction, tenant: number, ids: number[], vectors: Buffer[]): Promise<void> {
  await tx.run(
    `UPDATE message m SET search = v.search, search_version = ${WORDS_VERSION}
     FROM unnest($2::bigint[], $3::tsvector[]) AS v (id, search) WHERE m.tenant_id = $1 AND m.id = v.id`,
    [tenant, ids, vectorArray(vectors)],
  );
}
