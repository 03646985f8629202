// Messages, their bytes and who refers to them.

import type { Check } from './check.ts';

export const MESSAGE_CHECKS: Check[] = [
  {
    name: 'copy-of-message',
    says: 'every copy is of a message of its own organisation',
    sql: `SELECT c.account_id, c.mailbox_id, c.uid, c.email_id, c.message_id FROM copy c WHERE c.tenant_id = $1
      AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = $1 AND m.id = c.message_id)`,
  },
  {
    name: 'vault-of-message',
    says: 'what the vault keeps is of a message that is there',
    sql: `SELECT v.recall_id, v.n, v.email_id, v.message_id FROM vault v WHERE v.tenant_id = $1
      AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = $1 AND m.id = v.message_id)`,
  },
  {
    name: 'message-bytes',
    says: 'every message has its bytes, as many as it says, in rows without a gap',
    sql: `SELECT m.id AS message_id, m.blob_id, m.size, b.octets, b.pieces, b.last_seq FROM message m LEFT JOIN (
        SELECT id, sum(octet_length(bytes))::bigint AS octets, count(*)::int AS pieces, max(seq) AS last_seq FROM blob WHERE tenant_id = $1 GROUP BY id
      ) b ON b.id = m.blob_id
      WHERE m.tenant_id = $1 AND (b.octets IS DISTINCT FROM m.size::bigint OR b.pieces <> b.last_seq + 1)`,
  },
  {
    name: 'message-header',
    says: 'a header that is kept beside its message is the one in its bytes',
    // CASE: what is no Latin-1 at all is wrong, and not to be converted to it.
    sql: `SELECT m.id AS message_id, m.blob_id, m.header_size FROM message m
      JOIN blob b ON b.tenant_id = $1 AND b.id = m.blob_id AND b.seq = 0
      WHERE m.tenant_id = $1 AND m.header IS NOT NULL AND CASE WHEN m.header ~ '[^\u0001-\u00ff]' THEN true
        ELSE convert_to(m.header, 'LATIN1') IS DISTINCT FROM substring(b.bytes FROM 1 FOR coalesce(m.header_size, (m.structure->'header'->>1)::int)) END`,
  },
  {
    name: 'upload-bytes',
    says: 'every upload has its bytes, as many as it says',
    sql: `SELECT u.account_id, u.id AS upload_id, u.blob_id, u.size, b.octets FROM upload u LEFT JOIN LATERAL (
        SELECT sum(octet_length(bytes))::bigint AS octets FROM blob WHERE tenant_id = $1 AND id = u.blob_id) b ON true
      WHERE u.tenant_id = $1 AND b.octets IS DISTINCT FROM u.size`,
  },
  {
    name: 'bytes-referred-to',
    says: 'all bytes are a message’s or an upload’s',
    sql: `SELECT b.id AS blob_id, octet_length(b.bytes) AS octets FROM blob b WHERE b.tenant_id = $1 AND b.seq = 0
      AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = $1 AND m.blob_id = b.id)
      AND NOT EXISTS (SELECT FROM upload u WHERE u.tenant_id = $1 AND u.blob_id = b.id)`,
  },
  {
    name: 'carried-of-message',
    says: 'what is known of files and forwards is of a message that is there',
    sql: ['attachment', 'forward']
      .map(
        (table) => `SELECT DISTINCT '${table}' AS what, x.message_id FROM ${table} x
          WHERE x.tenant_id = $1 AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = $1 AND m.id = x.message_id)`,
      )
      .join(' UNION ALL '),
  },
  {
    name: 'words-of-message',
    says: 'words are of a message that is there',
    sql: `SELECT w.message_id, w.version FROM message_words w
      WHERE w.tenant_id = $1 AND NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = $1 AND m.id = w.message_id)`,
  },
  {
    name: 'copy-indexed',
    says: 'of copies that are said to be found by their words, the words are there',
    sql: `SELECT c.account_id, c.email_id, c.message_id, u.email_id AS indexed_until FROM indexed_until u
      JOIN copy c ON c.tenant_id = $1 AND c.account_id = u.account_id AND c.email_id <= u.email_id
      WHERE u.tenant_id = $1 AND NOT EXISTS (SELECT FROM message_words w WHERE w.tenant_id = $1 AND w.message_id = c.message_id)`,
  },
  {
    name: 'bytes-once',
    says: 'no bytes are two messages’',
    sql: `SELECT blob_id, array_agg(id ORDER BY id) AS messages FROM message WHERE tenant_id = $1 GROUP BY blob_id HAVING count(*) > 1`,
  },
];
