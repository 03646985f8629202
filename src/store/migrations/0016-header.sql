-- The header as it came, one character an octet (Latin-1), beside what was parsed of it: a list of ten thousand reads the
-- row that it reads anyway. It goes with the row. Null: too long for that, or with a NUL in it; then it is read from the bytes.
ALTER TABLE message ADD COLUMN header text;
-- Compressing it costs more time than it saves room.
ALTER TABLE message ALTER COLUMN header SET STORAGE EXTERNAL;
UPDATE message m SET header = convert_from(h.bytes, 'LATIN1') FROM (
  SELECT g.tenant_id, g.id, substring(b.bytes FROM 1 FOR coalesce(g.header_size, (g.structure -> 'header' ->> 1)::int)) AS bytes
  FROM message g JOIN blob b ON b.tenant_id = g.tenant_id AND b.id = g.blob_id AND b.seq = 0
  WHERE coalesce(g.header_size, (g.structure -> 'header' ->> 1)::int) <= 65536) h
  WHERE h.tenant_id = m.tenant_id AND h.id = m.id AND position('\x00'::bytea IN h.bytes) = 0;

-- The keywords of a mailbox, for SELECT: few copies have any.
CREATE INDEX copy_keywords ON copy (tenant_id, account_id, mailbox_id) WHERE keywords IS NOT NULL;
