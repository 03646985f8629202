-- Vacation responses (RFC 8621 §8): what an account has set, what is still to be answered, and who has had an answer.

CREATE TABLE vacation_response (
  tenant_id int NOT NULL,
  account_id int NOT NULL,
  enabled boolean NOT NULL,
  from_date timestamptz,
  to_date timestamptz,
  subject text,
  text_body text,
  html_body text,
  modseq bigint NOT NULL,
  PRIMARY KEY (tenant_id, account_id)
);

-- A message whose sender may be owed an answer: put down as it is accepted, looked at once it is delivered.
CREATE TABLE vacation_due (
  tenant_id int NOT NULL,
  message_id bigint NOT NULL,
  account_id int NOT NULL,
  -- The message's return path.
  reply_to text NOT NULL,
  not_before timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, message_id, account_id)
);
CREATE INDEX vacation_due_at ON vacation_due (not_before);

-- Once a sender and period (RFC 3834 §2).
CREATE TABLE vacation_sent (
  tenant_id int NOT NULL,
  account_id int NOT NULL,
  -- Canonical.
  sender text NOT NULL,
  at timestamptz NOT NULL,
  message_id bigint NOT NULL,
  PRIMARY KEY (tenant_id, account_id, sender)
);
