-- What IMAP shows of a message, as it is written there (mail/mime/imap.ts), made once at delivery: a list of ten thousand
-- costs the reading of it. Null: stored before, and made from envelope and structure when it is asked for.
ALTER TABLE message ADD COLUMN imap_envelope text;
ALTER TABLE message ADD COLUMN imap_structure text;
-- Octets of the header, its empty line included.
ALTER TABLE message ADD COLUMN header_size int;
