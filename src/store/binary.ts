// Arrays as PostgreSQL reads them without parsing a character of them: its binary format. A parameter that is a Buffer is
// sent so; its elements' type must be the one that the statement names.

/** pg_type.oid */
const OIDS = { bytea: 17, text: 25, jsonb: 3802, tsvector: 3614 };

/** JSON's version, before each. */
const JSONB = 1;

/** text[]. None may hold a NUL. */
export function textArray(list: readonly (string | null)[]): Buffer {
  return arrayOf(OIDS.text, list, '');
}

/** jsonb[]: each as JSON is written. */
export function jsonbArray(list: readonly (string | null)[]): Buffer {
  return arrayOf(OIDS.jsonb, list, String.fromCharCode(JSONB));
}

/** tsvector[]: each as search-index.ts makes it. */
export function vectorArray(list: readonly Buffer[]): Buffer {
  return arrayOf(OIDS.tsvector, list, '');
}

export function byteaArray(list: readonly Buffer[]): Buffer {
  return arrayOf(OIDS.bytea, list, '');
}

/** One dimension, from 1; `before` each string. */
function arrayOf(oid: number, list: readonly (string | Buffer | null)[], before: string): Buffer {
  const texts = list.map((value) => (typeof value === 'string' ? before + value : value));
  const sizes = texts.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : (value?.length ?? -1)));
  const header = [list.length === 0 ? 0 : 1, sizes.includes(-1) ? 1 : 0, oid];
  if (list.length > 0) header.push(list.length, 1);
  const array = Buffer.allocUnsafe(4 * header.length + sizes.reduce((sum, size) => sum + 4 + Math.max(0, size), 0));
  let at = 0;
  for (const number of header) at = array.writeInt32BE(number, at);
  for (const [i, value] of texts.entries()) {
    at = array.writeInt32BE(sizes[i] ?? -1, at);
    if (typeof value === 'string') at += array.write(value, at);
    else if (value) at += value.copy(array, at);
  }
  return array;
}
