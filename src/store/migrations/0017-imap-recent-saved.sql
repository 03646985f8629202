-- IMAP: which messages are \Recent (RFC 3501 §2.3.2), when one was saved (RFC 8514), names that stay subscribed.

-- The first UID that no session has been told of; of what was there before, somebody may have been.
ALTER TABLE mailbox ADD COLUMN first_recent bigint NOT NULL DEFAULT 1;
UPDATE mailbox SET first_recent = uid_next;

-- When it came into the mailbox that it is in; null: at received_at.
ALTER TABLE copy ADD COLUMN saved_at timestamptz;

CREATE OR REPLACE VIEW visible_copy AS
  SELECT c.* FROM copy c
  WHERE NOT EXISTS (
    SELECT FROM gate g
    WHERE g.tenant_id = c.tenant_id AND g.message_id = c.message_id
      AND c.delivery_n IS NOT NULL
      AND (c.opened_at IS NULL OR g.include_read)
      AND c.passed_recall IS DISTINCT FROM g.recall_id
      AND (g.all_recipients OR EXISTS (
        SELECT FROM recall_scope s
        WHERE s.tenant_id = g.tenant_id AND s.recall_id = g.recall_id AND s.n = c.delivery_n)));

-- Names that are subscribed to and stand for no mailbox any more (RFC 9051 §6.3.7): paths within the account.
CREATE TABLE lost_subscription (
  tenant_id int NOT NULL,
  account_id int NOT NULL,
  path text NOT NULL,
  PRIMARY KEY (tenant_id, account_id, path)
);
