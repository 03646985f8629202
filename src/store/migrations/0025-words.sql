-- The words that messages are found by, in a table of their own: a message is stored without them, and indexed after that,
-- in the background or by the first search that would look at them (store/indexing.ts).

-- One row a message, however many copies. A message without one is still to be indexed. Key and version are in the index:
-- to see what is still to be done costs no look at the words.
CREATE TABLE message_words (
  tenant_id int NOT NULL,
  message_id bigint NOT NULL,
  -- Which way of cutting texts into words made it (mail/words.ts); 0: its bytes could not be read, it is to be tried again.
  version smallint NOT NULL,
  words tsvector NOT NULL,
  PRIMARY KEY (tenant_id, message_id) INCLUDE (version)
);
INSERT INTO message_words (tenant_id, message_id, version, words)
  SELECT tenant_id, id, search_version, search FROM message ORDER BY tenant_id, id;
-- Every search reads what waits there to be put in order, and plans for it: let it be less than the usual 4 MB.
CREATE INDEX message_words_words ON message_words USING gin (words) WITH (gin_pending_list_limit = 1024);

-- All copies of an account whose email_id is this or less are of indexed messages: what came since is looked at alone.
CREATE TABLE indexed_until (
  tenant_id int NOT NULL,
  account_id int NOT NULL,
  email_id bigint NOT NULL,
  PRIMARY KEY (tenant_id, account_id)
);
INSERT INTO indexed_until (tenant_id, account_id, email_id) SELECT tenant_id, account_id, modseq FROM account_state;

ALTER TABLE message DROP COLUMN search, DROP COLUMN search_version;
